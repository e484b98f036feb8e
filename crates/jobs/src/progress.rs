//! How a long job tells its caller how far it is.

/// Told how far a job is; the caller shows it, or not.
pub trait Progress {
    /// A step begins: what it does, and how much there is to do of which unit (`bytes`, `rows`, `forests`).
    fn step(&mut self, what: &str, total: u64, unit: &'static str);
    /// So much of the step is done.
    fn done(&mut self, done: u64);
}

/// Shows nothing.
pub struct Quiet;

impl Progress for Quiet {
    fn step(&mut self, _: &str, _: u64, _: &'static str) {}
    fn done(&mut self, _: u64) {}
}

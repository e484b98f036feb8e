//! Progress on standard error: a bar with rate and time left, nothing when standard error is no terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tidegate_jobs::Progress;

/// A bar for each step; one that lasts under a second never shows.
pub struct Bars {
    bar: ProgressBar,
}

impl Bars {
    /// No step yet.
    pub fn new() -> Self {
        Self { bar: ProgressBar::hidden() }
    }
}

impl Progress for Bars {
    fn step(&mut self, what: &str, total: u64, unit: &'static str) {
        self.bar.finish_and_clear();
        self.bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        let template = match (total, unit) {
            (0, _) => "{spinner} {msg} {elapsed}",
            (_, "bytes") => "{msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta} left",
            _ => "{msg} {bar:30} {human_pos}/{human_len} {elapsed}, {eta} left",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        self.bar.set_message(what.to_owned());
        self.bar.enable_steady_tick(std::time::Duration::from_secs(1));
    }

    fn done(&mut self, done: u64) {
        self.bar.set_position(done);
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

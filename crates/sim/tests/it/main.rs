//! Integration tests of the simulator through its public interface.

#![expect(clippy::unwrap_used, reason = "tests")]

mod columns;
mod determinism;
mod separation;
mod statistics;
mod validity;
mod writers;

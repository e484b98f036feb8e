//! Integration tests of the records crate, one binary.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod fuzz;
mod json_reading;
mod round_trip;
mod rows;
mod support;
mod wco_broken;
mod wco_reading;
mod wco_samples;

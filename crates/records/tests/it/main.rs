//! Integration tests of the records crate, one binary.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;
mod wco_samples;

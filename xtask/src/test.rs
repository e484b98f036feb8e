//! `cargo xtask test`: every test, with nextest where it is installed.

use crate::command::{self, TaskError, cargo, succeeds};
use crate::environment;

/// Runs unit, integration and documentation tests; installs what they need where it may.
pub fn run() -> Result<(), TaskError> {
    environment::prepare_tests()?;
    if succeeds(cargo(&["nextest", "--version"])) {
        command::run(cargo(&["nextest", "run", "--workspace"]))?;
    } else {
        eprintln!("cargo-nextest is not installed, so cargo test runs one crate after another");
        command::run(cargo(&["test", "--workspace", "--lib", "--bins", "--tests"]))?;
    }
    command::run(cargo(&["test", "--workspace", "--doc"]))
}

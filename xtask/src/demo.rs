//! `cargo xtask demo`: builds the program and lets it demonstrate itself.

use crate::command::{self, TaskError, cargo};
use crate::environment;

/// Runs `tidegate demo` with `arguments` on this terminal, in a home of its own unless they name one.
pub fn run(arguments: &[String]) -> Result<(), TaskError> {
    environment::prepare_build()?;
    let mut demo = cargo(&["run", "--bin", "tidegate", "--", "demo"]);
    if !arguments.iter().any(|a| a == "--home" || a.starts_with("--home=")) {
        demo.args(["--home", ".tidegate-demo"]);
    }
    demo.args(arguments);
    command::run(demo)
}

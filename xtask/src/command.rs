//! Running other programs from the repository's root, and how a task fails.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Why a task failed.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// A program ran and failed; it has already said why.
    #[error("`{command}` failed")]
    Failed { command: String },
    /// A program could not be started.
    #[error("cannot run `{command}`: {source}; is it installed?")]
    Start { command: String, source: io::Error },
    /// A file could not be read or written.
    #[error("cannot {action} {path}: {source}", path = path.display())]
    File { action: &'static str, path: PathBuf, source: io::Error },
    /// What a program printed is not what it should print.
    #[error("`{command}` printed something unexpected: {what}")]
    Output { command: String, what: String },
    /// Programs are missing and may not be installed from here.
    #[error("{0}")]
    Missing(String),
    /// Rules are broken; each finding has been printed.
    #[error("{0} findings; each line above says what would be right")]
    Untidy(usize),
    /// Generated files differ from what would be generated.
    #[error("out of date: {}; run `cargo xtask codegen`", .0.join(", "))]
    OutOfDate(Vec<String>),
    /// A step of `ci` failed.
    #[error("step {step}: {source}")]
    Step { step: &'static str, source: Box<TaskError> },
}

/// The root of the repository.
pub fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// A program with its arguments, run from the repository's root.
pub fn program(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments).current_dir(root());
    command
}

/// Cargo with its arguments; the toolchain's own, since cargo puts it first on the path of what it runs.
///
/// What the outer cargo says of this package is taken out of its environment: build scripts that look at it (that of
/// ring does) would run again, and everything above them be built again, whenever `cargo xtask` follows a plain `cargo`
/// or the other way round.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = program("cargo", arguments);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|n| n.starts_with("CARGO_PKG_") || n.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}

/// How a command looks when typed.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Prints the command, runs it on this terminal, and fails if it fails.
pub fn run(mut command: Command) -> Result<(), TaskError> {
    eprintln!("$ {}", shown(&command));
    let status = command.status().map_err(|source| TaskError::Start { command: shown(&command), source })?;
    if status.success() { Ok(()) } else { Err(TaskError::Failed { command: shown(&command) }) }
}

/// Runs the command, lets its errors through, and gives what it printed.
pub fn output(mut command: Command) -> Result<Vec<u8>, TaskError> {
    let Output { status, stdout, .. } = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| TaskError::Start { command: shown(&command), source })?;
    if status.success() { Ok(stdout) } else { Err(TaskError::Failed { command: shown(&command) }) }
}

/// Whether the command can be started and succeeds, in silence.
pub fn succeeds(mut command: Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_holds_the_workspace() {
        assert!(root().join("xtask/Cargo.toml").is_file());
    }

    #[test]
    fn a_failing_program_is_named_as_typed() {
        let failed = run(cargo(&["no-such-command", "-x"])).unwrap_err();
        assert_eq!(failed.to_string(), "`cargo no-such-command -x` failed");
        let missing = output(program("no-such-program-here", &[])).unwrap_err();
        assert!(missing.to_string().starts_with("cannot run `no-such-program-here`: "), "{missing}");
        assert!(!succeeds(program("no-such-program-here", &[])));
        assert!(succeeds(cargo(&["--version"])));
    }
}

//! The one toolbox of this repository: `cargo xtask` checks, tests, regenerates and demonstrates.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool speaks on standard output"
)]

mod ci;
mod codegen;
mod command;
mod demo;
mod environment;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::command::TaskError;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "Checks, tests and demonstrates Tidegate")]
#[command(after_help = "Examples:
  cargo xtask demo              a whole country, from records to inspection decisions
  cargo xtask test              every test, with what they need
  cargo xtask ci                what continuous integration runs")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Checks the house rules that the compiler does not know: layers, sizes, first lines, machine paths
    #[command(after_help = "Example:\n  cargo xtask tidy")]
    Tidy,
    /// Runs every test, and installs what they need where it may
    #[command(after_help = "Example:\n  cargo xtask test")]
    Test,
    /// Runs everything a commit must pass and prints how long each step took
    #[command(after_help = "Example:\n  cargo xtask ci")]
    Ci,
    /// Writes the generated files again
    #[command(after_help = "Examples:
  cargo xtask codegen           writes them
  cargo xtask codegen --check   fails if one is out of date, and writes nothing")]
    Codegen {
        /// Writes nothing, and fails if a file is out of date
        #[arg(long)]
        check: bool,
    },
    /// Builds the program and runs `tidegate demo`
    #[command(after_help = "Examples:
  cargo xtask demo
  cargo xtask demo --help       what the demonstration can be told")]
    #[command(disable_help_flag = true)]
    Demo {
        /// Passed on to `tidegate demo`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn run(task: &Task) -> Result<(), TaskError> {
    match task {
        Task::Tidy => tidy::run(),
        Task::Test => test::run(),
        Task::Ci => ci::run(),
        Task::Codegen { check } => codegen::run(*check),
        Task::Demo { arguments } => demo::run(arguments),
    }
}

fn main() -> ExitCode {
    match run(&Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn arguments_are_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn demo_passes_everything_on() {
        let arguments = ["cargo xtask", "demo", "--json", "--help", "7"];
        let Task::Demo { arguments } = Arguments::try_parse_from(arguments).unwrap().task else {
            panic!("not the demo");
        };
        assert_eq!(arguments, ["--json", "--help", "7"]);
    }
}

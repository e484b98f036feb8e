//! One file for each command.

pub mod audit;
pub mod backtest;
pub mod bench;
pub mod bundles;
pub mod config;
pub mod datasets;
pub mod decide;
pub mod demo;
pub mod draws;
pub mod estimate;
pub mod evaluate;
pub mod explain;
pub mod export;
pub mod generate;
pub mod grades;
pub mod ingest;
pub mod learn;
pub mod learning;
pub mod maintain;
pub mod monitor;
pub mod people;
pub mod policies;
pub mod promises;
pub mod replay;
pub mod report;
pub mod retention;
pub mod score;
pub mod serve;
pub mod sql;
pub mod tokens;
pub mod treatments;

use crate::arguments::{Arguments, Input as InputArguments, InputFormat};
use crate::output::Output;
use chrono::{DateTime, Utc};
use clap::{ArgMatches, CommandFactory};
use std::path::Path;
use std::sync::{MutexGuard, PoisonError};
use tidegate_jobs::{Configuration, Format, Home, Input, JobError, Run};
use tidegate_records::mapping::{Mapping, shipped};

/// The time. This is the one place that reads the clock.
#[expect(clippy::disallowed_methods, reason = "the command line is where time enters the program")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Opens the home of this run. What was read of the one opened before, if the command opens several, is over.
async fn open(arguments: &Arguments) -> Result<Home, JobError> {
    let configuration = Configuration::of_home(&arguments.home, arguments.config.as_deref())?;
    let home = Home::open(&arguments.home, configuration, now()).await?;
    home.run.is_for(&arguments.job);
    let before = reading(arguments).replace(home.run.clone());
    if let Some(before) = before {
        before.end(now(), None).await?;
    }
    Ok(home)
}

/// Ends a command: what it read, if anything, becomes an entry of the audit chain.
pub async fn end(arguments: &Arguments, outcome: Result<(), JobError>) -> Result<(), JobError> {
    let run = reading(arguments).take();
    if let Some(run) = run {
        run.end(now(), outcome.as_ref().err()).await?;
    }
    outcome
}

fn reading(arguments: &Arguments) -> MutexGuard<'_, Option<Run>> {
    // Nothing panics while the lock is held.
    arguments.run.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Name of the command with that of its part, such as `datasets refresh`.
pub fn name_of(matches: &ArgMatches) -> String {
    let mut names = Vec::new();
    let mut part = matches.subcommand();
    while let Some((name, matches)) = part {
        names.push(name);
        part = matches.subcommand();
    }
    names.join(" ")
}

/// A mapping by the name of a shipped one or by the path of a file.
fn mapping(name: &str) -> Result<Mapping, JobError> {
    let refused = |e: tidegate_records::mapping::MappingError| JobError::Missing(e.to_string());
    if Path::new(name).extension().is_some_and(|e| e == "toml") {
        let text = std::fs::read_to_string(name).map_err(JobError::file(Path::new(name)))?;
        return Mapping::parse(name, &text).map_err(refused);
    }
    shipped(name).map_err(refused)
}

/// The input that the arguments name; what has no moment of acceptance was received at the time of this run.
fn input(home: &Home, arguments: &InputArguments) -> Result<Input, JobError> {
    let format = arguments.format.map(|format| match format {
        InputFormat::WcoXml => Format::WcoXml,
        InputFormat::Ndjson => Format::Ndjson,
        InputFormat::Csv => Format::Csv,
        InputFormat::Parquet => Format::Parquet,
    });
    let mapping = arguments.mapping.as_deref().map(mapping).transpose()?;
    Ok(Input::new(&arguments.files, format, mapping, home.now)?.within(&home.configuration))
}

/// Prints completions for a shell.
pub fn completions(shell: clap_complete::Shell) {
    clap_complete::generate(shell, &mut Arguments::command(), "tidegate", &mut Output);
}

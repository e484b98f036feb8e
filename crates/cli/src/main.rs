//! The binary `tidegate`: reads the command line, opens the home, runs a job, shows what it did.
#![expect(clippy::print_stderr, reason = "a command-line tool says on standard error what went wrong")]

// First, so that what it prints with is known in all others.
#[macro_use]
mod output;

mod arguments;
mod commands;
mod log;
mod progress;
mod show;

use arguments::{Arguments, Command};
use clap::{CommandFactory, FromArgMatches};
use std::process::ExitCode;
use tidegate_jobs::JobError;
use tidegate_query::STACK_BYTES;
use tidegate_records::dictionary::{described, to_markdown};
use tidegate_records::tables::TABLES;
use tokio::runtime::Builder;

fn main() -> ExitCode {
    let threads = Builder::new_multi_thread().thread_stack_size(STACK_BYTES).enable_all().build();
    match threads {
        Ok(threads) => threads.block_on(answer()),
        Err(error) => {
            eprintln!("tidegate: it has no threads: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn answer() -> ExitCode {
    // Two providers of cryptography are linked; the first to be asked decides for all.
    drop(rustls::crypto::ring::default_provider().install_default());
    let matches = Arguments::command().get_matches();
    let mut arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    arguments.job = commands::name_of(&matches);
    log::start(arguments.log);
    let outcome = run(&arguments).await;
    let ended = commands::end(&arguments, outcome).await;
    match ended.and_then(|()| output::end()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tidegate: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), JobError> {
    match &arguments.command {
        Command::Demo(command) => commands::demo::run(arguments, command).await,
        Command::Generate(command) => commands::generate::run(arguments, command).await,
        Command::Export(command) => commands::export::run(arguments, command).await,
        Command::Ingest(command) => commands::ingest::run(arguments, command).await,
        Command::Learn(command) => commands::learn::run(arguments, command).await,
        Command::Bundles(command) => commands::bundles::run(arguments, command).await,
        Command::Loop(command) => commands::learning::run(arguments, command).await,
        Command::Score(command) => commands::score::run(arguments, command).await,
        Command::Decide(command) => commands::decide::run(arguments, command).await,
        Command::Backtest(command) => commands::backtest::run(arguments, command).await,
        Command::Estimate(command) => commands::estimate::run(arguments, command).await,
        Command::Monitor(command) => commands::monitor::run(arguments, command).await,
        Command::Promises(command) => commands::promises::run(arguments, command).await,
        Command::Treatments(command) => commands::treatments::run(arguments, command).await,
        Command::Replay(command) => commands::replay::run(arguments, command).await,
        Command::Draws(command) => commands::draws::run(arguments, command).await,
        Command::People(command) => commands::people::run(arguments, command).await,
        Command::Tokens(command) => commands::tokens::run(arguments, command).await,
        Command::Audit(command) => commands::audit::run(arguments, command).await,
        Command::Evaluate(command) => commands::evaluate::run(arguments, command).await,
        Command::Explain(command) => commands::explain::run(arguments, command).await,
        Command::Serve(command) => Box::pin(commands::serve::run(arguments, command)).await,
        Command::Datasets(command) => commands::datasets::run(arguments, command).await,
        Command::Grades(command) => commands::grades::run(arguments, command).await,
        Command::Retention(command) => commands::retention::run(arguments, command).await,
        Command::Maintain(command) => commands::maintain::run(arguments, command).await,
        Command::Policies(command) => commands::policies::run(arguments, command).await,
        Command::Sql(command) => commands::sql::run(arguments, command).await,
        Command::Report(command) => commands::report::run(arguments, command).await,
        Command::Bench(command) => commands::bench::run(arguments, command).await,
        Command::Config(command) => commands::config::run(arguments, command),
        Command::Dictionary => {
            show::say(arguments, &described(TABLES), |_| print!("{}", to_markdown(TABLES)))
        }
        Command::Completions { shell } => {
            commands::completions(*shell);
            Ok(())
        }
    }
}

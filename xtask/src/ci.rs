//! `cargo xtask ci`: the steps a commit must pass, in the order in which they find mistakes fastest.

use std::time::{Duration, Instant};

use crate::command::{TaskError, cargo, program, run as execute, succeeds};
use crate::{codegen, environment, test, tidy};

/// One step.
struct Step {
    name: &'static str,
    run: fn() -> Result<Outcome, TaskError>,
}

/// What became of a step that did not fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    Passed,
    /// Its tool is not installed; it checks nothing that another step relies on.
    NotInstalled,
}

/// A row of the table at the end.
#[derive(PartialEq, Eq, Debug)]
struct Row {
    name: &'static str,
    result: &'static str,
    duration: Duration,
}

const STEPS: &[Step] = &[
    Step { name: "environment", run: || passed(environment::prepare_tests()) },
    Step { name: "fmt", run: || passed(execute(cargo(&["fmt", "--all", "--check"]))) },
    Step { name: "tidy", run: || passed(tidy::run()) },
    Step { name: "clippy", run: clippy },
    Step { name: "test", run: || passed(test::run()) },
    Step { name: "bench", run: bench },
    Step { name: "doc", run: doc },
    Step { name: "codegen", run: || passed(codegen::run(true)) },
    Step { name: "deny", run: deny },
    Step { name: "typos", run: typos },
];

fn passed(result: Result<(), TaskError>) -> Result<Outcome, TaskError> {
    result.map(|()| Outcome::Passed)
}

fn clippy() -> Result<Outcome, TaskError> {
    passed(execute(cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])))
}

/// The comparisons with peers on a few rows, so that they keep running and both sides keep agreeing.
fn bench() -> Result<Outcome, TaskError> {
    let examples = ["time_rules", "time_training", "time_forest", "time_queries"];
    let mut build = vec!["build", "--workspace", "--bin", "tidegate"];
    build.extend(examples.iter().flat_map(|example| ["--example", example]));
    execute(cargo(&build))?;
    for comparison in [
        "rules_peers.py --rows 20000 --repeats 1 --program target/debug/examples/time_rules",
        "training_peers.py --rows 5000 --trees 3 --program target/debug/examples/time_training",
        "forest_peers.py --rows 4000 --trees 10 --repeats 1 --program target/debug/examples/time_forest",
        "query_peers.py --declarations 2000 --runs 1 --programs target/debug",
        "pipeline_peers.py --declarations 4000 --trees 20 --program target/debug/tidegate",
    ] {
        let script = format!("bench/{comparison}");
        execute(program("python3", &script.split(' ').collect::<Vec<_>>()))?;
    }
    Ok(Outcome::Passed)
}

fn doc() -> Result<Outcome, TaskError> {
    let mut command = cargo(&["doc", "--no-deps", "--workspace"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    passed(execute(command))
}

fn deny() -> Result<Outcome, TaskError> {
    if !succeeds(cargo(&["deny", "--version"])) {
        return Ok(Outcome::NotInstalled);
    }
    passed(execute(cargo(&["deny", "check", "bans", "licenses", "sources"])))
}

fn typos() -> Result<Outcome, TaskError> {
    if !succeeds(program("typos", &["--version"])) {
        return Ok(Outcome::NotInstalled);
    }
    passed(execute(program("typos", &[])))
}

/// Runs every step up to the first that fails, and prints how long each took.
pub fn run() -> Result<(), TaskError> {
    let (rows, result) = run_steps(STEPS);
    print!("{}", table(&rows));
    result
}

fn run_steps(steps: &[Step]) -> (Vec<Row>, Result<(), TaskError>) {
    let mut rows = Vec::new();
    for step in steps {
        eprintln!("-- {}", step.name);
        let start = Instant::now();
        let outcome = (step.run)();
        let result = match &outcome {
            Ok(Outcome::Passed) => "passed",
            Ok(Outcome::NotInstalled) => "not run: its tool is not installed",
            Err(_) => "FAILED",
        };
        rows.push(Row { name: step.name, result, duration: start.elapsed() });
        if let Err(error) = outcome {
            return (rows, Err(TaskError::Step { step: step.name, source: Box::new(error) }));
        }
    }
    (rows, Ok(()))
}

fn table(rows: &[Row]) -> String {
    let lines = rows
        .iter()
        .map(|row| format!("{:<12} {:>8.1} s  {}\n", row.name, row.duration.as_secs_f64(), row.result));
    lines.fold("\nstep             time    result\n".to_owned(), |table, line| table + &line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_is_the_last_step() {
        let steps = [
            Step { name: "one", run: || Ok(Outcome::Passed) },
            Step { name: "two", run: || Ok(Outcome::NotInstalled) },
            Step { name: "three", run: || Err(TaskError::Untidy(4)) },
            Step { name: "four", run: || panic!("a step after a failure must not run") },
        ];
        let (rows, result) = run_steps(&steps);
        let results: Vec<_> = rows.iter().map(|row| (row.name, row.result)).collect();
        let not_run = "not run: its tool is not installed";
        assert_eq!(results, [("one", "passed"), ("two", not_run), ("three", "FAILED")]);
        let error = result.unwrap_err().to_string();
        assert!(error.starts_with("step three: 4 findings"), "{error}");
    }

    #[test]
    fn the_table_shows_each_step_with_its_time() {
        let row = Row { name: "clippy", result: "passed", duration: Duration::from_millis(12_340) };
        assert_eq!(table(&[row]), "\nstep             time    result\nclippy           12.3 s  passed\n");
    }
}

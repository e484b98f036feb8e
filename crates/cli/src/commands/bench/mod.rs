//! `tidegate bench`: how fast this machine does the main work, on data that the bench makes itself.

mod process;
mod steps;

use crate::arguments::{Arguments, Bench};
use crate::show;
use process::Peak;
use std::future::Future;
use std::time::Instant;
use tidegate_jobs::JobError;

/// What a step worked through.
pub struct Work {
    /// Rows.
    pub rows: u64,
    /// What a row is.
    pub unit: &'static str,
    /// Bytes read or written; none where bytes say nothing.
    pub bytes: Option<u64>,
}

/// A measured step.
#[derive(Debug, serde::Serialize)]
struct Measured {
    work: &'static str,
    rows: u64,
    unit: &'static str,
    seconds: f64,
    /// Of all threads together; more than `seconds` where several work, less where the machine had other work.
    processor_seconds: Option<f64>,
    rows_per_second: f64,
    megabytes_per_second: Option<f64>,
    peak_memory: Option<Peak>,
}

/// Runs the steps one after the other, each on what the one before has made.
pub async fn run(arguments: &Arguments, command: &Bench) -> Result<(), JobError> {
    let place = steps::Place::new(command.rows, command.seed)?;
    let mut measured = vec![
        measure("generator to CSV", async { place.generate() }).await?,
        measure("CSV to lake", place.load(now())).await?,
    ];
    let home = place.home(now()).await?;
    measured.push(measure("learning", place.learn(&home)).await?);
    let batches = place.goods_items(&home).await?;
    let (bundle, _) = home.bundle(None).await?;
    measured.push(measure("features, look-ups, model", async { steps::assess(&bundle, &batches) }).await?);
    drop(batches);
    place.write_xml(&home).await?;
    measured.push(measure("WCO XML parse", async { place.parse_xml() }).await?);
    if arguments.json {
        return show::json(&measured);
    }
    print(&measured);
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the command line is where time enters the program")]
fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}

async fn measure(
    work: &'static str,
    step: impl Future<Output = Result<Work, JobError>>,
) -> Result<Measured, JobError> {
    let was_reset = process::reset();
    let used_before = process::processor_seconds();
    let start = Instant::now();
    let done = Box::pin(step).await?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(Measured {
        work,
        rows: done.rows,
        unit: done.unit,
        seconds,
        processor_seconds: process::processor_seconds()
            .zip(used_before)
            .map(|(after, before)| after - before),
        rows_per_second: done.rows as f64 / seconds,
        megabytes_per_second: done.bytes.map(|b| b as f64 / 1e6 / seconds),
        peak_memory: process::peak(was_reset),
    })
}

fn print(measured: &[Measured]) {
    println!(
        "{:<26} {:>10} {:<12} {:>9} {:>11} {:>10} {:>9} {:>12}",
        "work", "rows", "of", "seconds", "processor s", "rows/s", "MB/s", "peak memory"
    );
    for step in measured {
        println!(
            "{:<26} {:>10} {:<12} {:>9.2} {:>11} {:>10} {:>9} {:>12}",
            step.work,
            show::count(step.rows),
            step.unit,
            step.seconds,
            step.processor_seconds.map_or("-".to_owned(), |s| format!("{s:.2}")),
            show::count(step.rows_per_second.round() as u64),
            step.megabytes_per_second.map_or("-".to_owned(), |m| format!("{m:.1}")),
            step.peak_memory.map_or("not told".to_owned(), |p| format!("{:.0} MB", p.bytes as f64 / 1e6)),
        );
    }
    println!(
        "\nMB are millions of bytes of the file read or written. Peak memory is that of the whole program"
    );
    let since_start = measured.iter().any(|m| m.peak_memory.is_some_and(|p| p.since_start));
    println!(
        "{}",
        if since_start {
            "since it started: this system does not let it be measured by step."
        } else {
            "during the step."
        }
    );
    println!(
        "Built {}.",
        if cfg!(debug_assertions) { "with the dev profile" } else { "with the release profile" }
    );
}

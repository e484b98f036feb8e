//! `tidegate report`.

use super::open;
use crate::arguments::{Arguments, Report};
use crate::show;
use std::path::PathBuf;
use tidegate_jobs::{JobError, report};

/// What was reported.
#[derive(serde::Serialize)]
pub struct Reported {
    file: PathBuf,
    decided: u64,
    selected: u64,
    with_result: u64,
    discrepancies: u64,
}

pub async fn run(arguments: &Arguments, command: &Report) -> Result<(), JobError> {
    show::say(arguments, &write(arguments, command).await?, print)
}

/// Writes the page.
pub async fn write(arguments: &Arguments, command: &Report) -> Result<Reported, JobError> {
    let home = open(arguments).await?;
    let made = report(&home, command.run).await?;
    std::fs::write(&command.out, &made.html).map_err(JobError::file(&command.out))?;
    let all = made.data.map(|data| data.all).unwrap_or_default();
    Ok(Reported {
        file: command.out.clone(),
        decided: all.decided,
        selected: all.selected,
        with_result: all.judged,
        discrepancies: all.hits,
    })
}

/// Prints what was reported.
pub fn print(reported: &Reported) {
    let file = reported.file.display();
    if reported.decided == 0 {
        println!("Nothing was decided yet; {file} says what to run.");
        return;
    }
    println!(
        "Reported {} decided declarations, counted by their newest version, {} of them on work lists, in {file}",
        show::count(reported.decided),
        show::count(reported.selected)
    );
}

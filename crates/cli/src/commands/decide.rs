//! `tidegate decide`.

use super::open;
use crate::arguments::{Arguments, Decide};
use crate::progress::Bars;
use crate::show;
use std::fs::File;
use std::path::Path;
use tidegate_jobs::{DecideOptions, Decided, JobError, WorkListEntry, decide};

pub async fn run(arguments: &Arguments, command: &Decide) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let options = DecideOptions {
        from: command.from,
        to: command.to,
        capacity: command.capacity,
        bundle: command.which.bundle.clone(),
        without_work_list: command.out.is_none(),
    };
    let decided = decide(&home, &options, &mut Bars::new()).await?;
    if let Some(path) = &command.out {
        write(path, &decided.work_list)?;
    }
    if arguments.json {
        return show::json(&decided);
    }
    print(&decided);
    if let Some(path) = &command.out {
        println!("The work lists are in {}", path.display());
    }
    Ok(())
}

/// Prints what was decided.
pub fn print(decided: &Decided) {
    println!(
        "Decided {} to {} (days of UTC) with bundle {}",
        decided.from,
        decided.to,
        &decided.bundle[..16]
    );
    println!("  declarations     {:>12}", show::count(decided.decided));
    if decided.decided == 0 {
        println!("Every declaration of these days was decided before.");
        return;
    }
    println!(
        "  on work lists    {:>12}   {}",
        show::count(decided.selected),
        show::part(decided.selected, decided.decided)
    );
    if decided.to_destination > 0 {
        println!(
            "  to destinations  {:>12}   special packaging; tidegate treatments follows it",
            show::count(decided.to_destination)
        );
    }
    println!("  beyond capacity  {:>12}", show::count(decided.shed));
    if decided.queued > 0 {
        println!("  protected queued {:>12}", show::count(decided.queued));
    }
    if decided.suppressed > 0 {
        println!("  kept by promise  {:>12}", show::count(decided.suppressed));
    }
    if decided.reopened_lists > 0 {
        println!(
            "  lists reopened   {:>12}   lodged late; they shared the slots of their days",
            show::count(decided.reopened_lists)
        );
    }
    println!("By lane:");
    for (lane, count) in &decided.lanes {
        println!("  {lane:<16} {:>12}   {}", show::count(*count), show::part(*count, decided.decided));
    }
    println!("Why they are on work lists (part of p that the draw fell into):");
    for (component, count) in &decided.components {
        println!("  {component:<16} {:>12}", show::count(*count));
    }
}

fn write(path: &Path, entries: &[WorkListEntry]) -> Result<(), JobError> {
    let failed = |cause| JobError::File { path: path.display().to_string(), cause };
    let mut writer = csv::Writer::from_writer(File::create(path).map_err(failed)?);
    for entry in entries {
        writer.serialize(entry).map_err(|e| failed(std::io::Error::other(e)))?;
    }
    writer.flush().map_err(failed)
}

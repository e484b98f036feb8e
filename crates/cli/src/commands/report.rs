//! `tidegate report`.

use super::open;
use crate::arguments::{Arguments, Report};
use crate::show;
use tidegate_jobs::{JobError, report};

pub async fn run(arguments: &Arguments, command: &Report) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let made = report(&home, command.run).await?;
    std::fs::write(&command.out, &made.html)
        .map_err(|cause| JobError::File { path: command.out.display().to_string(), cause })?;
    let all = made.data.as_ref().map(|d| d.all).unwrap_or_default();
    if arguments.json {
        return show::json(&serde_json::json!({
            "file": command.out, "decided": all.decided, "selected": all.selected,
            "with_result": all.judged, "discrepancies": all.hits,
        }));
    }
    match made.data {
        None => println!("Nothing was decided yet; {} says what to run.", command.out.display()),
        Some(_) => println!(
            "Reported {} decided declarations, counted by their newest version, {} of them on work lists, in {}",
            show::count(all.decided),
            show::count(all.selected),
            command.out.display()
        ),
    }
    Ok(())
}

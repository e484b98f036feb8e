//! `tidegate replay`.

use super::open;
use crate::arguments::{Arguments, Replay};
use crate::progress::Bars;
use crate::show;
use tidegate_jobs::{JobError, Replayed, replay};

/// Most differences that are printed one by one.
const SHOWN: usize = 20;

pub async fn run(arguments: &Arguments, command: &Replay) -> Result<(), JobError> {
    let what = match (&command.id, command.from, command.to) {
        (Some(id), _, _) => Replayed::Declaration(id.clone()),
        (None, Some(from), to) => Replayed::Days(from, to.unwrap_or(from)),
        (None, None, Some(to)) => Replayed::Days(to, to),
        (None, None, None) => {
            return Err(JobError::Missing("say which declaration, or which days".to_owned()));
        }
    };
    let report = replay(&open(arguments).await?, &what, &mut Bars::new()).await?;
    let different = report.decisions - report.identical;
    if arguments.json {
        show::json(&report)?;
    } else {
        println!(
            "Decided {} again: {} identical",
            show::count(report.decisions),
            show::count(report.identical)
        );
        if report.draws_recomputed < report.decisions {
            println!(
                "  {} draws taken as stored, since the key of their period is not revealed yet",
                show::count(report.decisions - report.draws_recomputed)
            );
        }
        if report.other_semantics > 0 {
            println!(
                "  {} of another semantics version: features not compared",
                show::count(report.other_semantics)
            );
        }
        for difference in report.differences.iter().take(SHOWN) {
            let (id, version) = (&difference.declaration_id, difference.version);
            println!("  {id} version {version}, {}: stored {}", difference.part, difference.stored);
            println!("    again {}", difference.again);
        }
    }
    if different > 0 {
        return Err(JobError::Missing(format!("{different} decisions came out otherwise")));
    }
    Ok(())
}

//! `tidegate replay`.

use super::open;
use crate::arguments::{Arguments, Replay};
use crate::progress::Bars;
use crate::show;
use chrono::NaiveDate;
use tidegate_jobs::{
    JobError, ListDifference, ReplayReport, Replayed, SqlReplayReport, replay, replay_in_sql,
};

/// Most differences that are printed one by one.
const SHOWN: usize = 20;

pub async fn run(arguments: &Arguments, command: &Replay) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let what = match &command.id {
        Some(id) => Replayed::Declaration(id.clone()),
        // All days may be those of years, and are only meant when somebody says so.
        None if command.from.is_none() && command.to.is_none() && !command.in_sql => {
            return Err(which(Replayed::stored(&home).await?));
        }
        None => Replayed::days(&home, command.from, command.to).await?,
    };
    let (decisions, identical) = if command.in_sql {
        let report = replay_in_sql(&home, &what, &mut Bars::new()).await?;
        if arguments.json {
            show::json(&report)?;
        } else {
            print_in_sql(&report);
        }
        (report.items + report.decisions, report.identical_items + report.identical)
    } else {
        let report = replay(&home, &what, &mut Bars::new()).await?;
        if arguments.json {
            show::json(&report)?;
        } else {
            print(&report);
        }
        made_again(&report)
    };
    refuse_others(decisions, identical)
}

/// Asks which decisions are meant, of those from a day to a day.
fn which((first, last): (NaiveDate, NaiveDate)) -> JobError {
    JobError::Missing(format!(
        "say what to decide again, a declaration or the days of work lists, of which there are {first} to {last}: `tidegate replay \
         --from {last}`"
    ))
}

/// How much was decided again, and how much of it came out the same.
pub fn made_again(report: &ReplayReport) -> (u64, u64) {
    (report.decisions + report.lists, report.identical + report.identical_lists)
}

/// Refuses what came out otherwise.
pub fn refuse_others(decisions: u64, identical: u64) -> Result<(), JobError> {
    if decisions > identical {
        return Err(JobError::Missing(format!("{} came out otherwise", show::count(decisions - identical))));
    }
    Ok(())
}

fn print_days(from: Option<NaiveDate>, to: Option<NaiveDate>) {
    if let (Some(from), Some(to)) = (from, to) {
        println!("Work lists of {from} to {to} (days of UTC)");
    }
}

fn print_in_sql(report: &SqlReplayReport) {
    print_days(report.from, report.to);
    println!(
        "Assessed {} goods items again in SQL: {} identical",
        show::count(report.items),
        show::count(report.identical_items)
    );
    println!(
        "Decided {} again in SQL: {} identical",
        show::count(report.decisions),
        show::count(report.identical)
    );
    print_erased(report.erased_items, "goods items");
    print_other_semantics(report.other_semantics);
}

fn print_erased(erased: u64, what: &str) {
    if erased > 0 {
        println!("  {} {what} more cannot be made again: their input is erased", show::count(erased));
    }
}

fn print_other_semantics(decisions: u64) {
    if decisions > 0 {
        println!("  {} of another semantics version: features not compared", show::count(decisions));
    }
}

fn print(report: &ReplayReport) {
    print_days(report.from, report.to);
    println!("Decided {} again: {} identical", show::count(report.decisions), show::count(report.identical));
    if report.draws_recomputed < report.decisions {
        println!(
            "  {} draws taken as stored, since the key of their period is not revealed yet",
            show::count(report.decisions - report.draws_recomputed)
        );
    }
    if report.lists_as_stored > 0 {
        println!(
            "  {} work lists taken as they closed, since not all of their decisions can be read here",
            show::count(report.lists_as_stored)
        );
    }
    print_erased(report.erased, "decisions");
    print_other_semantics(report.other_semantics);
    for difference in report.differences.iter().take(SHOWN) {
        let (id, version) = (&difference.declaration_id, difference.version);
        println!("  {id} version {version}, {}: stored {}", difference.part, difference.stored);
        println!("    again {}", difference.again);
    }
    for ListDifference { run, day, office, stored, again } in report.list_differences.iter().take(SHOWN) {
        println!("  work list of office {office} on {day}, run {run}: stored {stored}");
        println!("    again {again}");
    }
}

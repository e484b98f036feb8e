//! What interrupted runs left: rows in newer versions of the tables than any snapshot names, which the next snapshot would
//! show beside the decisions that are then made again.

use crate::JobError;
use crate::alone::Alone;
use crate::answer::Answer;
use crate::home::Home;
use tidegate_lake::LakeError;
use tidegate_ledger::{DecisionRunId, RunOutcome};
use tidegate_query::Platform;
use tidegate_records::tables::{DECISION, DECISION_ITEM, WORK_LIST};

/// Closes the runs that were interrupted: one whose decisions a snapshot shows is done, since they are written last; of the others all
/// rows go.
pub(crate) async fn close(home: &Home, _: &Alone) -> Result<(), JobError> {
    let runs = home.ledger.decision_runs().await?;
    let open: Vec<_> = runs.into_iter().filter(|run| run.outcome.is_none()).map(|run| run.id).collect();
    if open.is_empty() {
        return Ok(());
    }
    let platform = home.platform().await?;
    // All are looked up before any is erased: that records a snapshot, which shows whatever is left.
    let mut shown: Vec<(DecisionRunId, u64)> = Vec::new();
    for run in open {
        shown.push((run, rows(&platform, run).await?));
    }
    let gone = shown.iter().filter(|(_, rows)| *rows == 0).map(|(run, _)| run.0);
    erase(home, gone.collect()).await?;
    for (run, rows) in shown {
        home.ledger.finish_decision_run(run, &RunOutcome { rows, finished_at: home.now }).await?;
    }
    Ok(())
}

/// Decisions of a run that the newest snapshot shows.
async fn rows(platform: &Platform, run: DecisionRunId) -> Result<u64, JobError> {
    let sql = format!("SELECT count(*) AS rows FROM decision WHERE run_number = {run}");
    let rows = Answer::of(platform, "job decide", &sql).await?.counts("rows")?;
    Ok(rows.first().copied().unwrap_or_default())
}

/// Takes the rows of runs out of every table, whether or not a snapshot shows some of them beside what somebody else wrote.
async fn erase(home: &Home, runs: Vec<i64>) -> Result<(), JobError> {
    if runs.is_empty() {
        return Ok(());
    }
    let runs: Vec<String> = runs.iter().map(i64::to_string).collect();
    let of_runs = format!("run_number IN ({})", runs.join(", "));
    let mut all = Vec::new();
    for table in [&DECISION_ITEM, &WORK_LIST, &DECISION] {
        match home.lake.erase(table.name, &of_runs).await {
            Ok(erased) => all.push(erased),
            Err(LakeError::NoTable { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    if !all.is_empty() {
        home.lake.record_snapshot(home.now, &all).await?;
    }
    Ok(())
}

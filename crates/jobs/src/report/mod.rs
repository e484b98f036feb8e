//! The report on decisions: one self-contained HTML page that says what was decided and why.

mod capacity;
mod charts;
mod data;
mod format;
pub use format::count;
mod page;
mod rate;
mod statements;
mod tables;
#[cfg(test)]
mod tests;
mod work_list;

pub use data::{Day, Group, ReasonCount, ReportData, Run, Tally};
pub use rate::Rate;
pub use work_list::WorkItem;

use crate::JobError;
use crate::home::Home;
use chrono::{DateTime, Utc};
use tidegate_lake::Snapshot;

/// Where the figures come from.
#[derive(Debug, Clone)]
pub struct Provenance {
    /// When the page was made.
    pub generated_at: DateTime<Utc>,
    /// State of the tables that was read; none before the first load.
    pub snapshot: Option<Snapshot>,
}

/// A finished report.
#[derive(Debug)]
pub struct Report {
    /// The page.
    pub html: String,
    /// What it says; nothing when nothing was decided.
    pub data: Option<ReportData>,
}

/// Reports the decisions of one run, or of all.
///
/// # Errors
/// When the lake or the ledger fails, or the run is not there.
pub async fn report(home: &Home, run: Option<i64>) -> Result<Report, JobError> {
    let provenance = Provenance { generated_at: home.now, snapshot: home.snapshot().await? };
    let capacities = capacity::Capacities::read(home).await?;
    let platform = home.platform().await?;
    let data = data::gather(&platform, run, home.configuration.report, &capacities).await?;
    if let (Some(run), None) = (run, &data) {
        let message = format!(
            "run {run} decided nothing; `tidegate sql \"select distinct run_number from decision\"` lists the runs"
        );
        return Err(JobError::Missing(message));
    }
    Ok(Report { html: page::page(data.as_ref(), &provenance)?, data })
}

//! Replay: decides again from what was stored, and says which part differs, if any does.
//!
//! Two promises are checked. Inputs to features hold within one semantics version; features to decision always. Until
//! the key of a period is revealed, the stored draw is used. Work lists are closed again by [`tidegate_risk::selection::close`].

mod again;
mod compare;
mod lists;
mod lodged;
mod register;
mod sql;
mod which;

pub use again::explain_decision;
pub use sql::{SqlReplayReport, replay_in_sql};
pub use which::Replayed;

use crate::JobError;
use crate::decide::StoredDecision;
use crate::home::Home;
use crate::progress::Progress;
use again::{Known, again};
use chrono::NaiveDate;
use compare::Differences;
use lists::WorkLists;
use lodged::Lodged;
use register::Register;
use std::collections::BTreeSet;

/// A part of a decision that came out otherwise.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Difference {
    /// Declaration.
    pub declaration_id: String,
    /// Its version.
    pub version: i64,
    /// Which part: `run`, `record`, `grade`, `features`, `margin`, `root`, `rules`, `score`, `priority`, `p`, `draw`, `close`,
    /// `treatment`, `reasons` or `decision`.
    pub part: &'static str,
    /// As stored.
    pub stored: String,
    /// As it came out again.
    pub again: String,
}

/// A work list that closed otherwise.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct ListDifference {
    /// Its run.
    pub run: i64,
    /// Its day.
    pub day: NaiveDate,
    /// Its office.
    pub office: String,
    /// Its numbers as stored.
    pub stored: String,
    /// As they came out again.
    pub again: String,
}

/// What a replay found.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct ReplayReport {
    /// First day, where days were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// Last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    /// Decisions replayed.
    pub decisions: u64,
    /// Those that came out identical in every part.
    pub identical: u64,
    /// Those whose draw was computed again, since the key of their period is revealed.
    pub draws_recomputed: u64,
    /// Those of another semantics version, whose features are not promised to be recomputed alike.
    pub other_semantics: u64,
    /// Decisions beside these whose input is erased, so that they cannot be made again.
    pub erased: u64,
    /// What differs.
    pub differences: Vec<Difference>,
    /// Work lists closed again.
    pub lists: u64,
    /// Those of them of which every number came out identical.
    pub identical_lists: u64,
    /// Work lists beside these whose close, so tau and who waits, was taken as stored: decisions of theirs are erased, or there
    /// are more than are held at once.
    pub lists_as_stored: u64,
    /// Work lists that differ.
    pub list_differences: Vec<ListDifference>,
}

/// Decides again what was decided, and closes its work lists again.
///
/// # Errors
/// When nothing was decided, or records, bundle or policy state are not there any more.
pub async fn replay(
    home: &Home,
    what: &Replayed,
    progress: &mut dyn Progress,
) -> Result<ReplayReport, JobError> {
    let platform = home.platform().await?;
    let most = home.configuration.decide.read_versions;
    let pieces = what.pieces(home, &platform, most).await?;
    let (from, to) = what.ends();
    let mut report = ReplayReport { from, to, ..ReplayReport::default() };
    let mut known = Known::with(Register::read(&platform).await?);
    let erased: BTreeSet<String> =
        home.ledger.erasures().await?.into_iter().map(|erasure| erasure.erased.table).collect();
    let is_explained = |stored: &StoredDecision| stored.selected || !stored.reasons.is_empty();
    progress.step("deciding again", pieces.iter().map(|p| p.decisions).sum(), "decisions");
    for piece in pieces {
        let piece = piece.with_lists(&platform, most).await?;
        let runs = again(home, &platform, &piece, &mut known, is_explained).await?;
        let lodged = Lodged::read(home, &platform, &runs).await?;
        let lists = WorkLists::read(&platform, &piece, erased.clone()).await?;
        for run in &runs {
            let outcomes = run.close(&lists, &lodged, &mut report);
            report.erased += run.erased.iter().filter(|(stored, _)| piece.is_about(stored)).count() as u64;
            let decided = run.again.iter().zip(outcomes);
            for (again, outcome) in decided.filter(|(again, _)| piece.is_about(&again.stored)) {
                let mut differences = Differences { stored: &again.stored, found: Vec::new() };
                run.compare(again, &outcome, &mut differences, &mut report)?;
                report.decisions += 1;
                report.identical += u64::from(differences.found.is_empty());
                report.differences.extend(differences.found);
            }
            progress.done(report.decisions);
        }
        lists.tell_without_decisions(&runs, &mut report);
    }
    Ok(report)
}

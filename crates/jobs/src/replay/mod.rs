//! Replay: decides again from what was stored, and says which part differs, if any does.
//!
//! Two promises are checked. Inputs to features hold within one semantics version; features to decision always. Until
//! the key of a period is revealed, the stored draw is used.

mod again;
mod compare;
mod sql;
mod which;

pub use again::explain_decision;
pub use sql::{SqlReplayReport, replay_in_sql};
pub use which::Replayed;

use crate::JobError;
use crate::decide::StoredDecision;
use crate::home::Home;
use crate::progress::Progress;
use again::again;
use compare::{Differences, Lodged};

/// A part of a decision that came out otherwise.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Difference {
    /// Declaration.
    pub declaration_id: String,
    /// Its version.
    pub version: i64,
    /// Which part: `features`, `margin`, `root`, `rules`, `score`, `priority`, `p`, `draw`, `treatment`, `reasons` or
    /// `decision`.
    pub part: &'static str,
    /// As stored.
    pub stored: String,
    /// As it came out again.
    pub again: String,
}

/// What a replay found.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct ReplayReport {
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
}

/// Decides again what was decided.
///
/// # Errors
/// When nothing was decided, or records, bundle or policy state are not there any more.
pub async fn replay(
    home: &Home,
    what: &Replayed,
    progress: &mut dyn Progress,
) -> Result<ReplayReport, JobError> {
    let platform = home.platform().await?;
    let (mut report, mut bundles) = (ReplayReport::default(), again::KnownBundles::new());
    let pieces = what.pieces(home, &platform, home.configuration.decide.read_versions).await?;
    let is_explained = |stored: &StoredDecision| stored.selected || !stored.reasons.is_empty();
    progress.step("deciding again", pieces.iter().map(|p| p.decisions).sum(), "decisions");
    for piece in pieces {
        let lodged = Lodged::read(&platform, &piece).await?;
        for run in again(home, &platform, &piece, &mut bundles, is_explained).await? {
            report.erased += run.erased.len() as u64;
            for again in &run.again {
                let mut differences = Differences { stored: &again.stored, found: Vec::new() };
                run.compare(again, &lodged, &mut differences, &mut report)?;
                report.decisions += 1;
                report.identical += u64::from(differences.found.is_empty());
                report.differences.extend(differences.found);
            }
            progress.done(report.decisions);
        }
    }
    Ok(report)
}

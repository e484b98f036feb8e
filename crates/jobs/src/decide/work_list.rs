//! Work lists: the selected consignments of a day at an office, in the order of their numbers. Officers read them, so neither
//! what is shown nor the order tells an inspection by chance from another.

use super::cases::Case;
use chrono::NaiveDate;
use tidegate_risk::decision::{Proposal, Settled};
use tidegate_risk::treatment::Treatment;

/// A selected consignment.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct WorkListEntry {
    /// Day of acceptance.
    pub day: NaiveDate,
    /// Office.
    pub office: String,
    /// Declaration.
    pub declaration_id: String,
    /// Version of the declaration.
    pub version: i64,
    /// Lane.
    pub lane: &'static str,
    /// Score, 0 to 1. The officer is not told.
    #[serde(skip)]
    pub score: f64,
    /// Waits for the next free slot.
    pub queued: bool,
    /// Site where special packaging is opened in place of the port.
    pub destination: Option<String>,
    /// Last day on which it may arrive there.
    pub deadline: Option<NaiveDate>,
    /// A reference team inspects it once more. The officer is not told.
    #[serde(skip)]
    pub reinspected: bool,
    /// What the officer is asked to do.
    pub directive: String,
}

impl WorkListEntry {
    pub(super) fn new(
        case: &Case,
        proposal: &Proposal,
        settled: &Settled,
        queued: bool,
        directive: Option<&str>,
        treatment: Option<&Treatment>,
    ) -> Self {
        Self {
            day: case.accepted_at.date_naive(),
            office: case.office.clone(),
            declaration_id: case.declaration_id.clone(),
            version: case.version,
            lane: settled.lane.code(),
            score: proposal.score,
            queued,
            reinspected: settled.reinspected,
            destination: treatment.map(|t| t.site.clone()),
            deadline: treatment.map(|t| t.deadline),
            directive: directive.unwrap_or_default().to_owned(),
        }
    }
}

/// By day and office, then by declaration.
pub(super) fn sort(entries: &mut [WorkListEntry]) {
    entries.sort_by(|a, b| {
        (a.day, &a.office, &a.declaration_id, a.version).cmp(&(
            b.day,
            &b.office,
            &b.declaration_id,
            b.version,
        ))
    });
}

//! What was decided about a proposal, with the name of who decided.

use crate::people::Names;
use chrono::{DateTime, Utc};
use tidegate_ledger::Verdict;

/// What was decided about a proposal.
#[derive(Debug, Clone, serde::Serialize)]
pub struct KnownVerdict {
    /// Whether it is approved.
    pub approved: bool,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub decided_by: String,
    /// When.
    pub decided_at: DateTime<Utc>,
}

impl KnownVerdict {
    pub(crate) fn of(verdict: Verdict, names: &Names) -> Self {
        let Verdict { approved, reason, decided_by, decided_at } = verdict;
        Self { approved, reason, decided_by: names.of(decided_by), decided_at }
    }
}

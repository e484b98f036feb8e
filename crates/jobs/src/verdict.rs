//! What was decided about a proposal, with the name of who decided.

use chrono::{DateTime, Utc};
use std::collections::HashMap;
use tidegate_ledger::{PrincipalId, Verdict};

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
    pub(crate) fn of(verdict: Verdict, names: &HashMap<PrincipalId, String>) -> Self {
        let Verdict { approved, reason, decided_by, decided_at } = verdict;
        let decided_by = names.get(&decided_by).cloned().unwrap_or_default();
        Self { approved, reason, decided_by, decided_at }
    }
}

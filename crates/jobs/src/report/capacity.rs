//! Inspection slots of offices, as the policy states of the ledger have them.

use crate::JobError;
use crate::decide::parse_state;
use crate::home::Home;
use std::collections::BTreeMap;
use tidegate_ledger::PolicyStateVersion;
use tidegate_risk::selection::PolicyState;

/// Slots by version of the policy state and office.
#[derive(Debug, Clone, Default)]
pub(super) struct Capacities {
    states: BTreeMap<u64, PolicyState>,
}

impl Capacities {
    /// The states of all versions that the ledger has.
    pub(super) async fn read(home: &Home) -> Result<Self, JobError> {
        let newest = home.ledger.newest_policy_state().await?.map_or(0, |s| s.version.0);
        let mut capacities = Self::default();
        for version in 1..=newest {
            let state = home.ledger.policy_state(PolicyStateVersion(version)).await?;
            capacities.add(version.unsigned_abs(), &state.state.content);
        }
        Ok(capacities)
    }

    /// Adds the state of a version; one without slots tells nothing of capacity.
    pub(super) fn add(&mut self, version: u64, content: &str) {
        if let Some(state) = parse_state(content) {
            self.states.insert(version, state);
        }
    }

    /// Slots a day of an office under a version; nothing when they are not known.
    pub(super) fn slots(&self, version: u64, office: &str) -> Option<u64> {
        let state = self.states.get(&version)?;
        Some(u64::from(state.office(office).slots))
    }
}

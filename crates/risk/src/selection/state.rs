//! The policy state: what a controller sets between decisions, in versions; every decision names its version.

use super::policy::SelectionPolicy;
use std::collections::BTreeMap;

/// Capacity and threshold of an office.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficeState {
    /// Inspections a day.
    pub slots: u32,
    /// Score in the middle of the ramp, in [0, 1].
    pub threshold: f64,
}

/// Capacity and thresholds as of one version. Stored as JSON; the stored text is what decides, so that a state read
/// back is the state that was used.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyState {
    /// Offices without an entry of their own.
    pub default: OfficeState,
    /// By office.
    pub offices: BTreeMap<String, OfficeState>,
}

impl PolicyState {
    /// State of an office.
    pub fn office(&self, office: &str) -> OfficeState {
        self.offices.get(office).copied().unwrap_or(self.default)
    }

    /// A state from the scores of the days before, by office: the threshold is where the slots of those days would
    /// have been used up. An office with fewer than `MIN_SCORES` scores takes the threshold of all offices together.
    pub fn from_scores(
        policy: &SelectionPolicy,
        scores: &BTreeMap<String, Vec<f64>>,
        days: u32,
        slots: impl Fn(usize) -> u32,
    ) -> Self {
        let pooled: Vec<f64> = scores.values().flatten().copied().collect();
        let per_office = slots(pooled.len() / scores.len().max(1));
        let wanted: u64 = scores.values().map(|s| u64::from(slots(s.len())) * u64::from(days)).sum();
        let overall = threshold(&pooled, wanted).unwrap_or(policy.initial_threshold);
        let office = |scores: &Vec<f64>| {
            let slots = slots(scores.len());
            let own = threshold(scores, u64::from(slots) * u64::from(days));
            let threshold = own.filter(|_| scores.len() >= MIN_SCORES).unwrap_or(overall);
            OfficeState { slots, threshold }
        };
        Self {
            default: OfficeState { slots: per_office, threshold: overall },
            offices: scores.iter().map(|(name, scores)| (name.clone(), office(scores))).collect(),
        }
    }
}

/// Fewest scores that a threshold of an office stands on.
const MIN_SCORES: usize = 100;

/// The score that `wanted` of the scores reach: the threshold at which expected selections equal the slots, since the
/// ramp is symmetric around it. The least score when more are wanted than there are; none without scores.
pub fn threshold(scores: &[f64], wanted: u64) -> Option<f64> {
    let mut sorted = scores.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let position = usize::try_from(wanted).unwrap_or(usize::MAX).min(sorted.len());
    sorted.get(position.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_lets_as_many_pass_as_are_wanted() {
        let scores: Vec<f64> = (0..1_000).map(|i| f64::from(i * 7 % 1_000) / 1_000.0).collect();
        let at = threshold(&scores, 50).unwrap();
        assert_eq!(scores.iter().filter(|s| **s >= at).count(), 50);
        assert_eq!(threshold(&scores, 5_000), Some(0.0));
        assert_eq!(threshold(&[], 5), None);
    }

    #[test]
    fn a_state_read_back_decides_alike() {
        let policy = SelectionPolicy::parse("p", include_str!("../../../../selection/default.toml")).unwrap();
        let scores = BTreeMap::from([("A".to_owned(), vec![0.1; 300]), ("B".to_owned(), vec![0.9, 0.2])]);
        let state = PolicyState::from_scores(&policy, &scores, 10, |records| (records / 100) as u32 + 1);
        assert_eq!(state.office("A"), OfficeState { slots: 4, threshold: 0.1 });
        let (own, overall) = (state.office("B").threshold, state.default.threshold);
        assert_eq!(own.to_bits(), overall.to_bits(), "too few scores of its own");
        assert_eq!(state.office("new"), state.default);
        let text = serde_json::to_string(&state).unwrap();
        let read: PolicyState = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }
}

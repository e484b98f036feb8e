//! The policy state of a run: slots and thresholds from the days before it.

use super::Capacity;
use super::cases::{Grades, Which, read, stretches};
use crate::JobError;
use crate::home::Home;
use crate::progress::Progress;
use chrono::{Days, NaiveDate};
use std::collections::BTreeMap;
use tidegate_ledger::{NewPolicyState, PolicyStateVersion};
use tidegate_query::Platform;
use tidegate_risk::bundle::Bundle;
use tidegate_risk::selection::{OfficeState, PolicyState};

/// Appends a state for decisions from a day on, made of the scores of the days before it, and gives it as stored.
pub(super) async fn append(
    home: &Home,
    platform: &Platform,
    bundle: &Bundle,
    grades: &Grades,
    from: NaiveDate,
    capacity: Capacity,
    progress: &mut dyn Progress,
) -> Result<(PolicyStateVersion, PolicyState), JobError> {
    let days = bundle.selection.threshold_days;
    progress.step("setting thresholds from the days before", u64::from(days), "days");
    // Scores before rules of declarations and draws: no state is needed to compute them.
    let none = PolicyState { default: OfficeState { slots: 0, threshold: 1.0 }, offices: BTreeMap::new() };
    let mut scores: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let (Some(first), Some(last)) = (from.checked_sub_days(Days::new(u64::from(days))), from.pred_opt())
    else {
        return Err(JobError::Missing(format!("no day is before {from}")));
    };
    for stretch in stretches(platform, first, last).await? {
        for (day, read) in read(platform, bundle, grades, stretch, Which::First).await? {
            let assessment = bundle.assess(&read.rows)?;
            for case in &read.cases {
                let proposal =
                    bundle.propose(&assessment, case.items.clone(), &none, &case.office, &case.grade);
                scores.entry(case.office.clone()).or_default().push(proposal.score);
            }
            progress.done((day - first).num_days() as u64 + 1);
        }
    }
    let state = PolicyState::from_scores(&bundle.selection, &scores, days, |records| {
        capacity.slots(records as f64 / f64::from(days.max(1)))
    });
    let content = serde_json::to_string(&state).map_err(|e| JobError::Missing(e.to_string()))?;
    let newest = home.ledger.newest_policy_state().await?;
    let new = NewPolicyState {
        content,
        effective_from: home.now,
        based_on: newest.map(|s| s.version),
        recorded_at: home.now,
    };
    let version = home.ledger.append_policy_state(&new).await?;
    Ok((version, stored(home, version).await?))
}

/// A state as it was stored.
pub(crate) async fn stored(home: &Home, version: PolicyStateVersion) -> Result<PolicyState, JobError> {
    let stored = home.ledger.policy_state(version).await?;
    serde_json::from_str(&stored.state.content)
        .map_err(|e| JobError::Missing(format!("policy state {version} is of another form: {e}")))
}

//! A candidate beside the bundle in force: on the days before it was learnt, and on days that it has not seen.

use crate::JobError;
use crate::backtest::{BacktestOptions, Side, Valued, backtest};
use crate::decide::Capacity;
use crate::home::{DEFAULT_ALIAS, Home};
use crate::learn::LearnSummary;
use crate::progress::Progress;
use chrono::{Days, NaiveDate};
use tidegate_risk::selection::Epoch;

/// Days before a candidate was learnt that it is back-tested on.
const BACK_DAYS: u64 = 28;
/// A candidate may find a little less by chance, where no estimate can tell: this much less, of what is labelled.
const TOLERATED: f64 = 0.9;

/// A candidate.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Candidate {
    /// Its hash.
    pub bundle: String,
    /// Goods items with a result that it learnt from.
    pub results: usize,
    /// Area under the ROC curve, each month predicted by a model of the months before it.
    pub auc: Option<f64>,
    /// Share of the expected inspections that it would share with the bundle in force on the four weeks before, which it
    /// has learnt from; none when nothing was in force.
    pub common_share: Option<f64>,
    /// Greatest expected candidates for a slot on those days, of an office with at least ten slots.
    pub greatest_load: Option<f64>,
    /// Ratios of expected inspection rates on those days to the ordinary one, by grade with a promise.
    pub promises: Vec<(String, f64)>,
}

impl Candidate {
    /// The back-test in a sentence.
    pub(super) fn summary(&self) -> String {
        let share = self.common_share.map_or("-".to_owned(), |share| format!("{:.0} %", 100.0 * share));
        let auc = self.auc.map_or("-".to_owned(), |auc| format!("{auc:.3}"));
        format!("AUC {auc} on later months; would do {share} of the inspections of the one in force")
    }
}

/// A candidate on an epoch after it was learnt, beside the bundle that decided it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Shadowed {
    /// The candidate.
    pub bundle: String,
    /// Whether it is put in force.
    pub approved: bool,
    /// Why.
    pub why: String,
    /// Findings estimated for the candidate.
    pub candidate: Valued,
    /// Findings estimated for the bundle in force.
    pub in_force: Valued,
}

/// What a candidate would have done on the days before.
pub(super) async fn back_tested(
    home: &Home,
    learnt: &LearnSummary,
    capacity: Capacity,
    until: NaiveDate,
    progress: &mut dyn Progress,
) -> Result<Candidate, JobError> {
    let mut candidate = Candidate {
        bundle: learnt.bundle.clone(),
        results: learnt.results,
        auc: learnt.auc,
        common_share: None,
        greatest_load: None,
        promises: Vec::new(),
    };
    if home.ledger.active_bundle(DEFAULT_ALIAS, home.now).await?.is_none() {
        return Ok(candidate);
    }
    let from = until.checked_sub_days(Days::new(BACK_DAYS - 1)).unwrap_or(until);
    let tested = backtest(home, &options(&candidate, capacity, from, until), progress).await?;
    candidate.common_share = Some(tested.common_share);
    candidate.greatest_load = tested.draft.greatest_load;
    candidate.promises = tested.draft.promises;
    Ok(candidate)
}

/// What a candidate would have done on an epoch after it was learnt.
pub(super) async fn shadow(
    home: &Home,
    candidate: &Candidate,
    capacity: Capacity,
    days: Epoch,
    progress: &mut dyn Progress,
) -> Result<Shadowed, JobError> {
    let tested = backtest(home, &options(candidate, capacity, days.first, days.last), progress).await?;
    let (approved, why) = verdict(&tested.draft, &tested.active);
    Ok(Shadowed {
        bundle: candidate.bundle.clone(),
        approved,
        why,
        candidate: tested.draft.findings,
        in_force: tested.active.findings,
    })
}

fn options(candidate: &Candidate, capacity: Capacity, from: NaiveDate, to: NaiveDate) -> BacktestOptions {
    BacktestOptions {
        bundle: Some(candidate.bundle.clone()),
        from: Some(from),
        to: Some(to),
        capacity,
        ..BacktestOptions::default()
    }
}

/// A candidate is put in force unless it is known to be worse: its estimate wholly below that of the bundle in force, or,
/// where there is no estimate, fewer findings among what has a result. The latter leans to the bundle in force, which chose
/// what has a result.
fn verdict(candidate: &Side, in_force: &Side) -> (bool, String) {
    if let (
        Valued::Estimate { value, low, high, .. },
        Valued::Estimate { value: other, low: least, high: most, .. },
    ) = (&candidate.findings, &in_force.findings)
    {
        let told = format!(
            "findings estimated {value:.0} [{low:.0}, {high:.0}] beside {other:.0} [{least:.0}, {most:.0}]"
        );
        return (high >= least, told);
    }
    let rate = |side: &Side| {
        let results = side.inspections * side.labelled_share;
        (results > 0.0).then(|| side.known_findings / results)
    };
    let nothing = |whose| format!("no estimate, and nothing that {whose} would inspect has a result");
    let Some(other) = rate(in_force) else { return (true, nothing("the bundle in force")) };
    let Some(own) = rate(candidate) else { return (false, nothing("it")) };
    let told = format!(
        "no estimate; of what it would inspect and has a result {:.1} % has a finding, beside {:.1} %",
        100.0 * own,
        100.0 * other
    );
    (own >= TOLERATED * other, told)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(findings: Valued, known_findings: f64, labelled_share: f64) -> Side {
        Side {
            inspections: 100.0,
            mandatory: 0,
            slots: 100,
            overloaded_days: 0,
            greatest_load: None,
            loads: Vec::new(),
            overlap: None,
            labelled_share,
            known_findings,
            possible_findings: 100.0,
            findings,
            revenue: Valued::Refusal("none".to_owned()),
            recall: Valued::Refusal("none".to_owned()),
            promises: Vec::new(),
            suppressed: 0.0,
        }
    }

    #[test]
    fn a_candidate_is_turned_down_only_where_it_is_known_to_be_worse() {
        let estimate =
            |value: f64| Valued::Estimate { value, low: value - 5.0, high: value + 5.0, evidence: 1_000 };
        let refusal = || Valued::Refusal("too few".to_owned());
        let judged = |own: &Side, other: &Side| verdict(own, other).0;
        assert!(judged(&side(estimate(30.0), 0.0, 1.0), &side(estimate(38.0), 0.0, 1.0)));
        assert!(!judged(&side(estimate(30.0), 0.0, 1.0), &side(estimate(41.0), 0.0, 1.0)));
        // Of the forty that have a result it finds 12, beside 30 of a hundred.
        assert!(judged(&side(refusal(), 12.0, 0.4), &side(refusal(), 30.0, 1.0)));
        assert!(!judged(&side(refusal(), 10.0, 0.4), &side(refusal(), 30.0, 1.0)));
        assert!(
            !judged(&side(refusal(), 0.0, 0.0), &side(refusal(), 30.0, 1.0)),
            "nothing known speaks for it"
        );
    }
}

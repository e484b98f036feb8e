//! The one-step value of a policy that did not decide, from the log of the one that did.

use super::record::{LoggedRecord, Measure};
use super::refusal::Refusal;
use super::size::{check_evidence, kish_effective_size};
use super::sum::{Estimate, Term, WeightedSum, canonical_sum};
use crate::selection::Lane;

/// Which prediction m an estimate leans on. All are `sum pi_e m + sum_known w (y - m)` with `w = pi_e / (pi_b P(known))`:
/// unbiased for any m that does not look at the record's own draw and result (difference estimator: Särndal, Swensson,
/// Wretman 1992, section 6.3).
#[derive(Default)]
pub enum Estimator<'a> {
    /// m = 0: inverse probability weighting (Horvitz, Thompson 1952). The default: in the coverage study all three held
    /// the truth equally often, within its error, at equal widths, and this one is unbiased and needs no model.
    #[default]
    InverseProbability,
    /// m = `sum w y / sum w`, the same for all: self-normalised. Biased by about one part in the number
    /// of inspections, of less variance where most of them find something.
    SelfNormalised,
    /// m from an outcome model, by position of the record and lane, that learned from what came before alone
    /// ([`ForwardOutcomeModel`](super::ForwardOutcomeModel)): doubly robust (Dudík, Langford, Li, ICML 2011).
    DoublyRobust(&'a dyn Fn(usize, Lane) -> f64),
}

/// The value of a policy and what it stands on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PolicyValue {
    /// Total over the records that are not in-sample: number of findings or revenue.
    pub estimate: Estimate,
    /// `sum pi_e`: goods items that the policy would inspect.
    pub inspections: f64,
    /// Roots with a known result and weight.
    pub known: usize,
    /// Kish effective number of them.
    pub effective_size: f64,
    /// Kish effective number of those with a finding.
    pub effective_findings: f64,
}

/// Estimates what the evaluated policy would have recorded, under its assigned lanes, on the logged records: one step,
/// traders and models as they were. Records are the unit of y, roots of error. Lanes of a root exclude each other, which
/// the variance leaves out: it errs on the great side where both are uncertain.
///
/// # Errors
/// When a probability is none, the log has no support for the policy, or too few weighted inspections or findings.
pub fn policy_value(
    records: &[LoggedRecord],
    measure: Measure,
    estimator: &Estimator<'_>,
) -> Result<PolicyValue, Refusal> {
    records.iter().try_for_each(LoggedRecord::check)?;
    check_support(records)?;
    let evidence = || records.iter().enumerate().filter(|(_, r)| !r.in_sample);
    let known = evidence().filter_map(|(place, r)| r.known().map(|known| (place, r, known)));
    let mut terms: Vec<(usize, Lane, Term)> = known
        .map(|(place, record, (finding, weight, probability))| {
            let value = measure.of(finding);
            (place, record.assigned, Term { root: record.root, weight, value, predicted: 0.0, probability })
        })
        .collect();
    let chances = || evidence().flat_map(|(place, r)| r.chances.iter().map(move |c| (place, r, c)));
    let inspections = canonical_sum(chances().map(|(_, _, c)| c.evaluated));
    let largest_weight = chances()
        .filter(|(_, _, c)| c.evaluated > 0.0)
        .map(|(_, r, c)| c.evaluated / (c.logged * r.known_probability))
        .fold(0.0, f64::max);
    let constant = match estimator {
        Estimator::InverseProbability => 0.0,
        Estimator::SelfNormalised => {
            let weight = canonical_sum(terms.iter().map(|t| t.2.weight));
            let mean =
                canonical_sum(terms.iter().map(|t| t.2.weight * t.2.value)) / weight.max(f64::MIN_POSITIVE);
            for (_, _, term) in &mut terms {
                term.predicted = mean;
            }
            mean * inspections
        }
        Estimator::DoublyRobust(model) => {
            for (place, lane, term) in &mut terms {
                term.predicted = model(*place, *lane);
            }
            canonical_sum(chances().map(|(place, _, c)| c.evaluated * model(place, c.lane)))
        }
    };
    let sum = WeightedSum::new(constant, terms.into_iter().map(|t| t.2).collect(), largest_weight);
    let (known, found) = sum.weights();
    check_evidence(&known, &found)?;
    Ok(PolicyValue {
        estimate: sum.estimate(),
        inspections,
        known: known.len(),
        effective_size: kish_effective_size(&known),
        effective_findings: kish_effective_size(&found),
    })
}

fn check_support(records: &[LoggedRecord]) -> Result<(), Refusal> {
    let weight = |lacking: bool| {
        let chances = records.iter().filter(|r| !r.in_sample).flat_map(|r| &r.chances);
        canonical_sum(chances.filter(|c| !lacking || c.logged <= 0.0).map(|c| c.evaluated))
    };
    let lacks =
        |r: &&LoggedRecord| !r.in_sample && r.chances.iter().any(|c| c.logged <= 0.0 && c.evaluated > 0.0);
    match records.iter().filter(lacks).count() {
        0 => Ok(()),
        records => Err(Refusal::NoSupport { records, share: 100.0 * weight(true) / weight(false) }),
    }
}

//! Totals of what inspections recorded, over everything that could have been inspected.

use super::refusal::Refusal;
use super::size::check_evidence;
use super::sum::{Estimate, Term, WeightedSum};

/// A goods item that was inspected because a draw said so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Inspected {
    /// Root of its consignment.
    pub root: u64,
    /// `pi = min(p, w tau)`, in (0, 1]; p alone would understate what overfull work lists shed.
    pub probability: f64,
    /// y, at least 0.
    pub value: f64,
}

/// `sum y / pi` over the inspected, with the variance `sum (1 - pi) y^2 / pi^2` by roots: the Horvitz-Thompson estimate
/// with the realised probabilities of priority sampling (Duffield, Lund, Thorup 2007, J. ACM 54(6)). `least_probability`
/// is the least pi of any record of the population. A rate is [`Estimate::per`] the number of its records.
///
/// # Errors
/// When a probability is none, or there are too few weighted inspections or findings.
pub fn horvitz_thompson(inspected: &[Inspected], least_probability: f64) -> Result<Estimate, Refusal> {
    let weight = |root, name, pi: f64| {
        if pi > 0.0 && pi <= 1.0 { Ok(1.0 / pi) } else { Err(Refusal::Probability { root, name, value: pi }) }
    };
    let term = |i: &Inspected| {
        let Inspected { root, probability, value } = *i;
        Ok(Term { root, weight: weight(root, "pi", probability)?, value, predicted: 0.0, probability })
    };
    let terms: Vec<Term> = inspected.iter().map(term).collect::<Result<_, _>>()?;
    let first = terms.first().map_or(0, |t| t.root);
    let largest_weight = weight(first, "the least pi beside that", least_probability)?;
    let sum = WeightedSum::new(0.0, terms, largest_weight);
    let (known, found) = sum.weights();
    check_evidence(&known, &found)?;
    Ok(sum.estimate())
}

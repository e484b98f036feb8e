//! What the random floor found that the model missed, and how much of it there is.

use super::record::{Finding, Measure};
use super::refusal::Refusal;
use super::size::check_evidence;
use super::sum::{Estimate, Term, WeightedSum};
use crate::selection::Draw;

/// A goods item whose draw fell below the floor, with what the inspection recorded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FloorInspection {
    /// Root of its consignment.
    pub root: u64,
    /// u, below the floor.
    pub draw: Draw,
    /// f.
    pub floor: f64,
    /// p; 1 where mandatory.
    pub probability: f64,
    /// pi.
    pub inclusion: f64,
    /// P(result in by now | assigned, lane, office).
    pub known_probability: f64,
    /// What was recorded.
    pub finding: Finding,
}

/// The answer, with how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Missed {
    /// Floor inspections with a known result, in roots.
    pub inspected: usize,
    /// Those with a finding.
    pub found: usize,
    /// Estimated number of findings among consignments that were no candidates.
    pub findings: Result<Estimate, Refusal>,
    /// Their estimated revenue, in the currency of the records.
    pub revenue: Result<Estimate, Refusal>,
}

/// Estimates `sum (1 - p) y` over all consignments: what inspections would have recorded where the draw fell above p, so
/// that nobody looked. Evidence is the floor alone, whose inspections are blinded and equally thorough; directives raise
/// detection elsewhere. An inspection of the floor happens when `u < min(f, pi)`, the floor being the part of p that is shed
/// last: its weight is `(1 - p) / min(f, pi)`. `least_probability` is the least `min(f, pi)` of any consignment.
/// Records with `u >= f` are left out, whatever they say.
pub fn missed_by_model(inspections: &[FloorInspection], least_probability: f64) -> Missed {
    let in_floor = |i: &&FloorInspection| i.draw.value() < i.floor.min(i.inclusion);
    let sum = |measure: Measure| {
        let term = |i: &FloorInspection| {
            let probability = i.floor.min(i.inclusion) * i.known_probability;
            let weight = (1.0 - i.probability) / probability;
            Term { root: i.root, weight, value: measure.of(i.finding), predicted: 0.0, probability }
        };
        let terms = inspections.iter().filter(in_floor).map(term).collect();
        WeightedSum::new(0.0, terms, 1.0 / least_probability)
    };
    let estimate = |sum: &WeightedSum| {
        let (known, found) = sum.weights();
        check_evidence(&known, &found)?;
        Ok(sum.estimate())
    };
    let findings = sum(Measure::Findings);
    let (known, found) = findings.weights();
    Missed {
        inspected: known.len(),
        found: found.len(),
        findings: estimate(&findings),
        revenue: estimate(&sum(Measure::Revenue)),
    }
}

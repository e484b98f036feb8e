//! How well officers see, from the inspections that a reference team did once more.

use super::Decision;
use crate::backtest::Valued;
use crate::configuration::Estimate;
use crate::results::InspectionResult;
use std::collections::{BTreeMap, HashMap};
use tidegate_risk::estimation::{Accuracy, Reference, Refusal, Reinspection, Share, accuracy, prevalence};
use tidegate_risk::selection::Lane;

/// Accuracy of the first inspections of a lane.
#[derive(Debug, Clone, serde::Serialize)]
pub struct LaneAccuracy {
    /// Lane of the first inspections.
    pub lane: String,
    /// Consignments with both results.
    pub pairs: u64,
    /// P(finding | something is there).
    pub sensitivity: Valued,
    /// P(no finding | nothing is there).
    pub specificity: Valued,
    /// Share of the lane's inspections in which something is there, whether it was found or not.
    pub prevalence: Valued,
}

/// Accuracy by lane, from the decisions of which both results are in.
pub(super) fn of_lanes(
    decisions: &[Decision],
    first: &HashMap<String, InspectionResult>,
    second: &HashMap<String, InspectionResult>,
    settings: &Estimate,
) -> Vec<LaneAccuracy> {
    let mut inspected: BTreeMap<Lane, Vec<bool>> = BTreeMap::new();
    let mut pairs = Vec::new();
    for decision in decisions.iter().filter(|d| d.selected) {
        let (Some(lane), Some(result)) = (Lane::of_code(&decision.lane), first.get(&decision.id)) else {
            continue;
        };
        let first = result.finding.found;
        inspected.entry(lane).or_default().push(first);
        if let (true, Some(again)) = (decision.reinspected, second.get(&decision.id)) {
            let probability = decision.inclusion * decision.reinspection_probability;
            pairs.push(Reinspection { lane, first, second: again.finding.found, probability });
        }
    }
    let reference = Reference {
        sensitivity: settings.reference_sensitivity,
        specificity: settings.reference_specificity,
    };
    let of_lane = |(lane, found): (Lane, Result<Accuracy, Refusal>)| {
        LaneAccuracy::of(
            lane,
            &found,
            &inspected[&lane],
            pairs.iter().filter(|p| p.lane == lane).count() as u64,
        )
    };
    accuracy(&pairs, reference).into_iter().map(of_lane).collect()
}

impl LaneAccuracy {
    /// From the accuracy of a lane and all of its first results.
    fn of(lane: Lane, found: &Result<Accuracy, Refusal>, first: &[bool], pairs: u64) -> Self {
        let (inspections, findings) = (first.len() as f64, first.iter().filter(|f| **f).count() as f64);
        let rate = findings / inspections;
        let share = |of: Result<Share, Refusal>| match of {
            Ok(Share { value, interval, .. }) => {
                Valued::Estimate { value, low: interval.low, high: interval.high, evidence: pairs }
            }
            Err(refusal) => Valued::Refusal(refusal.to_string()),
        };
        Self {
            lane: lane.code().to_owned(),
            pairs,
            sensitivity: share(found.clone().map(|a| a.sensitivity)),
            specificity: share(found.clone().map(|a| a.specificity)),
            prevalence: share(
                found.clone().and_then(|a| prevalence(rate, rate * (1.0 - rate) / inspections, &a)),
            ),
        }
    }
}

//! What a campaign came to, beside the truth, which no strategy sees.

use super::{Inspection, Stream};
use crate::selection::Epoch;
use std::collections::BTreeSet;

/// What is true of a consignment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Truth {
    /// Whether there is something to find.
    pub is_fraud: bool,
    /// Revenue that finding it brings.
    pub revenue: f64,
    /// Kind of fraud that nobody practised when the campaign began, by number.
    pub new_kind: Option<u64>,
}

/// Measures of a campaign.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Measured {
    /// Inspections.
    pub inspections: u64,
    /// Share of the inspections that found something.
    pub hit_rate: f64,
    /// The same in the last epochs.
    pub late_hit_rate: f64,
    /// Share of the fraud of the epochs that was inspected.
    pub recall: f64,
    /// Share of the revenue of all fraud that the inspections brought.
    pub revenue_share: f64,
    /// Revenue that the inspections brought.
    pub revenue: f64,
    /// New kinds of fraud of which at least one was found.
    pub new_kinds: u64,
    /// Frauds of new kinds that were found.
    pub new_frauds: u64,
}

/// Measures the inspections of a campaign over its epochs; the last `late` of them once more alone.
pub fn measure(
    stream: &Stream,
    epochs: &[Epoch],
    inspections: &[Inspection],
    truth: &[Truth],
    late: usize,
) -> Measured {
    let (mut frauds, mut revenue) = (0.0, 0.0);
    if let (Some(first), Some(last)) = (epochs.first(), epochs.last()) {
        for one in truth[stream.of_days(first.first, last.last)].iter().filter(|t| t.is_fraud) {
            frauds += 1.0;
            revenue += one.revenue;
        }
    }
    let late_from = epochs.len().saturating_sub(late);
    let hits = |from: usize| {
        let of: Vec<&Inspection> = inspections.iter().filter(|i| i.epoch >= from).collect();
        of.iter().filter(|i| i.found).count() as f64 / of.len() as f64
    };
    let caught = || inspections.iter().filter(|i| i.found && truth[i.consignment].is_fraud);
    let brought: f64 = inspections.iter().map(|i| i.revenue).sum();
    let new: Vec<u64> = caught().filter_map(|i| truth[i.consignment].new_kind).collect();
    Measured {
        inspections: inspections.len() as u64,
        hit_rate: hits(0),
        late_hit_rate: hits(late_from),
        recall: caught().count() as f64 / frauds,
        revenue_share: brought / revenue,
        revenue: brought,
        new_kinds: new.iter().collect::<BTreeSet<_>>().len() as u64,
        new_frauds: new.len() as u64,
    }
}

//! How well officers see: sensitivity and specificity by lane, and the prevalence behind a rate of findings.
//!
//! A subsample of known probability is inspected again by a reference team that knows nothing of the first result. The
//! team is no gold standard: its own accuracy is given, measured on consignments planted with and without contraband, and
//! the table of the two readings is corrected for it (Gart, Buck, American J. of Epidemiology 83, 1966).
//!
//! **The assumption** is that, given the truth, the two readings err independently. What is hidden so well that both miss
//! it makes the first look better than it is: sensitivity is an upper bound then, and should be shown beside the value at
//! a lower `sensitivity` of the reference. Models that estimate both readings' accuracy at once from two populations
//! (Hui, Walter, Biometrics 36, 1980) need the same assumption and more: equal accuracy in populations of different
//! prevalence. With a handful of agreed findings they have no precision (Pepe, Janes, Biostatistics 8, 2007), so they are
//! left out.

use super::normal::Z;
use super::refusal::Refusal;
use super::size::kish_effective_size;
use super::sum::canonical_sum;
use super::wilson::wilson;
use crate::evaluation::Interval;
use crate::selection::Lane;
use std::collections::BTreeMap;

/// A consignment that was inspected twice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reinspection {
    /// Lane of the first inspection.
    pub lane: Lane,
    /// Whether the first inspection found something.
    pub first: bool,
    /// Whether the reference team did.
    pub second: bool,
    /// Probability that it was inspected twice: pi of the lane, times the subsample's, which may depend on `first`.
    pub probability: f64,
}

/// Accuracy of readings, each in [0, 1].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reference {
    /// P(finding | something is there).
    pub sensitivity: f64,
    /// P(no finding | nothing is there).
    pub specificity: f64,
}

/// A share that was estimated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// As the formula gives it, possibly outside [0, 1].
    pub raw: f64,
    /// Clipped to [0, 1].
    pub value: f64,
    /// Variance of the raw value.
    pub variance: f64,
    /// Interval at 95 %, within [0, 1].
    pub interval: Interval,
}

/// Accuracy of the first inspections of a lane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accuracy {
    /// P(finding | something is there).
    pub sensitivity: Share,
    /// P(no finding | nothing is there).
    pub specificity: Share,
    /// Consignments inspected twice.
    pub pairs: usize,
}

/// Estimates the accuracy of each lane. With weights 1 / probability, shares a of first findings, b of second and c of
/// both, and the reference's se and f = 1 - sp:
/// `sensitivity = (c - f a) / (b - f)`, `specificity = 1 - (se a - c) / (se - b)`,
/// from `c = P se1 se + (1 - P)(1 - sp1) f` and its margins. Variances are those of ratios of weighted sums, linearised;
/// intervals are Wilson's at the effective size that the variance is worth, for shares near 1.
///
/// # Errors
/// By lane: when the reference tells nothing, or finds no more than its false alarms.
pub fn accuracy(pairs: &[Reinspection], reference: Reference) -> BTreeMap<Lane, Result<Accuracy, Refusal>> {
    let mut lanes: BTreeMap<Lane, Vec<Reinspection>> = BTreeMap::new();
    for pair in pairs {
        lanes.entry(pair.lane).or_default().push(*pair);
    }
    lanes.into_iter().map(|(lane, pairs)| (lane, of_lane(&pairs, reference))).collect()
}

fn of_lane(pairs: &[Reinspection], reference: Reference) -> Result<Accuracy, Refusal> {
    check_informative(reference.sensitivity, reference.specificity)?;
    let (se, f) = (reference.sensitivity, 1.0 - reference.specificity);
    let number = |reading: bool| f64::from(u8::from(reading));
    let both = |p: &Reinspection| number(p.first && p.second);
    let sensitivity = ratio(pairs, |p| both(p) - f * number(p.first), |p| number(p.second) - f)?;
    let false_alarms = ratio(pairs, |p| se * number(p.first) - both(p), |p| se - number(p.second))?;
    let raw = 1.0 - false_alarms.raw;
    let interval = Interval { low: 1.0 - false_alarms.interval.high, high: 1.0 - false_alarms.interval.low };
    let specificity = Share { raw, value: raw.clamp(0.0, 1.0), interval, ..false_alarms };
    Ok(Accuracy { sensitivity, specificity, pairs: pairs.len() })
}

/// `sum w x / sum w y` with the variance `sum w^2 (x - R y)^2 / (sum w y)^2` (Särndal, Swensson, Wretman 1992, 5.6).
fn ratio(
    pairs: &[Reinspection],
    x: impl Fn(&Reinspection) -> f64,
    y: impl Fn(&Reinspection) -> f64,
) -> Result<Share, Refusal> {
    let sum = |of: &dyn Fn(&Reinspection) -> f64| canonical_sum(pairs.iter().map(of));
    let whole = sum(&|p| y(p) / p.probability);
    if whole.is_nan() || whole <= 0.0 {
        return Err(Refusal::Nothing { what: "findings of the reference team beyond its false alarms" });
    }
    let raw = sum(&|p| x(p) / p.probability) / whole;
    let variance = sum(&|p| ((x(p) - raw * y(p)) / p.probability).powi(2)) / (whole * whole);
    let value = raw.clamp(0.0, 1.0);
    let weights: Vec<f64> = pairs.iter().filter(|p| y(p) > 0.0).map(|p| 1.0 / p.probability).collect();
    let at_most = kish_effective_size(&weights);
    let effective = if variance > 0.0 { (value * (1.0 - value) / variance).min(at_most) } else { at_most };
    let effective = if effective > 0.0 { effective } else { at_most };
    let interval = wilson(value * effective, effective, Z).map(|p| p.interval);
    Ok(Share { raw, value, variance, interval: interval.unwrap_or(Interval { low: 0.0, high: 1.0 }) })
}

/// The prevalence behind an apparent rate q: `(q + sp - 1) / (se + sp - 1)` (Rogan, Gladen, American J. of Epidemiology
/// 107, 1978), with the variance by the delta method, `(var q + P^2 var se + (1 - P)^2 var sp) / (se + sp - 1)^2`. `rate`
/// and its variance come from an [`Estimate`](super::Estimate) per record.
///
/// # Errors
/// When se + sp is not above 1: findings tell nothing then.
pub fn prevalence(rate: f64, variance: f64, accuracy: &Accuracy) -> Result<Share, Refusal> {
    let (sensitivity, specificity) = (accuracy.sensitivity, accuracy.specificity);
    let gain = check_informative(sensitivity.value, specificity.value)?;
    let raw = (rate + specificity.value - 1.0) / gain;
    let value = raw.clamp(0.0, 1.0);
    let of_accuracy = value * value * sensitivity.variance + (1.0 - value).powi(2) * specificity.variance;
    let variance = (variance + of_accuracy) / (gain * gain);
    let half = Z * variance.sqrt();
    let interval = Interval { low: (raw - half).clamp(0.0, 1.0), high: (raw + half).clamp(0.0, 1.0) };
    Ok(Share { raw, value, variance, interval })
}

/// Youden's index, se + sp - 1.
fn check_informative(sensitivity: f64, specificity: f64) -> Result<f64, Refusal> {
    let gain = sensitivity + specificity - 1.0;
    if gain > 0.0 { Ok(gain) } else { Err(Refusal::Uninformative { sensitivity, specificity }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimation::coverage::Noise;

    const REFERENCE: Reference = Reference { sensitivity: 0.9, specificity: 0.995 };

    /// 40,000 consignments of prevalence 5 %, of which first findings are inspected again with 1/2 and others with 1/10.
    fn pairs(seed: u64, sensitivity: f64, specificity: f64) -> Vec<Reinspection> {
        let noise = Noise::new(seed);
        let read = |purpose: &str, place, truth: bool, se: f64, sp: f64| {
            noise.uniform(purpose, place) < if truth { se } else { 1.0 - sp }
        };
        let pair = |place: u64| {
            let truth = noise.uniform("truth", place) < 0.05;
            let first = read("first", place, truth, sensitivity, specificity);
            let probability = if first { 0.5 } else { 0.1 };
            let second = read("second", place, truth, REFERENCE.sensitivity, REFERENCE.specificity);
            let again = noise.uniform("again", place) < probability;
            again.then_some(Reinspection { lane: Lane::Red, first, second, probability })
        };
        (0..40_000).filter_map(pair).collect()
    }

    #[test]
    fn accuracy_is_recovered_from_an_imperfect_reference() {
        let (mut held, mut sensitivity, mut specificity) = ([0_u32; 2], 0.0, 0.0);
        let seeds = 40_u32;
        for seed in 0..seeds {
            let found = accuracy(&pairs(u64::from(seed), 0.7, 0.99), REFERENCE)[&Lane::Red].clone().unwrap();
            sensitivity += found.sensitivity.raw / f64::from(seeds);
            specificity += found.specificity.raw / f64::from(seeds);
            let holds = |share: Share, truth: f64| {
                u32::from((share.interval.low..=share.interval.high).contains(&truth))
            };
            held[0] += holds(found.sensitivity, 0.7);
            held[1] += holds(found.specificity, 0.99);
        }
        // A sample's standard error is about 0.04 and 0.001; the mean of forty has a sixth of it.
        assert!(
            (sensitivity - 0.7).abs() < 0.02 && (specificity - 0.99).abs() < 0.000_5,
            "{sensitivity} {specificity}"
        );
        // 38 of 40, three binomial standard errors of 1.4.
        assert!(held.iter().all(|h| *h >= 34), "{held:?}");
    }

    #[test]
    fn a_table_by_hand() {
        // se = (c - f a) / (b - f), with weights 1: a = 6/20, b = 5/20, c = 4/20, f = 0.05.
        let pair = |first, second| Reinspection { lane: Lane::Orange, first, second, probability: 1.0 };
        let mut table = vec![pair(true, true); 4];
        table.extend([pair(true, false), pair(true, false), pair(false, true)]);
        table.extend(vec![pair(false, false); 13]);
        let found = accuracy(&table, Reference { sensitivity: 0.9, specificity: 0.95 })[&Lane::Orange]
            .clone()
            .unwrap();
        assert!((found.sensitivity.raw - (0.2 - 0.05 * 0.3) / (0.25 - 0.05)).abs() < 1e-12);
        assert!((found.specificity.raw - (1.0 - (0.9 * 0.3 - 0.2) / (0.9 - 0.25))).abs() < 1e-12);
    }

    #[test]
    fn prevalence_is_corrected_and_clipped() {
        let share = |value: f64, variance: f64| Share {
            raw: value,
            value,
            variance,
            interval: Interval { low: 0.0, high: 1.0 },
        };
        let accuracy = Accuracy { sensitivity: share(0.8, 0.0), specificity: share(0.99, 0.0), pairs: 1 };
        let found = prevalence(0.049_5, 0.005_f64.powi(2), &accuracy).unwrap();
        assert!((found.raw - 0.05).abs() < 1e-12);
        assert!((found.interval.high - 0.05 - Z * 0.005 / 0.79).abs() < 1e-12);
        let below = prevalence(0.005, 1e-6, &accuracy).unwrap();
        assert!(below.raw < 0.0 && below.value.to_bits() == 0 && below.interval.low.to_bits() == 0);
        let wider = Accuracy { sensitivity: share(0.8, 0.01), ..accuracy };
        assert!(prevalence(0.049_5, 0.005_f64.powi(2), &wider).unwrap().variance > found.variance);
        let blind = Accuracy { sensitivity: share(0.1, 0.0), specificity: share(0.9, 0.0), pairs: 1 };
        assert!(prevalence(0.1, 0.0, &blind).unwrap_err().to_string().ends_with("findings tell nothing"));
        let none = [Reinspection { lane: Lane::Red, first: true, second: false, probability: 1.0 }];
        assert!(super::accuracy(&none, REFERENCE)[&Lane::Red].is_err());
    }
}

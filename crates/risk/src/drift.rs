//! Drift: how far what comes now has moved from what a model was learnt on.

/// Bins of equal count in the reference, beside one for missing values.
const BINS: usize = 10;
/// 99.9 % of the standard normal.
const Z: f64 = 3.090_232_306_167_813;
/// Shifts below this are no drift whatever their significance (Siddiqi, Credit Risk Scorecards, 2006).
const SMALL: f64 = 0.1;

/// How a variable has moved.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Drift {
    /// Population stability index.
    pub index: f64,
    /// What chance alone exceeds once in a thousand, at least 0.1.
    pub critical: f64,
    /// Share of missing values in the reference.
    pub missing_before: f64,
    /// Share of missing values now.
    pub missing_now: f64,
}

impl Drift {
    /// Whether it has moved by more than chance and by more than a little.
    pub fn is_drift(&self) -> bool {
        self.index > self.critical
    }
}

/// The population stability index `sum (c - r) ln(c / r)` over bins of equal count in the reference and one for NaN, with
/// half a record added to each bin; `None` when a side is empty.
///
/// Without drift, index / (1/n + 1/m) is about chi-square with one degree of freedom less than there are bins (Yurdakul,
/// Naranjo, Journal of Risk Model Validation 14(4), 2020); its quantile is that of Wilson and Hilferty (Proceedings of the
/// National Academy of Sciences 17, 1931).
pub fn drift(reference: &[f32], current: &[f32]) -> Option<Drift> {
    if reference.is_empty() || current.is_empty() {
        return None;
    }
    let edges = edges(reference);
    let counts = |values: &[f32]| {
        let mut counts = vec![0.0_f64; edges.len() + 2];
        for value in values {
            let bin = if value.is_nan() { edges.len() + 1 } else { edges.partition_point(|e| e < value) };
            counts[bin] += 1.0;
        }
        counts
    };
    let (before, now) = (counts(reference), counts(current));
    let (n, m) = (reference.len() as f64, current.len() as f64);
    let used = || before.iter().zip(&now).filter(|(b, c)| **b + **c > 0.0);
    let bins = used().count() as f64;
    let share = |count: f64, total: f64| (count + 0.5) / (total + 0.5 * bins);
    let index = used()
        .map(|(b, c)| {
            let (r, c) = (share(*b, n), share(*c, m));
            (c - r) * libm::log(c / r)
        })
        .sum();
    let freedom = (bins - 1.0).max(1.0);
    let spread = 2.0 / (9.0 * freedom);
    let quantile = freedom * (1.0 - spread + Z * spread.sqrt()).powi(3);
    let missing = |counts: &[f64], total: f64| counts[edges.len() + 1] / total;
    Some(Drift {
        index,
        critical: SMALL.max(quantile * (1.0 / n + 1.0 / m)),
        missing_before: missing(&before, n),
        missing_now: missing(&now, m),
    })
}

/// Upper ends of all bins but the last: quantiles of the reference, each once.
fn edges(reference: &[f32]) -> Vec<f32> {
    let mut sorted: Vec<f32> = reference.iter().copied().filter(|v| !v.is_nan()).collect();
    sorted.sort_by(f32::total_cmp);
    let mut edges: Vec<f32> =
        (1..BINS).filter_map(|i| sorted.get(i * sorted.len() / BINS).copied()).collect();
    edges.dedup();
    edges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::Draw;
    use proptest::prelude::*;

    fn sample(name: &str, size: usize, value: impl Fn(f64) -> f64) -> Vec<f32> {
        (0..size).map(|i| value(Draw::new(&[1; 32], name, &i.to_string()).value()) as f32).collect()
    }

    #[test]
    fn the_same_distribution_is_no_drift_and_another_is() {
        let reference = sample("reference", 3_000, |u| u);
        let same = (0..200).filter(|i| {
            let again = sample(&format!("again {i}"), 400, |u| u);
            drift(&reference, &again).unwrap().is_drift()
        });
        assert_eq!(same.count(), 0, "once in a thousand by chance, and a little is no drift");
        let moved = drift(&reference, &sample("moved", 400, |u| u.powi(2))).unwrap();
        assert!(moved.is_drift() && moved.index > 0.2, "{moved:?}");
        let missing = sample("missing", 400, |u| if u < 0.3 { f64::NAN } else { (u - 0.3) / 0.7 });
        let missing = drift(&reference, &missing).unwrap();
        assert!(missing.is_drift() && (missing.missing_now - 0.3).abs() < 0.1, "{missing:?}");
        let constant = drift(&[1.0; 50], &[1.0; 80]).unwrap();
        assert!(!constant.is_drift() && constant.index.abs() < 1e-12);
        assert_eq!(drift(&[], &reference), None);
    }

    proptest! {
        #[test]
        fn an_index_is_never_below_zero(
            reference in proptest::collection::vec(proptest::num::f32::ANY, 1..60),
            current in proptest::collection::vec(proptest::num::f32::ANY, 1..60),
        ) {
            let found = drift(&reference, &current).unwrap();
            prop_assert!(found.index >= 0.0 && found.index.is_finite(), "{found:?}");
        }
    }
}

//! The interval of a weighted sum of rare things: nonparametric likelihood, with a thing that was not seen.
//!
//! A normal interval fails here, on one side: a sum that missed its few great terms is small and claims to be precise.
//! Each inspected root is taken as a kind of root of which one came, a Poisson count with an unknown mean `mu_i` instead
//! of 1. The interval holds all sums that some means give which the data do not contradict:
//! `sum_i (mu_i - 1) d_i` with `sum_i (mu_i - 1 - ln mu_i) + mu_0 <= z^2 / 2`, the Poisson form of empirical likelihood
//! (Owen, Empirical Likelihood, 2001). Kind 0 has no root in the sample and the size given as `unseen`, as Karampatziakis,
//! Langford and Mineiro ("Empirical likelihood for contextual bandits", 2020) do for policies; without it the upper end can use nothing greater than what was seen.

use super::normal::Z;
use crate::evaluation::Interval;

/// Halvings of a bracket, enough for twelve digits.
const HALVINGS: usize = 45;

/// Interval at 95 % around `value`, at least 0, from deviations `d_i = w_i (y_i - m_i) sqrt(1 - pi_i)`, the last factor
/// giving each its variance in a finite population.
pub fn interval(value: f64, deviations: &[f64], unseen: f64) -> Interval {
    let budget = 0.5 * Z * Z;
    let present: Vec<f64> = deviations.iter().copied().filter(|d| d.abs() > 0.0).collect();
    let turned: Vec<f64> = present.iter().map(|d| -d).collect();
    let low = (value - rise(&turned, 0.0, budget)).max(0.0);
    Interval { low, high: value + rise(&present, unseen, budget) }
}

/// The most that `sum (mu_i - 1) d_i + mu_0 unseen` can be within the budget. At the most, `mu_i = 1 / (1 - lambda d_i)`
/// for one lambda below `1 / max(d_i, unseen)`; what is left of the budget there goes to `mu_0`.
fn rise(deviations: &[f64], unseen: f64, budget: f64) -> f64 {
    let greatest = deviations.iter().copied().fold(0.0, f64::max);
    let cost = |lambda: f64| -> f64 {
        deviations.iter().map(|d| lambda * d / (1.0 - lambda * d) + libm::log1p(-lambda * d)).sum()
    };
    let gain = |lambda: f64| -> f64 { deviations.iter().map(|d| lambda * d * d / (1.0 - lambda * d)).sum() };
    if unseen > greatest {
        let left = budget - cost(1.0 / unseen);
        if left >= 0.0 {
            return gain(1.0 / unseen) + left * unseen;
        }
    }
    let (mut low, mut high) = (0.0, 1.0 / greatest.max(unseen));
    if high.is_infinite() {
        // Nothing rises: all means fall towards 0, at most until nothing is left.
        let largest = deviations.iter().fold(0.0_f64, |largest, d| largest.max(-d));
        if largest <= 0.0 {
            return 0.0;
        }
        high = 1.0 / largest;
        while cost(high) < budget {
            high *= 2.0;
        }
    }
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if cost(middle) < budget { low = middle } else { high = middle }
    }
    gain(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// n equal things: the likelihood interval of a Poisson count, `2 (mu - n - n ln(mu / n)) = z^2`.
    #[test]
    fn equal_terms_give_the_interval_of_a_poisson_count() {
        for count in [1_u32, 10, 400] {
            let n = f64::from(count);
            let found = interval(n, &vec![1.0; count as usize], 0.0);
            for end in [found.low, found.high] {
                let cost = end - n - n * libm::log(end / n);
                assert!((cost - 0.5 * Z * Z).abs() < 1e-6, "{count}: {found:?}");
            }
        }
    }

    #[test]
    fn many_small_terms_give_the_normal_interval() {
        let deviations: Vec<f64> = (0..100_000).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let found = interval(1e6, &deviations, 1.0);
        let half = Z * 100_000.0_f64.sqrt();
        assert!((found.high - 1e6 - half).abs() < 1.0 && (1e6 - half - found.low).abs() < 1.0, "{found:?}");
    }

    #[test]
    fn the_unseen_widens_upwards_alone() {
        let terms = [1.0, 2.0, 1.5, 0.5, 3.0];
        let (without, with) = (interval(8.0, &terms, 0.0), interval(8.0, &terms, 20.0));
        assert_eq!(without.low.to_bits(), with.low.to_bits());
        assert!(with.high > without.high + 10.0);
        let none = interval(0.0, &[], 2.0);
        assert!((none.high - 2.0 * 0.5 * Z * Z).abs() < 1e-12 && none.low <= 0.0);
        // Continuous where it begins to matter.
        let at = |unseen| interval(8.0, &terms, unseen).high;
        assert!((at(3.0) - at(3.000_001)).abs() < 1e-3);
    }
}

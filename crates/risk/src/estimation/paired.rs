//! Differences of paired measurements, such as two strategies on the same simulated years.

use super::normal::quantile;
use super::sum::Estimate;
use crate::evaluation::Interval;

/// Fewest pairs: the expansion of the t quantile is good to a hundredth from here on.
const FEWEST: usize = 5;

/// Mean of `a - b` over pairs, with Student's interval at 95 % (Gosset 1908); none for fewer than five pairs.
pub fn paired_difference(a: &[f64], b: &[f64]) -> Option<Estimate> {
    let n = a.len().min(b.len());
    if n < FEWEST {
        return None;
    }
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let value = differences.iter().sum::<f64>() / n as f64;
    let squares: f64 = differences.iter().map(|d| (d - value) * (d - value)).sum();
    let variance = squares / (n as f64 - 1.0) / n as f64;
    let half = student_quantile(n as f64 - 1.0) * variance.sqrt();
    Some(Estimate { value, variance, interval: Interval { low: value - half, high: value + half } })
}

/// The 0.975 quantile of Student's t by its expansion in the normal one (Abramowitz and Stegun 1964, 26.7.5).
fn student_quantile(freedom: f64) -> f64 {
    let z = quantile(0.975);
    let (z3, z5, z7) = (z.powi(3), z.powi(5), z.powi(7));
    let terms = [
        (z3 + z) / 4.0,
        (5.0 * z5 + 16.0 * z3 + 3.0 * z) / 96.0,
        (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / 384.0,
    ];
    terms.iter().zip(1_i32..).map(|(term, power)| term / freedom.powi(power)).sum::<f64>() + z
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_the_tabled_ones() {
        for (freedom, t) in [(4.0, 2.776_445), (9.0, 2.262_157), (19.0, 2.093_024), (99.0, 1.984_217)] {
            assert!((student_quantile(freedom) - t).abs() < 0.01, "{freedom}: {}", student_quantile(freedom));
        }
    }

    #[test]
    fn what_pairs_share_leaves_no_trace() {
        let common = [10.0, 250.0, 3.0, 77.0, 1_000.0, 5.0];
        let better: Vec<f64> =
            common.iter().zip([1.0, 2.0, 3.0, 1.0, 2.0, 3.0]).map(|(c, d)| c + d).collect();
        let difference = paired_difference(&better, &common).unwrap();
        // Mean 2, standard deviation sqrt(4 / 5), t(5) = 2.571.
        assert!((difference.value - 2.0).abs() < 1e-9);
        let half = difference.interval.high - difference.value;
        assert!((half - 2.571 * (0.8_f64 / 6.0).sqrt()).abs() < 0.01, "{half}");
        assert!(paired_difference(&better[..4], &common[..4]).is_none());
    }
}

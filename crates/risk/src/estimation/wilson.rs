//! The Wilson interval of a proportion.

use crate::evaluation::Interval;

/// z of a two-sided 95 % interval: the 97.5 % quantile of the standard normal.
pub const Z95: f64 = 1.959_963_984_540_054;

/// A proportion with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proportion {
    /// x / n.
    pub value: f64,
    /// Its interval.
    pub interval: Interval,
}

/// x / n with the score interval
/// `(p + z^2/2n -+ z sqrt(p (1 - p) / n + z^2 / 4 n^2)) / (1 + z^2/n)` (Wilson, J. American Statistical Association 22,
/// 1927). n need not be whole: an effective size will do. `None` when n is not above 0.
pub fn wilson(successes: f64, trials: f64, z: f64) -> Option<Proportion> {
    if trials.is_nan() || trials <= 0.0 {
        return None;
    }
    let (value, z2) = (successes / trials, z * z);
    let centre = value + z2 / (2.0 * trials);
    let half = z * (value * (1.0 - value) / trials + z2 / (4.0 * trials * trials)).max(0.0).sqrt();
    let end = |end: f64| (end / (1.0 + z2 / trials)).clamp(0.0, 1.0);
    Some(Proportion { value, interval: Interval { low: end(centre - half), high: end(centre + half) } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_the_formula_written_in_python() {
        let cases = [
            (0.0, 20.0, 0.0, 0.161_125_158_053),
            (3.0, 20.0, 0.052_368_745_896, 0.360_418_864_741),
            (20.0, 20.0, 0.838_874_841_947, 1.0),
        ];
        for (x, n, low, high) in cases {
            let found = wilson(x, n, 1.959_963_984_540_054).unwrap().interval;
            assert!(
                (found.low - low).abs() < 1e-11 && (found.high - high).abs() < 1e-11,
                "{x} of {n}: {found:?}"
            );
        }
        assert_eq!(wilson(0.0, 0.0, 1.96), None);
    }
}

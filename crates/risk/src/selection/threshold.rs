//! The number at which expected selections use up the slots.

/// Halvings of the interval: down to the spacing of floating-point numbers.
const HALVINGS: u32 = 60;

/// The least number in [0, `highest`] at which `expected` selections, which fall as it rises, are not above `wanted`: found by
/// bisection. 0 when everything fits, `highest` when even the floors and what is mandatory do not.
pub(super) fn solve(highest: f64, expected: impl Fn(f64) -> f64, wanted: f64) -> f64 {
    if expected(0.0) <= wanted {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, highest);
    if expected(high) > wanted {
        return high;
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if expected(middle) <= wanted { high = middle } else { low = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::ramp;

    #[test]
    fn expected_selections_use_up_what_is_wanted() {
        let scores: Vec<f64> = (0..1_000).map(|i| f64::from(i * 7 % 1_000) / 1_000.0).collect();
        let expected = |threshold| scores.iter().map(|s| ramp(*s, threshold, 0.3).min(1.0)).sum::<f64>();
        for wanted in [0.5, 50.0, 700.0] {
            assert!((expected(solve(4.0, expected, wanted)) - wanted).abs() < 1e-9, "{wanted}");
        }
        assert_eq!(solve(4.0, expected, 5_000.0).to_bits(), 0.0_f64.to_bits(), "everything fits");
        assert_eq!(solve(4.0, |_| 10.0, 3.0).to_bits(), 4.0_f64.to_bits(), "nothing more fits");
    }
}

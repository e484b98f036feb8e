//! Shares with their confidence intervals.

/// 0.975 quantile of the standard normal distribution: intervals hold 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// A share, estimated from a number of trials, with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// The share, in [0, 1].
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Rate {
    /// The share of hits with the score interval of Wilson, Journal of the American Statistical Association 22
    /// (1927); nothing without trials.
    pub fn of(hits: u64, trials: u64) -> Option<Self> {
        (trials > 0).then(|| Self::wilson(hits as f64 / trials as f64, trials as f64))
    }

    /// A weighted share: `weights` is the sum of the weights, `squares` that of their squares, `hits` that of the
    /// hits' weights. The interval is Wilson's for the effective number of trials of Kish (Survey Sampling, 1965).
    pub fn weighted(hits: f64, weights: f64, squares: f64) -> Option<Self> {
        (weights > 0.0 && squares > 0.0).then(|| Self::wilson(hits / weights, weights * weights / squares))
    }

    fn wilson(value: f64, trials: f64) -> Self {
        let z2 = Z * Z / trials;
        let centre = (value + z2 / 2.0) / (1.0 + z2);
        let half = Z * (value * (1.0 - value) / trials + z2 / (4.0 * trials)).max(0.0).sqrt() / (1.0 + z2);
        Self { value, low: (centre - half).max(0.0), high: (centre + half).min(1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 5e-5, "{a} is not {b}");
    }

    #[test]
    fn intervals_equal_published_ones() {
        // Newcombe, Statistics in Medicine 17 (1998), table I, method 3 (score without continuity correction).
        for (hits, trials, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let rate = Rate::of(hits, trials).unwrap();
            near(rate.low, low);
            near(rate.high, high);
        }
        assert_eq!(Rate::of(0, 0), None);
    }

    #[test]
    fn equal_weights_give_the_plain_interval() {
        let plain = Rate::of(15, 148).unwrap();
        let weighted = Rate::weighted(15.0 * 4.0, 148.0 * 4.0, 148.0 * 16.0).unwrap();
        near(weighted.value, plain.value);
        near(weighted.low, plain.low);
        near(weighted.high, plain.high);
        let uneven = Rate::weighted(60.0, 592.0, 148.0 * 32.0).unwrap();
        assert!(uneven.high - uneven.low > plain.high - plain.low);
    }
}

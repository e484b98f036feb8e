//! The standard normal distribution.

/// Normal quantile of a two-sided interval of 95 %.
pub const Z: f64 = 1.96;

/// Phi(z) = erfc(-z / sqrt 2) / 2.
pub fn cumulative(z: f64) -> f64 {
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// z with Phi(z) = `probability`, in [-38, 38]: bisection, which ends at the nearest floats because Phi is monotone.
pub fn quantile(probability: f64) -> f64 {
    let (mut low, mut high) = (-38.0_f64, 38.0_f64);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if cumulative(middle) < probability { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_the_tabled_ones() {
        // Python: statistics.NormalDist().inv_cdf
        for (p, z) in [
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054),
            (0.995_833_333_333, 2.638_257_273_447),
            (1e-6, -4.753_424_308_822_899),
        ] {
            assert!((quantile(p) - z).abs() < 1e-9, "{} is not {z}", quantile(p));
        }
    }
}

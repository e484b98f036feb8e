//! How trade is spread over traders: a shifted power law of rank, `weight(r) ~ (r + q)^-1.6`, on which one trader
//! in a hundred carries about half of all declarations.

/// Exponent of the law; the distribution of sizes then has the Pareto tail index 1/1.6.
pub(crate) const EXPONENT: f64 = 1.6;
/// The shift `q`, as a share of the number of traders, flattens the very top.
const SHIFT: f64 = 0.004;
/// The least shift: keeps a country of few traders from having one that does everything.
const LEAST_SHIFT: f64 = 3.0;

/// The law for a number of traders; trader 0 is the largest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VolumeLaw {
    traders: f64,
    shift: f64,
}

impl VolumeLaw {
    pub(crate) fn new(traders: u64) -> Self {
        let traders = traders as f64;
        Self { traders, shift: (SHIFT * traders).max(LEAST_SHIFT) }
    }

    /// Antiderivative of the weight, up to sign and factor.
    fn tail(&self, rank: f64) -> f64 {
        libm::pow(rank + self.shift, 1.0 - EXPONENT)
    }

    /// Trader at a quantile of trade, by the inverse of the distribution function.
    pub(crate) fn trader_at(&self, quantile: f64) -> u64 {
        let (top, bottom) = (self.tail(0.0), self.tail(self.traders));
        let rank = libm::pow(top - quantile * (top - bottom), 1.0 / (1.0 - EXPONENT)) - self.shift;
        (rank.max(0.0) as u64).min(self.traders as u64 - 1)
    }

    /// Share of trade that one trader carries.
    pub(crate) fn share(&self, trader: u64) -> f64 {
        let rank = trader as f64;
        (self.tail(rank) - self.tail(rank + 1.0)) / (self.tail(0.0) - self.tail(self.traders))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_quantiles_invert_them() {
        for traders in [20, 60, 2_000, 100_000] {
            let law = VolumeLaw::new(traders);
            let mut sum = 0.0;
            for trader in 0..traders {
                assert_eq!(law.trader_at(sum + 0.5 * law.share(trader)), trader);
                sum += law.share(trader);
            }
            assert!((sum - 1.0).abs() < 1e-9);
            assert_eq!(law.trader_at(0.0), 0);
            assert_eq!(law.trader_at(1.0 - 1e-12), traders - 1);
        }
    }

    #[test]
    fn one_in_a_hundred_carries_about_half() {
        for traders in [2_000_u64, 20_000, 600_000] {
            let law = VolumeLaw::new(traders);
            let top: f64 = (0..traders / 100).map(|t| law.share(t)).sum();
            assert!((0.45..0.65).contains(&top), "{traders}: {top}");
        }
    }
}

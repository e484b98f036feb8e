//! A keyed, counter-based generator of random numbers: what a stream gives depends on the seed, the purpose and
//! the index alone, never on what was drawn before or on which thread.
//!
//! Each output is the `SplitMix64` finaliser (Steele, Lea and Flood 2014, OOPSLA) of key plus counter; the key is
//! the finaliser chained over seed, purpose and index. Functions of the reals come from `libm`, so that the bits
//! are the same on every machine.

use std::f64::consts::TAU;

/// What a stream is for: streams of different purposes are independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Purpose {
    Commodity = 1,
    Measure,
    Price,
    Office,
    Trader,
    TraderLine,
    Grade,
    Succession,
    Broker,
    Seller,
    Scheme,
    Trend,
    Shipment,
    Deceit,
    Paper,
    Selection,
    Examination,
    Officer,
    Amendment,
    Name,
    Imitation,
    Loophole,
    Filing,
    Journey,
    Reexamination,
}

/// A stream of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    key: u64,
    counter: u64,
}

impl Stream {
    /// The stream of a seed, a purpose and an index within the purpose.
    pub(crate) fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        let key = mix(mix(mix(seed ^ 0x243f_6a88_85a3_08d3) ^ purpose as u64) ^ index);
        Self { key, counter: 0 }
    }

    /// The stream of a pair of indices within a purpose.
    pub(crate) fn pair(seed: u64, purpose: Purpose, first: u64, second: u64) -> Self {
        Self::new(seed, purpose, mix(first) ^ second)
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.counter = self.counter.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.key.wrapping_add(self.counter))
    }

    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in [low, high).
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform over 0..count; 0 when there is nothing to choose from.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count.saturating_sub(1))
    }

    /// True with a probability.
    pub(crate) fn coin(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Standard normal (Box and Muller 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.unit()));
        radius * libm::cos(TAU * self.unit())
    }

    /// Log-normal with a median and the standard deviation of the logarithm.
    pub(crate) fn log_normal(&mut self, median: f64, deviation: f64) -> f64 {
        median * libm::exp(deviation * self.normal())
    }

    /// Position drawn with probability proportional to the weights; 0 when all are zero.
    pub(crate) fn weighted(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize {
        let mut left = self.unit() * weights.clone().sum::<f64>();
        let mut last = 0;
        for (index, weight) in weights.enumerate() {
            if weight > 0.0 {
                last = index;
                if left < weight {
                    return index;
                }
                left -= weight;
            }
        }
        last
    }
}

/// The `SplitMix64` finaliser.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The logistic function.
pub(crate) fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finaliser_is_the_published_one() {
        // First outputs of `SplitMix64` from state 0.
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(mix(0x9e37_79b9_7f4a_7c15), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let mut stream = Stream::new(7, Purpose::Price, 3);
        let n = 100_000;
        let (mut sum, mut square, mut uniform) = (0.0, 0.0, 0.0);
        for _ in 0..n {
            let z = stream.normal();
            sum += z;
            square += z * z;
            uniform += stream.unit();
        }
        let n = f64::from(n);
        // Five standard errors: 1/sqrt(n), sqrt(2/n) and 1/sqrt(12 n).
        assert!((sum / n).abs() < 5.0 / n.sqrt());
        assert!((square / n - 1.0).abs() < 5.0 * (2.0 / n).sqrt());
        assert!((uniform / n - 0.5).abs() < 5.0 / (12.0 * n).sqrt());
    }

    #[test]
    fn streams_differ_in_every_part_of_the_key() {
        let first = |seed, purpose, index| Stream::new(seed, purpose, index).bits();
        let base = first(1, Purpose::Price, 1);
        assert_eq!(base, first(1, Purpose::Price, 1));
        assert_ne!(base, first(2, Purpose::Price, 1));
        assert_ne!(base, first(1, Purpose::Trader, 1));
        assert_ne!(base, first(1, Purpose::Price, 2));
        let pair = |a, b| Stream::pair(1, Purpose::Price, a, b).bits();
        assert_ne!(pair(1, 2), pair(2, 1));
    }

    #[test]
    fn weights_of_nothing_choose_the_first() {
        let mut stream = Stream::new(1, Purpose::Price, 0);
        assert_eq!(stream.weighted([0.0, 0.0].into_iter()), 0);
        assert_eq!(stream.weighted([0.0, 2.0, 0.0].into_iter()), 1);
        assert_eq!(stream.below(0), 0);
    }
}

//! Confidence sequences: intervals that hold at every look, however often and until whenever one looks.
//!
//! Empirical-Bernstein sequences for off-policy values (Waudby-Smith, Wu, Ramdas, Karampatziakis, Mineiro,
//! arXiv 2210.10768), in the form for values that change with time: with `xi = w (y - m) / k >= -1` of mean `delta`,
//! `exp(lambda (xi - delta) - psi(lambda) xi^2)`, `psi(lambda) = -ln(1 - lambda) - lambda`, has mean at most 1 (Fan, Grama,
//! Liu 2015). The products over roots, averaged over a fixed grid of lambda, are a supermartingale that exceeds
//! `2 / alpha` with probability `alpha / 2` at any time (Ville); the sums of `delta` that it does not exclude are the
//! interval. Nothing is asymptotic, and policies may have changed with what was seen.
//!
//! Draws of one work list are independent given its cut, as far as products of no more factors than slots are concerned
//! (Duffield, Lund, Thorup 2007). Longer products are 0 where independence would have the product of their means: below
//! `(lambda s)^(C+1) / (C+1)!` for C slots and s expected weighted findings of a list, 1e-8 of the bound for ten slots and
//! one finding.

use super::refusal::Refusal;
use crate::evaluation::Interval;

/// Logarithm of `2 / alpha` at 95 %.
const BUDGET: f64 = 3.688_879_454_113_936;
/// Points of the grid of lambda, 0.9 and halves of it, with weights `1 / (j (j + 1))`.
const POINTS: i32 = 16;
/// Least share of the greatest term that the lower end is scaled by; less would leave the grid.
const LEAST_SCALE: f64 = 1.0 / 16.0;

/// What can happen at most, declared before the first look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Largest weight `pi_e / (pi_b P(known))` of a root; the floor of the logged policy gives one, with room for tau.
    pub weight: f64,
    /// Largest y of a root: its items for findings; for revenue a cap, beyond which revenue must be cut off by the caller,
    /// and the value is that of revenue up to the cap.
    pub value: f64,
    /// Largest prediction m of a root; 0 without a model.
    pub prediction: f64,
}

/// What an inspected root adds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// w.
    pub weight: f64,
    /// y, in [0, `Bounds::value`].
    pub value: f64,
    /// m, in [0, `Bounds::prediction`], predicted from closed periods alone; 0 without a model.
    pub predicted: f64,
}

/// The total value of a policy up to now.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfidenceSequence {
    bounds: Bounds,
    /// `sum pi_e m` over all roots, seen or not.
    constant: f64,
    /// `sum w (y - m)`.
    sum: f64,
    /// `sum w^2 (y - m)^2`.
    squares: f64,
}

impl ConfidenceSequence {
    /// Before the first root.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, constant: 0.0, sum: 0.0, squares: 0.0 }
    }

    /// Adds the roots of a closed period: `sum pi_e m` of all of them, and those whose results are known. A period is closed
    /// once, when its results are due; what comes later is not added, which `P(known)` in the weights makes up for.
    ///
    /// # Errors
    /// When a weight or value lies beyond the bounds; nothing is added then.
    pub fn close_period(&mut self, constant: f64, seen: &[Seen]) -> Result<(), Refusal> {
        let check = |name, value: f64, largest: f64| {
            let right = (0.0..=largest).contains(&value);
            if right { Ok(()) } else { Err(Refusal::BeyondBound { name, value, largest }) }
        };
        for root in seen {
            check("the weight", root.weight, self.bounds.weight)?;
            check("the value", root.value, self.bounds.value)?;
            check("the prediction", root.predicted, self.bounds.prediction)?;
        }
        self.constant += constant;
        for root in seen {
            let term = root.weight * (root.value - root.predicted);
            self.sum += term;
            self.squares += term * term;
        }
        Ok(())
    }

    /// Estimate of the total.
    pub fn value(&self) -> f64 {
        self.constant + self.sum
    }

    /// Interval of the total at 95 %, simultaneously for all periods. It holds the total *to date*, which grows, so
    /// intervals of different periods must not be intersected. Upwards, what was not seen may be as great as declared, and
    /// the interval ends at least four such terms higher; downwards, no term falls below `-w m`.
    pub fn interval(&self) -> Interval {
        let Bounds { weight, value, prediction } = self.bounds;
        let half = |scale: f64| scale * excess(self.squares / (scale * scale));
        let low = self.value() - half(weight * prediction.max(LEAST_SCALE * value));
        Interval { low: low.max(0.0), high: self.value() + half(weight * value) }
    }
}

/// The x at which `sum_j q_j exp(lambda_j x - psi(lambda_j) v)` reaches `2 / alpha`, in units of the largest term.
fn excess(v: f64) -> f64 {
    let logarithm = |x: f64| {
        let exponents = (1..=POINTS).map(|j| {
            let lambda = 0.9 * libm::exp2(1.0 - f64::from(j));
            let psi = -libm::log1p(-lambda) - lambda;
            lambda * x - psi * v - libm::log(f64::from(j * (j + 1)))
        });
        let exponents: Vec<f64> = exponents.collect();
        let greatest = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        greatest + libm::log(exponents.iter().map(|e| libm::exp(e - greatest)).sum())
    };
    let (mut low, mut high) = (0.0, 1.0);
    while logarithm(high) < BUDGET {
        high *= 2.0;
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if logarithm(middle) < BUDGET { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimation::coverage::Noise;
    use crate::selection::{Chance, Contender, Draw, Room, close};

    /// 100 work lists of 200 roots for 25 slots, overfull on most days, p from 0.05 to 0.35 with the risk, `pi_e` 0.05, the
    /// share of findings drifting upwards. Gives whether each side ever failed, and the half-width at the end in standard
    /// errors.
    fn look_daily(seed: u64, predicted: f64) -> (bool, bool, f64) {
        let noise = Noise::new(seed);
        let mut sequence = ConfidenceSequence::new(Bounds { weight: 4.0, value: 1.0, prediction: predicted });
        let (mut truth, mut above, mut below) = (0.0, false, false);
        for day in 0..100_u64 {
            let risk = |root: u64| f64::from(root as u32 % 100) / 100.0;
            let roots = day * 200..(day + 1) * 200;
            let contenders: Vec<Contender> = roots
                .clone()
                .map(|root| {
                    let probability = 0.05 + 0.3 * risk(root).powi(2);
                    let chance = Chance { probability, weight: probability, protected: 0.0 };
                    chance.contender(Draw::stored(noise.uniform("select", root)).unwrap())
                })
                .collect();
            let tau = close(&contenders, Room { slots: 25, reserved: 0, waiting: 0 }).cuts.kept;
            let mut inspected = Vec::new();
            for (root, contender) in roots.zip(&contenders) {
                let found = noise.uniform("found", root) < (0.02 + 0.000_4 * day as f64) * 2.0 * risk(root);
                let value = f64::from(u8::from(found));
                truth += 0.05 * value;
                if contender.is_selected(tau) {
                    let weight = 0.05 / contender.realised_probability(tau);
                    inspected.push(Seen { weight, value, predicted });
                }
            }
            sequence.close_period(200.0 * 0.05 * predicted, &inspected).unwrap();
            let Interval { low, high } = sequence.interval();
            above |= truth < low;
            below |= truth > high;
        }
        (above, below, (sequence.interval().high - sequence.value()) / sequence.squares.sqrt())
    }

    #[test]
    fn every_look_holds_and_the_price_is_moderate() {
        for predicted in [0.0, 0.04] {
            let looks: Vec<_> = (0..80).map(|seed| look_daily(seed, predicted)).collect();
            let failed = |side: &dyn Fn(&(bool, bool, f64)) -> bool| looks.iter().filter(|l| side(l)).count();
            // At most 2.5 % of 80 a side: 2, and three binomial standard errors of 1.4.
            assert!(failed(&|l| l.0) <= 6 && failed(&|l| l.1) <= 6);
            let price = looks.iter().map(|l| l.2).sum::<f64>() / 80.0;
            // Some forty weighted findings: the logarithm of 2 / alpha times the largest weight still counts.
            assert!(price > 1.96 && price < 8.0, "{price} standard errors");
        }
    }

    #[test]
    fn what_was_not_declared_is_refused_and_not_added() {
        let mut sequence = ConfidenceSequence::new(Bounds { weight: 2.0, value: 1.0, prediction: 0.5 });
        let seen = Seen { weight: 1.0, value: 1.0, predicted: 0.0 };
        assert!(sequence.close_period(1.0, &[seen, Seen { weight: 3.0, ..seen }]).is_err());
        assert!(sequence.close_period(1.0, &[Seen { value: 1.5, ..seen }]).is_err());
        assert!(sequence.close_period(1.0, &[Seen { predicted: 0.75, ..seen }]).is_err());
        assert_eq!(sequence, ConfidenceSequence::new(Bounds { weight: 2.0, value: 1.0, prediction: 0.5 }));
        sequence.close_period(0.0, &[seen]).unwrap();
        assert!(sequence.interval().high > 3.0 && sequence.interval().low.to_bits() == 0);
    }
}

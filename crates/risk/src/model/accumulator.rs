//! The accumulator: the type in which a forest adds up its leaf values.

/// The type in which a margin is added up, value after value: libraries differ in it, and so do the last bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Accumulator {
    /// Every sum is rounded to f64.
    #[default]
    F64,
    /// Every sum is rounded to f32; base score and leaf values are f32 too.
    F32,
}

impl Accumulator {
    /// Whether it has a value exactly.
    pub(super) fn holds(self, value: f64) -> bool {
        match self {
            Self::F64 => true,
            // The same bits: -0.0 stays apart from 0.0.
            Self::F32 => f64::from(value as f32).to_bits() == value.to_bits(),
        }
    }

    /// Adds values to a base score one after another.
    pub(super) fn sum(self, base_score: f64, values: impl Iterator<Item = f64>) -> f64 {
        match self {
            Self::F64 => values.fold(base_score, |sum, value| sum + value),
            Self::F32 => values.fold(base_score as f32, |sum, value| sum + value as f32).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sum_is_rounded_to_the_type() {
        let values = [1.0, 2.0_f64.powi(-24), 2.0_f64.powi(-24)];
        let sum = |accumulator: Accumulator| accumulator.sum(0.0, values.into_iter());
        assert_eq!(sum(Accumulator::F64).to_bits(), (1.0 + 2.0_f64.powi(-23)).to_bits());
        // Half a unit in the last place is lost twice, since ties go to the even.
        assert_eq!(sum(Accumulator::F32).to_bits(), 1.0_f64.to_bits());
        assert!(Accumulator::F32.holds(-0.0) && Accumulator::F32.holds(0.5) && !Accumulator::F32.holds(0.1));
        assert!(Accumulator::F64.holds(0.1) && !Accumulator::F32.holds(1e300));
    }
}

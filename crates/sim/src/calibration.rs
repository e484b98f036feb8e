//! Sets the two scales of the world so that the shares of the configuration come out.

use crate::configuration::Configuration;
use crate::error::SimulationError;
use crate::fraud::{fraud_probability, intensities};
use crate::fraud_kind::Kind;
use crate::grade::Grade;
use crate::selection::odds;
use crate::world::World;

/// Consignments drawn to calibrate on; they are none of the year's own.
const SAMPLE: u64 = 6_000;
/// Declarations that one split consignment becomes, on average.
const PARTS: f64 = 3.6;
/// Halvings of the logarithm of a scale.
const STEPS: usize = 60;

impl World {
    /// Builds the world of a configuration.
    pub(crate) fn new(configuration: Configuration) -> Result<Self, SimulationError> {
        let mut world = Self::uncalibrated(configuration)?;
        let declarations = world.configuration.declarations;
        let sample: Vec<_> = (0..SAMPLE)
            .map(|n| {
                let serial = (u128::from(n) * u128::from(declarations) / u128::from(SAMPLE)) as u64;
                world.shipment(serial, u64::MAX - n)
            })
            .collect();
        let tempted: Vec<(f64, f64)> = sample
            .iter()
            .map(|shipment| {
                let intensities = intensities(&world, shipment);
                let sum: f64 = intensities.iter().sum();
                let split = if sum > 0.0 { intensities[Kind::Splitting as usize] / sum } else { 0.0 };
                (sum, 1.0 + (PARTS - 1.0) * split)
            })
            .collect();
        world.fraud_scale = solve(world.configuration.fraud_share, |scale| {
            let expected = tempted.iter().map(|(sum, parts)| fraud_probability(scale * sum) * parts);
            expected.sum::<f64>() / SAMPLE as f64
        });
        let scored: Vec<(Grade, f64, f64)> = sample
            .iter()
            .map(|shipment| {
                let (score, factor) = world.rule_score(shipment);
                (shipment.grade, score, factor)
            })
            .collect();
        let floor = world.configuration.floor_share;
        world.selection_scale = solve(world.configuration.inspection_share, |scale| {
            let expected =
                scored.iter().map(|(grade, score, factor)| odds(floor, scale, *grade, *score, *factor).any());
            expected.sum::<f64>() / SAMPLE as f64
        });
        Ok(world)
    }
}

/// The scale at which a rising function reaches a target; an end of the range where it does not.
fn solve(target: f64, share: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (libm::log(1e-9), libm::log(1e3));
    for _ in 0..STEPS {
        let middle = 0.5 * (low + high);
        if share(libm::exp(middle)) < target { low = middle } else { high = middle }
    }
    libm::exp(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rising_function_is_solved() {
        assert!((solve(0.5, |x| x * x) - 0.5_f64.sqrt()).abs() < 1e-9);
    }
}

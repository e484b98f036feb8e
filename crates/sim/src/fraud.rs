//! Who is tempted to which fraud, when: the intensity of each kind for one consignment.

use crate::catalogue::Catalogue;
use crate::fraud_kind::Kind;
use crate::grade::Grade;
use crate::random::{Purpose, Stream};
use crate::shipment::{Goods, Shipment};
use crate::world::{Importer, World};

/// Weights in the logarithm of the intensity: temperament of the trader, of its broker, of the goods, and what
/// moves the trader in one quarter of the year.
const TRADER: f64 = 0.85;
const BROKER: f64 = 0.35;
const GOODS: f64 = 0.45;
const QUARTER: f64 = 0.5;
/// A new importer that takes over a downgraded trader's trade goes on as before.
const SUCCESSOR: f64 = 1.8;
/// A declaration is never more likely than this to be fraudulent.
const MOST: f64 = 0.7;

/// Intensity of each kind, in the order of [`Kind::ALL`], before the world's scale.
pub(crate) fn intensities(world: &World, shipment: &Shipment) -> [f64; 5] {
    if shipment.processing {
        return [0.0; 5];
    }
    let goods = &shipment.items[shipment.lead].actual;
    let commodity = &world.catalogue.commodities[goods.commodity];
    let broker = shipment.broker.map_or(-0.3, |b| world.broker_temperament(b)[1]);
    let grade = match world.first_grade(shipment.trader.number) {
        Grade::AdvancedCertified => -1.1,
        Grade::Certified => -0.6,
        Grade::Conventional => 0.0,
        Grade::Dishonest => 0.9,
        Grade::SeriouslyDishonest => 1.3,
    };
    let taken_over = if matches!(shipment.importer, Importer::Successor(_)) { SUCCESSOR } else { 0.0 };
    let phase = world.calendar.phase(shipment.day);
    let trader = shipment.trader.number;
    let quarter = Stream::pair(world.seed(), Purpose::Trend, trader + 1_000, (phase * 4.0) as u64).normal();
    let tempted = libm::exp(
        TRADER * shipment.trader.standing.temperament
            + QUARTER * quarter
            + BROKER * broker
            + GOODS * commodity.temptation
            + grade
            + taken_over,
    );
    Kind::ALL.map(|kind| {
        let gain = gain(world, shipment, goods, kind);
        let schemes = world.schemes.iter().filter(|s| s.kind == kind && s.heading == commodity.heading());
        let factor: f64 = schemes.map(|s| s.factor(world.seed(), trader, shipment.day)).product();
        kind.base() * tempted * shipment.trader.preferences[kind as usize] * kind.wave(phase) * gain * factor
    })
}

/// How much a kind would save on the goods: 0 when it is impossible, about 1 when it is worth while.
fn gain(world: &World, shipment: &Shipment, goods: &Goods, kind: Kind) -> f64 {
    let catalogue = &world.catalogue;
    let rate = catalogue.duty(goods.commodity, goods.preferential)
        + catalogue.measure(goods.commodity, goods.origin);
    match kind {
        Kind::Undervaluation | Kind::Quantity => (rate + 5.0) / 15.0,
        Kind::Misclassification => {
            let lowest = cheapest(catalogue, goods.commodity);
            ((rate - lowest) / 6.0).clamp(0.0, 2.0)
        }
        Kind::FalseOrigin => {
            let saved = rate - catalogue.duty(goods.commodity, true);
            if saved < 3.0 { 0.0 } else { (saved / 10.0).min(3.0) }
        }
        Kind::Splitting => {
            let parts = goods.value / world.configuration.small_value_limit;
            if shipment.items.len() == 1 && (1.1..8.0).contains(&parts) { 1.0 } else { 0.0 }
        }
    }
}

fn cheapest(catalogue: &Catalogue, commodity: usize) -> f64 {
    let own = catalogue.commodities[commodity].rate;
    catalogue.commodities[commodity]
        .cheaper
        .iter()
        .map(|c| catalogue.commodities[*c].rate)
        .fold(own, f64::min)
}

impl World {
    /// Kind of fraud that a consignment turns to, if any: kind `k` with probability `(1 - exp(-sum)) * k / sum`.
    pub(crate) fn temptation(&self, shipment: &Shipment) -> Option<Kind> {
        let mut stream = Stream::new(self.seed(), Purpose::Deceit, shipment.serial);
        let intensities = intensities(self, shipment);
        let sum: f64 = intensities.iter().sum();
        let yields = stream.coin(fraud_probability(self.fraud_scale * sum * self.loophole(shipment)));
        let kind = Kind::ALL[stream.weighted(intensities.into_iter())];
        yields.then_some(kind)
    }
}

/// Probability of fraud at a scaled intensity.
pub(crate) fn fraud_probability(intensity: f64) -> f64 {
    (1.0 - libm::exp(-intensity)).min(MOST)
}

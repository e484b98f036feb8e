//! The country's present way to select: a policy of old rules, and a random floor.
//!
//! `p = 1 - (1 - floor(grade)) (1 - min(0.75, scale * exp(score) * factor(grade)))`. The score sees only what is
//! declared and what was known at the start of the year, so that it misses what has moved since.

use crate::grade::Grade;
use crate::random::{Purpose, Stream};
use crate::shipment::{Goods, Shipment};
use crate::world::{Importer, World};

/// The old rules never select more than this share of anything.
const MOST: f64 = 0.75;
/// Share of the dishonest that is inspected.
const DISHONEST: f64 = 0.82;
/// Share of the pairs of chapter and origin that are on the old list of risks.
const LISTED: f64 = 0.06;

/// How the goods of a selected declaration are examined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Documents.
    Yellow,
    /// Non-intrusive equipment.
    Orange,
    /// Opened.
    Red,
}

impl Lane {
    /// Code in the tables.
    pub fn code(self) -> &'static str {
        match self {
            Self::Yellow => "yellow",
            Self::Orange => "orange",
            Self::Red => "red",
        }
    }
}

/// Probabilities that the floor and the old rules select a declaration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Odds {
    pub(crate) floor: f64,
    pub(crate) rules: f64,
}

impl Odds {
    pub(crate) fn any(self) -> f64 {
        1.0 - (1.0 - self.floor) * (1.0 - self.rules)
    }
}

impl World {
    /// Score of the old rules and the factor of the grade.
    pub(crate) fn rule_score(&self, shipment: &Shipment) -> (f64, f64) {
        let goods = shipment.items.iter().map(|item| self.goods_score(&item.declared)).fold(0.0, f64::max);
        let value: f64 = shipment.items.iter().map(|item| item.declared.value).sum();
        let (registered, known) = match shipment.importer {
            Importer::Trader(number) => {
                let known = self.is_known_for(shipment.trader.standing.temperament, number);
                (shipment.trader.standing.registered, known)
            }
            // Nobody knows yet whose trade it is.
            Importer::Successor(index) => (self.successions[index].day as i32, false),
        };
        let watched =
            shipment.broker.is_some_and(|b| self.is_known_for(self.broker_temperament(b)[1], u64::MAX - b));
        let points = [
            (shipment.day as i32 - registered < 180, 0.7),
            (known, 1.0),
            (watched, 0.4),
            (value > 800_000.0 * self.price_factor, 0.3),
        ];
        let factor = match shipment.grade {
            Grade::AdvancedCertified => 0.1,
            Grade::Certified => 0.45,
            _ => 1.0,
        };
        (goods + points.iter().filter(|(holds, _)| *holds).map(|(_, weight)| weight).sum::<f64>(), factor)
    }

    /// Whether an enterprise has a name for fraud from earlier years, which tells the half of its temperament.
    fn is_known_for(&self, temperament: f64, enterprise: u64) -> bool {
        temperament + Stream::new(self.seed(), Purpose::Selection, enterprise).normal() > 1.7
    }

    fn goods_score(&self, goods: &Goods) -> f64 {
        let commodity = &self.catalogue.commodities[goods.commodity];
        let mut list =
            Stream::pair(self.seed(), Purpose::Selection, commodity.chapter as u64, goods.origin as u64);
        let listed = list.coin(LISTED);
        // One reference price for all origins and makes: false alarms on cheap origins, blind on dear ones.
        let cheap = goods.value < 0.55 * goods.mass * libm::exp(commodity.price) * self.price_factor;
        let points =
            [(commodity.rate >= 8.0, 0.4), (commodity.rate >= 12.0, 0.4), (listed, 0.9), (cheap, 0.8)];
        points.iter().filter(|(holds, _)| *holds).map(|(_, weight)| weight).sum()
    }

    /// Odds that a declaration is selected.
    pub(crate) fn odds(&self, shipment: &Shipment) -> Odds {
        let (score, factor) = self.rule_score(shipment);
        odds(self.configuration.floor_share, self.selection_scale, shipment.grade, score, factor)
    }

    /// Whether the floor and whether the old rules select a declaration; no table tells the two apart.
    pub(crate) fn selected_by(&self, shipment: &Shipment) -> (bool, bool) {
        let mut stream = Stream::pair(self.seed(), Purpose::Selection, u64::MAX, shipment.serial);
        let odds = self.odds(shipment);
        (stream.coin(odds.floor), stream.coin(odds.rules))
    }

    /// Lane of a declaration that is selected.
    pub(crate) fn select(&self, shipment: &Shipment) -> Option<Lane> {
        let day = self.calendar.accepted_at(shipment.serial).date_naive();
        if self.configuration.inspected_until.is_some_and(|last| day > last) {
            return None;
        }
        let (floor, rules) = self.selected_by(shipment);
        let mut stream = Stream::pair(self.seed(), Purpose::Selection, u64::MAX - 1, shipment.serial);
        let lane = [Lane::Red, Lane::Orange, Lane::Yellow][stream.weighted([0.55, 0.2, 0.25].into_iter())];
        (floor || rules).then_some(lane)
    }
}

/// Odds at a scale of the rules.
pub(crate) fn odds(floor: f64, scale: f64, grade: Grade, score: f64, factor: f64) -> Odds {
    let floor = if grade == Grade::AdvancedCertified { 0.15 * floor } else { 1.12 * floor };
    let rules = if grade.is_bad() { DISHONEST } else { (scale * libm::exp(score) * factor).min(MOST) };
    Odds { floor, rules }
}

#[cfg(test)]
mod tests {
    use crate::Configuration;
    use crate::flaw::Flaw;
    use crate::world::World;

    #[test]
    fn the_floor_finds_what_the_rules_pass_over() {
        let configuration = Configuration { floor_share: 0.05, ..Configuration::new(8, 2026, 20_000) };
        let world = World::new(configuration).unwrap();
        // Declarations and fraud by what the rules think likely: below a twentieth, and above.
        let (mut quiet, mut loud, mut by_floor_alone) = ([0.0_f64; 2], [0.0_f64; 2], 0);
        for declared in (0..10).flat_map(|number| world.declared(number)) {
            let fraud = matches!(declared.flaw, Some(Flaw::Fraud(_)));
            let group = if world.odds(&declared.shipment).rules < 0.05 { &mut quiet } else { &mut loud };
            group[0] += 1.0;
            group[1] += f64::from(u8::from(fraud));
            let (floor, rules) = world.selected_by(&declared.shipment);
            by_floor_alone += usize::from(fraud && floor && !rules);
        }
        let (missed, caught) = (quiet[1] / quiet[0], loud[1] / loud[0]);
        // The rules are worth something, and yet a good part of the fraud is where they do not look.
        assert!(caught > 1.3 * missed, "{caught} {missed}");
        assert!(quiet[1] > 0.15 * (quiet[1] + loud[1]), "{} of {}", quiet[1], quiet[1] + loud[1]);
        assert!(by_floor_alone > 5, "{by_floor_alone}");
    }
}

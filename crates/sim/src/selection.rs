//! The country's present way to select: a policy of old rules, and a random floor.
//!
//! `p = 1 - (1 - floor(grade)) (1 - min(0.75, scale * exp(score) * factor(grade)))`. The score sees only what is
//! declared and what was known at the start of the year, so that it misses what has moved since.

use crate::grade::Grade;
use crate::random::{Purpose, Stream};
use crate::shipment::Shipment;
use crate::world::{Importer, World};

/// The old rules never select more than this share of anything.
const MOST: f64 = 0.75;
/// Share of the dishonest that is inspected.
const DISHONEST: f64 = 0.82;
/// Chapter and origin pairs on the old list of risks.
const LISTED: u64 = 40;

/// How the goods of a selected declaration are examined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Documents.
    Yellow,
    /// Non-intrusive equipment.
    Orange,
    /// Opened.
    Red,
}

impl Lane {
    pub(crate) fn code(self) -> &'static str {
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
        let mut score = 0.0;
        for item in &shipment.items {
            score = f64::max(score, self.item_score(item.declared.commodity, item.declared.origin, {
                item.declared.value / item.declared.mass
            }));
        }
        let value: f64 = shipment.items.iter().map(|i| i.declared.value).sum();
        let registered = match shipment.importer {
            Importer::Trader(_) => shipment.trader.graded.registered,
            Importer::Successor(index) => self.successions[index].day as i32,
        };
        let new = shipment.day as i32 - registered < 180;
        let watched = shipment.broker.is_some_and(|b| {
            // The list of watched brokers knows their true nature by half.
            self.broker_temperament(b)[1] + Stream::new(self.seed(), Purpose::Selection, b).normal() > 1.6
        });
        score += if new { 0.7 } else { 0.0 };
        score += if watched { 0.5 } else { 0.0 };
        score += if value > 800_000.0 * self.price_factor { 0.4 } else { 0.0 };
        let factor = match shipment.grade {
            Grade::AdvancedCertified => 0.1,
            Grade::Certified => 0.45,
            _ => 1.0,
        };
        (score, factor)
    }

    fn item_score(&self, commodity: usize, origin: usize, price: f64) -> f64 {
        let chapter = self.catalogue.commodities[commodity].chapter;
        let rate = self.catalogue.commodities[commodity].rate;
        let listed = Stream::pair(self.seed(), Purpose::Selection, chapter as u64 + 1_000_000, origin as u64).bits()
            % 1_000
            < LISTED;
        // One reference price for a whole chapter: many false alarms, and little use within it.
        let reference = libm::exp(self.catalogue.chapters[chapter].price) * self.price_factor;
        let mut score = if rate >= 12.0 { 0.9 } else if rate >= 8.0 { 0.4 } else { 0.0 };
        score += if listed { 1.1 } else { 0.0 };
        score += if price < 0.4 * reference { 0.6 } else { 0.0 };
        score
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

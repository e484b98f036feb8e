//! What makes a declaration differ from the goods: planted fraud and honest mistakes.

use crate::fraud_kind::Kind;
use crate::random::{Purpose, Stream};
use crate::shipment::{Goods, Item, Shipment, cents, kilograms};
use crate::trader::Trader;
use crate::world::{Importer, World};

/// Share of the other items of a fraudulent declaration that the fraud extends to.
const SPREAD: f64 = 0.45;
/// Parts that one consignment is split into at most.
const MOST_PARTS: u64 = 8;

/// Why a declaration differs from the goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Planted fraud, by a trader or by the importer that took its place.
    Fraud(Kind),
    /// An honest mistake in value, quantity or code.
    Mistake,
}

/// A consignment as it was declared.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    pub(crate) shipment: Shipment,
    pub(crate) flaw: Option<Flaw>,
}

impl Declared {
    /// Whether an item is declared otherwise than it is.
    pub(crate) fn is_flawed(&self, item: usize) -> bool {
        let item = &self.shipment.items[item];
        self.flaw == Some(Flaw::Fraud(Kind::Splitting)) || item.actual != item.declared
    }

    /// Name of the flaw in the ground truth.
    pub(crate) fn code(&self) -> Option<&'static str> {
        match self.flaw? {
            Flaw::Fraud(_) if matches!(self.shipment.importer, Importer::Successor(_)) => Some("concealment"),
            Flaw::Fraud(kind) => Some(kind.code()),
            Flaw::Mistake => Some("mistake"),
        }
    }
}

impl World {
    /// Declarations from `serial` on that belong together: one, or the parts of a split consignment. There are at
    /// most as many as there is room for before `end` and before the day is over.
    pub(crate) fn declare(&self, serial: u64, end: u64) -> Vec<Declared> {
        let mut shipment = self.shipment(serial, serial);
        let mut stream = Stream::pair(self.seed(), Purpose::Deceit, u64::MAX, serial);
        let room = end.min(self.calendar.end_of(shipment.day)) - serial;
        match self.temptation(&shipment) {
            Some(Kind::Splitting) if room >= 2 => self.split(&shipment, room.min(MOST_PARTS), &mut stream),
            Some(kind) if kind != Kind::Splitting => {
                let flaw = self.deceive(&mut shipment, kind, &mut stream).then_some(Flaw::Fraud(kind));
                vec![Declared { shipment, flaw }]
            }
            _ => vec![self.blunder(shipment, &mut stream)],
        }
    }

    /// Splits a consignment of one item into parts that each stay below the limit for small values.
    fn split(&self, whole: &Shipment, room: u64, stream: &mut Stream) -> Vec<Declared> {
        let limit = self.configuration.small_value_limit;
        let goods = whole.items[0].actual;
        let parts = ((goods.value / (0.9 * limit)).ceil() as u64).clamp(2, room);
        (0..parts)
            .map(|part| {
                let mut shipment = whole.clone();
                shipment.serial += part;
                let share = (stream.between(0.9, 1.1) / parts as f64).min(0.98 * limit / goods.value);
                let item = &mut shipment.items[0];
                item.actual.value = cents(goods.value * share);
                item.actual.mass = kilograms(goods.mass * share);
                item.gross = kilograms(item.gross * share);
                item.packages = item.packages.map(|count| ((f64::from(count) * share).ceil() as u32).max(1));
                item.declared = item.actual;
                Declared { shipment, flaw: Some(Flaw::Fraud(Kind::Splitting)) }
            })
            .collect()
    }

    /// Falsifies the lead item and some of the others; false when no item could be.
    fn deceive(&self, shipment: &mut Shipment, kind: Kind, stream: &mut Stream) -> bool {
        let Shipment { trader, items, lead, .. } = shipment;
        let mut deceived = false;
        for (position, item) in items.iter_mut().enumerate() {
            if position == *lead || stream.coin(SPREAD) {
                self.falsify(trader, item, kind, stream);
                deceived |= item.actual != item.declared;
            }
        }
        if kind == Kind::FalseOrigin && deceived {
            // Papers that fit: the goods are routed over a hub, or said to leave from the false origin.
            let route = stream.unit();
            if route < 0.35 {
                shipment.departure =
                    stream.weighted(self.partners.iter().map(|p| if p.hub { p.weight } else { 0.0 }));
            } else if route < 0.6 {
                shipment.departure = shipment.items[shipment.lead].declared.origin;
            }
        }
        deceived
    }

    fn falsify(&self, trader: &Trader, item: &mut Item, kind: Kind, stream: &mut Stream) {
        let goods = &mut item.declared;
        // A trader that cheats does it the same way each time.
        let mut habit = Stream::pair(
            self.seed(),
            Purpose::Deceit,
            trader.number,
            (goods.commodity * 8) as u64 + kind as u64,
        );
        match kind {
            Kind::Undervaluation => {
                let factor = habit.between(0.4, 0.8) * libm::exp(0.08 * stream.normal());
                goods.value = cents(goods.value * factor.min(0.9));
            }
            Kind::Quantity => {
                let factor = habit.between(0.45, 0.85) * libm::exp(0.06 * stream.normal()).min(1.1);
                goods.value = cents(goods.value * factor);
                goods.mass = kilograms(goods.mass * factor);
                // The terminal weighs what comes in, so that the gross mass cannot follow all the way.
                let weighed = factor + (1.0 - factor) * stream.between(0.1, 0.8);
                item.gross = kilograms(item.gross * weighed).max(goods.mass);
            }
            Kind::Misclassification => {
                let cheaper = &self.catalogue.commodities[goods.commodity].cheaper;
                if !cheaper.is_empty() {
                    goods.commodity = cheaper[habit.below(cheaper.len())];
                    // Rates of agreements differ by so little that the claim stays as it was.
                    goods.preferential &= self.catalogue.commodities[goods.commodity].rate > 0.0;
                }
            }
            Kind::FalseOrigin => self.relocate(trader, goods, &mut habit),
            Kind::Splitting => {}
        }
    }

    /// Gives goods an origin with lower charges: that of a running scheme, otherwise the trader's own choice.
    fn relocate(&self, trader: &Trader, goods: &mut Goods, habit: &mut Stream) {
        let heading = self.catalogue.commodities[goods.commodity].heading();
        let scheme = self.schemes.iter().find(|s| s.kind == Kind::FalseOrigin && s.heading == heading);
        let own =
            habit.weighted(self.partners.iter().map(|p| if p.agreement.is_some() { p.weight } else { 0.0 }));
        let joins = Stream::pair(self.seed(), Purpose::Scheme, heading.into(), trader.number).coin(0.75);
        let origin = scheme.filter(|_| joins).map_or(own, |s| s.false_origin);
        let relocated = Goods { origin, preferential: self.partners[origin].agreement.is_some(), ..*goods };
        if origin != goods.origin && self.charges(&relocated).total() < self.charges(goods).total() {
            *goods = relocated;
        }
    }

    /// Makes an honest mistake in one item, at times.
    fn blunder(&self, mut shipment: Shipment, stream: &mut Stream) -> Declared {
        let careless = shipment.broker.map_or(0.0, |b| self.broker_temperament(b)[0]);
        // Mean one over standard normal carelessness.
        let probability = self.configuration.error_share * libm::exp(0.6 * careless - 0.18);
        if !stream.coin(probability) {
            return Declared { shipment, flaw: None };
        }
        let position = stream.below(shipment.items.len());
        self.mistake(&mut shipment.items[position], stream);
        Declared { shipment, flaw: Some(Flaw::Mistake) }
    }

    /// Falsifies an item as a slip would: either way, and mostly by little.
    pub(crate) fn mistake(&self, item: &mut Item, stream: &mut Stream) {
        let factor = libm::exp(if stream.coin(0.5) { 0.1 } else { -0.1 } + 0.08 * stream.normal());
        let chapter = self.catalogue.chapter_of(item.actual.commodity).commodities.clone();
        let goods = &mut item.declared;
        match stream.weighted([0.45, 0.3, 0.25].into_iter()) {
            0 => goods.mass = kilograms(goods.mass * factor + 0.001).min(item.gross),
            1 => goods.value = cents(goods.value * factor + 0.01),
            _ => {
                let other = chapter.start + stream.below(chapter.len());
                let next = if other + 1 < chapter.end { other + 1 } else { chapter.start };
                goods.commodity = if other == goods.commodity { next } else { other };
                goods.preferential &= self.catalogue.commodities[goods.commodity].rate > 0.0;
            }
        }
    }
}

//! Duty and tax on goods.

use crate::shipment::{Goods, Shipment, cents};
use crate::world::World;

/// What is charged on one item, in the configured currency, rates in percent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Charges {
    pub(crate) duty_rate: f64,
    pub(crate) duty: f64,
    /// Anti-dumping duty.
    pub(crate) additional_rate: f64,
    pub(crate) additional: f64,
    pub(crate) vat: f64,
}

impl Charges {
    pub(crate) fn total(&self) -> f64 {
        self.duty + self.additional + self.vat
    }
}

impl World {
    /// Charges on goods that are neither exempt nor under a suspensive procedure:
    /// `duty = v d`, `additional = v a`, `vat = (v + duty + additional) t`.
    pub(crate) fn charges(&self, goods: &Goods) -> Charges {
        let duty_rate = self.catalogue.duty(goods.commodity, goods.preferential);
        let additional_rate = self.catalogue.measure(goods.commodity, goods.origin);
        let (duty, additional) = (goods.value * duty_rate / 100.0, goods.value * additional_rate / 100.0);
        let vat = (goods.value + duty + additional) * self.configuration.vat_percent / 100.0;
        Charges { duty_rate, duty, additional_rate, additional, vat }
    }

    /// Whether a declaration pays nothing: processing under bond, or a value below the limit.
    pub(crate) fn pays_nothing(&self, shipment: &Shipment) -> bool {
        let declared: f64 = shipment.items.iter().map(|item| item.declared.value).sum();
        shipment.processing || declared <= self.configuration.small_value_limit
    }

    /// Revenue that the declaration of one item withholds; never below zero.
    pub(crate) fn evaded(&self, shipment: &Shipment, item: usize) -> f64 {
        if shipment.processing {
            return 0.0;
        }
        let item = &shipment.items[item];
        let paid = if self.pays_nothing(shipment) { 0.0 } else { self.charges(&item.declared).total() };
        let evaded = self.charges(&item.actual).total() - paid;
        if evaded > 0.0 { cents(evaded) } else { 0.0 }
    }
}

//! Special packaging: what filed traders filed, flags that others set without a filing, and the few who learn that
//! the port does not open what is packed so.

use crate::error::SimulationError;
use crate::random::{Purpose, Stream};
use crate::record::text;
use crate::shipment::{Item, Shipment, packages};
use crate::trader::Trader;
use crate::world::{Importer, World};
use arrow::array::RecordBatch;
use std::collections::BTreeSet;
use tidegate_records::columnar::{RowKey, TableBuilder};
use tidegate_records::model::SpecialFiling;
use tidegate_records::tables;
use tidegate_records::value::Decimal;

/// Filings of one batch.
const BATCH: usize = 4_096;
/// Items of goods that air or static harms whose importers have filed nothing and ask for handling all the same.
const UNFILED: f64 = 0.04;
/// Items of such goods whose package code looks special although no handling is evidenced.
const LOOKS_SPECIAL: f64 = 0.05;
/// Share of the filed traders that abuse what the port does not open.
const ABUSERS: f64 = 0.25;
/// Factor on the intensity of fraud of specially packed consignments, once an abuser has learnt.
const ABUSE: f64 = 12.0;

/// What a filing asks of the place where goods are opened: temperature in degrees Celsius, relative humidity in percent,
/// class of air by ISO 14644-1.
struct Requirement {
    handling: &'static str,
    temperature: Option<(i64, i64)>,
    humidity: Option<(i64, i64)>,
    cleanliness: Option<u32>,
}

const REQUIREMENTS: [Requirement; 5] = [
    Requirement {
        handling: "vacuum",
        temperature: Some((21, 24)),
        humidity: Some((40, 55)),
        cleanliness: Some(7),
    },
    Requirement {
        handling: "constant-temperature",
        temperature: Some((18, 22)),
        humidity: None,
        cleanliness: None,
    },
    Requirement {
        handling: "static-sensitive",
        temperature: None,
        humidity: Some((45, 60)),
        cleanliness: None,
    },
    Requirement { handling: "light-proof", temperature: None, humidity: None, cleanliness: Some(8) },
    Requirement { handling: "shock-sensitive", temperature: None, humidity: None, cleanliness: None },
];

impl World {
    /// Flags and package codes of importers that have filed nothing.
    pub(crate) fn imitate(&self, trader: &Trader, key: u64, items: &mut [Item]) {
        if trader.filed {
            return;
        }
        let mut stream = Stream::new(self.seed(), Purpose::Imitation, key);
        for item in items.iter_mut().filter(|item| self.sensitive_to_opening(item.actual.commodity)) {
            if stream.coin(UNFILED) {
                item.handling = &["vacuum"];
            } else if stream.coin(LOOKS_SPECIAL) {
                item.package = "VP";
                item.packages = packages(item.package, item.actual.mass);
            }
        }
    }

    /// Day from which a trader knows that the port does not open what it packs; none for those who do not abuse it.
    pub(crate) fn learns_loophole(&self, trader: &Trader) -> Option<usize> {
        let mut stream = Stream::new(self.seed(), Purpose::Loophole, trader.number);
        let abuses = trader.filed && stream.coin(ABUSERS);
        abuses.then(|| (stream.between(0.15, 0.5) * self.calendar.days() as f64) as usize)
    }

    /// Factor on the intensity of fraud of a consignment.
    pub(crate) fn loophole(&self, shipment: &Shipment) -> f64 {
        let is_packed = shipment.items.iter().all(|item| !item.handling.is_empty());
        match self.learns_loophole(&shipment.trader) {
            Some(day) if is_packed && day <= shipment.day => ABUSE,
            _ => 1.0,
        }
    }

    /// Every filing, by trader.
    pub(crate) fn filed(&self) -> impl Iterator<Item = SpecialFiling> + '_ {
        (0..self.configuration.traders).flat_map(|number| self.filings_of(&self.trader(number)))
    }

    /// Batches of the filings of all filed traders.
    pub(crate) fn filings(&self) -> Result<Vec<RecordBatch>, SimulationError> {
        let mut builder = TableBuilder::new(&tables::SPECIAL_FILING)?;
        let (mut batches, load_id) = (Vec::new(), self.load_id());
        for (source_row, filing) in (1..).zip(self.filed()) {
            builder.push(RowKey { load_id: &load_id, source_row, ..RowKey::default() }, &filing)?;
            if builder.len() >= BATCH {
                batches.push(builder.finish()?);
            }
        }
        batches.push(builder.finish()?);
        Ok(batches)
    }

    /// Filings of a trader: of each heading that it imports, one for each handling.
    fn filings_of(&self, trader: &Trader) -> Vec<SpecialFiling> {
        if !trader.filed {
            return Vec::new();
        }
        let mut stream = Stream::new(self.seed(), Purpose::Filing, trader.number);
        let (enterprise, _) = self.identity_of(Importer::Trader(trader.number), trader);
        // Most filed in the years before; some start in the year, so that their first goods come without.
        let day = if stream.coin(0.85) { -stream.between(20.0, 300.0) } else { stream.between(0.0, 200.0) };
        let recorded = day as i64;
        // Some sites are not certified again in time.
        let certified =
            if stream.coin(0.1) { recorded + 200 + stream.below(100) as i64 } else { recorded + 1_100 };
        let site = format!("{enterprise}-CR{}", 1 + stream.below(3));
        let headings: BTreeSet<u16> = trader
            .lines
            .iter()
            .filter(|line| self.sensitive_to_opening(line.commodity))
            .map(|line| self.catalogue.commodities[line.commodity].heading())
            .collect();
        let pairs = headings.iter().flat_map(|heading| REQUIREMENTS.iter().map(move |r| (*heading, r)));
        pairs
            .map(|(heading, requirement)| {
                let Requirement { handling, temperature, humidity, cleanliness } = requirement;
                let end = |range: &Option<(i64, i64)>, which: fn(&(i64, i64)) -> i64| {
                    range.as_ref().map(|range| Decimal::new(which(range), 0))
                };
                SpecialFiling {
                    id: text(format!("F{enterprise}-{heading}-{handling}")),
                    enterprise_id: text(&enterprise),
                    recorded_date_time: Some(self.calendar.midnight(recorded)),
                    commodity_prefix_id: text(heading.to_string()),
                    handling_code: text(handling),
                    site_id: text(&site),
                    site_certified_until_date_time: Some(self.calendar.midnight(certified)),
                    temperature_low_numeric: end(temperature, |r| r.0),
                    temperature_high_numeric: end(temperature, |r| r.1),
                    humidity_low_numeric: end(humidity, |r| r.0),
                    humidity_high_numeric: end(humidity, |r| r.1),
                    cleanliness_class_numeric: *cleanliness,
                    valid_from_date_time: Some(self.calendar.midnight(recorded + 1)),
                    valid_until_date_time: Some(self.calendar.midnight(recorded + 1_000)),
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Configuration;
    use crate::flaw::Flaw;
    use tidegate_records::validate::validate_kind;

    fn world() -> World {
        World::new(Configuration::new(11, 2026, 24_000)).unwrap()
    }

    #[test]
    fn every_filing_is_sound_and_is_of_goods_that_its_trader_imports() {
        let world = world();
        let kind = tables::RecordKind::named("special_filing").unwrap();
        let filings: Vec<SpecialFiling> = world.filed().collect();
        assert!(filings.len() > 50, "{}", filings.len());
        for filing in &filings {
            assert_eq!(validate_kind(kind, filing), []);
        }
        let rows: usize = world.filings().unwrap().iter().map(RecordBatch::num_rows).sum();
        assert_eq!(rows, filings.len());
    }

    #[test]
    fn flags_without_a_filing_and_packages_that_only_look_special_are_there() {
        let world = world();
        let shipments = (0..8_000).map(|serial| world.shipment(serial, serial));
        let (mut unfiled, mut looks) = (0, 0);
        for shipment in shipments.filter(|s| !s.trader.filed) {
            for item in shipment.items.iter().filter(|i| world.sensitive_to_opening(i.actual.commodity)) {
                unfiled += usize::from(!item.handling.is_empty());
                looks += usize::from(item.handling.is_empty() && item.package == "VP");
            }
        }
        assert!(unfiled > 0 && looks > 0, "{unfiled} {looks}");
    }

    #[test]
    fn who_learns_the_loophole_cheats_more_often_from_then_on() {
        let world = world();
        let mut sides = [[0_u32; 2]; 2];
        for serial in 0..24_000 {
            let shipment = world.shipment(serial, serial);
            if !shipment.trader.filed || shipment.items.iter().any(|item| item.handling.is_empty()) {
                continue;
            }
            let side = usize::from(world.loophole(&shipment) > 1.0);
            let is_fraud =
                world.declare(serial, serial + 1).iter().any(|d| matches!(d.flaw, Some(Flaw::Fraud(_))));
            sides[side][usize::from(is_fraud)] += 1;
        }
        let [[honest, few], [careful, many]] = sides.map(|side| side.map(f64::from));
        let [before, after] = [few / (few + honest), many / (many + careful)];
        assert!(many + careful > 10.0 && after > 3.0 * before, "{sides:?}");
    }
}

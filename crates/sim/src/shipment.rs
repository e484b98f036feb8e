//! One consignment: who imports what from where, as it really is and as it is declared.

use crate::grade::Grade;
use crate::office::Mode;
use crate::random::{Purpose, Stream};
use crate::trader::{Line, Trader};
use crate::world::{Importer, World};
use std::f64::consts::TAU;

/// Standard deviations of the logarithm of a unit price: between origins of one commodity, between traders of one
/// commodity, and between the consignments of one trader.
const PRICE_DEVIATIONS: [f64; 3] = [0.25, 0.18, 0.16];
/// Share of consignments that are samples and spare parts.
const SAMPLES: f64 = 0.03;
/// Draws of a trader before one that exists on the day must do.
const TRADER_DRAWS: usize = 12;

/// Goods of one item: what they are, where from, how much, at which value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Goods {
    pub(crate) commodity: usize,
    pub(crate) origin: usize,
    /// Whether the lower duty of an agreement is claimed.
    pub(crate) preferential: bool,
    /// Customs value in the configured currency.
    pub(crate) value: f64,
    /// Net mass, kg.
    pub(crate) mass: f64,
}

/// One goods item.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) actual: Goods,
    pub(crate) declared: Goods,
    /// Which of the makes of the commodity it is.
    pub(crate) make: usize,
    pub(crate) gross: f64,
    /// Mass of one unit of the supplementary quantity, kg.
    pub(crate) unit_mass: f64,
    pub(crate) package: &'static str,
    pub(crate) packages: Option<u32>,
    pub(crate) handling: &'static [&'static str],
}

/// One consignment with its declaration.
#[derive(Debug, Clone)]
pub(crate) struct Shipment {
    pub(crate) serial: u64,
    pub(crate) day: usize,
    pub(crate) importer: Importer,
    pub(crate) grade: Grade,
    pub(crate) trader: Trader,
    /// Broker that declares; none when the importer declares itself.
    pub(crate) broker: Option<u64>,
    pub(crate) mode: Mode,
    pub(crate) office: usize,
    /// Where the seller is.
    pub(crate) partner: usize,
    /// Where the goods left for the importing country.
    pub(crate) departure: usize,
    /// Number of the seller among those of its country.
    pub(crate) seller: u64,
    pub(crate) processing: bool,
    pub(crate) items: Vec<Item>,
    /// The item the consignment is made for.
    pub(crate) lead: usize,
}

impl World {
    /// Draws the honest consignment of a declaration; `key` chooses the draw, `serial` its day.
    pub(crate) fn shipment(&self, serial: u64, key: u64) -> Shipment {
        let mut stream = Stream::new(self.seed(), Purpose::Shipment, key);
        let day = self.calendar.day_of(serial);
        let trader = self.trader_trading_on(day, &mut stream);
        let importer = self.importer_of(trader.number, day, &mut stream);
        let line = trader.lines[zipf(trader.lines.len(), &mut stream)];
        let partner = self.partner_of(&line, day, &mut stream);
        let mode = self.mode(line.commodity, partner, &mut stream);
        let home = trader.offices[mode as usize];
        let office = if stream.coin(0.82) {
            home
        } else {
            stream.weighted(self.offices.iter().map(|o| o.weights[mode as usize]))
        };
        let usual = usize::from(stream.coin(0.2));
        let broker = (!(trader.self_declares && stream.coin(0.8))).then(|| trader.brokers[usual]);
        let processing = stream.coin(trader.processing);
        let mut items = self.items(&trader, line, partner, day, mode, &mut stream);
        if stream.coin(SAMPLES) {
            items.truncate(1);
            self.make_sample(&mut items[0], &mut stream);
        }
        let lead = stream.below(items.len());
        self.imitate(&trader, key, &mut items);
        let mut shipment = Shipment {
            serial,
            day,
            importer,
            grade: self.grade(importer, day),
            broker,
            mode,
            office,
            partner,
            departure: self.departure(partner, mode, &mut stream),
            seller: self.seller(&trader, partner, &mut stream),
            processing,
            items,
            lead,
            trader,
        };
        shipment.items.swap(0, lead);
        shipment
    }

    /// Cuts an item down to a sample or a spare part, of a value around the limit for small values.
    fn make_sample(&self, item: &mut Item, stream: &mut Stream) {
        let value = self.configuration.small_value_limit * stream.between(0.2, 1.6);
        let share = (value / item.actual.value).min(1.0);
        item.actual.value = cents(item.actual.value * share);
        item.actual.mass = kilograms(item.actual.mass * share);
        item.gross = kilograms(item.gross * share).max(item.actual.mass);
        item.packages = packages(item.package, item.actual.mass);
        item.declared = item.actual;
    }

    fn trader_trading_on(&self, day: usize, stream: &mut Stream) -> Trader {
        let mut number = 0;
        for _ in 0..TRADER_DRAWS {
            number = self.volume.trader_at(stream.unit());
            if crate::world::standing(self.seed(), number, self.configuration.traders).registered < day as i32
            {
                return self.trader(number);
            }
        }
        self.trader(number)
    }

    /// Where a line is bought on a day: the usual partners, whose weights drift over the year.
    fn partner_of(&self, line: &Line, day: usize, stream: &mut Stream) -> usize {
        let phase = self.calendar.phase(day) - 0.5;
        let chapter = self.catalogue.commodities[line.commodity].chapter as u64;
        let weights = [1.0, 0.5, 0.25];
        let drifted: [f64; 3] = std::array::from_fn(|i| {
            let trend = Stream::pair(self.seed(), Purpose::Trend, chapter, line.partners[i] as u64).normal();
            weights[i] * libm::exp(0.8 * trend * phase)
        });
        line.partners[stream.weighted(drifted.into_iter())]
    }

    fn mode(&self, commodity: usize, partner: usize, stream: &mut Stream) -> Mode {
        let air = self.catalogue.chapter_of(commodity).air;
        if stream.coin(air) {
            Mode::Air
        } else if stream.coin(self.partners[partner].land) {
            if stream.coin(0.3) { Mode::Rail } else { Mode::Road }
        } else {
            Mode::Sea
        }
    }

    /// Goods leave from the seller's country, at times from a hub on the way.
    fn departure(&self, partner: usize, mode: Mode, stream: &mut Stream) -> usize {
        if mode == Mode::Sea && stream.coin(0.07) {
            stream.weighted(self.partners.iter().map(|p| if p.hub { p.weight } else { 0.0 }))
        } else {
            partner
        }
    }

    fn seller(&self, trader: &Trader, partner: usize, stream: &mut Stream) -> u64 {
        let slot = zipf(4, stream) as u64;
        let mut keyed = Stream::pair(self.seed(), Purpose::Seller, trader.number * 4 + slot, partner as u64);
        let pool = 8.0 + self.configuration.traders as f64 * self.partners[partner].weight / 60.0;
        let quantile = keyed.unit();
        (pool * quantile * quantile) as u64
    }

    fn items(
        &self,
        trader: &Trader,
        lead: Line,
        partner: usize,
        day: usize,
        mode: Mode,
        stream: &mut Stream,
    ) -> Vec<Item> {
        let limit = f64::from(self.configuration.limits.goods_items);
        let count = stream.log_normal(1.5, 1.0).clamp(1.0, limit) as usize;
        (0..count)
            .map(|position| {
                let line = if position == 0 { lead } else { trader.lines[zipf(trader.lines.len(), stream)] };
                let foreign = position > 0 && stream.coin(0.12);
                let origin = if foreign { self.partner_of(&line, day, stream) } else { partner };
                self.item(trader, line.commodity, origin, day, mode, stream)
            })
            .collect()
    }

    fn item(
        &self,
        trader: &Trader,
        commodity: usize,
        origin: usize,
        day: usize,
        mode: Mode,
        stream: &mut Stream,
    ) -> Item {
        let chapter = self.catalogue.chapter_of(commodity);
        let goods = &self.catalogue.commodities[commodity];
        let make = zipf(3, stream);
        // Air carries smaller lots.
        let lot = chapter.item_mass * libm::exp(trader.size) * if mode == Mode::Air { 0.4 } else { 1.0 };
        let mass = kilograms(stream.log_normal(lot, 0.95));
        let price = self.unit_price(trader.number, commodity, origin, make, day, stream);
        let preferential = self.partners[origin].agreement.is_some() && goods.rate > 0.0 && stream.coin(0.72);
        let actual = Goods { commodity, origin, preferential, value: cents(mass * price), mass };
        let (package, handling) = self.packaging(trader, commodity, stream);
        Item {
            make,
            gross: kilograms(mass * (1.0 + stream.log_normal(0.08, 0.8).min(0.9))),
            unit_mass: goods.unit_mass * libm::exp(0.12 * stream.normal()) * [1.0, 0.8, 1.3][make],
            packages: packages(package, mass),
            package,
            handling,
            actual,
            declared: actual,
        }
    }

    /// Price of a kilogram in the configured currency.
    ///
    /// `ln p = level(hs6) + level(origin) + e(hs6, origin) + e(trader, hs6) + make + season + e`
    fn unit_price(
        &self,
        trader: u64,
        commodity: usize,
        origin: usize,
        make: usize,
        day: usize,
        stream: &mut Stream,
    ) -> f64 {
        let goods = &self.catalogue.commodities[commodity];
        let [by_origin, by_trader, noise] = PRICE_DEVIATIONS;
        let effect = |first: u64, second: usize| {
            Stream::pair(self.seed(), Purpose::Price, first, second as u64).normal()
        };
        let season = 0.05 * libm::sin(TAU * self.calendar.phase(day) + goods.temptation);
        let logarithm = goods.price
            + self.partners[origin].price
            + by_origin * effect(u64::MAX - commodity as u64, origin)
            + by_trader * effect(trader, commodity)
            + [0.0, -0.18, 0.22][make]
            + season
            + noise * stream.normal();
        self.price_factor * libm::exp(logarithm)
    }

    fn packaging(
        &self,
        trader: &Trader,
        commodity: usize,
        stream: &mut Stream,
    ) -> (&'static str, &'static [&'static str]) {
        let packages = &self.catalogue.chapter_of(commodity).packages;
        let usual = packages[zipf(packages.len(), stream)];
        if self.sensitive_to_opening(commodity) && trader.filed && stream.coin(0.7) {
            let handling: [&'static [&'static str]; 4] = [
                &["vacuum", "static-sensitive"],
                &["vacuum", "constant-temperature"],
                &["light-proof", "static-sensitive"],
                &["shock-sensitive"],
            ];
            return ("VP", handling[zipf(4, stream)]);
        }
        (usual, &[])
    }
}

/// Packages that hold a mass; goods in bulk have none.
pub(crate) fn packages(kind: &str, mass: f64) -> Option<u32> {
    let capacity = match kind {
        "VR" | "VG" | "VL" => return None,
        "VP" | "CT" => 14.0,
        "BX" => 22.0,
        "BG" => 25.0,
        "DR" => 190.0,
        "BL" => 210.0,
        "RO" => 320.0,
        "PX" => 420.0,
        "CL" => 7_500.0,
        _ => 900.0,
    };
    Some(((mass / capacity).ceil() as u32).max(1))
}

/// Position drawn by weights 1, 1/2, 1/3 and so on.
pub(crate) fn zipf(count: usize, stream: &mut Stream) -> usize {
    stream.weighted((1..=count).map(|rank| 1.0 / rank as f64))
}

/// A mass to the gram, at least one gram.
pub(crate) fn kilograms(mass: f64) -> f64 {
    ((mass * 1e3).round() / 1e3).max(0.001)
}

/// An amount to the cent, at least one.
pub(crate) fn cents(amount: f64) -> f64 {
    ((amount * 1e2).round() / 1e2).clamp(0.01, 1e12)
}

//! The immutable world that every chunk is drawn from: goods, partners, offices, grades, successions, schemes.

use crate::calendar::Calendar;
use crate::catalogue::Catalogue;
use crate::configuration::Configuration;
use crate::currency;
use crate::error::SimulationError;
use crate::grade::{self, Grade, GradeChange, Standing};
use crate::office::{Office, offices};
use crate::partner::{Partner, partners};
use crate::random::{Purpose, Stream};
use crate::scheme::{Scheme, schemes};
use crate::volume::VolumeLaw;

/// Share of downgraded traders whose trade a new importer takes over.
const SUCCEEDED: f64 = 0.75;
/// Share of traders that count as large.
const LARGE: f64 = 0.02;
/// Currency that the price levels of the catalogue are in.
const PRICE_CURRENCY: &str = "CNY";

/// A new importer that takes over the trade of a downgraded one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Succession {
    /// The downgraded trader.
    pub(crate) trader: u64,
    /// Day from which the new importer declares; it is registered shortly before.
    pub(crate) day: usize,
}

/// Everything that does not change while declarations are drawn.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) configuration: Configuration,
    pub(crate) calendar: Calendar,
    pub(crate) partners: Vec<Partner>,
    pub(crate) catalogue: Catalogue,
    pub(crate) offices: Vec<Office>,
    pub(crate) volume: VolumeLaw,
    grades: Vec<Grade>,
    /// Sorted by trader.
    pub(crate) successions: Vec<Succession>,
    pub(crate) schemes: Vec<Scheme>,
    /// Units of the configured currency for one unit of the catalogue's.
    pub(crate) price_factor: f64,
    /// Factor on every intensity of fraud; see [`crate::fraud`].
    pub(crate) fraud_scale: f64,
    /// Factor on the odds of the old rules; see [`crate::selection`].
    pub(crate) selection_scale: f64,
}

impl World {
    /// Builds the world without its two calibrated scales, which need draws from it.
    pub(crate) fn uncalibrated(configuration: Configuration) -> Result<Self, SimulationError> {
        configuration.check()?;
        let seed = configuration.seed;
        let calendar = Calendar::new(&configuration);
        let partners = partners(&configuration.country)?;
        let catalogue = Catalogue::new(seed, &partners)?;
        let volume = VolumeLaw::new(configuration.traders);
        let traders = configuration.traders;
        let grades = grade::grades(seed, traders, &volume, |t| standing(seed, t, traders));
        let rate = |code| currency::units_a_dollar(code).unwrap_or(1.0);
        let mut world = Self {
            offices: offices(seed, configuration.offices),
            schemes: schemes(seed, &catalogue, &partners, calendar.days()),
            price_factor: rate(&configuration.currency) / rate(PRICE_CURRENCY),
            successions: Vec::new(),
            fraud_scale: 0.0,
            selection_scale: 0.0,
            configuration,
            calendar,
            partners,
            catalogue,
            volume,
            grades,
        };
        world.successions = (0..world.configuration.traders).filter_map(|t| world.succession(t)).collect();
        Ok(world)
    }

    pub(crate) fn seed(&self) -> u64 {
        self.configuration.seed
    }

    /// Grade of a trader at the start of the year.
    pub(crate) fn first_grade(&self, trader: u64) -> Grade {
        self.grades[trader as usize]
    }

    /// Change of a trader's grade during the year.
    pub(crate) fn grade_change(&self, trader: u64) -> Option<GradeChange> {
        let traders = self.configuration.traders;
        let standing = standing(self.seed(), trader, traders);
        grade::change(self.seed(), trader, traders, self.first_grade(trader), standing, self.calendar.days())
    }

    /// Grade of an importer on a day; a new importer that took over is conventional.
    pub(crate) fn grade(&self, importer: Importer, day: usize) -> Grade {
        match importer {
            Importer::Trader(trader) => match self.grade_change(trader) {
                Some(change) if change.day <= day => change.grade,
                _ => self.first_grade(trader),
            },
            Importer::Successor(_) => Grade::Conventional,
        }
    }

    /// Who imports on a day what belongs to a trader's business.
    pub(crate) fn importer_of(&self, trader: u64, day: usize, stream: &mut Stream) -> Importer {
        let moved = stream.coin(0.88);
        match self.successions.binary_search_by_key(&trader, |s| s.trader) {
            Ok(index) if moved && self.successions[index].day <= day => Importer::Successor(index),
            _ => Importer::Trader(trader),
        }
    }

    fn succession(&self, trader: u64) -> Option<Succession> {
        let change = self.grade_change(trader);
        let mut stream = Stream::new(self.seed(), Purpose::Succession, trader);
        let succeeded = stream.coin(SUCCEEDED);
        let days = self.calendar.days() as f64;
        let start = match (change, self.first_grade(trader)) {
            (Some(change), _) if change.grade.is_bad() => change.day as f64,
            (None, first) if first.is_bad() => stream.between(-0.05, 0.6) * days,
            _ => return None,
        };
        let day = (start + stream.between(6.0, 40.0)).max(1.0);
        (succeeded && day < days).then_some(Succession { trader, day: day as usize })
    }

    /// Position of an importer among all enterprises: traders, successors, brokers.
    pub(crate) fn enterprise_of(&self, importer: Importer) -> u64 {
        match importer {
            Importer::Trader(trader) => trader,
            Importer::Successor(index) => self.configuration.traders + index as u64,
        }
    }

    /// Position of a broker among all enterprises.
    pub(crate) fn enterprise_of_broker(&self, broker: u64) -> u64 {
        self.configuration.traders + self.successions.len() as u64 + broker
    }
}

/// Who imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Importer {
    /// A trader in its own name.
    Trader(u64),
    /// The new importer of a succession.
    Successor(usize),
}

/// Temperament of one of a number of traders, and the day it was registered, counted from the first of January.
///
/// One in twenty is new in the year; the others have existed for up to twenty years, few of them that long. The
/// largest are old, and more alike: they have departments that see to it.
pub(crate) fn standing(seed: u64, trader: u64, traders: u64) -> Standing {
    let mut stream = Stream::new(seed, Purpose::Trader, trader);
    let (temperament, age, new) = (stream.normal(), stream.unit(), stream.coin(0.05));
    if trader as f64 <= LARGE * traders as f64 {
        return Standing {
            temperament: 0.6 * temperament - 0.3,
            registered: (-900.0 - 6_000.0 * age) as i32,
        };
    }
    let registered = if new { 280.0 * age } else { -40.0 - 7_000.0 * age * age };
    Standing { temperament, registered: registered as i32 }
}

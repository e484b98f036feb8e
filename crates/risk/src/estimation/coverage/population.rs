//! Simulated consignments with what an inspection in each lane would record.

use super::super::normal;
use super::super::record::Finding;
use crate::selection::Draw;

/// Days of a log.
pub const DAYS: u32 = 50;
/// Offices, each with one work list a day.
pub const OFFICES: u32 = 2;
/// Consignments of a work list.
pub const LIST_SIZE: u32 = 200;
/// Share of the consignments that a rule makes mandatory, whatever their score.
const MANDATORY: f64 = 0.004;

/// Grade of a trader; its number is the place in a policy's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// No certificate: four fifths.
    Ordinary,
    /// Certified: a fifth.
    Certified,
}

/// What an inspection of a goods item would record, in each lane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimulatedItem {
    /// Opened.
    pub red: Finding,
    /// Scanned.
    pub orange: Finding,
}

/// A consignment.
#[derive(Debug, Clone, PartialEq)]
pub struct Consignment {
    /// Number of its root.
    pub root: u64,
    /// Office.
    pub office: u32,
    /// Day of its work list.
    pub day: u32,
    /// Grade of its trader.
    pub grade: Grade,
    /// Score of the model, in (0, 1).
    pub score: f64,
    /// Whether a rule makes inspection mandatory.
    pub mandatory: bool,
    /// Its items, correlated: one trader cheats on several.
    pub items: Vec<SimulatedItem>,
}

/// Seeded uniform numbers by purpose and place, from the keyed hash of the selection.
#[derive(Debug, Clone)]
pub struct Noise {
    key: [u8; 32],
}

impl Noise {
    /// Of a seed.
    pub fn new(seed: u64) -> Self {
        let mut key = [0x5a; 32];
        key[..8].copy_from_slice(&seed.to_be_bytes());
        Self { key }
    }

    /// Uniform on [0, 1).
    pub fn uniform(&self, purpose: &str, place: u64) -> f64 {
        Draw::new(&self.key, purpose, &place.to_string()).value()
    }

    /// Standard normal.
    pub fn normal(&self, purpose: &str, place: u64) -> f64 {
        normal::quantile(self.uniform(purpose, place).max(1e-16))
    }
}

/// Consignments of a seed, list after list.
///
/// Log-odds of fraud are -4.3 + 1.2 x for a propensity x, a unit lower for certified traders; the score knows x with
/// noise as great as half of it. Revenue is lognormal, half of its variance shared in the consignment; at a `tail` (sigma of
/// its logarithm) of 1.3 the mean is 2.3 times the median and a tenth of findings bring half of the revenue. Opening finds
/// 0.85 of fraud and accuses 1 in 500 wrongly; scanning finds 0.6.
pub fn population(seed: u64, tail: f64) -> Vec<Consignment> {
    let noise = Noise::new(seed);
    (0..u64::from(DAYS * OFFICES * LIST_SIZE)).map(|root| consignment(&noise, root, tail)).collect()
}

fn consignment(noise: &Noise, root: u64, tail: f64) -> Consignment {
    let list = (root / u64::from(LIST_SIZE)) as u32;
    let grade = if noise.uniform("grade", root) < 0.2 { Grade::Certified } else { Grade::Ordinary };
    let lower = f64::from(u8::from(grade == Grade::Certified));
    let propensity = noise.normal("propensity", root) - lower / 1.2;
    let seen = propensity + 0.5 * noise.normal("model", root);
    let fraudulent = noise.uniform("fraud", root) < logistic(1.2 * propensity - 4.3);
    let shared = std::f64::consts::FRAC_1_SQRT_2 * tail * noise.normal("revenue", root);
    let count = 1 + (3.0 * noise.uniform("items", root).powi(2)) as u64;
    let items = (0..count).map(|i| item(noise, 8 * root + i, fraudulent, shared, tail)).collect();
    Consignment {
        root,
        office: list % OFFICES,
        day: list / OFFICES,
        grade,
        score: logistic(1.2 * seen - 4.3),
        mandatory: noise.uniform("mandatory", root) < MANDATORY,
        items,
    }
}

fn item(noise: &Noise, place: u64, fraudulent: bool, shared: f64, tail: f64) -> SimulatedItem {
    let own = std::f64::consts::FRAC_1_SQRT_2 * tail * noise.normal("item revenue", place);
    let revenue = 1_000.0 * libm::exp(shared + own);
    let fraud = fraudulent && noise.uniform("item fraud", place) < 0.7;
    let officer = noise.uniform("officer", place);
    let finding = |detected: f64, accused: f64| Finding {
        found: officer < if fraud { detected } else { accused },
        revenue: if fraud { revenue } else { 50.0 },
    };
    SimulatedItem { red: finding(0.85, 0.002), orange: finding(0.6, 0.001) }
}

fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-log_odds))
}

//! What officers find: each has a sensitivity and a specificity of its own, and results take days.
//!
//! `P(found | flaw) = logistic(skill(officer) + ease(kind) + thoroughness(lane) + size)`, and a sound item is
//! reported by mistake with a probability of the officer's.

use crate::flaw::{Declared, Flaw};
use crate::fraud_kind::Kind;
use crate::identity;
use crate::random::{Purpose, Stream, logistic};
use crate::selection::Lane;
use crate::shipment::{Goods, Shipment};
use crate::world::World;
use chrono::{DateTime, TimeDelta, Utc};

/// A discrepancy reported for an item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Discrepancy {
    pub(crate) item: usize,
    /// What the officer calls it.
    pub(crate) kind: &'static str,
    pub(crate) severity: &'static str,
    pub(crate) recovered: f64,
}

/// The result of one examination.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Examination {
    pub(crate) lane: Lane,
    pub(crate) officer: String,
    pub(crate) recorded_at: DateTime<Utc>,
    /// By item; none when the goods conform.
    pub(crate) discrepancies: Vec<Discrepancy>,
}

/// Logit of the sensitivity, and the probability of a false report for an item.
#[derive(Debug, Clone, Copy)]
struct Officer {
    skill: f64,
    false_report: f64,
}

/// The team that inspects once more: skilled, and it opens whatever lane the first inspection was in.
const REFERENCE_TEAM: Officer = Officer { skill: 3.4, false_report: 0.004 };

impl World {
    /// Examines a selected declaration.
    pub(crate) fn examine(&self, declared: &Declared, lane: Lane) -> Examination {
        let shipment = &declared.shipment;
        let mut stream = Stream::new(self.seed(), Purpose::Examination, shipment.serial);
        let office = &self.offices[shipment.office];
        let number = stream.below(office.officers);
        let officer = self.officer(shipment.office, number);
        let name = identity::officer_id(&office.code, number);
        self.examined(declared, lane, (officer, name), stream)
    }

    /// Examines it once more, whatever came of the first time.
    pub(crate) fn examine_again(&self, declared: &Declared) -> Examination {
        let stream = Stream::new(self.seed(), Purpose::Reexamination, declared.shipment.serial);
        let team = (REFERENCE_TEAM, "reference-team".to_owned());
        self.examined(declared, Lane::Red, team, stream)
    }

    fn examined(
        &self,
        declared: &Declared,
        lane: Lane,
        (officer, name): (Officer, String),
        mut stream: Stream,
    ) -> Examination {
        let shipment = &declared.shipment;
        let mut discrepancies = Vec::new();
        for item in 0..shipment.items.len() {
            let flawed = declared.flaw.filter(|_| declared.is_flawed(item));
            let discrepancy = match flawed {
                Some(flaw) => self.recognise(shipment, item, flaw, officer, lane, &mut stream),
                // Mistakes of officers do not multiply with the items; they are shared among them.
                None => stream
                    .coin(officer.false_report / shipment.items.len() as f64)
                    .then(|| false_report(item, &mut stream)),
            };
            discrepancies.extend(discrepancy);
        }
        let laboratory = discrepancies.iter().any(|d| d.kind == "classification" || d.kind == "origin");
        let hours = match lane {
            Lane::Yellow => stream.log_normal(16.0, 0.7),
            Lane::Orange => stream.log_normal(10.0, 0.6),
            Lane::Red => stream.log_normal(34.0, 0.6),
        } + if laboratory { stream.log_normal(150.0, 0.5) } else { 0.0 };
        Examination {
            lane,
            officer: name,
            recorded_at: self.calendar.accepted_at(shipment.serial)
                + TimeDelta::seconds((hours.clamp(1.0, 1_500.0) * 3_600.0) as i64),
            discrepancies,
        }
    }

    fn officer(&self, office: usize, number: usize) -> Officer {
        let mut stream = Stream::pair(self.seed(), Purpose::Officer, office as u64, number as u64);
        Officer { skill: 1.1 + 0.6 * stream.normal(), false_report: logistic(-4.4 + 0.6 * stream.normal()) }
    }

    fn recognise(
        &self,
        shipment: &Shipment,
        item: usize,
        flaw: Flaw,
        officer: Officer,
        lane: Lane,
        stream: &mut Stream,
    ) -> Option<Discrepancy> {
        let goods = &shipment.items[item];
        let evaded = self.evaded(shipment, item);
        let kind = seen_as(flaw, &goods.actual, &goods.declared);
        let opened = match (kind, lane) {
            ("quantity", Lane::Red) => 0.9,
            ("quantity", Lane::Orange) => 0.4,
            ("quantity", Lane::Yellow) => -1.6,
            ("undervaluation" | "splitting", Lane::Yellow) => 0.3,
            (_, Lane::Red) => 0.2,
            (_, Lane::Orange) => -0.9,
            (_, Lane::Yellow) => -0.3,
        };
        let ease = match kind {
            "undervaluation" => -0.3,
            "origin" => -0.5,
            _ => 0.1,
        } + if flaw == Flaw::Mistake { -0.6 } else { 0.0 };
        let size = (0.15 * libm::log((evaded + 1.0) / (5_000.0 * self.price_factor))).clamp(-0.8, 0.8);
        if !stream.coin(logistic(officer.skill + ease + opened + size)) {
            return None;
        }
        let recovered = evaded * stream.between(0.6, 1.0);
        let severity = match evaded / self.price_factor {
            _ if flaw == Flaw::Mistake => "minor",
            amount if amount >= 60_000.0 => "critical",
            amount if amount >= 2_500.0 => "major",
            _ => "minor",
        };
        Some(Discrepancy { item, kind, severity, recovered })
    }
}

/// What an officer calls a flaw, from what the goods and the papers show.
fn seen_as(flaw: Flaw, actual: &Goods, declared: &Goods) -> &'static str {
    match flaw {
        Flaw::Fraud(Kind::Splitting) => "splitting",
        _ if actual.commodity != declared.commodity => "classification",
        _ if actual.origin != declared.origin => "origin",
        _ if (actual.mass - declared.mass).abs() > 1e-9 => "quantity",
        Flaw::Mistake => "value",
        Flaw::Fraud(_) => "undervaluation",
    }
}

fn false_report(item: usize, stream: &mut Stream) -> Discrepancy {
    let kind = ["description", "quantity", "classification"][stream.below(3)];
    Discrepancy { item, kind, severity: "minor", recovered: 0.0 }
}

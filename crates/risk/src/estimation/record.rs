//! The record that estimates stand on: what a logged decision gave a goods item, and what came of it.

use super::refusal::Refusal;
use crate::selection::Lane;

/// What an inspection recorded for a goods item, right or wrong; a finding is not fraud (officers miss).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding {
    /// Whether there was a finding.
    pub found: bool,
    /// Revenue that it brought, in one currency, at least 0; counts only where something was found.
    pub revenue: f64,
}

/// What is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Number of findings.
    Findings,
    /// Revenue of findings, in the currency of the records.
    Revenue,
}

impl Measure {
    /// y: 0 or 1 for findings, an amount for revenue.
    pub fn of(self, finding: Finding) -> f64 {
        match self {
            _ if !finding.found => 0.0,
            Self::Findings => 1.0,
            Self::Revenue => finding.revenue,
        }
    }
}

/// What is known of the inspection that a draw assigned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// The draw assigned none.
    NotAssigned,
    /// It was done and its result is in.
    Known(Finding),
    /// Its result is not in yet: never zero.
    Pending,
    /// It was assigned and not done: missing, not negative.
    NotDone,
    /// An officer added one that no draw assigned: no evidence, whatever it found.
    Added,
}

/// A lane in which findings are recorded, with its probability under the logged and under the evaluated policy. Lanes
/// that record none (release) are left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LaneChance {
    /// The lane.
    pub lane: Lane,
    /// `pi_b = min(p, w tau) share` of the policy that decided, with the tau of the work list as it was closed.
    pub logged: f64,
    /// `pi_e = min(p, w tau) share` of the evaluated policy, averaged over throw-away keys
    /// ([`inclusion_probabilities`](super::inclusion_probabilities)).
    pub evaluated: f64,
}

/// A goods item of a logged decision.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedRecord {
    /// Number of the root of its consignment: records of one root share one draw, and are one cluster.
    pub root: u64,
    /// Lanes that record findings.
    pub chances: Vec<LaneChance>,
    /// Lane that the draw assigned, whatever was delivered.
    pub assigned: Lane,
    /// What came of it.
    pub outcome: Outcome,
    /// P(result in by now | assigned, lane, office), in (0, 1]; 1 in matured cohorts
    /// ([`ResultDelays`](super::ResultDelays)).
    pub known_probability: f64,
    /// Whether a model of the evaluated policy was trained on it: then it is no evidence.
    pub in_sample: bool,
}

impl LoggedRecord {
    /// Finding, weight `w = pi_e / (pi_b P(known))` and `pi_b P(known)`, where the assigned inspection's result is known.
    pub fn known(&self) -> Option<(Finding, f64, f64)> {
        let Outcome::Known(finding) = self.outcome else { return None };
        let chance = self.chances.iter().find(|c| c.lane == self.assigned)?;
        let probability = chance.logged * self.known_probability;
        Some((finding, chance.evaluated / probability, probability))
    }

    /// # Errors
    /// When a probability is not one, or a known result has none.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let root = self.root;
        let check = |name: &'static str, value: f64, right: bool| {
            if right { Ok(()) } else { Err(Refusal::Probability { root, name, value }) }
        };
        for LaneChance { logged, evaluated, .. } in &self.chances {
            check("pi_b", *logged, (0.0..=1.0).contains(logged))?;
            check("pi_e", *evaluated, (0.0..=1.0).contains(evaluated))?;
        }
        let known = self.known_probability;
        check("P(known)", known, known > 0.0 && known <= 1.0)?;
        let assigned = self.chances.iter().find(|c| c.lane == self.assigned).map_or(0.0, |c| c.logged);
        check(
            "pi_b of a known result",
            assigned,
            assigned > 0.0 || !matches!(self.outcome, Outcome::Known(_)),
        )
    }
}

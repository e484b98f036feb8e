//! The logged policy and the policies that are evaluated, named before any result was seen.

use super::population::{Consignment, Grade, LIST_SIZE};
use crate::selection::{Chance, Parts, Room, Stratum};

/// A simulated policy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimulatedPolicy {
    /// Name in the table.
    pub name: &'static str,
    /// Ordinary traders.
    pub ordinary: Stratum,
    /// Certified traders.
    pub certified: Stratum,
    /// e.
    pub exploration: f64,
    /// Score in the middle of the ramp.
    pub threshold: f64,
    /// Share of the selected that is opened; the others are scanned.
    pub red_share: f64,
}

/// Inspections that a list of [`LIST_SIZE`] has room for. Nobody waits from the list before: of 25 slots protected draws take
/// seven under the policy that decided.
pub const ROOM: Room = Room { slots: LIST_SIZE as usize / 8, reserved: 2, waiting: 0 };

/// The policy that decided.
pub const LOGGED: SimulatedPolicy = SimulatedPolicy {
    name: "logged",
    ordinary: Stratum { guaranteed: 0.0, floor: 0.03, multiplier: 0.9 },
    certified: Stratum { guaranteed: 0.0, floor: 0.015, multiplier: 0.15 },
    exploration: 0.02,
    threshold: 0.055,
    red_share: 0.7,
};

/// The evaluated policies.
pub const EVALUATED: [SimulatedPolicy; 6] = [
    // Where findings are rare: ten times the exploration at the expense of the model.
    SimulatedPolicy { name: "rare-findings", exploration: 0.1, threshold: 0.08, ..LOGGED },
    // Opens everything: more of the revenue's tail.
    SimulatedPolicy { name: "revenue-tailed", threshold: 0.05, red_share: 1.0, ..LOGGED },
    SimulatedPolicy {
        name: "aeo-multiplier",
        certified: Stratum { guaranteed: 0.0, floor: 0.015, multiplier: 0.6 },
        ..LOGGED
    },
    SimulatedPolicy {
        name: "higher-floor",
        ordinary: Stratum { guaranteed: 0.0, floor: 0.06, multiplier: 0.9 },
        certified: Stratum { guaranteed: 0.0, floor: 0.03, multiplier: 0.15 },
        ..LOGGED
    },
    SimulatedPolicy { name: "shifted-threshold", threshold: 0.075, ..LOGGED },
    SimulatedPolicy {
        name: "random-only",
        ordinary: Stratum { guaranteed: 0.0, floor: 0.08, multiplier: 0.0 },
        certified: Stratum { guaranteed: 0.0, floor: 0.08, multiplier: 0.0 },
        ..LOGGED
    },
];

impl SimulatedPolicy {
    /// p, w and the protected part of p of a consignment, made as decisions make them.
    pub fn chance(&self, consignment: &Consignment) -> Chance {
        let grade = match consignment.grade {
            Grade::Ordinary => self.ordinary,
            Grade::Certified => self.certified,
        };
        let Consignment { mandatory, score, .. } = *consignment;
        Parts::new(mandatory, score, self.threshold, 0.5, grade, self.exploration).chance()
    }

    /// Share of a consignment's inspections that is opened: a mandatory one always is.
    pub fn opened(&self, consignment: &Consignment) -> f64 {
        if consignment.mandatory { 1.0 } else { self.red_share }
    }
}

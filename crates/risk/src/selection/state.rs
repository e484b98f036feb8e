//! The policy state: what is set between epochs, in versions; every decision names its version.

use super::epoch::Epoch;
use super::inclusion::{Parts, Stratum};
use super::policy::SelectionPolicy;
use super::regime::Regime;
use std::collections::BTreeMap;

/// What the controller sets for a grade with a promise.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Steered {
    /// f, in [0, 1].
    pub floor: f64,
    /// m, in [0, 1].
    pub multiplier: f64,
}

/// Capacity, threshold and steered strata of an office.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficeState {
    /// Inspections a day.
    pub slots: u32,
    /// Score in the middle of the ramp.
    pub threshold: f64,
    /// By grade; grades without a promise keep what the regime says.
    pub strata: BTreeMap<String, Steered>,
}

/// Capacity, thresholds and multipliers of one epoch. Stored as JSON; the stored text is what decides, so that a state
/// read back is the state that was used.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyState {
    /// Days that it holds for.
    pub epoch: Epoch,
    /// Offices without an entry of their own.
    pub default: OfficeState,
    /// By office.
    pub offices: BTreeMap<String, OfficeState>,
}

/// What of a consignment its parts of p follow from, beside its grade.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// Score, raised by rules and by what is at stake.
    pub priority: f64,
    /// Whether a rule makes inspection mandatory.
    pub mandatory: bool,
}

impl PolicyState {
    /// State of an office.
    pub fn office(&self, office: &str) -> &OfficeState {
        self.offices.get(office).unwrap_or(&self.default)
    }
}

impl OfficeState {
    /// Parts of a grade under a regime. What was accepted under an earlier law than that of the state keeps what its own law
    /// says of grades without a promise.
    pub fn stratum(&self, regime: &Regime, grade: &str) -> Stratum {
        let of_law = regime.grade(grade);
        let steered = of_law.promise.and_then(|_| self.strata.get(grade));
        let (floor, multiplier) =
            steered.map_or((of_law.floor, of_law.multiplier), |s| (s.floor, s.multiplier));
        Stratum { guaranteed: of_law.guaranteed, floor, multiplier }
    }

    /// Parts of p of a consignment of a grade, under a regime of a policy.
    pub fn parts(&self, policy: &SelectionPolicy, regime: &Regime, grade: &str, seen: Seen) -> Parts {
        let Seen { priority, mandatory } = seen;
        let (width, stratum) = (policy.ramp_width, self.stratum(regime, grade));
        Parts::new(mandatory, priority, self.threshold, width, stratum, policy.exploration)
    }
}

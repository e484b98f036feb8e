//! What the close of a work list takes from a policy state.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Lane;

/// Slots of an office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct OfficeSlots {
    /// Inspections a day.
    pub slots: usize,
}

/// A lane of the selected and its share of the draws.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct LaneShare {
    /// The lane.
    pub lane: Lane,
    /// Its share.
    pub share: f64,
}

/// Slots of all offices.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Slots {
    /// Offices without an entry of their own.
    pub default: OfficeSlots,
    /// By office.
    pub offices: BTreeMap<String, OfficeSlots>,
}

/// The part of a policy state that a close needs; what else it holds is left alone.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ClosingRules {
    /// Slots of the offices.
    #[serde(rename = "state")]
    pub slots: Slots,
    /// Slots of each work list that protected ones leave to others.
    pub reserved_slots: usize,
    /// Lanes of the selected, nested from the smallest draws upwards.
    pub lanes: Vec<LaneShare>,
}

impl ClosingRules {
    /// Reads them from the content of a policy state.
    ///
    /// # Errors
    /// What is missing or of another form.
    pub fn parse(content: &str) -> Result<Self, String> {
        serde_json::from_str(content).map_err(|error| error.to_string())
    }

    pub(super) fn slots(&self, office: &str) -> usize {
        self.slots.offices.get(office).unwrap_or(&self.slots.default).slots
    }

    /// Lane of a selected consignment from where its draw stands below pi, u / pi.
    pub(super) fn lane(&self, position: f64) -> Lane {
        let mut upper = 0.0;
        for LaneShare { lane, share } in &self.lanes {
            upper += share;
            if position < upper {
                return *lane;
            }
        }
        self.lanes.last().map_or(Lane::Red, |last| last.lane)
    }
}

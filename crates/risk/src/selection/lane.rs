//! Lanes: what is done with a consignment.

use serde::{Deserialize, Serialize};

/// What is done with a consignment, the least intrusive first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Released.
    Green,
    /// Released, audited afterwards.
    Blue,
    /// Documents are checked.
    Yellow,
    /// Scanned, not opened.
    Orange,
    /// Opened and examined.
    Red,
}

impl Lane {
    /// Code in the tables.
    pub fn code(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Orange => "orange",
            Self::Red => "red",
            Self::Blue => "blue",
        }
    }

    /// The lane of a code in the tables.
    pub fn of_code(code: &str) -> Option<Self> {
        [Self::Green, Self::Blue, Self::Yellow, Self::Orange, Self::Red]
            .into_iter()
            .find(|l| l.code() == code)
    }

    /// Whether it takes a slot of an inspection work list.
    pub fn is_inspection(self) -> bool {
        self >= Self::Orange
    }

    /// What an officer of the lane does.
    pub fn instruction(self) -> &'static str {
        match self {
            Self::Green => "Release.",
            Self::Blue => "Release; audit the books afterwards.",
            Self::Yellow => "Check the documents.",
            Self::Orange => "Scan the consignment; open it when the image does not fit the declaration.",
            Self::Red => "Open and examine the goods.",
        }
    }
}

/// A lane of selected consignments and the share of draws it gets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneShare {
    /// The lane.
    pub lane: Lane,
    /// Its share of the selected, in (0, 1].
    pub share: f64,
}

impl LaneShare {
    /// Share of the draws that a lane gets among shares.
    pub fn of(shares: &[Self], lane: Lane) -> f64 {
        shares.iter().filter(|s| s.lane == lane).map(|s| s.share).sum()
    }
}

//! Lanes: what is done with a consignment, as a commitment binds it and a publication shows it.

use std::fmt;
use std::str::FromStr;

/// What is done with a consignment, the least intrusive first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
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
    const ALL: [Self; 5] = [Self::Green, Self::Blue, Self::Yellow, Self::Orange, Self::Red];

    /// Its code in tables and files.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Blue => "blue",
            Self::Yellow => "yellow",
            Self::Orange => "orange",
            Self::Red => "red",
        }
    }

    /// Whether it takes a slot of a work list, so that a rule that demands it makes inspection mandatory.
    pub fn is_inspection(self) -> bool {
        self >= Self::Orange
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A text that is no lane.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a lane; a lane is green, blue, yellow, orange or red")]
pub struct ParseLaneError(String);

impl FromStr for Lane {
    type Err = ParseLaneError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|lane| lane.code() == text);
        known.ok_or_else(|| ParseLaneError(text.to_owned()))
    }
}

//! Profiles as a dated look-up: for each key, what was known at the end of each day on which something changed.
//! All numbers are integers, so that the order in which history was read leaves no trace.

use super::key::ProfileKey;

/// Quantiles are kept in units of 1/1024 of the measure; with `ln(…)` that is a step of 0.1 %.
pub const QUANTILE_UNIT: f64 = 1024.0;

/// What a profile knew about a key before a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Results of inspections.
    Results {
        /// Inspections with a result.
        inspected: u32,
        /// Inspections that found a discrepancy.
        discrepancies: u32,
    },
    /// Usual values.
    Values {
        /// Values seen.
        seen: u32,
        /// Quartiles in units of 1/[`QUANTILE_UNIT`].
        quartiles: [i32; 3],
    },
}

/// The dated entries of all keys of one profile, keys ascending, days ascending within a key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ProfileTable {
    pub(super) keys: Vec<ProfileKey>,
    /// First entry of each key, and the number of entries at the end.
    pub(super) starts: Vec<u32>,
    pub(super) days: Vec<i32>,
    pub(super) entries: Entries,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entries {
    Results(Vec<[u32; 2]>),
    Values(Vec<(u32, [i32; 3])>),
}

impl Default for Entries {
    fn default() -> Self {
        Self::Results(Vec::new())
    }
}

impl ProfileTable {
    /// Last entry of a key from a day strictly before `day`.
    fn entry(&self, key: ProfileKey, day: i32) -> Option<usize> {
        let position = self.keys.binary_search(&key).ok()?;
        let range = self.starts[position] as usize..self.starts[position + 1] as usize;
        let before = self.days[range.clone()].partition_point(|d| *d < day);
        (before > 0).then(|| range.start + before - 1)
    }

    fn standing(&self, key: ProfileKey, day: i32) -> Option<Standing> {
        let entry = self.entry(key, day)?;
        Some(match &self.entries {
            Entries::Results(entries) => {
                let [inspected, discrepancies] = entries[entry];
                Standing::Results { inspected, discrepancies }
            }
            Entries::Values(entries) => {
                let (seen, quartiles) = entries[entry];
                Standing::Values { seen, quartiles }
            }
        })
    }
}

/// The profiles of a feature set, as far as history was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profiles {
    pub(super) tables: Vec<ProfileTable>,
    /// Last day on which something was recorded.
    pub(super) last_day: i32,
}

impl Profiles {
    /// What a profile knew about a key before a day, `None` when it knew nothing. A day after the last of the
    /// set sees everything the set knows.
    pub fn standing(&self, profile: usize, key: ProfileKey, day: i32) -> Option<Standing> {
        self.tables.get(profile)?.standing(key, day)
    }

    /// Whether a profile has ever seen a key.
    pub fn knows(&self, profile: usize, key: ProfileKey) -> bool {
        self.tables.get(profile).is_some_and(|t| t.keys.binary_search(&key).is_ok())
    }

    /// Last day on which something was recorded, in days since 1970-01-01.
    pub fn last_day(&self) -> i32 {
        self.last_day
    }

    /// Keys of all profiles together.
    pub fn len(&self) -> usize {
        self.tables.iter().map(|t| t.keys.len()).sum()
    }

    /// Whether no profile has a key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

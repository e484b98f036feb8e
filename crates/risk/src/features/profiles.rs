//! Profiles as a dated look-up: for each key, what was known at the end of each day on which something changed.
//! All numbers are integers, so that the order in which history was read leaves no trace.

use super::key::ProfileKey;
use super::keys::Keys;

/// Look-ups that are under way together.
const TOGETHER: usize = 64;

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
    pub(super) keys: Keys,
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
    /// The last entry among those of a key from a day strictly before `day`.
    fn standing(&self, [first, end]: [u32; 2], day: i32) -> Option<Standing> {
        let (first, end) = (first as usize, end as usize);
        let before = self.days[first..end].partition_point(|d| *d < day);
        let entry = (first + before).checked_sub(1).filter(|_| before > 0)?;
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

    /// What is known about some keys, each before its day. Slots, keys, entries are read one after the other for all of
    /// them, so that memory is waited for once and not once for each key.
    fn standings(&self, keys: &[ProfileKey], days: &[i32], into: &mut Vec<Option<Standing>>) {
        let mut spans = [[0; 2]; TOGETHER];
        for (span, key) in spans.iter_mut().zip(keys) {
            *span = self.keys.span(*key);
        }
        for (span, key) in spans.iter_mut().zip(keys) {
            *span = match self.keys.find(*key, *span) {
                Some(place) => [self.starts[place as usize], self.starts[place as usize + 1]],
                None => [0, 0],
            };
        }
        into.extend(spans.iter().zip(days).map(|(span, day)| self.standing(*span, *day)));
    }

    /// Bytes in memory.
    fn bytes(&self) -> usize {
        let entries = match &self.entries {
            Entries::Results(entries) => size_of_val(&**entries),
            Entries::Values(entries) => size_of_val(&**entries),
        };
        self.keys.bytes() + size_of_val(&*self.starts) + size_of_val(&*self.days) + entries
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
    /// What a profile knew about each key before its day, `None` when it knew nothing. A day after the last of the
    /// set sees everything the set knows.
    pub fn standings(&self, profile: usize, keys: &[ProfileKey], days: &[i32]) -> Vec<Option<Standing>> {
        let Some(table) = self.tables.get(profile) else { return vec![None; keys.len()] };
        let mut standings = Vec::with_capacity(keys.len());
        for (keys, days) in keys.chunks(TOGETHER).zip(days.chunks(TOGETHER)) {
            table.standings(keys, days, &mut standings);
        }
        standings
    }

    /// Whether a profile has ever seen a key.
    pub fn knows(&self, profile: usize, key: ProfileKey) -> bool {
        self.tables.get(profile).is_some_and(|table| table.keys.contain(key))
    }

    /// Last day on which something was recorded, in days since 1970-01-01.
    pub fn last_day(&self) -> i32 {
        self.last_day
    }

    /// Keys of all profiles together.
    pub fn len(&self) -> usize {
        self.tables.iter().map(|t| t.keys.len()).sum()
    }

    /// Bytes of all profiles in memory.
    pub fn bytes(&self) -> usize {
        self.tables.iter().map(ProfileTable::bytes).sum()
    }

    /// Whether no profile has a key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

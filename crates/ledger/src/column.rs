//! How values rest in columns: times as microseconds, counts as signed integers, hashes as blobs.

use std::fmt::Display;

use chrono::{DateTime, Utc};

use crate::{Hash256, LedgerError};

/// Microseconds since 1970-01-01 UTC; what a time has below a microsecond is dropped.
pub(crate) fn from_time(time: DateTime<Utc>) -> i64 {
    time.timestamp_micros()
}

/// A count as `SQLite`'s signed integer.
pub(crate) fn from_count(what: &'static str, count: u64) -> Result<i64, LedgerError> {
    i64::try_from(count).map_err(|_| LedgerError::Invalid {
        what,
        found: count.to_string(),
        right: "below 2^63, the largest integer of a column",
    })
}

/// Where a stored value comes from, so that a damaged one can be pointed at.
pub(crate) struct Row<K> {
    pub(crate) table: &'static str,
    pub(crate) key: K,
}

impl<K: Display> Row<K> {
    pub(crate) fn damaged(&self, what: impl Into<String>) -> LedgerError {
        LedgerError::Damaged { table: self.table, key: self.key.to_string(), what: what.into() }
    }

    pub(crate) fn time(&self, micros: i64) -> Result<DateTime<Utc>, LedgerError> {
        DateTime::from_timestamp_micros(micros)
            .ok_or_else(|| self.damaged(format!("{micros} microseconds is no time")))
    }

    pub(crate) fn count(&self, stored: i64) -> Result<u64, LedgerError> {
        u64::try_from(stored).map_err(|_| self.damaged(format!("a count is {stored}")))
    }

    pub(crate) fn bytes<const N: usize>(&self, stored: &[u8]) -> Result<[u8; N], LedgerError> {
        stored.try_into().map_err(|_| self.damaged(format!("{} bytes where {N} belong", stored.len())))
    }

    pub(crate) fn hash(&self, stored: &[u8]) -> Result<Hash256, LedgerError> {
        self.bytes(stored).map(Hash256::new)
    }
}

/// Refuses a text that is not JSON; the text itself is stored, since hashes cover stored bytes.
pub(crate) fn require_json(what: &'static str, text: &str) -> Result<(), LedgerError> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).map(drop).map_err(|error| LedgerError::Invalid {
        what,
        found: error.to_string(),
        right: "one JSON value",
    })
}

/// Longest name of anything.
pub(crate) const MAX_NAME_BYTES: usize = 512;

/// Refuses an empty name and one that is too long to be shown.
pub(crate) fn require_name(what: &'static str, name: &str) -> Result<(), LedgerError> {
    if name.trim().is_empty() || name.len() > MAX_NAME_BYTES {
        return Err(LedgerError::Invalid {
            what,
            found: format!("{} bytes long", name.len()),
            right: "a name of 1 to 512 bytes that is not blank",
        });
    }
    Ok(())
}

//! Limits of writing, which an installation may set.

use std::num::NonZeroU64;

const DEFAULT_FILE_BYTES: NonZeroU64 = NonZeroU64::new(128 << 20).unwrap();

/// What one append may take of memory and patience.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteLimits {
    /// Files are closed at about this many bytes, and compaction aims at as many: large enough that a year is some
    /// thousand files, small enough to rewrite.
    pub file_bytes: NonZeroU64,
    /// Rows of a row group: what one open file holds in memory, and the finest grain at which reading skips.
    pub row_group_rows: usize,
    /// Months written at once; a batch of a further month closes the file that has waited longest. A day's records
    /// touch two or three months, a load sorted by time one or two.
    pub open_months: usize,
    /// Rounds of reading the table afresh and trying to commit; within a round Delta retries 15 times by itself.
    pub commit_attempts: usize,
}

impl Default for WriteLimits {
    fn default() -> Self {
        Self {
            file_bytes: DEFAULT_FILE_BYTES,
            row_group_rows: 128 * 1024,
            open_months: 24,
            commit_attempts: 20,
        }
    }
}

//! Key and provenance of a row.

use crate::class::LeafRef;
use crate::table::Key;

/// Key and provenance of a row.
#[derive(Debug, Clone, Copy, Default)]
pub struct RowKey<'a> {
    /// Calendar month of acceptance, `CCYY-MM`.
    pub month: &'a str,
    /// Name of the declaration.
    pub declaration_id: &'a str,
    /// Version of the declaration, from 1.
    pub version_number: i64,
    /// Load that brings the row.
    pub load_id: &'a str,
    /// Position of the record in its source, from 1.
    pub source_row: i64,
}

impl RowKey<'_> {
    /// Whether a part of the key says the same as a value of the record, and so gives it back when it is read.
    pub(super) fn says(&self, key: Key, leaf: LeafRef<'_>) -> bool {
        match (key, leaf) {
            (Key::DeclarationId, LeafRef::Text(Some(id))) => id == self.declaration_id,
            (Key::VersionNumber, LeafRef::Count(Some(number @ 1..))) => {
                i64::from(number) == self.version_number
            }
            _ => false,
        }
    }
}

//! Limits of sources of rows.

/// What reading rows may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowLimits {
    /// Bytes of a row of CSV; a longer one ends the source, since a quote that never closes would swallow it.
    pub row_bytes: usize,
    /// Bytes of the rows of one declaration: what the column `raw` of the quarantine holds.
    pub declaration_bytes: usize,
    /// Rows of a Parquet file that are decoded at once.
    pub batch_rows: usize,
}

impl Default for RowLimits {
    fn default() -> Self {
        Self { row_bytes: 1 << 20, declaration_bytes: 16 << 20, batch_rows: 1_024 }
    }
}

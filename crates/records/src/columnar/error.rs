//! Why a record cannot be written into a table.

/// Why a record cannot be written into a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteValueError {
    /// A number has more digits than the column holds exactly.
    #[error("{value} does not fit the column exactly: at most {decimals} digits after the point")]
    DoesNotFit {
        /// Number as it is.
        value: String,
        /// Digits after the point of the column.
        decimals: u32,
    },
    /// A batch has more nested rows than Arrow offsets can count.
    #[error("a batch holds too many nested rows; write smaller batches")]
    TooManyRows,
    /// The columns do not form a batch, which means the table definition is wrong.
    #[error("table {table} cannot be built: {cause}")]
    Definition {
        /// Name of the table.
        table: &'static str,
        /// What does not fit.
        cause: String,
    },
}

//! Parquet in and out: files of rows through a mapping, and whole declarations in a layout of ours.

mod columns;
mod mapped;
mod whole;
mod writer;

pub use mapped::MappedParquet;
pub use whole::WholeParquet;
pub use writer::{ParquetWriter, WriteParquetError};

pub(crate) use columns::row_as_json;

use crate::columnar::ReadRowError;
use arrow::error::ArrowError;
use parquet::errors::ParquetError;

/// Column of a file of whole declarations that holds the goods items.
const GOODS_ITEMS: &str = "goods_items";

/// Why a Parquet source cannot be read, or not read on.
#[derive(Debug, thiserror::Error)]
pub enum ReadParquetError {
    /// Not a Parquet file, or a damaged one.
    #[error("the file is no sound Parquet file: {0}")]
    File(#[from] ParquetError),
    /// A batch cannot be decoded.
    #[error("after row {row}: {cause}")]
    Batch {
        /// Rows that were read.
        row: u64,
        /// What the decoder says.
        cause: ArrowError,
    },
    /// The decoder gave up in a way it does not report as an error.
    #[error("after row {row}: the file is damaged")]
    Damaged {
        /// Rows that were read.
        row: u64,
    },
    /// The file lacks columns that the mapping needs.
    #[error("the file lacks columns that the mapping needs: {missing}; it has: {columns}")]
    MissingColumns {
        /// Columns the mapping needs.
        missing: String,
        /// Columns there are.
        columns: String,
    },
    /// The mapping takes a value from a column that holds no single values.
    #[error(
        "column `{column}` holds {found}; a mapping takes text, numbers, truth values, dates and moments"
    )]
    Column {
        /// Name of the column.
        column: String,
        /// Its Arrow type.
        found: String,
    },
    /// The file has no mapping and is none that was exported.
    #[error(
        "the file is not one that `tidegate export` wrote ({0}); a file of another layout needs --mapping"
    )]
    Layout(String),
    /// A row of an exported file cannot be read.
    #[error(transparent)]
    Row(#[from] ReadRowError),
}

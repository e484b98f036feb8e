//! What can go wrong in the lake, one variant for each thing a caller can act on.

use std::fmt;

use arrow::datatypes::DataType;
use chrono::{DateTime, Utc};
use deltalake::DeltaTableError;

/// An operation on the lake that did not happen. Unless a variant says otherwise, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The root is neither a usable folder nor a URL of a supported object store.
    #[error("lake root {root:?} cannot be opened: {reason}")]
    Root {
        /// The root as it was given.
        root: String,
        /// What the store said.
        reason: String,
    },
    /// The table has never been appended to.
    #[error("table {table} is not in the lake; its first append creates it")]
    NoTable {
        /// The table asked for.
        table: String,
    },
    /// A table cannot be dropped, since readers may ask for it.
    #[error(
        "table {table}: snapshot {snapshot} names it, so that it stays; record one without it and let that expire"
    )]
    Named {
        /// The table.
        table: String,
        /// The oldest snapshot that names it.
        snapshot: u64,
    },
    /// A batch or a table definition disagrees with the stored table.
    #[error("table {table}: {mismatch}")]
    Schema {
        /// The table appended to.
        table: String,
        /// The first difference found.
        mismatch: SchemaMismatch,
    },
    /// A partition value is not a month.
    #[error("table {table}: column {column} has {value:?}, expected a month written like 2026-11")]
    Month {
        /// The table appended to.
        table: String,
        /// Its partition column.
        column: String,
        /// The value found; NULL when absent.
        value: Option<String>,
    },
    /// An earlier write to the same writer failed, so that its files are incomplete.
    #[error("table {table}: an earlier write failed, so nothing is committed; append the whole batch again")]
    WriterFailed {
        /// The table appended to.
        table: String,
    },
    /// Other writers won every attempt to commit.
    #[error("table {table}: gave up after {attempts} attempts to commit beside other writers; append again")]
    Contention {
        /// The table appended to.
        table: String,
        /// Rounds tried; each is a fresh read of the table and several attempts to commit.
        attempts: usize,
    },
    /// Another compaction of the same table, or a new column, was committed first; that result stands.
    #[error(
        "table {table}: another compaction or a new column was committed first; compact again if need be"
    )]
    CompactionOverlap {
        /// The table compacted.
        table: String,
    },
    /// A rewrite would have changed the number of rows.
    #[error("table {table}: rewriting read {read} rows where the log says {expected}; nothing was replaced")]
    RowsLost {
        /// The table compacted.
        table: String,
        /// Rows that the rewritten files hold by the table's log.
        expected: u64,
        /// Rows that were read.
        read: u64,
    },
    /// A file that held erased rows is still there.
    #[error("table {table}: {file} held erased rows and is still there; purge again")]
    NotErased {
        /// The table erased from.
        table: String,
        /// The file, below the table's folder.
        file: String,
    },
    /// No snapshot answers the question.
    #[error("no snapshot {wanted} is kept in the lake")]
    NoSnapshot {
        /// What was asked for.
        wanted: SnapshotWanted,
    },
    /// The snapshot was taken before the table existed.
    #[error("snapshot {snapshot} has no table {table}")]
    NotInSnapshot {
        /// The snapshot's number.
        snapshot: u64,
        /// The table asked for.
        table: String,
    },
    /// Months were asked of a table that has none.
    #[error("table {table} is not partitioned by month; use a filter")]
    NotPartitioned {
        /// The table asked for.
        table: String,
    },
    /// A snapshot's file is not what this crate writes.
    #[error("snapshot file {path} is not readable as a snapshot: {reason}")]
    SnapshotFile {
        /// Path below the root.
        path: String,
        /// What the decoder said.
        reason: String,
    },
    /// A retention so short that it could remove the files of a write still running.
    #[error(
        "retention of {hours} hours is too short; the least is {least} hours, so that no running write loses files"
    )]
    Retention {
        /// Hours asked for.
        hours: i64,
        /// The least allowed.
        least: i64,
    },
    /// Delta Lake failed.
    #[error("table {table}: {source}")]
    Delta {
        /// The table worked on.
        table: String,
        /// Its error.
        source: Box<DeltaTableError>,
    },
    /// Arrow could not reshape a batch.
    #[error("table {table}: {source}")]
    Arrow {
        /// The table worked on.
        table: String,
        /// Its error.
        source: arrow::error::ArrowError,
    },
    /// `DataFusion` could not plan or read.
    #[error("reading table {table}: {source}")]
    Query {
        /// The table read.
        table: String,
        /// Its error.
        source: Box<datafusion::error::DataFusionError>,
    },
    /// The object store failed on a file of the lake itself.
    #[error("lake store: {source}")]
    Store {
        /// Its error.
        #[from]
        source: deltalake::ObjectStoreError,
    },
    /// A file written could not be forced to disk.
    #[error("{path} could not be forced to disk: {source}")]
    Sync {
        /// The file or folder.
        path: String,
        /// What the operating system said.
        source: std::io::Error,
    },
}

/// Which snapshot was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotWanted {
    /// The newest.
    Latest,
    /// The one of this number.
    Version(u64),
    /// The newest recorded at this time or before.
    Time(DateTime<Utc>),
}

impl fmt::Display for SnapshotWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("at all"),
            Self::Version(version) => write!(f, "{version}"),
            Self::Time(at) => write!(f, "at or before {}", at.to_rfc3339()),
        }
    }
}

/// How a batch or a definition differs from the stored table; names the column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaMismatch {
    /// The table has a column that is not given.
    #[error("column {column} is missing; the table has it as {data_type}")]
    MissingColumn {
        /// The column.
        column: String,
        /// Its type in the table.
        data_type: DataType,
    },
    /// A column is given that the table has not.
    #[error("column {column} is not in the table; columns are added by evolve, never by an append")]
    UnknownColumn {
        /// The column.
        column: String,
    },
    /// A column has another type.
    #[error("column {column} is {found}, the table has {expected}")]
    Type {
        /// The column.
        column: String,
        /// The table's type.
        expected: DataType,
        /// The type given.
        found: DataType,
    },
    /// The definition and the table disagree on whether NULL is allowed.
    #[error("column {column} is {} in the table, and not so here", if *.nullable { "nullable" } else { "required" })]
    Nullability {
        /// The column.
        column: String,
        /// Whether the table allows NULL.
        nullable: bool,
    },
    /// A batch holds NULL in a required column.
    #[error("column {column} is required and has {nulls} NULL values")]
    NullInRequired {
        /// The column.
        column: String,
        /// How many.
        nulls: usize,
    },
    /// A column added by `evolve` must be nullable: old rows have no value for it.
    #[error(
        "column {column} cannot be added as required; old rows have no value for it, so it must be nullable"
    )]
    AddedRequired {
        /// The column.
        column: String,
    },
    /// The table is partitioned otherwise than the definition says.
    #[error("the table is partitioned by {found:?}, the definition says {expected:?}")]
    Partition {
        /// The definition's partition column.
        expected: Option<String>,
        /// The table's partition columns.
        found: Vec<String>,
    },
}

/// A table definition that the lake cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// The name cannot be a folder and an SQL name at once.
    #[error(
        "table name {name:?} must be lower-case letters, digits and underscores, beginning with a letter"
    )]
    Name {
        /// The name given.
        name: String,
    },
    /// Two columns have one name.
    #[error("table {table}: column {column} is defined twice")]
    Duplicate {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// Delta Lake has no such type.
    #[error("table {table}: column {column} has type {data_type}, which the lake does not hold; {instead}")]
    Type {
        /// The table.
        table: String,
        /// The column, with its path when nested.
        column: String,
        /// Its type.
        data_type: DataType,
        /// What would be right.
        instead: &'static str,
    },
    /// The partition column is absent or not a required text.
    #[error("table {table}: partition column {column} must be a required Utf8 column of the schema")]
    Partition {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A statistics column is absent or of a kind whose statistics would hide rows.
    #[error("table {table}: statistics column {column} {problem}")]
    Statistics {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What is wrong and what would be right.
        problem: &'static str,
    },
}

/// Puts the table's name on an error of a library underneath.
pub(crate) trait OfTable<T> {
    /// The same result, its error naming `table`.
    fn of_table(self, table: &str) -> Result<T, LakeError>;
}

impl<T> OfTable<T> for Result<T, DeltaTableError> {
    fn of_table(self, table: &str) -> Result<T, LakeError> {
        self.map_err(|source| LakeError::Delta { table: table.to_owned(), source: Box::new(source) })
    }
}

impl<T> OfTable<T> for Result<T, arrow::error::ArrowError> {
    fn of_table(self, table: &str) -> Result<T, LakeError> {
        self.map_err(|source| LakeError::Arrow { table: table.to_owned(), source })
    }
}

impl<T> OfTable<T> for Result<T, datafusion::error::DataFusionError> {
    fn of_table(self, table: &str) -> Result<T, LakeError> {
        self.map_err(|source| LakeError::Query { table: table.to_owned(), source: Box::new(source) })
    }
}

impl<T> OfTable<T> for Result<T, SchemaMismatch> {
    fn of_table(self, table: &str) -> Result<T, LakeError> {
        self.map_err(|mismatch| LakeError::Schema { table: table.to_owned(), mismatch })
    }
}

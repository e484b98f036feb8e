//! Datasets: tables that a statement makes of stored ones, kept with what is known of them: who answers for them, what
//! each column means and where it comes from, how it is graded, and which checks it passed.

mod check;
mod definition;
mod derive;
mod groups;
mod increment;

pub use check::{Check, CheckResult, Limit};
pub use definition::{ColumnHeader, Definition, Fresh, Header, Lowered, Refresh};
pub use derive::Derived;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tidegate_records::category::Category;
use tidegate_records::table::Grade;

/// Why a dataset is refused.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The file is none of a dataset.
    #[error("{name}.sql: {cause}")]
    Definition {
        /// Its name.
        name: String,
        /// What is wrong, and what would be right.
        cause: String,
    },
}

/// A dataset as readers find it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// Name in SQL.
    pub name: String,
    /// Business domain.
    pub domain: String,
    /// Table of the lake that holds the rows.
    pub lake_table: String,
    /// A few words.
    pub title: String,
    /// What a row is, and what it is for.
    pub description: String,
    /// The department that answers for it.
    pub owner: String,
    /// Its columns, in order.
    pub columns: Vec<DatasetColumn>,
    /// How its rows were made; none of rows that are only being made.
    #[serde(skip)]
    pub made: Option<Made>,
}

/// How the rows of a dataset were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Version of the dataset.
    pub version: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// How many rows.
    pub rows: u64,
    /// What was checked.
    pub checks: Vec<CheckResult>,
}

/// A column of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetColumn {
    /// Its name.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// Unit of the values.
    pub unit: Option<String>,
    /// The highest grade of what it comes from, unless the header lowers it.
    pub grade: Grade,
    /// What it is about: the most telling category of what it comes from.
    pub category: Category,
    /// Stored columns that its values are made of, as `table.column`.
    pub origins: BTreeSet<String>,
}

//! What is known of tables beyond their definitions: datasets made of them, columns that a steward graded, and when rows came.

use crate::dataset::Dataset;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use tidegate_records::category::Category;
use tidegate_records::table::{Grade, Table};
use tidegate_records::tables::TABLES;

/// What a steward confirmed of a stored column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Classification {
    /// Its grade, where it is higher than that of the definition.
    pub grade: Grade,
    /// What it is about.
    pub category: Category,
}

/// What is known of tables beyond their definitions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    /// Datasets that readers find beside the stored tables.
    pub datasets: Vec<Dataset>,
    /// Stored columns that a steward classified, by table and column.
    pub classified: BTreeMap<(String, String), Classification>,
    /// When rows were last loaded into a stored table, by its name; absent where none were, or it is not known. A platform over a
    /// snapshot takes it from there.
    pub loaded_at: BTreeMap<String, DateTime<Utc>>,
}

impl Catalog {
    /// Grade and category of a stored column; none of what is no stored column. A definition's grade is never lowered.
    pub fn of_stored(&self, table: &str, column: &str) -> Option<Classification> {
        let table = TABLES.iter().find(|known| known.name == table)?;
        Some(self.of(table, table.column(column)?))
    }

    pub(crate) fn of(&self, table: &Table, column: &tidegate_records::table::Column) -> Classification {
        let confirmed = self.classified.get(&(table.name.to_owned(), column.name.to_owned()));
        Classification {
            grade: confirmed.map_or(column.grade, |confirmed| confirmed.grade.max(column.grade)),
            category: confirmed.map_or_else(|| column.category(table), |confirmed| confirmed.category),
        }
    }
}

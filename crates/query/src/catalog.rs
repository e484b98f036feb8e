//! What is known of tables beyond their definitions: datasets made of them, columns that a steward graded, and when rows came.

use crate::dataset::Dataset;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use tidegate_records::category::Category;
use tidegate_records::table::{Grade, Table};
use tidegate_records::tables::TABLES;

/// A stored column: table and name.
pub type Stored = (String, String);

/// What is known of a column, or what a steward confirmed of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Classification {
    /// Its grade; that of the definition holds where it is higher.
    pub grade: Grade,
    /// What it is about.
    pub category: Category,
}

/// What is known of tables beyond their definitions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    /// Datasets that readers find beside the stored tables.
    pub datasets: Vec<Dataset>,
    /// Columns that a steward classified, by table and column. Datasets are raised to it: see [`Catalog::raise`].
    pub classified: BTreeMap<Stored, Classification>,
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

    /// Grade and category of a column of a stored table or of a dataset.
    pub fn of_column(&self, table: &str, column: &str) -> Option<Classification> {
        let of_dataset = || {
            let dataset = self.datasets.iter().find(|dataset| dataset.name == table)?;
            let column = dataset.columns.iter().find(|known| known.name == column)?;
            Some(Classification { grade: column.grade, category: column.category })
        };
        self.of_stored(table, column).or_else(of_dataset)
    }

    /// Raises the columns of a dataset to what stewards confirmed of them. What follows from the stored columns that they are made of
    /// stays the least.
    pub fn raise(&self, dataset: &mut Dataset) {
        for column in &mut dataset.columns {
            if let Some(confirmed) = self.classified.get(&(dataset.name.clone(), column.name.clone())) {
                column.grade = column.grade.max(confirmed.grade);
                column.category = column.category.more_telling(confirmed.category);
            }
        }
    }

    pub(crate) fn of(&self, table: &Table, column: &tidegate_records::table::Column) -> Classification {
        let confirmed = self.classified.get(&(table.name.to_owned(), column.name.to_owned()));
        Classification {
            grade: confirmed.map_or(column.grade, |confirmed| confirmed.grade.max(column.grade)),
            category: confirmed.map_or_else(|| column.category(table), |confirmed| confirmed.category),
        }
    }
}

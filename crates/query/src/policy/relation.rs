//! What policies decide about: stored tables and datasets, alike.

use crate::catalog::{Catalog, Classification};
use crate::dataset::Dataset;
use tidegate_records::tables::TABLES;

/// A table, as policies know it.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    pub name: String,
    pub domain: String,
    /// Columns by name.
    pub columns: Vec<(String, Classification)>,
}

/// The stored tables and the datasets.
pub(super) fn relations(catalog: &Catalog) -> Vec<Relation> {
    let stored = TABLES.iter().map(|table| Relation {
        name: table.name.to_owned(),
        domain: table.domain.as_str().to_owned(),
        columns: table.columns.iter().map(|c| (c.name.to_owned(), catalog.of(table, c))).collect(),
    });
    stored.chain(catalog.datasets.iter().map(Relation::from)).collect()
}

impl From<&Dataset> for Relation {
    fn from(dataset: &Dataset) -> Self {
        let columns = dataset.columns.iter().map(|column| {
            (column.name.clone(), Classification { grade: column.grade, category: column.category })
        });
        Self { name: dataset.name.clone(), domain: dataset.domain.clone(), columns: columns.collect() }
    }
}

impl Relation {
    /// How a policy names a column.
    pub fn column_id(&self, column: &str) -> String {
        format!("{}.{column}", self.name)
    }
}

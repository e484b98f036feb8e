//! What follows from the plan of a dataset: its columns, their grades and categories, and how it can be made by months.

use super::{DatasetColumn, DatasetError, Definition, increment};
use crate::catalog::Catalog;
use crate::lineage::{Lineage, Stored};
use crate::{Platform, QueryError};
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tidegate_records::category::Category;
use tidegate_records::table::{Grade, Key, Source};
use tidegate_records::tables::TABLES;

/// Categories from the one that tells most to the one that tells least.
const BY_TELLING: [Category; 8] = [
    Category::Person,
    Category::Party,
    Category::Method,
    Category::Finding,
    Category::Value,
    Category::Document,
    Category::Consignment,
    Category::Provenance,
];

/// What follows from the plan of a dataset.
#[derive(Debug, Clone)]
pub struct Derived {
    /// Columns with their types; descriptions stand as comments.
    pub schema: SchemaRef,
    /// Columns with what is known of them, in order.
    pub columns: Vec<DatasetColumn>,
    /// Stored tables that are read.
    pub tables: BTreeSet<String>,
    /// Of a dataset that is made by months: tables of which every month is made of all rows, so that all months change
    /// when they do.
    pub read_whole: Option<BTreeSet<String>>,
}

impl Platform {
    /// Plans the statement of a dataset, and derives what follows.
    ///
    /// # Errors
    /// When the statement is refused, its columns are not those of the header, or it cannot be made by months as the header
    /// says.
    pub async fn derive(&self, definition: &Definition) -> Result<Derived, QueryError> {
        let plan = self.optimised(&definition.statement(None)).await?;
        let lineage = Lineage::of(&plan)?;
        let arrow = plan.schema().as_arrow();
        let names: Vec<&str> = arrow.fields().iter().map(|field| field.name().as_str()).collect();
        check_names(definition, &names)?;
        let used: BTreeSet<Stored> = lineage
            .tables
            .iter()
            .flat_map(|(table, read)| read.used.iter().map(|column| (table.clone(), column.clone())))
            .collect();
        let columns = names
            .iter()
            .zip(&lineage.origins)
            .map(|(name, origins)| column(definition, self.catalog(), name, origins, &used));
        let columns: Vec<DatasetColumn> = columns.collect::<Result<_, _>>()?;
        let read_whole = match &definition.header.increment {
            None => None,
            Some(by) => {
                check_month(definition, by, &columns)?;
                let one = self.optimised(&definition.statement(Some(&[increment::MONTH.to_owned()]))).await?;
                Some(increment::read_whole(&one)?)
            }
        };
        let fields = arrow.fields().iter().zip(&columns).map(|(field, column)| {
            let is_month = definition.header.increment.as_ref() == Some(&column.name);
            Field::new(&column.name, field.data_type().clone(), !is_month)
                .with_metadata(HashMap::from([("comment".to_owned(), column.description.clone())]))
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Ok(Derived { schema, columns, tables: lineage.tables.into_keys().collect(), read_whole })
    }
}

fn refused(definition: &Definition, cause: String) -> DatasetError {
    DatasetError::Definition { name: definition.name.clone(), cause }
}

/// That header and statement have the same columns.
fn check_names(definition: &Definition, names: &[&str]) -> Result<(), DatasetError> {
    let described = &definition.header.columns;
    if let Some(name) = names.iter().find(|name| !described.contains_key(**name)) {
        return Err(refused(
            definition,
            format!("the column `{name}` has no [columns.{name}] in the header"),
        ));
    }
    if let Some(name) = described.keys().find(|name| !names.contains(&name.as_str())) {
        return Err(refused(definition, format!("the statement gives no column `{name}`")));
    }
    Ok(())
}

/// That the column by which the dataset is made is the month of stored rows.
fn check_month(definition: &Definition, by: &str, columns: &[DatasetColumn]) -> Result<(), DatasetError> {
    let is_month = |origin: &String| {
        TABLES.iter().any(|table| {
            let month = table.columns.iter().find(|column| column.source == Source::Key(Key::Month));
            month.is_some_and(|month| *origin == format!("{}.{}", table.name, month.name))
        })
    };
    let origins = columns.iter().find(|column| column.name == by).map(|column| &column.origins);
    if origins.is_some_and(|origins| !origins.is_empty() && origins.iter().all(is_month)) {
        return Ok(());
    }
    Err(refused(definition, format!("`{by}` is not the month of stored rows; leave `increment` out")))
}

fn column(
    definition: &Definition,
    catalog: &Catalog,
    name: &str,
    origins: &BTreeSet<Stored>,
    used: &BTreeSet<Stored>,
) -> Result<DatasetColumn, DatasetError> {
    let header = &definition.header.columns[name];
    // A number of rows comes from no column: it tells of those that choose and group the rows.
    let behind = if origins.is_empty() { used } else { origins };
    let mut grade = Grade::General1;
    let mut category = Category::Provenance;
    for (table, column) in behind {
        let known = catalog.of_stored(table, column).ok_or_else(|| {
            refused(definition, format!("it reads {table}, and datasets are made of stored tables alone"))
        })?;
        grade = grade.max(known.grade);
        category = more_telling(category, known.category);
    }
    if let Some(lowered) = &definition.header.lowered
        && !matches!(category, Category::Party | Category::Person)
    {
        grade = grade.min(lowered.grade);
    }
    Ok(DatasetColumn {
        name: name.to_owned(),
        description: header.description.clone(),
        unit: header.unit.clone(),
        grade,
        category,
        origins: origins.iter().map(|(table, column)| format!("{table}.{column}")).collect(),
    })
}

fn more_telling(a: Category, b: Category) -> Category {
    BY_TELLING.into_iter().find(|category| [a, b].contains(category)).unwrap_or(a)
}

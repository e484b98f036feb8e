//! What a reader is told of tables: `information_schema` over the tables and columns that are there for the reader.

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use datafusion::arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::datasource::{MemTable, TableProvider};
use datafusion::error::DataFusionError;
use std::sync::Arc;

/// Name of the schema, as the SQL standard has it (ISO/IEC 9075-11).
pub(crate) const CATALOG_SCHEMA: &str = "information_schema";
/// Name of the one catalog, as the engine has it.
pub const CATALOG: &str = "datafusion";
/// Name of the one schema of tables, as the engine has it.
pub const SCHEMA: &str = "public";

/// What tables are called by type.
pub const TABLE: &str = "BASE TABLE";

/// A table of the schema.
pub(crate) type NamedTable = (&'static str, Arc<dyn TableProvider>);

/// Tables `tables`, `columns` and `schemata`, of which the first two name each table of `tables`.
pub(crate) fn describe(tables: &[(String, SchemaRef)]) -> Result<Vec<NamedTable>, DataFusionError> {
    let columns = tables.iter().flat_map(|(table, schema)| {
        schema.fields().iter().enumerate().map(move |(i, field)| (table, i, field))
    });
    let columns: Vec<_> = columns.collect();
    let texts = |texts: Vec<String>| Arc::new(StringArray::from(texts)) as ArrayRef;
    let same = |text: &str, rows: usize| texts(vec![text.to_owned(); rows]);
    let comment = |field: &FieldRef| field.metadata().get("comment").cloned();

    let tables_rows = vec![
        ("table_catalog", same(CATALOG, tables.len())),
        ("table_schema", same(SCHEMA, tables.len())),
        ("table_name", texts(tables.iter().map(|(name, _)| name.clone()).collect())),
        ("table_type", same(TABLE, tables.len())),
    ];
    let position = columns.iter().map(|(_, i, _)| *i as u64 + 1);
    let nullable = |is: bool| if is { "YES" } else { "NO" }.to_owned();
    let columns_rows = vec![
        ("table_catalog", same(CATALOG, columns.len())),
        ("table_schema", same(SCHEMA, columns.len())),
        ("table_name", texts(columns.iter().map(|(table, ..)| (*table).clone()).collect())),
        ("column_name", texts(columns.iter().map(|(.., field)| field.name().clone()).collect())),
        ("ordinal_position", Arc::new(UInt64Array::from_iter_values(position)) as ArrayRef),
        ("is_nullable", texts(columns.iter().map(|(.., field)| nullable(field.is_nullable())).collect())),
        ("data_type", texts(columns.iter().map(|(.., field)| field.data_type().to_string()).collect())),
        (
            "description",
            Arc::new(columns.iter().map(|(.., field)| comment(field)).collect::<StringArray>()) as ArrayRef,
        ),
    ];
    let schemata = vec![("catalog_name", same(CATALOG, 1)), ("schema_name", same(SCHEMA, 1))];
    [("tables", tables_rows), ("columns", columns_rows), ("schemata", schemata)]
        .into_iter()
        .map(|(name, rows)| {
            let batch = RecordBatch::try_from_iter(rows)?;
            let table = MemTable::try_new(batch.schema(), vec![vec![batch]])?;
            Ok((name, Arc::new(table) as Arc<dyn TableProvider>))
        })
        .collect()
}

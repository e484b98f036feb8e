//! What a reader should be told of tables and columns: worked out from what was drawn, without the platform.

use super::reader::{Case, Left, PURPOSE};
use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray, UInt64Array, new_null_array};
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider};
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;
use std::sync::Arc;
use tidegate_query::DECLARATION_ITEM;
use tidegate_records::tables::TABLES;

/// What is told of a column.
#[derive(Clone)]
struct Told {
    name: String,
    is_nullable: bool,
    data_type: &'static str,
    grade: &'static str,
}

/// What the manual of PostgreSQL calls the types that columns of tables have (`information_schema.columns`).
fn type_name(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Utf8 => "text",
        DataType::Int64 => "bigint",
        DataType::Boolean => "boolean",
        DataType::Float32 => "real",
        DataType::Float64 => "double precision",
        DataType::Date32 => "date",
        DataType::Timestamp(_, Some(_)) => "timestamp with time zone",
        DataType::Decimal128(..) => "numeric",
        DataType::List(_) => "ARRAY",
        DataType::Struct(_) => "record",
        other => panic!("no table has a column of {other}"),
    }
}

/// Tables with their columns, in order.
fn told(case: &Case) -> Vec<(&'static str, Vec<Told>)> {
    let mut told = Vec::new();
    for (name, shown) in &case.tables {
        let table = TABLES.iter().find(|table| table.name == *name).unwrap();
        let mut columns = Vec::new();
        for field in table.schema().fields() {
            let Some((.., left)) = shown.columns.iter().find(|(column, ..)| column == field.name()) else {
                continue;
            };
            columns.push(Told {
                name: field.name().clone(),
                is_nullable: field.is_nullable() || *left != Left::Clear,
                data_type: type_name(field.data_type()),
                grade: table.column(field.name()).unwrap().grade.as_str(),
            });
        }
        told.push((*name, columns));
    }
    if let Some(columns) = case.item_view() {
        let of = |side: &str, column: &str| {
            let table = if side == "d" { "declaration" } else { "goods_item" };
            let (_, columns) = told.iter().find(|(name, _)| *name == table).unwrap();
            columns.iter().find(|told| told.name == column).unwrap().clone()
        };
        let columns = columns.iter().map(|(side, column, _)| of(side, column)).collect();
        told.push((DECLARATION_ITEM, columns));
    }
    told
}

/// Domain, description and owner of a table or of the view.
fn described(table: &str) -> [&'static str; 3] {
    if table == DECLARATION_ITEM {
        return ["declaration", "Goods items, each with the columns of its declaration.", "clearance"];
    }
    let table = TABLES.iter().find(|known| known.name == table).unwrap();
    [table.domain.as_str(), table.description, table.owner]
}

/// Puts `information_schema` into an engine of copies, with the columns of it that queries ask for.
pub fn register(context: &SessionContext, case: &Case) {
    let told = told(case);
    let texts = |texts: Vec<&str>| Arc::new(StringArray::from(texts)) as ArrayRef;
    let of_tables = vec![
        ("table_catalog", texts(vec![PURPOSE; told.len()])),
        ("table_schema", texts(vec!["public"; told.len()])),
        ("table_name", texts(told.iter().map(|(table, _)| *table).collect())),
        ("table_type", texts(vec!["BASE TABLE"; told.len()])),
        ("domain", texts(told.iter().map(|(table, _)| described(table)[0]).collect())),
        ("description", texts(told.iter().map(|(table, _)| described(table)[1]).collect())),
        ("owner", texts(told.iter().map(|(table, _)| described(table)[2]).collect())),
        // Tables at hand were loaded by nobody.
        (
            "made_at",
            new_null_array(&DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), told.len()),
        ),
    ];
    let columns: Vec<(&str, usize, &Told)> = told
        .iter()
        .flat_map(|(table, columns)| columns.iter().enumerate().map(|(i, column)| (*table, i, column)))
        .collect();
    let position = columns.iter().map(|(_, i, _)| *i as u64 + 1);
    let nullable = |told: &Told| if told.is_nullable { "YES" } else { "NO" };
    let of_columns = vec![
        ("table_catalog", texts(vec![PURPOSE; columns.len()])),
        ("table_schema", texts(vec!["public"; columns.len()])),
        ("table_name", texts(columns.iter().map(|(table, ..)| *table).collect())),
        ("column_name", texts(columns.iter().map(|(.., told)| told.name.as_str()).collect())),
        ("ordinal_position", Arc::new(UInt64Array::from_iter_values(position)) as ArrayRef),
        ("is_nullable", texts(columns.iter().map(|(.., told)| nullable(told)).collect())),
        ("data_type", texts(columns.iter().map(|(.., told)| told.data_type).collect())),
        ("grade", texts(columns.iter().map(|(.., told)| told.grade).collect())),
    ];
    let schema = MemorySchemaProvider::new();
    for (name, rows) in [("tables", of_tables), ("columns", of_columns)] {
        let batch = RecordBatch::try_from_iter(rows).unwrap();
        let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap();
        schema.register_table(name.to_owned(), Arc::new(table)).unwrap();
    }
    let catalog = context.catalog(PURPOSE).unwrap();
    catalog.register_schema("information_schema", Arc::new(schema)).unwrap();
}

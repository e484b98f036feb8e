//! What a reader is told of tables: `information_schema` over the tables, columns and datasets that are there for the reader.

use super::sql_type;
use crate::catalog::{Catalog, Classification};
use crate::dataset::{CheckResult, Dataset, Made};
use crate::item_rows::{self, DECLARATION_ITEM};
use datafusion::arrow::array::{
    ArrayRef, Int32Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt64Array,
};
use datafusion::arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::datasource::{MemTable, TableProvider};
use datafusion::error::DataFusionError;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tidegate_records::table::Table;
use tidegate_records::tables::{DECLARATION, GOODS_ITEM, TABLES};

/// Name of the schema, as the SQL standard has it (ISO/IEC 9075-11).
pub(crate) const CATALOG_SCHEMA: &str = "information_schema";
/// Name of the owner's one catalog. That of anybody else is called like the purpose.
pub(super) const OWNERS_CATALOG: &str = "tidegate";
/// Name of the one schema of tables, as the engine has it.
pub const SCHEMA: &str = "public";

/// What tables are called by type.
pub const TABLE: &str = "BASE TABLE";

/// A column with its table and its place in it.
type Described<'a> = (&'a String, usize, &'a FieldRef);

/// A table of the schema.
pub(crate) type NamedTable = (&'static str, Arc<dyn TableProvider>);

/// Tables of which every row is shown, each with the columns that hold what is stored.
pub(super) type Whole = BTreeMap<String, BTreeSet<String>>;

/// Tables `tables`, `columns` and `schemata`, of which the first two name each table of `tables`, and `datasets` for those that
/// are datasets. All of them stand in the catalog of this name. Columns beyond the standard's tell what the catalog knows; what
/// follows from all rows of a dataset is told where all are shown.
pub(super) fn describe(
    catalog_name: &str,
    tables: &[(String, SchemaRef)],
    whole: &Whole,
    catalog: &Catalog,
) -> Result<Vec<NamedTable>, DataFusionError> {
    let columns = tables.iter().flat_map(|(table, schema)| {
        schema.fields().iter().enumerate().map(move |(i, field)| (table, i, field))
    });
    let columns: Vec<Described<'_>> = columns.collect();
    let texts = |texts: Vec<String>| Arc::new(StringArray::from(texts)) as ArrayRef;
    let same = |text: &str, rows: usize| texts(vec![text.to_owned(); rows]);
    let told = |of: &str| {
        let texts = columns.iter().map(|(.., field)| field.metadata().get(of));
        Arc::new(texts.collect::<StringArray>()) as ArrayRef
    };
    let known: Vec<Option<Known<'_>>> =
        columns.iter().map(|(table, _, field)| known(catalog, table, field.name())).collect();
    let optional = |of: fn(&Known<'_>) -> Option<String>| {
        Arc::new(known.iter().map(|known| known.as_ref().and_then(of)).collect::<StringArray>()) as ArrayRef
    };

    let tables_rows = vec![
        ("table_catalog", same(catalog_name, tables.len())),
        ("table_schema", same(SCHEMA, tables.len())),
        ("table_name", texts(tables.iter().map(|(name, _)| name.clone()).collect())),
        ("table_type", same(TABLE, tables.len())),
    ];
    let tables_rows = tables_rows.into_iter().chain(what_tables_are(tables, catalog)).collect();
    let position = columns.iter().map(|(_, i, _)| *i as u64 + 1);
    let nullable = |is: bool| if is { "YES" } else { "NO" }.to_owned();
    let columns_rows = vec![
        ("table_catalog", same(catalog_name, columns.len())),
        ("table_schema", same(SCHEMA, columns.len())),
        ("table_name", texts(columns.iter().map(|(table, ..)| (*table).clone()).collect())),
        ("column_name", texts(columns.iter().map(|(.., field)| field.name().clone()).collect())),
        ("ordinal_position", Arc::new(UInt64Array::from_iter_values(position)) as ArrayRef),
        ("is_nullable", texts(columns.iter().map(|(.., field)| nullable(field.is_nullable())).collect())),
        ("data_type", texts(columns.iter().map(|(.., field)| type_name(field)).collect())),
        ("numeric_precision", digits(&columns, |(precision, _)| precision)),
        ("numeric_scale", digits(&columns, |(_, scale)| scale)),
        ("description", told("comment")),
        ("wco_id", told("tidegate.wco_id")),
        ("unit", optional(|known| known.unit.map(str::to_owned))),
        ("domain", optional(|known| Some(known.domain.to_owned()))),
        ("category", optional(|known| Some(known.classification.category.as_str().to_owned()))),
        ("grade", optional(|known| Some(known.classification.grade.as_str().to_owned()))),
    ];
    let shown = catalog.datasets.iter().filter(|d| tables.iter().any(|(name, _)| *name == d.name));
    let datasets: Vec<&Dataset> = shown.collect();
    let schemata = vec![("catalog_name", same(catalog_name, 1)), ("schema_name", same(SCHEMA, 1))];
    let described = [
        ("tables", tables_rows),
        ("columns", columns_rows),
        ("schemata", schemata),
        ("datasets", datasets_rows(&datasets, whole)),
    ];
    described
        .into_iter()
        .map(|(name, rows)| {
            let batch = RecordBatch::try_from_iter(rows)?;
            let table = MemTable::try_new(batch.schema(), vec![vec![batch]])?;
            Ok((name, Arc::new(table) as Arc<dyn TableProvider>))
        })
        .collect()
}

fn type_name(field: &FieldRef) -> String {
    sql_type::name(field.data_type()).to_owned()
}

/// Of the digits of decimals, all or those after the point; none of other columns.
fn digits(columns: &[Described<'_>], which: fn((i32, i32)) -> i32) -> ArrayRef {
    let digits = columns.iter().map(|(.., field)| sql_type::digits(field.data_type()).map(which));
    Arc::new(digits.collect::<Int32Array>())
}

fn stored(name: &str) -> Option<&'static Table> {
    let name = if name == DECLARATION_ITEM { GOODS_ITEM.name } else { name };
    TABLES.iter().copied().find(|known| known.name == name)
}

/// What a table, dataset or view is, in words.
pub(super) fn description<'a>(name: &str, catalog: &'a Catalog) -> Option<&'a str> {
    if name == DECLARATION_ITEM {
        return Some(item_rows::DESCRIPTION);
    }
    let dataset = || catalog.datasets.iter().find(|dataset| dataset.name == name);
    stored(name).map(|table| table.description).or_else(|| dataset().map(|d| d.description.as_str()))
}

/// Domain, description and owner of each table, and when its rows were made: those of a stored table when some were last loaded,
/// those of a dataset with its newest version.
fn what_tables_are(tables: &[(String, SchemaRef)], catalog: &Catalog) -> Vec<(&'static str, ArrayRef)> {
    let dataset = |name: &str| catalog.datasets.iter().find(|dataset| dataset.name == name);
    let (mut domains, mut descriptions, mut owners, mut made_at) = (vec![], vec![], vec![], vec![]);
    for (name, _) in tables {
        let (stored, dataset) = (stored(name), dataset(name));
        domains.push(stored.map(|t| t.domain.as_str()).or(dataset.map(|d| d.domain.as_str())));
        descriptions.push(description(name, catalog));
        owners.push(stored.map(|t| t.owner).or(dataset.map(|d| d.owner.as_str())));
        let loaded_at = stored.and_then(|t| catalog.loaded_at.get(t.name)).copied();
        let at = loaded_at.or(dataset.and_then(|d| d.made.as_ref()).map(|made| made.at));
        made_at.push(at.map(|at| at.timestamp_micros()));
    }
    vec![
        ("domain", Arc::new(StringArray::from(domains)) as ArrayRef),
        ("description", Arc::new(StringArray::from(descriptions))),
        ("owner", Arc::new(StringArray::from(owners))),
        ("made_at", Arc::new(TimestampMicrosecondArray::from(made_at).with_timezone("UTC"))),
    ]
}

/// One row for each dataset: who answers for it, how it was made, and how it passed its checks.
fn datasets_rows(datasets: &[&Dataset], whole: &Whole) -> Vec<(&'static str, ArrayRef)> {
    let text = |of: fn(&Dataset) -> &str| {
        Arc::new(StringArray::from_iter_values(datasets.iter().map(|d| of(d)))) as ArrayRef
    };
    let count = |of: fn(&Made) -> u64| {
        let counts = datasets.iter().map(|dataset| dataset.made.as_ref().map(of));
        Arc::new(counts.collect::<UInt64Array>()) as ArrayRef
    };
    let made_at = datasets.iter().map(|d| d.made.as_ref().map(|made| made.at.timestamp_micros()));
    let rows =
        datasets.iter().map(|d| d.made.as_ref().filter(|_| whole.contains_key(&d.name)).map(|m| m.rows));
    let failed = datasets.iter().map(|d| d.made.as_ref().and_then(|made| failed(d, made, whole)));
    vec![
        ("dataset_name", text(|d| &d.name)),
        ("domain", text(|d| &d.domain)),
        ("title", text(|d| &d.title)),
        ("description", text(|d| &d.description)),
        ("owner", text(|d| &d.owner)),
        ("version", count(|made| made.version)),
        (
            "made_at",
            Arc::new(made_at.collect::<TimestampMicrosecondArray>().with_timezone("UTC")) as ArrayRef,
        ),
        ("row_count", Arc::new(rows.collect::<UInt64Array>()) as ArrayRef),
        ("checks", count(|made| made.checks.len() as u64)),
        ("failed_checks", Arc::new(failed.collect::<StringArray>()) as ArrayRef),
    ]
}

/// Which checks failed, with what they found, of those that ask of nothing but what is shown; nothing where rows are hidden.
fn failed(dataset: &Dataset, made: &Made, whole: &Whole) -> Option<String> {
    let shown = whole.get(&dataset.name)?;
    let is_column = |name: &str| dataset.columns.iter().any(|column| column.name == name);
    // After a word for what is asked stand columns of the dataset, or a stored table whose last rows it was made of.
    let is_shown = |name: &str| if is_column(name) { shown.contains(name) } else { whole.contains_key(name) };
    let is_told = |check: &&CheckResult| {
        let of = check.name.split_once(' ').map_or("", |(_, of)| of);
        of.split(", ").all(is_shown)
    };
    let failed = made.checks.iter().filter(|check| !check.is_passed).filter(is_told);
    Some(failed.map(|check| format!("{}: {}", check.name, check.found)).collect::<Vec<_>>().join("; "))
}

/// What is known of a column beyond its type.
struct Known<'a> {
    domain: &'a str,
    unit: Option<&'a str>,
    classification: Classification,
}

fn known<'a>(catalog: &'a Catalog, table: &str, column: &str) -> Option<Known<'a>> {
    let stored = |table: &'static Table| {
        let column = table.column(column)?;
        let classification = catalog.of(table, column);
        Some(Known { domain: table.domain.as_str(), unit: column.unit, classification })
    };
    if table == DECLARATION_ITEM {
        return stored(&DECLARATION).or_else(|| stored(&GOODS_ITEM));
    }
    if let Some(table) = TABLES.iter().find(|known| known.name == table) {
        return stored(table);
    }
    let dataset = catalog.datasets.iter().find(|dataset| dataset.name == table)?;
    let column = dataset.columns.iter().find(|known| known.name == column)?;
    let classification = Classification { grade: column.grade, category: column.category };
    Some(Known { domain: &dataset.domain, unit: column.unit.as_deref(), classification })
}

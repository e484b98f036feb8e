//! What the catalog of PostgreSQL has for everybody alike: types, operators, words of SQL and the like. It is decoded once for
//! the process, when the first reader comes, and all doors share it.

use super::oids::WITHOUT_ROWS;
use super::{empty, governed, more, settings};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::catalog::{CatalogProviderList, MemoryCatalogProviderList};
use datafusion::datasource::TableProvider;
use datafusion::error::DataFusionError;
use datafusion_pg_catalog::pg_catalog::context::EmptyContextProvider;
use datafusion_pg_catalog::pg_catalog::{
    PG_CATALOG_TABLES, PgCatalogSchemaProvider, PgCatalogStaticTables, PgCatalogTable,
};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// The function that gives the words of SQL.
pub(super) const KEYWORDS: &str = "pg_get_keywords";

/// Tables that tell what is there for a reader: each door has its own.
pub(super) const TELLING: &[&str] =
    &["pg_attribute", "pg_class", "pg_database", "pg_description", "pg_namespace", "pg_tables"];

/// The tables of the catalog.
///
/// No reader learns of another by what they share. It is made of what is compiled in, over a list of catalogs in which there is
/// nothing, so that no door could have put anything there; tables that tell what is there for a reader have their columns here
/// and no row, and a door puts its own in their place. And it stays as it was made: a statement that changes rows is not let
/// through, and a governed table takes none.
#[derive(Debug)]
pub(super) struct Shared {
    tables: BTreeMap<&'static str, CatalogTable>,
    /// The words of SQL.
    keywords: Arc<dyn TableProvider>,
}

/// A table, as a governed one.
#[derive(Debug)]
struct CatalogTable {
    table: Arc<dyn TableProvider>,
    /// Whether `pg_class` calls it a view.
    is_view: bool,
}

impl Shared {
    /// The tables, which are decoded when they are asked for first.
    pub(super) fn get() -> Result<&'static Self, DataFusionError> {
        static SHARED: OnceLock<Shared> = OnceLock::new();
        if let Some(shared) = SHARED.get() {
            return Ok(shared);
        }
        let decoded = Self::decode()?;
        Ok(SHARED.get_or_init(|| decoded))
    }

    fn decode() -> Result<Self, DataFusionError> {
        let nothing: Arc<dyn CatalogProviderList> = Arc::new(MemoryCatalogProviderList::new());
        let decoded = Arc::new(PgCatalogStaticTables::try_new()?);
        let library = PgCatalogSchemaProvider::try_new(nothing, Arc::clone(&decoded), EmptyContextProvider)?;
        let mut tables = BTreeMap::new();
        for &name in PG_CATALOG_TABLES {
            let found = library.build_table_by_name(name)?.ok_or_else(|| there_is_no(name))?;
            let is_view = matches!(found, PgCatalogTable::Dynamic(_));
            let table = match name {
                "pg_class" => empty(with_rights(&found.schema()))?,
                "pg_settings" => settings::table(&found.schema())?,
                _ if TELLING.contains(&name) || WITHOUT_ROWS.contains(&name) => empty(found.schema())?,
                _ => found.try_into_table_provider()?,
            };
            tables.insert(name, CatalogTable { table: governed(name, table), is_view });
        }
        for (name, table) in more::tables()? {
            tables.insert(name, CatalogTable { table: governed(name, table), is_view: false });
        }
        let words = decoded.pg_get_keywords.try_into_memtable()?;
        Ok(Self { tables, keywords: governed(KEYWORDS, words) })
    }

    /// Names of the tables.
    pub(super) fn names(&self) -> Vec<String> {
        self.tables.keys().map(|name| (*name).to_owned()).collect()
    }

    /// A table.
    pub(super) fn table(&self, name: &str) -> Option<&Arc<dyn TableProvider>> {
        self.tables.get(name).map(|found| &found.table)
    }

    /// The words of SQL as a table.
    pub(super) fn keywords(&self) -> Arc<dyn TableProvider> {
        Arc::clone(&self.keywords)
    }

    /// Columns of a table.
    pub(super) fn columns(&self, name: &str) -> Result<SchemaRef, DataFusionError> {
        self.table(name).map(|table| table.schema()).ok_or_else(|| there_is_no(name))
    }

    /// Tables that `pg_class` lists, which are those of the library: whether each is a view, and its columns.
    pub(super) fn listed(&self) -> BTreeMap<String, (bool, SchemaRef)> {
        let listed = self.tables.iter().filter(|(name, _)| PG_CATALOG_TABLES.contains(name));
        listed.map(|(name, found)| ((*name).to_owned(), (found.is_view, found.table.schema()))).collect()
    }
}

fn there_is_no(name: &str) -> DataFusionError {
    DataFusionError::Internal(format!("there is no {name}"))
}

/// Columns of `pg_class` that clients ask for besides those that it has: rights and options, of which there are none.
fn with_rights(schema: &Schema) -> SchemaRef {
    let mut fields: Vec<FieldRef> = schema.fields().iter().map(Arc::clone).collect();
    for name in ["relacl", "reloptions"] {
        if schema.field_with_name(name).is_err() {
            fields.push(Arc::new(Field::new(name, DataType::Utf8, true)));
        }
    }
    Arc::new(Schema::new(fields))
}

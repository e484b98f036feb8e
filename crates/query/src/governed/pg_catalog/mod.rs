//! The catalog of PostgreSQL (`pg_catalog`), which its clients ask before anything else. It is made from the tables that
//! are there for the reader.

mod functions;
mod more;
mod oids;
mod relations;
mod rights;
mod rows;
mod settings;
mod type_names;

pub use oids::{WITHOUT_ROWS, catalog_table};
pub use settings::SETTINGS;

use super::GovernedTable;
use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::SchemaProvider;
use datafusion::datasource::{MemTable, TableProvider};
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use datafusion_pg_catalog::pg_catalog::context::EmptyContextProvider;
use datafusion_pg_catalog::setup_pg_catalog;
use std::collections::HashMap;
use std::sync::Arc;

const SCHEMA: &str = "pg_catalog";

/// Who asks the catalog, and what tables are called in words.
pub(super) struct Asker<'a> {
    /// Name of the reader.
    pub(super) name: &'a str,
    /// Name of the database: to a client of PostgreSQL that is the catalog, which is called like the purpose.
    pub(super) database: &'a str,
    /// Description of a table.
    pub(super) description: &'a (dyn Fn(&str) -> Option<String> + Sync),
}

/// Adds the catalog, and the functions that go with it, to an engine whose other tables are there already.
pub(super) async fn install(context: &SessionContext, asker: &Asker<'_>) -> Result<(), DataFusionError> {
    setup_pg_catalog(context, asker.database, EmptyContextProvider).map_err(|error| *error)?;
    let catalog = context.catalog(asker.database);
    let tables = catalog.as_ref().and_then(|catalog| catalog.schema(SCHEMA));
    if let (Some(catalog), Some(tables)) = (catalog, tables) {
        let relations = relations::describe(catalog.as_ref(), tables.as_ref()).await?;
        functions::register(context, asker, relations.visible())?;
        let mut own = relations.tables(asker)?;
        own.extend(more::tables()?);
        for name in WITHOUT_ROWS {
            if let Some(table) = tables.table(name).await? {
                own.insert((*name).to_owned(), empty(table.schema())?);
            }
        }
        catalog.register_schema(SCHEMA, Arc::new(Catalog { tables, own }))?;
    }
    Ok(())
}

/// Takes the catalog out of an engine again. It has the list of catalogs that it stands in, so that otherwise neither would ever
/// be freed.
pub(super) fn remove(context: &SessionContext) {
    let name = context.state().config_options().catalog.default_catalog.clone();
    let removed = context.catalog(&name).map(|catalog| catalog.deregister_schema(SCHEMA, true));
    if let Some(Err(error)) = removed {
        tracing::error!(%error, "the catalog of PostgreSQL of a reader stays in memory");
    }
}

fn empty(schema: SchemaRef) -> Result<Arc<dyn TableProvider>, DataFusionError> {
    Ok(Arc::new(MemTable::try_new(schema, vec![vec![]])?))
}

/// The tables of the catalog, each as a governed one: they hold nothing that is not there for the reader.
#[derive(Debug)]
struct Catalog {
    /// What every server of PostgreSQL has in them: types and the like.
    tables: Arc<dyn SchemaProvider>,
    /// Tables that take the place of those: what is there for the reader, and nothing where there is nothing.
    own: HashMap<String, Arc<dyn TableProvider>>,
}

#[async_trait]
impl SchemaProvider for Catalog {
    fn table_names(&self) -> Vec<String> {
        let more = self.own.keys().filter(|name| !self.tables.table_exist(name)).cloned();
        self.tables.table_names().into_iter().chain(more).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let table = match self.own.get(name) {
            Some(own) => Some(Arc::clone(own)),
            None => self.tables.table(name).await?,
        };
        let governed = |table| Arc::new(GovernedTable::open(&format!("{SCHEMA}.{name}"), table)) as _;
        Ok(table.map(governed))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.own.contains_key(name) || self.tables.table_exist(name)
    }
}

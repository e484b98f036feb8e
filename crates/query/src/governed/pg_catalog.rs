//! The catalog of PostgreSQL (`pg_catalog`), which its clients ask before anything else. It is made from the tables that
//! are there for the reader.

use super::GovernedTable;
use async_trait::async_trait;
use datafusion::catalog::SchemaProvider;
use datafusion::datasource::TableProvider;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use datafusion_pg_catalog::pg_catalog::context::EmptyContextProvider;
use datafusion_pg_catalog::setup_pg_catalog;
use std::sync::Arc;

const SCHEMA: &str = "pg_catalog";

/// Adds the catalog, and the functions that go with it, to an engine whose other tables are there already.
pub(super) fn install(context: &SessionContext) -> Result<(), DataFusionError> {
    let name = context.state().config_options().catalog.default_catalog.clone();
    setup_pg_catalog(context, &name, EmptyContextProvider).map_err(|error| *error)?;
    let catalog = context.catalog(&name);
    let tables = catalog.as_ref().and_then(|catalog| catalog.schema(SCHEMA));
    if let (Some(catalog), Some(tables)) = (catalog, tables) {
        catalog.register_schema(SCHEMA, Arc::new(Catalog(tables)))?;
    }
    Ok(())
}

/// The tables of the catalog, each as a governed one: they hold nothing that is not there for the reader.
#[derive(Debug)]
struct Catalog(Arc<dyn SchemaProvider>);

#[async_trait]
impl SchemaProvider for Catalog {
    fn table_names(&self) -> Vec<String> {
        self.0.table_names()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let governed = |table| Arc::new(GovernedTable::open(&format!("{SCHEMA}.{name}"), table)) as _;
        Ok(self.0.table(name).await?.map(governed))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.0.table_exist(name)
    }
}

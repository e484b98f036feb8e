//! The catalog of PostgreSQL (`pg_catalog`), which its clients ask before anything else. It is made from the tables that
//! are there for the reader.

mod booleans;
mod functions;
mod more;
mod oids;
mod relations;
mod rights;
mod rows;
mod settings;
mod shared;
mod type_names;

pub use oids::{WITHOUT_ROWS, catalog_table};
pub use settings::SETTINGS;

use super::GovernedTable;
use async_trait::async_trait;
use booleans::Booleans;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{CatalogProvider, SchemaProvider};
use datafusion::datasource::{MemTable, TableProvider};
use datafusion::error::DataFusionError;
use datafusion::execution::{FunctionRegistry, SessionStateBuilder};
use datafusion::prelude::SessionContext;
use datafusion_pg_catalog::pg_catalog::generate_series_arg_coercion::CoerceIntArgsToBigInt;
use datafusion_pg_catalog::pg_catalog::oid_type_planner::PgOidTypePlanner;
use shared::Shared;
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

/// Adds the catalog, and the functions and types that go with it, to an engine whose other tables are there already, in the
/// catalog that is given.
pub(super) async fn install(
    context: &SessionContext,
    catalog: &dyn CatalogProvider,
    asker: &Asker<'_>,
) -> Result<(), DataFusionError> {
    let shared = Shared::get()?;
    let relations = relations::describe(catalog, shared).await?;
    let own = relations.tables(asker, shared)?;
    know_types(context);
    context.state_ref().write().register_expr_planner(Arc::new(Booleans))?;
    functions::register(context, asker, relations.visible(), shared);
    catalog.register_schema(SCHEMA, Arc::new(Catalog { shared, own }))?;
    Ok(())
}

/// Lets an engine read types of numbers of objects (`regclass`), and `int4` as bounds of a series.
fn know_types(context: &SessionContext) {
    let state = SessionStateBuilder::new_from_existing(context.state());
    let state = state.with_type_planner(Arc::new(PgOidTypePlanner)).build();
    *context.state_ref().write() = state;
    CoerceIntArgsToBigInt::widen(context);
}

fn empty(schema: SchemaRef) -> Result<Arc<dyn TableProvider>, DataFusionError> {
    Ok(Arc::new(MemTable::try_new(schema, vec![vec![]])?))
}

/// A table of the catalog as a governed one, as no other is read.
fn governed(name: &str, table: Arc<dyn TableProvider>) -> Arc<dyn TableProvider> {
    Arc::new(GovernedTable::open(&format!("{SCHEMA}.{name}"), table))
}

/// The tables of the catalog: they hold nothing that is not there for the reader. What they refer to does not lead back to the
/// engine, which would keep both in memory after the door is closed.
#[derive(Debug)]
struct Catalog {
    /// What is the same for everybody: types and the like.
    shared: &'static Shared,
    /// Tables that take the place of those: what is there for the reader.
    own: HashMap<&'static str, Arc<dyn TableProvider>>,
}

#[async_trait]
impl SchemaProvider for Catalog {
    fn table_names(&self) -> Vec<String> {
        self.shared.names()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        Ok(self.own.get(name).or_else(|| self.shared.table(name)).map(Arc::clone))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.shared.table(name).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::RecordBatch;
    use datafusion::prelude::SessionConfig;
    use datafusion_pg_catalog::pg_catalog::PG_CATALOG_TABLES;
    use datafusion_pg_catalog::pg_catalog::context::EmptyContextProvider;
    use datafusion_pg_catalog::setup_pg_catalog;

    const DATABASE: &str = "inspection";

    fn engine() -> SessionContext {
        let config = SessionConfig::new().with_default_catalog_and_schema(DATABASE, "public");
        SessionContext::new_with_config(config)
    }

    /// An engine with the catalog, and one with the catalog as the library has it.
    async fn engines() -> [SessionContext; 2] {
        let (ours, of_library) = (engine(), engine());
        let catalog = ours.catalog(DATABASE).unwrap();
        let asker = Asker { name: "Ana", database: DATABASE, description: &|_| None };
        install(&ours, catalog.as_ref(), &asker).await.unwrap();
        setup_pg_catalog(&of_library, DATABASE, EmptyContextProvider).unwrap();
        [ours, of_library]
    }

    async fn rows(context: &SessionContext, sql: &str) -> Vec<RecordBatch> {
        context.sql(sql).await.unwrap().collect().await.unwrap()
    }

    #[tokio::test]
    async fn what_is_for_everybody_is_as_the_library_has_it() {
        let [ours, of_library] = engines().await;
        let is_other = |name: &str| {
            WITHOUT_ROWS.contains(&name) || shared::TELLING.contains(&name) || name == "pg_settings"
        };
        for name in PG_CATALOG_TABLES.iter().filter(|name| !is_other(name)) {
            let sql = format!("SELECT * FROM pg_catalog.{name}");
            assert_eq!(rows(&ours, &sql).await, rows(&of_library, &sql).await, "{name}");
        }
        assert!(rows(&ours, "SELECT * FROM pg_catalog.pg_type").await[0].num_rows() > 100);
        let words = "SELECT * FROM pg_get_keywords()";
        assert_eq!(rows(&ours, words).await, rows(&of_library, words).await);
        for name in WITHOUT_ROWS {
            let found = rows(&ours, &format!("SELECT * FROM pg_catalog.{name}")).await;
            assert_eq!(found.iter().map(RecordBatch::num_rows).sum::<usize>(), 0, "{name}");
        }
    }

    #[tokio::test]
    async fn functions_and_types_of_the_library_are_known() {
        let [ours, of_library] = engines().await;
        let (known, wanted) = (ours.state(), of_library.state());
        for name in wanted.scalar_functions().keys() {
            assert!(known.scalar_functions().contains_key(name), "{name}");
        }
        for name in wanted.table_functions().keys() {
            assert!(known.table_functions().contains_key(name), "{name}");
        }
        for sql in [
            "SELECT CAST(1247 AS regclass)",
            "SELECT s.r FROM generate_series(1, array_upper(ARRAY[1, 2, 3], 1)) AS s(r)",
        ] {
            assert_eq!(rows(&ours, sql).await, rows(&of_library, sql).await, "{sql}");
        }
    }
}

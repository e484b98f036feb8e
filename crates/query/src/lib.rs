//! How anyone reads: one door to the tables of the lake. [`Platform::plan_for`] is the only way from SQL to rows;
//! it knows one principal yet, the local owner, who may read everything and change nothing.

mod assess;
mod item_rows;

pub use assess::assessment_fields;
pub use item_rows::DECLARATION_ITEM;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::common::{Column, ScalarValue, SchemaError};
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::{MemTable, TableProvider};
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::context::{SQLOptions, SessionConfig, SessionContext};
use datafusion::prelude::{DataFrame, Expr, lit};
use datafusion::sql::parser::Statement;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use tidegate_lake::{Lake, LakeError, Snapshot};
use tidegate_records::path::nearest;
use tidegate_records::table::Table;
use tidegate_records::tables::TABLES;
use tidegate_risk::bundle::{Bundle, BundleHash};

/// Why a query is not answered.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The lake cannot be read.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// The statement is refused or fails.
    #[error("{}", .0.strip_backtrace())]
    Engine(#[source] DataFusionError),
    /// The statement names a column that none of its tables has.
    #[error("there is no column `{name}`{hint}; `tidegate dictionary` lists the columns of every table")]
    Column {
        /// As it was written.
        name: String,
        /// The nearest that there is.
        hint: String,
    },
    /// A call of `assess` is none, or names no bundle.
    #[error("{0}")]
    Assess(String),
    /// A read needs a purpose.
    #[error("a read needs a purpose; say what it is for")]
    NoPurpose,
}

impl From<DataFusionError> for QueryError {
    fn from(error: DataFusionError) -> Self {
        let DataFusionError::SchemaError(cause, _) = error.find_root() else { return Self::Engine(error) };
        let SchemaError::FieldNotFound { field, valid_fields } = cause.as_ref() else {
            return Self::Engine(error);
        };
        let near = nearest(field.name(), valid_fields.iter().map(Column::name));
        let hint = near.map(|n| format!("; `{n}` is the nearest")).unwrap_or_default();
        Self::Column { name: field.quoted_flat_name(), hint }
    }
}

/// A table as it was stored, with the columns that its definition has gained since: absent in every row.
fn with_new_columns(
    context: &SessionContext,
    definition: &Table,
    stored: Arc<dyn TableProvider>,
) -> Result<Arc<dyn TableProvider>, QueryError> {
    let (schema, known) = (definition.schema(), stored.schema());
    let is_gained = |f: &&FieldRef| f.is_nullable() && known.field_with_name(f.name()).is_err();
    let gained = schema.fields().iter().filter(is_gained);
    let absent = |field: &FieldRef| {
        Ok::<_, QueryError>(lit(ScalarValue::try_from(field.data_type())?).alias(field.name()))
    };
    let gained: Vec<Expr> = gained.map(absent).collect::<Result<_, _>>()?;
    if gained.is_empty() {
        return Ok(stored);
    }
    let frame = context.read_table(stored)?;
    let kept = frame.schema().columns().into_iter().map(Expr::Column);
    let columns: Vec<Expr> = kept.chain(gained).collect();
    Ok(frame.select(columns)?.into_view())
}

/// Who reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// The person whose machine it is.
    LocalOwner,
}

/// How an engine works; answers do not depend on it but for the order of rows that no `ORDER BY` fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Engine {
    /// Threads that one query uses; all that the machine has when none.
    pub threads: Option<NonZeroUsize>,
    /// Rows of a batch; the engine's own number when none.
    pub batch_rows: Option<NonZeroUsize>,
}

impl Engine {
    fn session(self) -> SessionConfig {
        let mut config = SessionConfig::new().with_information_schema(true);
        if let Some(threads) = self.threads {
            config = config.with_target_partitions(threads.get());
        }
        if let Some(rows) = self.batch_rows {
            config = config.with_batch_size(rows.get());
        }
        config
    }
}

/// The tables of the lake in one state, behind one door.
pub struct Platform {
    context: SessionContext,
    bundles: assess::Bundles,
}

impl Platform {
    /// Opens the tables as a snapshot has them; a table without rows yet is there and empty.
    ///
    /// # Errors
    /// When the lake cannot be read.
    pub async fn open(lake: &Lake, snapshot: Option<&Snapshot>, engine: Engine) -> Result<Self, QueryError> {
        let mut stored: BTreeMap<&str, Arc<dyn TableProvider>> = BTreeMap::new();
        if let Some(snapshot) = snapshot {
            for table in TABLES.iter().filter(|t| snapshot.tables.contains_key(t.name)) {
                stored.insert(table.name, lake.provider(snapshot, table.name).await?);
            }
        }
        Self::over(stored, engine).await
    }

    /// Opens rows at hand in place of the tables of a lake; tables without rows are there and empty.
    ///
    /// # Errors
    /// When a batch does not fit the view of goods items.
    pub async fn in_memory(rows: Vec<(&str, RecordBatch)>) -> Result<Self, QueryError> {
        let mut tables: BTreeMap<&str, Arc<dyn TableProvider>> = BTreeMap::new();
        for (name, batch) in rows {
            tables.insert(name, Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?));
        }
        Self::over(tables, Engine::default()).await
    }

    async fn over(
        tables: BTreeMap<&str, Arc<dyn TableProvider>>,
        engine: Engine,
    ) -> Result<Self, QueryError> {
        let mut config = engine.session();
        // Identifiers keep their case nowhere in our tables; nothing is written, so no other setting matters.
        config.options_mut().sql_parser.dialect = datafusion::config::Dialect::PostgreSQL;
        let context = SessionContext::new_with_config(config);
        for table in TABLES.iter().filter(|t| !tables.contains_key(t.name)) {
            context.register_table(table.name, Arc::new(EmptyTable::new(table.schema())))?;
        }
        for (name, table) in tables {
            let table = match TABLES.iter().find(|t| t.name == name) {
                Some(definition) => with_new_columns(&context, definition, table)?,
                None => table,
            };
            context.register_table(name, table)?;
        }
        let view = context.sql(&item_rows::view_sql()).await?.into_view();
        context.register_table(DECLARATION_ITEM, view)?;
        Ok(Self { context, bundles: assess::Bundles::new() })
    }

    /// Names of the bundles that a statement assesses with, for [`Platform::add_bundle`].
    ///
    /// # Errors
    /// When the statement is no SQL.
    pub fn bundle_names(&self, sql: &str) -> Result<Vec<String>, QueryError> {
        Ok(assess::bundle_names(&mut self.parse(sql)?))
    }

    /// Lets statements assess with a bundle under a name: `assess('name', r.*)`.
    pub fn add_bundle(&mut self, name: &str, hash: BundleHash, bundle: Arc<Bundle>) {
        self.context.register_udf(assess::function(hash, Arc::clone(&bundle)));
        self.bundles.insert(name.to_owned(), (hash, bundle));
    }

    fn parse(&self, sql: &str) -> Result<Statement, QueryError> {
        let state = self.context.state();
        let dialect = state.config_options().sql_parser.dialect;
        Ok(state.sql_to_statement(sql, &dialect)?)
    }

    /// Plans a statement for a principal and a purpose.
    ///
    /// # Errors
    /// When the statement is no query, or names what is not there.
    pub async fn plan_for(
        &self,
        principal: &Principal,
        purpose: &str,
        sql: &str,
    ) -> Result<Plan, QueryError> {
        let Principal::LocalOwner = principal;
        if purpose.trim().is_empty() {
            return Err(QueryError::NoPurpose);
        }
        let read_only =
            SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        let mut statement = self.parse(sql)?;
        assess::resolve(&mut statement, &self.bundles)?;
        let plan = self.context.state().statement_to_plan(statement).await?;
        read_only.verify_plan(&plan)?;
        Ok(Plan { frame: self.context.execute_logical_plan(plan).await? })
    }
}

/// A planned query.
pub struct Plan {
    frame: DataFrame,
}

impl Plan {
    /// Columns of the answer.
    pub fn schema(&self) -> SchemaRef {
        Arc::new(self.frame.schema().as_arrow().clone())
    }

    /// Runs the query and streams its answer.
    ///
    /// # Errors
    /// When the query fails; errors of single batches come in the stream.
    pub async fn stream(self) -> Result<SendableRecordBatchStream, QueryError> {
        Ok(self.frame.execute_stream().await?)
    }

    /// Runs the query and gives the whole answer.
    ///
    /// # Errors
    /// When the query fails.
    pub async fn collect(self) -> Result<Vec<RecordBatch>, QueryError> {
        Ok(self.frame.collect().await?)
    }
}

//! The door of one reader for one purpose: an engine that knows the tables, columns and functions that are there for
//! this reader, and nothing else. They stand in one catalog, which is called like the purpose.

use super::catalog::Whole;
use super::rule::{Rules, Stored};
use super::{GovernedTable, bounded, catalog, pg_catalog, recursion, verify};
use crate::QueryError;
use crate::assess::{self, Bundles};
use crate::catalog::Catalog;
use crate::engine::{Allowance, Engine};
use crate::extent;
use crate::item_rows::{self, DECLARATION_ITEM};
use crate::plan::{Plan, Usage};
use crate::policy::{Access, Compiler, Policy};
use crate::principal::Person;
use crate::reading::{Fingerprint, Reading, StatementText};
use crate::running;
use crate::subjects::Naming;
use crate::whole_aggregate::session_context;
use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider};
use datafusion::common::ParamValues;
use datafusion::datasource::TableProvider;
use datafusion::error::DataFusionError;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::Statement;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use tokio::time::timeout;

/// Most parameters of a statement, as PostgreSQL's protocol counts them.
const MOST_PARAMETERS: usize = 65535;

/// Functions of the engine that tell of files, where nothing stands between them and a table's files.
const OF_FILES: [&str; 2] = ["file_row_index", "input_file_name"];

/// Who comes in.
pub(crate) enum Entry<'a> {
    /// The local owner, for whom everything is there.
    Owner,
    /// A person under a policy, for a purpose.
    Person {
        person: &'a Person,
        purpose: &'a str,
        policy: &'a Policy,
        compiler: &'a Compiler,
        allowance: Arc<Allowance>,
    },
}

/// What a statement answers with, and the types of its parameters, where they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Columns of the answer.
    pub schema: SchemaRef,
    /// Parameters `$1`, `$2`, … in order.
    pub parameters: Vec<Option<DataType>>,
}

impl Described {
    /// A statement without an answer and without parameters.
    pub fn nothing() -> Self {
        Self { schema: Arc::new(Schema::empty()), parameters: Vec::new() }
    }
}

/// What is there for one reader and purpose.
pub(crate) struct Door {
    context: SessionContext,
    may_explain: bool,
    may_assess: bool,
    /// Name and purpose, for messages.
    reader: (String, String),
    allowance: Option<Arc<Allowance>>,
    /// Columns that tell of companies and persons, for the audit log.
    naming: Naming,
}

impl Door {
    #[cfg(test)]
    pub(crate) fn catalogs(&self) -> std::sync::Weak<dyn datafusion::catalog::CatalogProviderList> {
        Arc::downgrade(self.context.state().catalog_list())
    }

    /// Opens a door to stored tables.
    pub(crate) async fn open(
        entry: Entry<'_>,
        stored: &Stored,
        catalog: &Catalog,
        engine: Engine,
    ) -> Result<Self, QueryError> {
        match entry {
            Entry::Owner => {
                let tables = stored.iter().map(|(name, raw)| GovernedTable::open(name, Arc::clone(raw)));
                let config = engine.session(catalog::OWNERS_CATALOG, catalog::SCHEMA);
                let context = session_context(config, Arc::default());
                let reader = ("local-owner".to_owned(), String::new());
                Self::with(context, tables.collect(), catalog, (true, true), reader, None).await
            }
            Entry::Person { person, purpose, policy, compiler, allowance } => {
                let access: Access = policy.access(person, purpose, catalog)?;
                let rules = Rules { policy, compiler, person, stored }.all(&access)?;
                let table = |(name, rule): (String, _)| {
                    let raw = stored.get(&name).cloned();
                    raw.map(|raw| GovernedTable::ruled(&name, raw, &rule))
                };
                let tables = rules.into_iter().filter_map(table).collect::<Result<_, _>>()?;
                let config = engine.session(purpose, catalog::SCHEMA);
                let context = session_context(config, Arc::clone(&allowance.runtime));
                let reader = (person.name.clone(), purpose.to_owned());
                let may = (access.may_explain, access.may_assess);
                Self::with(context, tables, catalog, may, reader, Some(allowance)).await
            }
        }
    }

    async fn with(
        context: SessionContext,
        tables: Vec<GovernedTable>,
        known_of: &Catalog,
        (may_explain, may_assess): (bool, bool),
        reader: (String, String),
        allowance: Option<Arc<Allowance>>,
    ) -> Result<Self, QueryError> {
        let mut known: Vec<(String, SchemaRef)> =
            tables.iter().map(|table| (table.name().to_owned(), table.schema())).collect();
        let whole = tables.iter().filter_map(|table| Some((table.name().to_owned(), table.of_all_rows()?)));
        let whole: Whole = whole.collect();
        for table in tables {
            context.register_table(table.name().to_owned(), Arc::new(table))?;
        }
        let schema = |name: &str| known.iter().find(|(known, _)| known == name).map(|(_, schema)| schema);
        if let Some(sql) = item_rows::view_sql(schema) {
            let view = context.sql(&sql).await?.into_view();
            known.push((DECLARATION_ITEM.to_owned(), view.schema()));
            context.register_table(DECLARATION_ITEM, view)?;
        }
        let own = context.state().config_options().catalog.default_catalog.clone();
        let catalog = MemorySchemaProvider::new();
        for (name, table) in catalog::describe(&own, &known, &whole, known_of)? {
            let table = GovernedTable::open(&format!("{}.{name}", catalog::CATALOG_SCHEMA), table);
            catalog.register_table(name.to_owned(), Arc::new(table))?;
        }
        let catalogs = context
            .catalog(&own)
            .ok_or_else(|| DataFusionError::Internal("the engine has no catalog".to_owned()))?;
        catalogs.register_schema(catalog::CATALOG_SCHEMA, Arc::new(catalog))?;
        if allowance.is_some() {
            for name in OF_FILES {
                context.deregister_udf(name);
            }
            bounded::install(&context)?;
            // The owner comes through no door that PostgreSQL's clients know.
            let description = |name: &str| catalog::description(name, known_of).map(str::to_owned);
            let asker = pg_catalog::Asker { name: &reader.0, database: &own, description: &description };
            pg_catalog::install(&context, catalogs.as_ref(), &asker).await?;
        }
        let naming = Naming::of(known_of);
        Ok(Self { context, may_explain, may_assess, reader, allowance, naming })
    }

    /// Reads a text that is asked.
    pub(crate) async fn read(self: &Arc<Self>, sql: &str) -> Result<Statement, QueryError> {
        let (door, sql) = (Arc::clone(self), sql.to_owned());
        self.in_time(async move { door.parse(&sql) }).await
    }

    /// Reads a text, which is looked at before.
    fn parse(&self, sql: &str) -> Result<Statement, QueryError> {
        if self.is_limited() {
            extent::check_text(sql)?;
        }
        let state = self.context.state();
        let dialect = state.config_options().sql_parser.dialect;
        Ok(state.sql_to_statement(sql, &dialect)?)
    }

    /// Names of the bundles that a statement assesses with; none where the reader may not.
    pub(crate) fn bundle_names(&self, statement: &mut Statement) -> BTreeSet<String> {
        if self.may_assess { assess::bundle_names(statement) } else { BTreeSet::new() }
    }

    /// Whether statements have limits: those of all but the local owner.
    pub(crate) fn is_limited(&self) -> bool {
        self.allowance.is_some()
    }

    /// A statement without its values. Whoever asked it may not be who this door is for.
    pub(crate) fn statement(&self, sql: &str) -> StatementText {
        match extent::check_text(sql).and_then(|()| self.parse(sql)) {
            Ok(statement) => StatementText::of(&statement),
            Err(_) => StatementText::unreadable(sql),
        }
    }

    /// What a statement answers with, and the parameters it wants; nothing is read.
    pub(crate) async fn describe(
        self: &Arc<Self>,
        statement: Statement,
        text: &StatementText,
        bundles: &Bundles,
    ) -> Result<Described, QueryError> {
        let (door, bundles) = (Arc::clone(self), bundles.clone());
        let describing = Box::pin(async move { door.described(statement, &bundles).await });
        let described = self.in_time(describing).await;
        self.told(described, text.fingerprint)
    }

    async fn described(&self, statement: Statement, bundles: &Bundles) -> Result<Described, QueryError> {
        let plan = self.logical(statement, bundles).await?;
        let schema = Arc::new(plan.schema().as_arrow().clone());
        let mut numbered: BTreeMap<usize, Option<DataType>> = plan
            .get_parameter_types()?
            .into_iter()
            .filter_map(|(name, data_type)| Some((name.trim_start_matches('$').parse().ok()?, data_type)))
            .collect();
        // A parameter that nothing depends on is one all the same.
        let last = numbered.last_key_value().map_or(0, |(last, _)| *last).min(MOST_PARAMETERS);
        let parameters = (1..=last).map(|number| numbered.remove(&number).flatten()).collect();
        Ok(Described { schema, parameters })
    }

    /// Plans a statement with the bundles that it names and the values of its parameters.
    pub(crate) async fn plan(
        self: &Arc<Self>,
        statement: Statement,
        text: StatementText,
        bundles: &Bundles,
        parameters: Option<ParamValues>,
    ) -> Result<Plan, QueryError> {
        let fingerprint = text.fingerprint;
        let (door, bundles) = (Arc::clone(self), bundles.clone());
        let planning = Box::pin(async move { door.planned(statement, &bundles, parameters, text).await });
        let planned = self.in_time(planning).await;
        self.told(planned, fingerprint)
    }

    /// What comes of a statement, its error as the reader is told it.
    pub(crate) fn told<T>(
        &self,
        outcome: Result<T, QueryError>,
        fingerprint: Fingerprint,
    ) -> Result<T, QueryError> {
        if self.is_limited() { outcome.map_err(|error| error.for_reader(fingerprint)) } else { outcome }
    }

    /// Reading and planning wait for files of tables and compute with constants, and are waited for no longer than a query of the
    /// reader may run. As many of them as the reader may have queries are under way at once, until they compute no more.
    async fn in_time<T: Send + 'static>(
        &self,
        planning: impl Future<Output = Result<T, QueryError>> + Send + 'static,
    ) -> Result<T, QueryError> {
        let Some(allowance) = &self.allowance else { return planning.await };
        let time = allowance.limits.time;
        let Ok(turn) = timeout(time, allowance.turn()).await else { return Err(allowance.too_long()) };
        let planning = async move {
            let planned = planning.await;
            drop(turn);
            planned
        };
        running::apart(planning, time).await?.unwrap_or_else(|| Err(allowance.too_long()))
    }

    /// A statement as a plan that readers may run.
    async fn logical(&self, mut statement: Statement, bundles: &Bundles) -> Result<LogicalPlan, QueryError> {
        if !self.may_assess && !assess::bundle_names(&mut statement).is_empty() {
            let (name, purpose) = self.reader.clone();
            return Err(QueryError::NotPermitted { what: "assess".to_owned(), name, purpose });
        }
        assess::resolve(&mut statement, bundles)?;
        if self.is_limited() {
            extent::check_statement(&statement)?;
        }
        let mut state = self.context.state();
        for (hash, bundle) in bundles.values() {
            state.register_udf(Arc::new(assess::function(*hash, Arc::clone(bundle))))?;
        }
        recursion::check(&statement)?;
        let plan = recursion::alike(state.statement_to_plan(statement).await?)?;
        self.check_extent(&plan)?;
        // Before anything runs: optimising evaluates constants, and what is refused should not get that far.
        verify::verify(&plan, self.may_explain)?;
        Ok(plan)
    }

    /// Makes sure that a plan can be optimised in a moment.
    fn check_extent(&self, plan: &LogicalPlan) -> Result<(), QueryError> {
        if self.is_limited() {
            extent::check_plan(plan)?;
            extent::check_constants(plan)?;
            extent::check_patterns(plan)?;
        }
        Ok(())
    }

    /// A statement that reads, as it was written and not run.
    pub(crate) async fn written(&self, sql: &str) -> Result<LogicalPlan, QueryError> {
        self.logical(self.parse(sql)?, &Bundles::new()).await
    }

    /// A statement that reads, optimised and not run.
    pub(crate) async fn optimised(&self, sql: &str) -> Result<LogicalPlan, QueryError> {
        let plan = self.logical(self.parse(sql)?, &Bundles::new()).await?;
        Ok(self.context.state().optimize(&plan)?)
    }

    async fn planned(
        &self,
        statement: Statement,
        bundles: &Bundles,
        parameters: Option<ParamValues>,
        text: StatementText,
    ) -> Result<Plan, QueryError> {
        let mut plan = self.logical(statement, bundles).await?;
        if let Some(parameters) = parameters {
            plan = plan.replace_params_with_values(&parameters)?;
            self.check_extent(&plan)?;
        }
        let state = self.context.state();
        let plan = state.optimize(&plan)?;
        if self.is_limited() {
            extent::check_constants(&plan)?;
        }
        verify::verify(&plan, self.may_explain)?;
        let reading = Reading::of(&plan, text, &self.naming)?;
        let usage = match self.allowance.clone() {
            Some(allowance) => Some(Usage::begin(allowance, reading.statement.fingerprint).await?),
            None => None,
        };
        Plan::new(&state, &plan, reading, usage).await
    }
}

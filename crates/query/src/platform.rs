//! The tables of the lake in one state, behind one door for each reader and purpose.

use crate::allowances::Allowances;
use crate::assess::Bundles;
use crate::catalog::Catalog;
use crate::codes;
use crate::dataset::Dataset;
use crate::governed::{Described, Door, Entry, Rules, Stored};
use crate::policy::{Access, Compiler, Policy, PseudonymKey};
use crate::{Engine, Plan, Principal, QueryError, Question, Reading, StatementText};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::FieldRef;
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::{MemTable, TableProvider};
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{Expr, SessionContext, lit};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tidegate_lake::{Lake, Snapshot};
use tidegate_records::table::Table;
use tidegate_records::tables::{self, CODE};
use tokio::sync::Mutex;

/// The policy that holds, and what enforcing it takes.
pub struct Governance {
    policy: Arc<Policy>,
    compiler: Compiler,
    allowances: Allowances,
}

impl Governance {
    /// Enforces a policy with the key of this installation's pseudonyms, within what readers have of the machine.
    pub fn new(policy: Arc<Policy>, key: &PseudonymKey, allowances: Allowances) -> Self {
        Self { policy, compiler: Compiler::new(key), allowances }
    }
}

/// Is told what a statement reads.
pub type Note = Arc<dyn Fn(&Reading) + Send + Sync>;

/// The tables of the lake in one state, behind one door for each reader and purpose.
pub struct Platform {
    stored: Stored,
    catalog: Catalog,
    engine: Engine,
    governance: Option<Governance>,
    /// Is told what statements of the local owner read.
    noted: Option<Note>,
    doors: Mutex<Doors>,
}

/// What was opened and is kept.
#[derive(Default)]
struct Doors {
    /// By reader and purpose: what is there for one does not change while the platform stands.
    open: HashMap<(Principal, String), Arc<Door>>,
}

impl Doors {
    /// Keeps a door. When there are as many as may be, the others are closed: a country has more readers than there is
    /// memory for what each of them sees, and who comes again is let in anew.
    fn keep(&mut self, key: (Principal, String), door: Arc<Door>, most: usize) {
        if self.open.len() >= most {
            self.open.clear();
        }
        self.open.insert(key, door);
    }
}

impl Platform {
    /// Opens the tables as a snapshot has them, and the datasets that it has; a table without rows yet is there and empty, and
    /// what codes mean is there always.
    /// Without governance the local owner alone can read.
    ///
    /// # Errors
    /// When the lake cannot be read.
    pub async fn open(
        lake: &Lake,
        snapshot: Option<&Snapshot>,
        catalog: Catalog,
        engine: Engine,
        governance: Option<Governance>,
    ) -> Result<Self, QueryError> {
        let Some(snapshot) = snapshot else { return Self::over(BTreeMap::new(), engine, governance) };
        let mut stored: BTreeMap<&str, Arc<dyn TableProvider>> = BTreeMap::new();
        for table in tables::stored().filter(|t| snapshot.tables.contains_key(t.name)) {
            stored.insert(table.name, lake.provider(snapshot, table.name).await?);
        }
        let mut platform = Self::over(stored, engine, governance)?;
        platform.catalog.classified = catalog.classified;
        platform.catalog.loaded_at.clone_from(&snapshot.loaded_at);
        for dataset in catalog.datasets.into_iter().filter(|d| snapshot.tables.contains_key(&d.lake_table)) {
            platform.add_dataset(lake.provider(snapshot, &dataset.lake_table).await?, dataset);
        }
        Ok(platform)
    }

    /// Tells what each statement of the local owner is about to read, whom no policy hinders and no desk writes down.
    #[must_use]
    pub fn noted(self, note: Note) -> Self {
        Self { noted: Some(note), ..self }
    }

    /// What is known of the tables beyond their definitions.
    pub(crate) fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Lets statements read a dataset under its name.
    pub fn add_dataset(&mut self, rows: Arc<dyn TableProvider>, dataset: Dataset) {
        self.stored.insert(dataset.name.clone(), rows);
        self.catalog.datasets.push(dataset);
        self.doors.get_mut().open.clear();
    }

    /// Opens rows at hand in place of the tables of a lake; tables without rows are there and empty.
    ///
    /// # Errors
    /// When a batch does not fit the view of goods items.
    pub fn in_memory(
        rows: Vec<(&str, RecordBatch)>,
        governance: Option<Governance>,
    ) -> Result<Self, QueryError> {
        let mut tables: BTreeMap<&str, Arc<dyn TableProvider>> = BTreeMap::new();
        for (name, batch) in rows {
            tables.insert(name, Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?));
        }
        Self::over(tables, Engine::default(), governance)
    }

    /// Opens tables of any kind under the names of stored ones, such as files that a test or a measurement has.
    ///
    /// # Errors
    /// When columns cannot be added to a table.
    pub fn over(
        mut given: BTreeMap<&str, Arc<dyn TableProvider>>,
        engine: Engine,
        governance: Option<Governance>,
    ) -> Result<Self, QueryError> {
        let mut stored = Stored::new();
        for table in tables::stored() {
            let provider = match given.remove(table.name) {
                Some(provider) => with_new_columns(table, provider)?,
                None => Arc::new(EmptyTable::new(table.schema())),
            };
            stored.insert(table.name.to_owned(), provider);
        }
        stored.insert(CODE.name.to_owned(), codes::table()?);
        let catalog = Catalog::default();
        Ok(Self { stored, catalog, engine, governance, noted: None, doors: Mutex::default() })
    }

    /// Reads a statement of a principal for a purpose. One that is no SQL, or not to be read in a moment, says so where it is planned.
    ///
    /// # Errors
    /// When nothing is there for the reader and the purpose.
    pub async fn question(
        &self,
        principal: &Principal,
        purpose: &str,
        sql: &str,
    ) -> Result<Question, QueryError> {
        Ok(Question::at(self.door(principal, purpose).await?, sql).await)
    }

    /// A statement without its values, as logs know it, also one that is refused or no SQL.
    ///
    /// # Errors
    /// When the tables cannot be opened.
    pub async fn statement(&self, sql: &str) -> Result<StatementText, QueryError> {
        Ok(self.door(&Principal::LocalOwner, "reading names").await?.statement(sql))
    }

    /// Plans a statement for a principal and a purpose, which neither assesses nor has parameters.
    ///
    /// # Errors
    /// When the statement reads what is not there for the reader, or does something else than reading.
    pub async fn plan_for(
        &self,
        principal: &Principal,
        purpose: &str,
        sql: &str,
    ) -> Result<Plan, QueryError> {
        self.plan_with(principal, purpose, sql, &Bundles::new(), None).await
    }

    /// Plans a statement with the bundles that it names and the values of its parameters `$1`, `$2`, …
    ///
    /// # Errors
    /// As [`Platform::plan_for`]; when it names another bundle; when a parameter has no value, or one of another type.
    pub async fn plan_with(
        &self,
        principal: &Principal,
        purpose: &str,
        sql: &str,
        bundles: &Bundles,
        parameters: Option<ParamValues>,
    ) -> Result<Plan, QueryError> {
        self.plan(self.question(principal, purpose, sql).await?, bundles, parameters).await
    }

    /// Plans a statement that was read, as [`Platform::plan_with`].
    ///
    /// # Errors
    /// As [`Platform::plan_with`].
    pub async fn plan(
        &self,
        question: Question,
        bundles: &Bundles,
        parameters: Option<ParamValues>,
    ) -> Result<Plan, QueryError> {
        let is_owners = question.is_owners();
        let plan = question.plan(bundles, parameters).await?;
        if is_owners && let Some(note) = &self.noted {
            note(plan.reading());
        }
        Ok(plan)
    }

    /// What a statement answers with, and the parameters it wants; nothing is read.
    ///
    /// # Errors
    /// As [`Platform::plan_with`].
    pub async fn describe(
        &self,
        principal: &Principal,
        purpose: &str,
        sql: &str,
        bundles: &Bundles,
    ) -> Result<Described, QueryError> {
        self.question(principal, purpose, sql).await?.describe(bundles).await
    }

    /// The plan of a statement of the local owner, optimised and not run.
    pub(crate) async fn optimised(&self, sql: &str) -> Result<LogicalPlan, QueryError> {
        self.door(&Principal::LocalOwner, "job datasets").await?.optimised(sql).await
    }

    /// The plan of a statement of the local owner as it was written, not run.
    pub(crate) async fn written(&self, sql: &str) -> Result<LogicalPlan, QueryError> {
        self.door(&Principal::LocalOwner, "job datasets").await?.written(sql).await
    }

    /// What is there for a principal and a purpose: tables, datasets and views, and how much of each. Nothing is read.
    ///
    /// # Errors
    /// When the policy knows no such purpose, or does not decide.
    pub fn access(&self, principal: &Principal, purpose: &str) -> Result<Access, QueryError> {
        let person = match principal {
            Principal::LocalOwner => return Ok(Access::everything(&self.catalog)),
            Principal::Person(person) => person,
        };
        let Some(Governance { policy, compiler, .. }) = &self.governance else {
            return Err(QueryError::NoPolicy { name: person.name.clone() });
        };
        let access = policy.access(person, purpose, &self.catalog)?;
        Ok(Rules { policy, compiler, person, stored: &self.stored }.there(access)?)
    }

    async fn door(&self, principal: &Principal, purpose: &str) -> Result<Arc<Door>, QueryError> {
        if purpose.trim().is_empty() {
            return Err(QueryError::NoPurpose);
        }
        // What is there for the owner is there for every purpose.
        let purpose = if *principal == Principal::LocalOwner { "" } else { purpose };
        let mut doors = self.doors.lock().await;
        let key = (principal.clone(), purpose.to_owned());
        if let Some(door) = doors.open.get(&key) {
            return Ok(Arc::clone(door));
        }
        let entry = match (principal, &self.governance) {
            (Principal::LocalOwner, _) => Entry::Owner,
            (Principal::Person(person), Some(Governance { policy, compiler, allowances })) => {
                let allowance = allowances.of(person)?;
                Entry::Person { person, purpose, policy, compiler, allowance }
            }
            (Principal::Person(person), None) => {
                return Err(QueryError::NoPolicy { name: person.name.clone() });
            }
        };
        let door = Arc::new(Door::open(entry, &self.stored, &self.catalog, self.engine).await?);
        let most = self.governance.as_ref().map_or(1, |governance| governance.allowances.limits.doors);
        doors.keep(key, Arc::clone(&door), most);
        Ok(door)
    }
}

/// A table as it was stored, with the columns that its definition has gained since: absent in every row.
fn with_new_columns(
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
    let frame = SessionContext::new().read_table(stored)?;
    let kept = frame.schema().columns().into_iter().map(Expr::Column);
    let columns: Vec<Expr> = kept.chain(gained).collect();
    Ok(frame.select(columns)?.into_view())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{Limits, Person};
    use async_trait::async_trait;
    use datafusion::arrow::datatypes::SchemaRef;
    use datafusion::catalog::Session;
    use datafusion::datasource::TableType;
    use datafusion::error::DataFusionError;
    use datafusion::physical_plan::ExecutionPlan;
    use std::collections::BTreeSet;
    use std::time::Duration;
    use tidegate_records::table::Grade;
    use tidegate_records::tables::DECLARATION;

    pub(crate) fn reader(number: usize) -> Principal {
        Principal::Person(Person {
            name: format!("Ana {number}"),
            kind: "person".to_owned(),
            roles: ["analyst".to_owned()].into(),
            clearance: Grade::General3,
            office: None,
            organisation: None,
            enterprise: None,
        })
    }

    pub(crate) fn governance(limits: Limits) -> Governance {
        let policy = Arc::new(Policy::parse(&Policy::shipped_files()).unwrap());
        Governance::new(policy, &PseudonymKey::derived_from(&[1; 32]), Allowances::new(limits))
    }

    pub(crate) fn platform_within(allowances: &Allowances) -> Platform {
        let governance = Governance { allowances: allowances.clone(), ..governance(allowances.limits) };
        Platform::in_memory(Vec::new(), Some(governance)).unwrap()
    }

    pub(crate) fn platform(limits: Limits) -> Platform {
        Platform::in_memory(Vec::new(), Some(governance(limits))).unwrap()
    }

    /// A table whose files are never found.
    #[derive(Debug)]
    struct Stuck(SchemaRef);

    #[async_trait]
    impl TableProvider for Stuck {
        fn schema(&self) -> SchemaRef {
            Arc::clone(&self.0)
        }

        fn table_type(&self) -> TableType {
            TableType::Base
        }

        async fn scan(
            &self,
            _: &dyn Session,
            _: Option<&Vec<usize>>,
            _: &[Expr],
            _: Option<usize>,
        ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
            std::future::pending().await
        }
    }

    #[tokio::test]
    async fn planning_takes_no_longer_than_a_query_may() {
        let stuck: Arc<dyn TableProvider> = Arc::new(Stuck(DECLARATION.schema()));
        let limits = Limits { time: Duration::from_millis(50), ..Limits::default() };
        let given = BTreeMap::from([("declaration", stuck)]);
        let platform = Platform::over(given, Engine::default(), Some(governance(limits))).unwrap();
        let sql = "SELECT count(*) FROM declaration";
        let refused = platform.plan_for(&reader(0), "risk-analysis", sql).await.err().unwrap();
        assert!(refused.to_string().contains("the query takes too long"), "{refused}");
    }

    #[tokio::test]
    async fn a_statement_is_known_without_its_values_also_when_it_is_refused() {
        let platform = platform(Limits::default());
        let [one, other] =
            ["9131SECRET", "E2"].map(|key| format!("SELECT nothing FROM nowhere WHERE k = '{key}'"));
        let [one, other] =
            [platform.statement(&one).await.unwrap(), platform.statement(&other).await.unwrap()];
        assert_eq!(one, other);
        assert!(one.text.contains("nowhere") && !one.text.contains("SECRET"), "{}", one.text);
        assert_eq!(platform.statement("no sql '9131SECRET'").await.unwrap().text, "(no SQL)");
    }

    #[tokio::test]
    async fn no_more_doors_stay_open_than_may_however_many_read() {
        let platform = platform(Limits { doors: 4, queries: 1, ..Limits::default() });
        let first = platform.plan_for(&reader(0), "risk-analysis", "SELECT 1").await.unwrap();
        let at_work = first.stream().unwrap();
        for number in 1..=9 {
            platform.plan_for(&reader(number), "risk-analysis", "SELECT 1").await.unwrap();
            assert!(platform.doors.lock().await.open.len() <= 4);
        }
        let doors = platform.doors.lock().await;
        assert!(!doors.open.keys().any(|(known, _)| *known == reader(0)), "the first door is closed");
        drop(doors);
        let again = platform.plan_for(&reader(0), "risk-analysis", "SELECT 1").await;
        assert!(again.is_err(), "the statement at the closed door still counts");
        drop(at_work);
        platform.plan_for(&reader(0), "risk-analysis", "SELECT 1").await.unwrap();
    }

    #[tokio::test]
    async fn nothing_is_left_of_a_door_that_is_closed() {
        let platform = platform(Limits { doors: 1, ..Limits::default() });
        let door = platform.door(&reader(0), "risk-analysis").await.unwrap();
        let asked = "SELECT count(*) FROM pg_catalog.pg_class JOIN declaration_item ON relname = office_id";
        platform.plan_for(&reader(0), "risk-analysis", asked).await.unwrap().collect().await.unwrap();
        let catalogs = door.catalogs();
        drop(door);
        assert!(catalogs.upgrade().is_some(), "it is kept for the next statement");
        platform.door(&reader(1), "risk-analysis").await.unwrap();
        assert!(catalogs.upgrade().is_none(), "it stays in memory");
    }

    #[tokio::test]
    async fn doors_share_what_every_catalog_has_and_nothing_that_tells_of_a_reader() {
        let platform = platform(Limits::default());
        let purpose = "risk-analysis";
        let (mut shared, mut own) = (BTreeSet::new(), BTreeSet::new());
        let one = platform.door(&reader(0), purpose).await.unwrap().catalogs().upgrade().unwrap();
        let other = platform.door(&reader(1), purpose).await.unwrap().catalogs().upgrade().unwrap();
        let [one, other] = [one, other].map(|catalogs| catalogs.catalog(purpose).unwrap());
        for schema in one.schema_names() {
            let [one, other] = [&one, &other].map(|catalog| catalog.schema(&schema).unwrap());
            for name in one.table_names() {
                let tables = [one.table(&name).await, other.table(&name).await];
                let [one, other] = tables.map(|table| table.unwrap().unwrap());
                let named = format!("{schema}.{name}");
                if Arc::ptr_eq(&one, &other) {
                    shared.insert(named)
                } else {
                    own.insert(named)
                };
            }
        }
        assert!(shared.iter().all(|name| name.starts_with("pg_catalog.")), "{shared:?}");
        assert!(shared.contains("pg_catalog.pg_type") && shared.len() > 60, "{shared:?}");
        let own: Vec<&str> = own.iter().filter_map(|name| name.strip_prefix("pg_catalog.")).collect();
        let telling =
            ["pg_attribute", "pg_class", "pg_database", "pg_description", "pg_namespace", "pg_tables"];
        assert_eq!(own, telling);
    }

    #[tokio::test]
    async fn what_a_reader_may_use_is_for_all_purposes_together() {
        let platform = platform(Limits { queries: 1, ..Limits::default() });
        let one = platform.plan_for(&reader(0), "risk-analysis", "SELECT 1").await.unwrap();
        let refused = platform.plan_for(&reader(0), "research", "SELECT 1").await.err().unwrap();
        assert!(refused.to_string().contains("queries at once: 1"), "{refused}");
        platform.plan_for(&reader(1), "research", "SELECT 1").await.unwrap();
        drop(one);
        platform.plan_for(&reader(0), "research", "SELECT 1").await.unwrap();
    }
}

//! Tables that were filtered and masked row by row, without the platform: what a reader should be shown.

use super::described;
use super::hidden::Hidden;
use super::queries::Query;
use super::reader::{Case, Kind, Left, PURPOSE, RowsShown};
use crate::country::{Row, SECRET, batch, tables};
use aes::Aes256;
use cmac::Cmac;
use datafusion::arrow::array::{BooleanArray, RecordBatch};
use datafusion::arrow::compute::nullif;
use datafusion::arrow::datatypes::{Field, FieldRef, Schema, SchemaRef};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, SessionStateBuilder, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::stream;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tidegate_query::{DECLARATION_ITEM, Person, session_context};

/// The view of goods items with the rows of its tables that have no other side, in copies alone.
const UNJOINED: &str = "declaration_item_unjoined";

/// Which engine is asked over copies.
#[derive(Debug, Clone, Copy)]
pub enum Engine {
    /// One that knows the copies beforehand.
    Informed,
    /// One that knows nothing of them.
    Plain,
    /// The same, which does not check its plans.
    Unchecked,
}

pub struct Copies {
    context: SessionContext,
    /// The same without statistics, and with every condition above the tables: whatever can fail on a copy fails here.
    plain: SessionContext,
    /// The same without the engine's check of its plans, which refuses some that are right.
    unchecked: SessionContext,
    /// Rows of each table.
    rows: BTreeMap<&'static str, usize>,
    pub hidden: Hidden,
}

impl Copies {
    pub async fn of(case: &Case) -> Self {
        let mut config = SessionConfig::new().with_default_catalog_and_schema(PURPOSE, "public");
        config.options_mut().sql_parser.dialect = datafusion::config::Dialect::PostgreSQL;
        let (context, plain) =
            (session_context(config.clone(), Arc::default()), session_context(config, Arc::default()));
        let stored = tables();
        let headers = &stored["declaration"].1;
        let (mut texts, mut counts) = (BTreeSet::new(), BTreeMap::new());
        for (name, shown) in &case.tables {
            let (table, rows) = &stored[name];
            let is_shown = |row: &&Row| is_shown(name, row, headers, shown.rows, &case.person);
            let rows: Vec<Row> =
                rows.iter().filter(is_shown).map(|row| masked(row, &shown.columns)).collect();
            texts.extend(rows.iter().flat_map(Row::values).cloned());
            counts.insert(*name, rows.len());
            let whole = batch(table, &rows);
            let names: Vec<&str> = shown.columns.iter().map(|(column, ..)| *column).collect();
            let columns: Vec<usize> = (0..whole.num_columns())
                .filter(|i| names.contains(&whole.schema().field(*i).name().as_str()))
                .collect();
            let copy = nullable(&whole.project(&columns).unwrap(), &rows);
            let opaque =
                StreamingTable::try_new(copy.schema(), vec![Arc::new(Opaque(copy.clone()))]).unwrap();
            plain.register_table(*name, Arc::new(opaque)).unwrap();
            let table = MemTable::try_new(copy.schema(), vec![vec![copy]]).unwrap();
            context.register_table(*name, Arc::new(table)).unwrap();
        }
        for context in [&context, &plain] {
            if let Some(columns) = case.item_view() {
                let columns: Vec<String> =
                    columns.iter().map(|(side, column, _)| format!("{side}.{column}")).collect();
                for (name, join) in [(DECLARATION_ITEM, "JOIN"), (UNJOINED, "FULL JOIN")] {
                    let sql = format!(
                        "SELECT {} FROM goods_item i {join} declaration d ON i.declaration_id = d.declaration_id \
                         AND i.version_number = d.version_number AND i.month = d.month",
                        columns.join(", ")
                    );
                    let view = context.sql(&sql).await.unwrap().into_view();
                    context.register_table(name, view).unwrap();
                }
            }
            described::register(context, case);
        }
        let unchecked = without_check(&plain);
        Self { context, plain, unchecked, rows: counts, hidden: Hidden::of(case, &texts) }
    }

    /// How many rows of a table are shown; none of what is no table.
    pub fn rows(&self, table: &str) -> Option<usize> {
        self.rows.get(table).copied()
    }

    pub async fn ask(&self, sql: &str) -> Result<Vec<RecordBatch>, DataFusionError> {
        self.ask_of(Engine::Informed, sql).await
    }

    /// The answer over copies of which the engine knows nothing beforehand.
    pub async fn ask_plain(&self, sql: &str) -> Result<Vec<RecordBatch>, DataFusionError> {
        self.ask_of(Engine::Plain, sql).await
    }

    /// The answer of one of the engines.
    pub async fn ask_of(&self, engine: Engine, sql: &str) -> Result<Vec<RecordBatch>, DataFusionError> {
        let context = match engine {
            Engine::Informed => &self.context,
            Engine::Plain => &self.plain,
            Engine::Unchecked => &self.unchecked,
        };
        context.sql(sql).await?.collect().await
    }

    /// Whether the query can fail on the copies: it need not on every plan, since rows that a join drops may be computed
    /// before it or not. Where one side of a set operation is empty the other need not be computed; of a union both are.
    pub async fn can_fail(&self, query: &Query) -> bool {
        let sql = &query.unlimited;
        let operations = ["INTERSECT ALL", "INTERSECT", "EXCEPT ALL", "EXCEPT"];
        let union = operations.iter().fold(sql.clone(), |sql, operation| sql.replace(operation, "UNION ALL"));
        self.ask_plain(sql).await.is_err() || (union != *sql && self.ask_plain(&union).await.is_err())
    }

    /// Whether a part of the query fails on a row that is shown. What AND and OR compute for a row depends on the rows that
    /// come with it in a batch, and rows of files come in other batches than those of copies; a part over the view may be computed
    /// before its tables are joined.
    pub async fn can_fail_in_part(&self, query: &Query) -> bool {
        for part in &query.parts {
            let unjoined = part.replace(DECLARATION_ITEM, UNJOINED);
            if self.ask_plain(part).await.is_err() || self.ask_plain(&unjoined).await.is_err() {
                return true;
            }
        }
        false
    }
}

fn without_check(context: &SessionContext) -> SessionContext {
    let state = context.state();
    let rules = state.physical_optimizers().iter().filter(|rule| rule.name() != "SanityCheckPlan");
    let rules = rules.map(Arc::clone).collect();
    let unchecked =
        SessionStateBuilder::new_from_existing(state.clone()).with_physical_optimizer_rules(rules);
    SessionContext::new_with_state(unchecked.build())
}

/// Rows that come one by one: the engine knows nothing of them beforehand, and runs no condition below.
#[derive(Debug)]
struct Opaque(RecordBatch);

impl PartitionStream for Opaque {
    fn schema(&self) -> &SchemaRef {
        self.0.schema_ref()
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let rows = stream::iter([Ok(self.0.clone())]);
        Box::pin(RecordBatchStreamAdapter::new(self.0.schema(), rows))
    }
}

/// Columns as nullable ones, absent where a row has no value: masks may have emptied columns that are never empty. Nothing is noted of
/// them, which the engine would want to be the same in all rounds of a recursion.
fn nullable(batch: &RecordBatch, rows: &[Row]) -> RecordBatch {
    let bare = |field: &FieldRef| Field::new(field.name(), field.data_type().clone(), true);
    let fields: Vec<Field> = batch.schema().fields().iter().map(bare).collect();
    let columns = fields.iter().zip(batch.columns()).map(|(field, column)| {
        let has: BooleanArray =
            rows.iter().map(|row| Some(!row.contains_key(field.name().as_str()))).collect();
        nullif(column, &has).unwrap()
    });
    RecordBatch::try_new(Arc::new(Schema::new(fields.clone())), columns.collect()).unwrap()
}

fn is_shown(table: &str, row: &Row, headers: &[Row], shown: RowsShown, person: &Person) -> bool {
    let header = headers.iter().find(|header| header["declaration_id"] == row["declaration_id"]).unwrap();
    let is = |value: Option<&String>, of: &Option<String>| value.is_some() && value == of.as_ref();
    let own_office = match table {
        "decision" => is(row.get("office_id"), &person.office),
        _ => is(header.get("office_id"), &person.office),
    };
    // The filter does not name decisions, of which it shows none.
    let own_enterprise = table != "decision" && is(header.get("importer_id"), &person.enterprise);
    match shown {
        RowsShown::All => true,
        RowsShown::OwnOffice => own_office,
        RowsShown::OwnEnterprise => own_enterprise,
        RowsShown::Either => own_office || own_enterprise,
    }
}

fn masked(row: &Row, columns: &[(&'static str, Kind, Left)]) -> Row {
    let left = |(name, kind, left): &(&'static str, Kind, Left)| {
        let value = row.get(name)?;
        Some((*name, mask(value, *kind, *left)?))
    };
    columns.iter().filter_map(left).collect()
}

/// What a mask leaves of a value, as masks.toml describes it.
fn mask(value: &str, kind: Kind, left: Left) -> Option<String> {
    match (left, kind) {
        (Left::Clear, _) => Some(value.to_owned()),
        (Left::Pseudonym, Kind::Text) => Some(pseudonym(value)),
        (Left::Partial | Left::General, Kind::Text) => {
            Some(format!("{}***", value.chars().take(2).collect::<String>()))
        }
        (Left::General, Kind::Whole | Kind::Decimal | Kind::Real) => {
            let value: f64 = value.parse().unwrap();
            let size =
                if value == 0.0 { 0.0 } else { value.signum() * 10_f64.powf(value.abs().log10().floor()) };
            Some(size.to_string())
        }
        (Left::General, Kind::Moment) => Some(format!("{}-01T00:00:00Z", &value[..7])),
        _ => None,
    }
}

pub fn pseudonym(value: &str) -> String {
    let mut derived = <Hmac<Sha256> as KeyInit>::new_from_slice(&SECRET).unwrap();
    derived.update(b"tidegate/pseudonym-key/v2");
    let mut code = <Cmac<Aes256> as KeyInit>::new(&derived.finalize().into_bytes());
    code.update(value.as_bytes());
    code.finalize().into_bytes().iter().fold("p_".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

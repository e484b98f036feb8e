//! Tables as one person may see them: rows filtered and columns masked at the base, so that everything above sees what
//! is left of them and nothing else.

mod bounded;
mod catalog;
mod door;
mod pg_catalog;
mod pushdown;
mod recursion;
mod rule;
mod scan;
mod sql_type;
mod verify;

pub(crate) use bounded::{MOST_BYTES, elements_within, longest};
pub use catalog::{SCHEMA, TABLE};
pub use door::Described;
pub(crate) use door::{Door, Entry};
pub use pg_catalog::{SETTINGS, WITHOUT_ROWS, catalog_table};
pub(crate) use rule::{Rules, Stored};

use async_trait::async_trait;
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::Column;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::datasource::{TableProvider, TableType, provider_as_source};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use datafusion::prelude::Expr;
use rule::TableRule;
use scan::GovernedScan;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// A table as one person may see it.
pub(crate) struct GovernedTable {
    name: String,
    schema: SchemaRef,
    shown: Shown,
}

enum Shown {
    /// Every row, and some columns as they are: nothing that a query does to them tells more than they hold.
    Clear { raw: Arc<dyn TableProvider>, columns: Vec<usize> },
    /// What a plan leaves of the table. Conditions on the columns that are as they were may run below it.
    Restricted { plan: LogicalPlan, unmasked: BTreeSet<String>, has_all_rows: bool },
}

impl GovernedTable {
    /// A table of which everything is shown.
    pub(crate) fn open(name: &str, raw: Arc<dyn TableProvider>) -> Self {
        let schema = raw.schema();
        let columns = (0..schema.fields().len()).collect();
        Self { name: name.to_owned(), schema, shown: Shown::Clear { raw, columns } }
    }

    /// A table as a rule shows it.
    fn ruled(name: &str, raw: Arc<dyn TableProvider>, rule: &TableRule) -> Result<Self, DataFusionError> {
        let stored = raw.schema();
        let is_shown = |i: &usize| rule.columns.contains_key(stored.field(*i).name());
        let columns: Vec<usize> = (0..stored.fields().len()).filter(is_shown).collect();
        let is_masked = |column: &String| matches!(rule.columns.get(column), Some(Some(_)));
        let field = |&i: &usize| {
            let field = stored.field(i).clone();
            if is_masked(field.name()) { field.with_nullable(true) } else { field }
        };
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<Field>>()));
        let shown = if rule.condition.is_none() && !rule.columns.keys().any(is_masked) {
            Shown::Clear { raw, columns }
        } else {
            let names = rule.columns.keys().filter(|column| !is_masked(column));
            let unmasked = names.cloned().collect();
            let has_all_rows = rule.condition.is_none();
            Shown::Restricted { plan: restricted(name, raw, rule, &schema)?, unmasked, has_all_rows }
        };
        Ok(Self { name: name.to_owned(), schema, shown })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether a column that is shown holds what is stored, and not what a mask leaves of it.
    pub(crate) fn is_as_stored(&self, column: &str) -> bool {
        match &self.shown {
            Shown::Clear { .. } => true,
            Shown::Restricted { unmasked, .. } => unmasked.contains(column),
        }
    }

    /// The columns that hold what is stored, where every row is shown.
    pub(crate) fn of_all_rows(&self) -> Option<BTreeSet<String>> {
        match &self.shown {
            Shown::Clear { .. } => {
                Some(self.schema.fields().iter().map(|field| field.name().clone()).collect())
            }
            Shown::Restricted { unmasked, has_all_rows, .. } => has_all_rows.then(|| unmasked.clone()),
        }
    }
}

/// The condition on rows over the stored table, and the masks over that.
fn restricted(
    name: &str,
    raw: Arc<dyn TableProvider>,
    rule: &TableRule,
    schema: &Schema,
) -> Result<LogicalPlan, DataFusionError> {
    let mut plan = LogicalPlanBuilder::scan(name, provider_as_source(raw), None)?;
    if let Some(condition) = &rule.condition {
        plan = plan.filter(condition.clone())?;
    }
    let shown = |field: &Arc<Field>| {
        let mask = rule.columns.get(field.name()).cloned().flatten();
        mask.unwrap_or_else(|| Expr::Column(Column::new(Some(name), field.name()))).alias(field.name())
    };
    plan.project(schema.fields().iter().map(shown).collect::<Vec<_>>())?.build()
}

impl fmt::Debug for GovernedTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GovernedTable({})", self.name)
    }
}

#[async_trait]
impl TableProvider for GovernedTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        match &self.shown {
            Shown::Clear { raw, columns } => {
                let wanted = match projection {
                    Some(wanted) => wanted.iter().map(|&i| columns[i]).collect(),
                    None => columns.clone(),
                };
                let rows = raw.scan(state, Some(&wanted), filters, limit).await?;
                if loses_limits(rows.as_ref()) { held(&self.name, rows) } else { Ok(rows) }
            }
            Shown::Restricted { plan, has_all_rows, .. } => {
                let mut plan = LogicalPlanBuilder::from(plan.clone());
                for filter in filters {
                    plan = plan.filter(without_qualifiers(filter)?)?;
                }
                if limit.is_some() {
                    plan = plan.limit(0, limit)?;
                }
                let schema = match projection {
                    Some(wanted) => Arc::new(self.schema.project(wanted)?),
                    None => Arc::clone(&self.schema),
                };
                let wanted = schema.fields().iter().map(|f| Expr::Column(f.name().as_str().into()));
                let plan = plan.project(wanted.collect::<Vec<_>>())?.build()?;
                let inner = state.create_physical_plan(&plan).await?;
                // How many rows are hidden is nobody's to know; how many are shown is.
                let rows = if *has_all_rows { about_how_many(inner.as_ref())? } else { Precision::Absent };
                Ok(Arc::new(GovernedScan::new(self.name.clone(), schema, inner, rows)))
            }
        }
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>, DataFusionError> {
        match &self.shown {
            Shown::Clear { raw, .. } => raw.supports_filters_pushdown(filters),
            Shown::Restricted { unmasked, .. } => {
                let support = |filter: &&Expr| {
                    if pushdown::is_safe(filter, &self.schema, unmasked) {
                        TableProviderFilterPushDown::Exact
                    } else {
                        TableProviderFilterPushDown::Unsupported
                    }
                };
                Ok(filters.iter().map(support).collect())
            }
        }
    }
}

/// Whether limits above are lost. The scan of Delta tables that reads no column (`DeltaScanMetaExec` of deltalake 1.1.3) says that it
/// takes limits further down, and has nothing below that would take them: `SELECT 1 FROM declaration LIMIT 3` was all rows.
fn loses_limits(rows: &dyn ExecutionPlan) -> bool {
    rows.supports_limit_pushdown() && rows.children().is_empty() && rows.fetch().is_none()
}

/// The same rows, as many as they were known to be, with limits above.
fn held(name: &str, rows: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
    let count = StatisticsContext::new().compute(rows.as_ref(), &StatisticsArgs::new())?.num_rows;
    Ok(Arc::new(GovernedScan::new(name.to_owned(), rows.schema(), rows, count)))
}

/// An estimate of the rows of a plan, from statistics of its files.
fn about_how_many(plan: &dyn ExecutionPlan) -> Result<Precision<usize>, DataFusionError> {
    Ok(StatisticsContext::new().compute(plan, &StatisticsArgs::new())?.num_rows.to_inexact())
}

/// Columns by their names alone: a query may call the table by another name.
fn without_qualifiers(filter: &Expr) -> Result<Expr, DataFusionError> {
    let bare = filter.clone().transform(|part| {
        Ok(match part {
            Expr::Column(column) => Transformed::yes(Expr::Column(column.name.into())),
            other => Transformed::no(other),
        })
    });
    Ok(bare?.data)
}

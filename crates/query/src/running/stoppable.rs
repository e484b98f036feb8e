//! Plans that can be stopped and count what they keep: the engine's joins compare all that they have before they look up again
//! (apache/datafusion#19358), so that one that finds nothing among billions of pairs would neither end with the time of its
//! reader nor when nobody waits for it any more.

use super::gathered::gathered;
use super::spread::spread;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{FieldRef, Schema};
use datafusion::common::JoinType;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::lit;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{
    CrossJoinExec, HashJoinExec, NestedLoopJoinExec, NestedLoopJoinExecBuilder,
};
use datafusion::physical_plan::unnest::UnnestExec;
use datafusion::physical_plan::windows::WindowAggExec;
use datafusion::physical_plan::{ExecutionPlan, replace_children_if_necessary};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::time::Instant;

/// What a condition fails with; whoever waits is told why otherwise.
const STOPPED: &str = "the statement was stopped";

/// Tells a statement to stop: when nobody waits for it any more, or its time is over.
#[derive(Debug, Clone)]
pub(super) struct Stop {
    is_told: Arc<AtomicBool>,
    until: Instant,
}

impl Stop {
    fn at(until: Instant) -> Self {
        Self { is_told: Arc::default(), until }
    }

    pub(super) fn tell(&self) {
        self.is_told.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_due(&self) -> bool {
        self.is_told.load(Ordering::Relaxed) || Instant::now() >= self.until
    }

    /// A condition of a join that fails as soon as the statement is to stop; where there is none, one that always holds.
    fn heeded_by(&self, filter: Option<&JoinFilter>) -> JoinFilter {
        let holds = || JoinFilter::new(lit(true), Vec::new(), Arc::new(Schema::empty()));
        let filter = filter.cloned().unwrap_or_else(holds);
        let inner = Arc::clone(filter.expression());
        let condition = Arc::new(Stoppable { inner, stop: self.clone() });
        JoinFilter::new(condition, filter.column_indices().to_vec(), Arc::clone(filter.schema()))
    }

    /// A hash join whose condition heeds it. One that keeps or leaves out rows of one side brings nothing out while it finds
    /// the rows of the other, so it needs a condition; any other looks up as often as it brings rows out.
    fn heeded_by_hashes(&self, join: &HashJoinExec) -> Option<JoinFilter> {
        let brings_out =
            matches!(join.join_type(), JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full);
        let needs_one = join.filter().is_some() || !brings_out;
        needs_one.then(|| self.heeded_by(join.filter()))
    }
}

/// A plan whose joins can be stopped, whose windows count the rows that they keep, and whose lists become rows in pieces.
pub(super) struct StoppablePlan {
    pub(super) plan: Arc<dyn ExecutionPlan>,
    pub(super) stop: Stop,
}

impl StoppablePlan {
    pub(super) fn new(plan: Arc<dyn ExecutionPlan>, until: Instant) -> Result<Self, DataFusionError> {
        let stop = Stop::at(until);
        let plan = plan.transform_up(|plan| {
            let join: Arc<dyn ExecutionPlan> = if let Some(join) = plan.downcast_ref::<NestedLoopJoinExec>() {
                let filter = stop.heeded_by(join.filter());
                Arc::new(NestedLoopJoinExecBuilder::from(join).with_filter(Some(filter)).build()?)
            } else if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
                join.builder().with_filter(stop.heeded_by_hashes(join)).build_exec()?
            } else if plan.is::<CrossJoinExec>() {
                plan
            } else if let Some(window) = plan.downcast_ref::<WindowAggExec>() {
                let rows = gathered(window.input(), window.window_expr().len());
                return Ok(Transformed::yes(replace_children_if_necessary(Arc::clone(&plan), vec![rows])?));
            } else if let Some(unnest) = plan.downcast_ref::<UnnestExec>() {
                let rows = spread(unnest.input(), unnest.list_column_indices());
                return Ok(Transformed::yes(replace_children_if_necessary(Arc::clone(&plan), vec![rows])?));
            } else {
                return Ok(Transformed::no(plan));
            };
            Ok(Transformed::yes(Arc::new(CooperativeExec::new(join)) as Arc<dyn ExecutionPlan>))
        });
        Ok(Self { plan: plan.data()?, stop })
    }
}

/// A condition that fails as soon as its statement is to stop.
#[derive(Debug, Clone)]
struct Stoppable {
    inner: Arc<dyn PhysicalExpr>,
    stop: Stop,
}

impl PartialEq for Stoppable {
    fn eq(&self, other: &Self) -> bool {
        self.inner.eq(&other.inner)
    }
}

impl Eq for Stoppable {}

impl Hash for Stoppable {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl fmt::Display for Stoppable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl PhysicalExpr for Stoppable {
    fn return_field(&self, schema: &Schema) -> Result<FieldRef, DataFusionError> {
        self.inner.return_field(schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue, DataFusionError> {
        if self.stop.is_due() {
            return Err(DataFusionError::Execution(STOPPED.to_owned()));
        }
        self.inner.evaluate(batch)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.inner]
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>, DataFusionError> {
        let inner = children.pop().unwrap_or_else(|| Arc::clone(&self.inner));
        Ok(Arc::new(Self { inner, stop: self.stop.clone() }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_sql(f)
    }
}

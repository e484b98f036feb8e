//! A step of a plan that passes the rows of the one below on, in the same partitions and order, and does something as they come.

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use std::fmt;
use std::sync::Arc;

/// What becomes of the rows of a partition.
type Pass = dyn Fn(SendableRecordBatchStream, &TaskContext) -> SendableRecordBatchStream + Send + Sync;

/// The step.
pub(super) struct Passing {
    name: &'static str,
    rows: Arc<dyn ExecutionPlan>,
    pass: Arc<Pass>,
}

impl Passing {
    pub(super) fn plan(
        name: &'static str,
        rows: Arc<dyn ExecutionPlan>,
        pass: impl Fn(SendableRecordBatchStream, &TaskContext) -> SendableRecordBatchStream
        + Send
        + Sync
        + 'static,
    ) -> Arc<dyn ExecutionPlan> {
        Arc::new(Self { name, rows, pass: Arc::new(pass) })
    }
}

impl fmt::Debug for Passing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({:?})", self.name, self.rows)
    }
}

impl DisplayAs for Passing {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl ExecutionPlan for Passing {
    fn name(&self) -> &'static str {
        self.name
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.rows.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.rows]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion, DataFusionError>,
    ) -> Result<TreeNodeRecursion, DataFusionError> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        let rows = children.pop().unwrap_or_else(|| Arc::clone(&self.rows));
        Ok(Arc::new(Self { name: self.name, rows, pass: Arc::clone(&self.pass) }))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream, DataFusionError> {
        let rows = self.rows.execute(partition, Arc::clone(&context))?;
        Ok((self.pass)(rows, &context))
    }
}

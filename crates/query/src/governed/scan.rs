//! The barrier in a physical plan: what is below cannot be seen, measured or changed from above.

use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Statistics;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
};
use futures::StreamExt;
use std::fmt;
use std::sync::Arc;

/// Rows of a restricted table. It says that it has no children, so that no rule moves anything through it, and nothing of its
/// statistics but, where every row is shown, about how many there are, by which joins choose the side that they hold in memory.
pub(super) struct GovernedScan {
    table: String,
    inner: Arc<dyn ExecutionPlan>,
    rows: Precision<usize>,
    properties: Arc<PlanProperties>,
}

impl GovernedScan {
    pub(super) fn new(
        table: String,
        schema: SchemaRef,
        inner: Arc<dyn ExecutionPlan>,
        rows: Precision<usize>,
    ) -> Self {
        let partitions = inner.output_partitioning().partition_count();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(partitions),
            inner.pipeline_behavior(),
            inner.boundedness(),
        );
        Self { table, inner, rows, properties: Arc::new(properties) }
    }
}

impl fmt::Debug for GovernedScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GovernedScan({})", self.table)
    }
}

impl DisplayAs for GovernedScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GovernedScan: table={}", self.table)
    }
}

impl ExecutionPlan for GovernedScan {
    fn name(&self) -> &'static str {
        "GovernedScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion, DataFusionError>,
    ) -> Result<TreeNodeRecursion, DataFusionError> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        Ok(self)
    }

    fn statistics_from_inputs(
        &self,
        _: &[Arc<Statistics>],
        args: &StatisticsArgs,
    ) -> Result<Arc<Statistics>, DataFusionError> {
        let unknown = Statistics::new_unknown(&self.schema());
        let rows = if args.partition().is_none() { self.rows } else { Precision::Absent };
        Ok(Arc::new(unknown.with_num_rows(rows)))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream, DataFusionError> {
        let schema = self.schema();
        let rows = self.inner.execute(partition, context)?;
        let named = Arc::clone(&schema);
        let rows = rows.map(move |batch| {
            let batch = batch?;
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            let columns = batch.columns().to_vec();
            Ok(RecordBatch::try_new_with_options(Arc::clone(&named), columns, &options)?)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }
}

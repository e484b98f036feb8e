//! Rows that the operator above keeps until it has all of them, counted as memory of the reader: the engine's windows over
//! whole partitions take theirs without asking.

use datafusion::arrow::array::{Array, ArrayRef, RecordBatch};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::StreamExt;
use std::fmt;
use std::sync::Arc;

/// Bytes of a value that a window makes of a row: a number, or a text of some letters.
const VALUE_BYTES: usize = 16;

/// Rows that are kept, and how many columns are made of them.
#[derive(Debug)]
pub(super) struct Gathered {
    rows: Arc<dyn ExecutionPlan>,
    made: usize,
}

impl Gathered {
    pub(super) fn new(rows: Arc<dyn ExecutionPlan>, made: usize) -> Self {
        Self { rows, made }
    }
}

impl DisplayAs for Gathered {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gathered")
    }
}

impl ExecutionPlan for Gathered {
    fn name(&self) -> &'static str {
        "Gathered"
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
        Ok(Arc::new(Self { rows, made: self.made }))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream, DataFusionError> {
        let rows = self.rows.execute(partition, Arc::clone(&context))?;
        let memory = MemoryConsumer::new(self.name()).register(context.memory_pool());
        let schema = rows.schema();
        let made_of_a_row = self.made * VALUE_BYTES;
        let rows = rows.map(move |batch| {
            let batch = batch?;
            // They are put together in one piece, while the pieces are still there.
            memory.try_grow(2 * own_bytes(&batch) + made_of_a_row * batch.num_rows())?;
            Ok(batch)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }
}

/// Bytes of the rows alone: batches may be pieces of one large one.
fn own_bytes(batch: &RecordBatch) -> usize {
    let of_column = |column: &ArrayRef| {
        let bytes = column.to_data().get_slice_memory_size();
        bytes.unwrap_or_else(|_| column.get_array_memory_size())
    };
    batch.columns().iter().map(of_column).sum()
}

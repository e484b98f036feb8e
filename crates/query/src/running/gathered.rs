//! Rows that the operator above keeps until it has all of them, counted as memory of the reader: the engine's windows over
//! whole partitions take theirs without asking.

use super::passing::Passing;
use datafusion::arrow::array::{Array, ArrayRef, RecordBatch};
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;
use std::sync::Arc;

const NAME: &str = "Gathered";

/// Bytes of a value that a window makes of a row: a number, or a text of some letters.
const VALUE_BYTES: usize = 16;

/// Rows that are kept, of which so many columns are made.
pub(super) fn gathered(rows: &Arc<dyn ExecutionPlan>, made: usize) -> Arc<dyn ExecutionPlan> {
    let made_of_a_row = made * VALUE_BYTES;
    Passing::plan(NAME, Arc::clone(rows), move |rows, context| {
        let memory = MemoryConsumer::new(NAME).register(context.memory_pool());
        let schema = rows.schema();
        let rows = rows.map(move |batch| {
            let batch = batch?;
            // They are put together in one piece, while the pieces are still there.
            memory.try_grow(2 * own_bytes(&batch) + made_of_a_row * batch.num_rows())?;
            Ok(batch)
        });
        Box::pin(RecordBatchStreamAdapter::new(schema, rows))
    })
}

/// Bytes of the rows alone: batches may be pieces of one large one.
fn own_bytes(batch: &RecordBatch) -> usize {
    let of_column = |column: &ArrayRef| {
        let bytes = column.to_data().get_slice_memory_size();
        bytes.unwrap_or_else(|_| column.get_array_memory_size())
    };
    batch.columns().iter().map(of_column).sum()
}

//! Rows whose lists become rows (`unnest`): the other columns of a row are had once for each element, and nothing counts that. The
//! operator above is given as many rows at once as come to no more than a function may make of a batch.

use super::passing::Passing;
use crate::governed::{MOST_BYTES, elements_within, longest};
use datafusion::arrow::array::RecordBatch;
use datafusion::common::exec_err;
use datafusion::error::DataFusionError;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::unnest::ListUnnest;
use futures::{StreamExt, TryStreamExt, stream};
use std::sync::Arc;

/// Bytes of a value besides those of its own text or list.
const VALUE_BYTES: u64 = 16;

/// Rows of which some columns are lists whose elements become rows.
pub(super) fn spread(rows: &Arc<dyn ExecutionPlan>, lists: &[ListUnnest]) -> Arc<dyn ExecutionPlan> {
    let lists: Arc<[ListUnnest]> = lists.into();
    Passing::plan("Spread", Arc::clone(rows), move |rows, _| {
        let (schema, lists) = (rows.schema(), Arc::clone(&lists));
        let pieces = rows.map(move |batch| pieces(batch?, &lists));
        let rows = pieces.map_ok(|pieces| stream::iter(pieces.into_iter().map(Ok::<_, DataFusionError>)));
        Box::pin(RecordBatchStreamAdapter::new(schema, rows.try_flatten()))
    })
}

/// A batch in pieces, of none of which comes too much.
fn pieces(batch: RecordBatch, lists: &[ListUnnest]) -> Result<Vec<RecordBatch>, DataFusionError> {
    let mut waiting = vec![batch];
    let mut pieces = Vec::new();
    while let Some(batch) = waiting.pop() {
        let rows = batch.num_rows();
        if bytes(&batch, lists)? <= MOST_BYTES {
            pieces.push(batch);
        } else if rows > 1 {
            let middle = rows / 2;
            waiting.extend([batch.slice(middle, rows - middle), batch.slice(0, middle)]);
        } else {
            let most = MOST_BYTES / 1_000_000;
            return exec_err!("too long for a batch of rows: unnest makes {most} MB of one at most");
        }
    }
    Ok(pieces)
}

/// Most bytes that the columns come to that are had once for each element.
fn bytes(batch: &RecordBatch, lists: &[ListUnnest]) -> Result<u64, DataFusionError> {
    let elements = |list: &ListUnnest| elements_within(batch.column(list.index_in_input_schema));
    // Lists of one depth are gone through side by side, and one alone to its depth; otherwise what one comes to has another whole.
    let are_side_by_side = lists.len() == 1 || lists.iter().all(|list| list.depth == 1);
    let together: u64 = if are_side_by_side {
        lists.iter().map(elements).fold(0, u64::saturating_add)
    } else {
        lists.iter().map(elements).map(|elements| elements.saturating_add(1)).fold(1, u64::saturating_mul)
    };
    // A row without elements may stay.
    let rows = together.saturating_add(u64::try_from(batch.num_rows()).unwrap_or(u64::MAX));
    let is_taken = |place: usize| lists.iter().any(|list| list.index_in_input_schema == place);
    let mut of_a_row = 0_u64;
    for (place, column) in batch.columns().iter().enumerate() {
        if !are_side_by_side || !is_taken(place) {
            of_a_row = of_a_row.saturating_add(VALUE_BYTES).saturating_add(longest(column)?);
        }
    }
    Ok(rows.saturating_mul(of_a_row))
}

#[cfg(test)]
mod tests {
    use crate::Limits;
    use crate::platform::tests::{platform, reader};
    use datafusion::arrow::array::RecordBatch;

    async fn rows(select: &str) -> Result<usize, String> {
        let platform = platform(Limits::default());
        let plan = platform.plan_for(&reader(0), "risk-analysis", select).await.unwrap();
        let answer = plan.collect().await.map_err(|error| error.to_string())?;
        Ok(answer.iter().map(RecordBatch::num_rows).sum())
    }

    /// All columns of a row of two tables.
    const WIDE: &str =
        "SELECT unnest(LISTS) AS n, c.* FROM (SELECT a.*, b.name AS other FROM code a, code b LIMIT 1) c";

    #[tokio::test]
    async fn what_lists_make_of_the_columns_beside_them_has_a_bound() {
        for lists in ["range(10000000)", "unnest(array_repeat(range(10000), 1000))"] {
            let refused = rows(&WIDE.replace("LISTS", lists)).await.unwrap_err();
            assert!(refused.contains("too long for a batch of rows: unnest makes"), "{lists}: {refused}");
        }
    }

    #[tokio::test]
    async fn lists_become_as_many_rows_as_ever() {
        let count = |select: &str| format!("SELECT count(*) AS rows, max(n) AS most FROM ({select}) s");
        for select in [
            WIDE.replace("LISTS", "range(100000)"),
            "SELECT unnest(range(1000)) AS n, c.* FROM code c".to_owned(),
            "SELECT unnest(unnest(make_array(range(9), range(3)))) AS n, name FROM code LIMIT 12".to_owned(),
        ] {
            assert_eq!(rows(&count(&select)).await.unwrap(), 1, "{select}");
        }
        let all = "SELECT unnest(unnest(make_array(range(9), range(3)))) AS n, name FROM code LIMIT 12";
        assert_eq!(rows(all).await.unwrap(), 12);
        let of_each = "SELECT unnest(range(300)) AS n, c.* FROM (SELECT * FROM code LIMIT 1000) c";
        assert_eq!(rows(of_each).await.unwrap(), 300_000);
    }
}

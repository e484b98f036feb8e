//! Values of the parameters `$1`, `$2`, … of a statement.

use crate::QueryError;
use datafusion::arrow::array::RecordBatch;
use datafusion::common::{ParamValues, ScalarValue};

/// Values of parameters in order: the columns of the first row of a batch.
///
/// # Errors
/// [`QueryError::Engine`] when there is no row, or a column is of a type that has no single values.
pub fn values_of(row: &RecordBatch) -> Result<ParamValues, QueryError> {
    let values = row.columns().iter().map(|column| ScalarValue::try_from_array(column, 0));
    Ok(values.collect::<Result<Vec<_>, _>>()?.into())
}

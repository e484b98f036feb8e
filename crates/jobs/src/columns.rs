//! Columns of rows by their names and types.

use crate::JobError;
use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};

/// A column of any type.
pub(crate) fn column(rows: &RecordBatch, name: &str) -> Result<ArrayRef, JobError> {
    rows.column_by_name(name).cloned().ok_or_else(|| wrong_type(name))
}

/// Texts.
pub(crate) fn text(rows: &RecordBatch, name: &str) -> Result<StringArray, JobError> {
    typed(rows, name)
}

/// Truth values.
pub(crate) fn flags(rows: &RecordBatch, name: &str) -> Result<BooleanArray, JobError> {
    typed(rows, name)
}

/// Whole numbers.
pub(crate) fn integers(rows: &RecordBatch, name: &str) -> Result<Int64Array, JobError> {
    typed(rows, name)
}

/// Floating-point numbers.
pub(crate) fn reals(rows: &RecordBatch, name: &str) -> Result<Float64Array, JobError> {
    typed(rows, name)
}

/// Days.
pub(crate) fn days(rows: &RecordBatch, name: &str) -> Result<Date32Array, JobError> {
    typed(rows, name)
}

/// Moments.
pub(crate) fn moments(rows: &RecordBatch, name: &str) -> Result<TimestampMicrosecondArray, JobError> {
    typed(rows, name)
}

fn typed<A: Array + Clone + 'static>(rows: &RecordBatch, name: &str) -> Result<A, JobError> {
    column(rows, name)?.as_any().downcast_ref::<A>().cloned().ok_or_else(|| wrong_type(name))
}

/// The error of a column that is not what its table definition says.
pub(crate) fn wrong_type(name: &str) -> JobError {
    JobError::Missing(format!("column {name} is missing or has another type than its table definition says"))
}

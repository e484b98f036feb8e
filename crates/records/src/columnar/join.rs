//! Joins a batch of goods items with the batch of their declarations into the rows that are assessed.

use crate::tables::{DECLARATION, item_row_schema};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::error::ArrowError;

/// Rows with the columns of [`item_row_schema`], one for each goods item. Items must come in the order of their
/// declarations, which is how records are written.
///
/// # Errors
/// When an item belongs to no declaration of the batch or the batches lack columns.
pub fn item_rows(declarations: &RecordBatch, items: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let headers = parents(declarations, items)?;
    let schema = item_row_schema();
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let of_header = DECLARATION.column(field.name()).is_some();
        let batch = if of_header { declarations } else { items };
        let missing = || ArrowError::SchemaError(format!("column {} is missing", field.name()));
        let column = batch.column_by_name(field.name()).ok_or_else(missing)?;
        columns.push(if of_header { take(column, &headers, None)? } else { column.clone() });
    }
    RecordBatch::try_new(schema, columns)
}

/// Row of the declaration of each item.
fn parents(declarations: &RecordBatch, items: &RecordBatch) -> Result<UInt32Array, ArrowError> {
    let ids = |batch: &RecordBatch| {
        let column = batch.column_by_name("declaration_id").and_then(|c| c.as_string_opt::<i32>().cloned());
        column.ok_or_else(|| ArrowError::SchemaError("column declaration_id is missing".to_owned()))
    };
    let (headers, items) = (ids(declarations)?, ids(items)?);
    let mut rows = Vec::with_capacity(items.len());
    let mut row = 0;
    for id in items.iter().flatten() {
        while row < headers.len() && headers.value(row) != id {
            row += 1;
        }
        if row == headers.len() {
            return Err(ArrowError::InvalidArgumentError(format!(
                "goods item of {id} has no declaration in its batch"
            )));
        }
        rows.push(row as u32);
    }
    Ok(UInt32Array::from(rows))
}

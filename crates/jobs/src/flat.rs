//! Batches as CSV can hold them.

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use std::sync::Arc;

/// The same rows with nested columns as text, which CSV has no other way to write.
///
/// # Errors
/// When a column has no form as text.
pub fn flat(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let field = |field: &Arc<Field>| {
        if field.data_type().is_nested() {
            Field::new(field.name(), DataType::Utf8, true)
        } else {
            field.as_ref().clone().with_nullable(true)
        }
    };
    let schema = Schema::new(batch.schema().fields().iter().map(field).collect::<Vec<_>>());
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(|(column, field)| cast(column, field.data_type()));
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(Arc::new(schema), columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, AsArray, Int64Array, ListArray};
    use arrow::datatypes::Int64Type;

    #[test]
    fn nested_columns_become_text_and_the_others_stay() {
        let list = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1), Some(2)]), None]);
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![3, 4]));
        let list: ArrayRef = Arc::new(list);
        let batch = RecordBatch::try_from_iter([("number", numbers), ("list", list)]).unwrap();
        let written = flat(&batch).unwrap();
        assert_eq!(written.column(0), batch.column(0));
        let texts: Vec<_> = written.column(1).as_string::<i32>().iter().collect();
        assert_eq!(texts, [Some("[1, 2]"), None]);
        assert_eq!(flat(&batch.slice(0, 0)).unwrap().schema(), written.schema());
    }
}

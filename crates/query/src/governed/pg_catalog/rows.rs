//! Tables of the catalog of which some columns are known: the others say that there is nothing.

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int16Array, Int32Array, Int64Array, RecordBatch, StringArray,
    new_null_array,
};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::datasource::{MemTable, TableProvider};
use datafusion::error::DataFusionError;
use std::collections::HashMap;
use std::sync::Arc;

/// Columns by name.
#[derive(Default)]
pub(super) struct Known(HashMap<&'static str, ArrayRef>);

impl Known {
    /// A column of numbers (`oid` and `int4`).
    pub(super) fn numbers(mut self, name: &'static str, values: impl IntoIterator<Item = i32>) -> Self {
        self.0.insert(name, Arc::new(Int32Array::from_iter_values(values)));
        self
    }

    /// A column of small numbers (`int2`).
    pub(super) fn small(mut self, name: &'static str, values: impl IntoIterator<Item = i16>) -> Self {
        self.0.insert(name, Arc::new(Int16Array::from_iter_values(values)));
        self
    }

    /// A column of texts.
    pub(super) fn texts<S: AsRef<str>>(
        mut self,
        name: &'static str,
        values: impl IntoIterator<Item = S>,
    ) -> Self {
        self.0.insert(name, Arc::new(StringArray::from_iter_values(values)));
        self
    }

    /// A column of yes and no.
    pub(super) fn yes(mut self, name: &'static str, values: Vec<bool>) -> Self {
        self.0.insert(name, Arc::new(BooleanArray::from(values)));
        self
    }

    /// A table with so many rows.
    pub(super) fn table(
        self,
        schema: &SchemaRef,
        rows: usize,
    ) -> Result<Arc<dyn TableProvider>, DataFusionError> {
        let column = |(name, data_type, is_nullable): (&str, &DataType, bool)| match self.0.get(name) {
            Some(known) => Arc::clone(known),
            None if is_nullable => new_null_array(data_type, rows),
            None => nothing(data_type, rows),
        };
        let columns = schema.fields().iter().map(|field| {
            let (name, data_type) = (field.name().as_str(), field.data_type());
            column((name, data_type, field.is_nullable()))
        });
        let batch = RecordBatch::try_new(Arc::clone(schema), columns.collect())?;
        Ok(Arc::new(MemTable::try_new(Arc::clone(schema), vec![vec![batch]])?))
    }
}

/// What a column that may not be absent says when there is nothing to say.
fn nothing(data_type: &DataType, rows: usize) -> ArrayRef {
    match data_type {
        DataType::Boolean => Arc::new(BooleanArray::from(vec![false; rows])),
        DataType::Int16 => Arc::new(Int16Array::from(vec![0; rows])),
        DataType::Int32 => Arc::new(Int32Array::from(vec![0; rows])),
        DataType::Int64 => Arc::new(Int64Array::from(vec![0; rows])),
        DataType::Float64 => Arc::new(Float64Array::from(vec![-1.0; rows])),
        DataType::Utf8 => Arc::new(StringArray::from(vec![""; rows])),
        other => new_null_array(other, rows),
    }
}

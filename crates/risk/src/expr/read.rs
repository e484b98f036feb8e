//! Brings the columns of a batch into the few forms expressions work on.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;

use super::error::EvaluateError;
use super::functions::canonical_floats;
use super::kind::Kind;

/// The columns an expression reads: each by name, with the type it had when the expression was compiled.
#[derive(Debug, Clone, Default)]
pub(super) struct Inputs {
    columns: Vec<Input>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Input {
    name: String,
    data_type: DataType,
    kind: Kind,
}

impl Inputs {
    /// The place of a column among the inputs, which gains it if it is new.
    pub(super) fn add(&mut self, name: &str, data_type: &DataType, kind: Kind) -> usize {
        self.columns.iter().position(|column| column.name == name).unwrap_or_else(|| {
            self.columns.push(Input { name: name.to_owned(), data_type: data_type.clone(), kind });
            self.columns.len() - 1
        })
    }

    /// Adds the columns of others; gives their places.
    pub(super) fn merge(&mut self, other: &Self) -> Vec<usize> {
        let add = |column: &Input| {
            self.columns.iter().position(|known| known == column).unwrap_or_else(|| {
                self.columns.push(column.clone());
                self.columns.len() - 1
            })
        };
        other.columns.iter().map(add).collect()
    }

    /// What the column at a place holds.
    pub(super) fn kind(&self, place: usize) -> Kind {
        self.columns[place].kind
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// The schema of the batches that [`read`](Self::read) gives.
    pub(super) fn schema(&self) -> SchemaRef {
        let field = |column: &Input| Field::new(&column.name, column.kind.data_type(), true);
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }

    /// One row in which every input is NULL.
    pub(super) fn empty_record(&self, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
        let columns = self.columns.iter().map(|column| new_null_array(&column.kind.data_type(), 1)).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(1));
        RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
    }

    /// Takes the inputs from a batch, which may have more columns and in any order.
    pub(super) fn read(&self, schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch, EvaluateError> {
        let columns = self.columns.iter().map(|column| column.read(batch)).collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?)
    }
}

impl Input {
    fn read(&self, batch: &RecordBatch) -> Result<ArrayRef, EvaluateError> {
        let name = || self.name.clone();
        let array =
            batch.column_by_name(&self.name).ok_or_else(|| EvaluateError::MissingColumn { name: name() })?;
        if *array.data_type() == self.data_type {
            return Ok(canonical(array, self.kind)?);
        }
        let (expected, found) = (self.data_type.clone(), array.data_type().clone());
        Err(EvaluateError::ColumnType { name: name(), expected, found })
    }
}

/// The column in its kind's one Arrow type; values that have no place in it are NULL.
fn canonical(array: &ArrayRef, kind: Kind) -> Result<ArrayRef, ArrowError> {
    let target = kind.data_type();
    Ok(match (kind, array.data_type()) {
        (Kind::Float, _) => Arc::new(canonical_floats(cast(array, &target)?.as_primitive())),
        // In two steps, the first keeping the zone: instants stay what they are, only the zone's name goes.
        (Kind::Timestamp, DataType::Timestamp(_, zone)) => {
            cast(&cast(array, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?, &target)?
        }
        (_, same) if *same == target => Arc::clone(array),
        _ => cast(array, &target)?,
    })
}

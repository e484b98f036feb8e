//! Reads the rows of a batch back into records.

use super::column_reader::{read_list, read_scalar};
use super::other_values::read_other;
use crate::class::{Class, FieldKind, FieldMut, LeafMut};
use crate::path::Path;
use crate::table::{Source, Table};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;

/// Why rows cannot be read back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadRowError {
    /// A column is missing or has another type.
    #[error("column {column} of table {table} is missing or has another type than the table definition says")]
    Column {
        /// Name of the table.
        table: &'static str,
        /// Name of the column.
        column: &'static str,
    },
    /// A value cannot be read back.
    #[error("row {row} of table {table}: {cause}")]
    Value {
        /// Name of the table.
        table: &'static str,
        /// Row of the batch, from 0.
        row: usize,
        /// What cannot be read.
        cause: String,
    },
}

enum ColumnReader {
    Key(Path, ArrayRef),
    Scalar(Path, ArrayRef, Option<ArrayRef>),
    Kilograms(Path, ArrayRef),
    List(Path, ArrayRef),
    Other(ArrayRef),
}

/// The rows of a batch as records of the table's class.
pub struct RowReader {
    table: &'static Table,
    columns: Vec<ColumnReader>,
}

impl RowReader {
    /// Prepares a batch with the columns of `table`, in any order.
    ///
    /// # Errors
    /// When a column is missing or has another type.
    pub fn new(table: &'static Table, batch: &RecordBatch) -> Result<Self, ReadRowError> {
        let mut columns = Vec::new();
        for column in table.columns {
            let wrong = || ReadRowError::Column { table: table.name, column: column.name };
            let array = batch.column_by_name(column.name).ok_or_else(wrong)?.clone();
            if array.data_type() != &column.data_type(table.class) {
                return Err(wrong());
            }
            let field = column.field(table.class).map_err(|_| wrong())?;
            match (column.source, field) {
                (Source::Key(key), _) => {
                    let path = key.element().and_then(|element| Path::parse(table.class, element).ok());
                    columns.extend(path.map(|path| ColumnReader::Key(path, array)));
                }
                (Source::Other, _) => columns.push(ColumnReader::Other(array)),
                (Source::Kilograms(_), Some((path, _))) => columns.push(ColumnReader::Kilograms(path, array)),
                (Source::List(_), Some((path, _))) => columns.push(ColumnReader::List(path, array)),
                (Source::Leaf(at) | Source::Value(at), Some((path, field)))
                    if stands_alone(table, &path, field.kind) =>
                {
                    let unit = table.columns.iter().find(|c| c.source == Source::Unit(at));
                    let unit = unit.and_then(|c| batch.column_by_name(c.name)).cloned();
                    columns.push(ColumnReader::Scalar(path, array, unit));
                }
                _ => {}
            }
        }
        Ok(Self { table, columns })
    }

    /// Reads one row into an empty record of the table's class.
    ///
    /// # Errors
    /// When a value cannot be read back.
    pub fn read(&self, row: usize, record: &mut dyn Class) -> Result<(), ReadRowError> {
        for column in &self.columns {
            read_column(column, row, record).map_err(|cause| ReadRowError::Value {
                table: self.table.name,
                row,
                cause,
            })?;
        }
        Ok(())
    }
}

fn read_column(column: &ColumnReader, row: usize, record: &mut dyn Class) -> Result<(), String> {
    match column {
        ColumnReader::Key(path, array) => {
            read_key(path.leaf_mut(record), array, row);
            Ok(())
        }
        ColumnReader::Scalar(path, array, unit) if !array.is_null(row) => {
            let unit = unit.as_ref().map(AsArray::as_string::<i32>).filter(|u| !u.is_null(row));
            read_scalar(path.leaf_mut(record), array, unit.map(|u| u.value(row)), row)
        }
        ColumnReader::Kilograms(path, array) if !array.is_null(row) => {
            read_scalar(path.leaf_mut(record), array, Some("KGM"), row)
        }
        ColumnReader::List(path, array) => match path.field_mut(record) {
            Some(FieldMut::Many(list)) => read_list(list, array.as_list::<i32>(), row),
            _ => Err(format!("{} does not repeat", path.as_str())),
        },
        ColumnReader::Other(array) => read_other(array.as_list::<i32>(), row, record),
        _ => Ok(()),
    }
}

/// What the key says of a record. A declaration without a version is the first, so the first need not be named.
fn read_key(leaf: Option<LeafMut<'_>>, array: &ArrayRef, row: usize) {
    match leaf {
        Some(LeafMut::Text(slot)) => {
            let text = array.as_string::<i32>().value(row);
            *slot = (!text.is_empty()).then(|| text.into());
        }
        Some(LeafMut::Count(slot)) => {
            let number = u32::try_from(array.as_primitive::<Int64Type>().value(row)).ok();
            *slot = number.filter(|number| *number > 1);
        }
        _ => {}
    }
}

/// Whether a leaf is stored only by its own column: one below a repeating class is stored by the list column.
fn stands_alone(table: &Table, path: &Path, kind: FieldKind) -> bool {
    let below_list = table.columns.iter().any(|c| match c.source {
        Source::List(list) => path.as_str().starts_with(&format!("{list}/")),
        _ => false,
    });
    matches!(kind, FieldKind::Leaf { .. }) && !below_list
}

//! Writes records into the columns of a table.

use super::column_builder::{ListBuilder, ScalarBuilder, unit_of};
use super::error::WriteValueError;
use super::other_values::OtherBuilder;
use super::row_key::RowKey;
use crate::class::{Class, FieldKind, FieldRef, LeafKind, LeafRef, Repeated};
use crate::path::Path;
use crate::table::{Key, Source, Table};
use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};

enum ColumnBuilder {
    Key(Key, ScalarBuilder),
    Scalar(Path, ScalarBuilder),
    Unit(Path, ScalarBuilder),
    Hs6(Path, ScalarBuilder),
    List(Path, ListBuilder),
    Other(OtherBuilder),
}

/// Grows one batch of a table, record by record.
pub struct TableBuilder {
    table: &'static Table,
    schema: SchemaRef,
    columns: Vec<ColumnBuilder>,
    rows: usize,
    /// When the load began that the rows come with.
    loaded_at: Option<DateTime<Utc>>,
}

impl TableBuilder {
    /// An empty batch of a table.
    ///
    /// # Errors
    /// When the table definition names a path that does not exist.
    pub fn new(table: &'static Table) -> Result<Self, WriteValueError> {
        let wrong = |cause: String| WriteValueError::Definition { table: table.name, cause };
        let mut columns = Vec::new();
        for column in table.columns {
            let field = column.field(table.class).map_err(|e| wrong(e.to_string()))?;
            columns.push(match (column.source, field) {
                (Source::Key(key @ (Key::SourceRow | Key::VersionNumber)), _) => {
                    ColumnBuilder::Key(key, ScalarBuilder::new(LeafKind::Count))
                }
                (Source::Key(key @ Key::LoadedAt), _) => {
                    ColumnBuilder::Key(key, ScalarBuilder::new(LeafKind::Time))
                }
                (Source::Key(key), _) => ColumnBuilder::Key(key, ScalarBuilder::new(LeafKind::Text)),
                (Source::Other, _) => ColumnBuilder::Other(OtherBuilder::new(table)),
                (source, Some((path, field))) => match (source, field.kind) {
                    (Source::Unit(_), _) => ColumnBuilder::Unit(path, ScalarBuilder::new(LeafKind::Text)),
                    (Source::Hs6(_), _) => ColumnBuilder::Hs6(path, ScalarBuilder::new(LeafKind::Text)),
                    (_, FieldKind::Leaf { kind, .. }) => {
                        ColumnBuilder::Scalar(path, ScalarBuilder::new(kind))
                    }
                    (_, FieldKind::One(class) | FieldKind::Many(class)) => {
                        ColumnBuilder::List(path, ListBuilder::new(class))
                    }
                },
                (_, None) => return Err(wrong(format!("column {} has no field", column.name))),
            });
        }
        Ok(Self { table, schema: table.schema(), columns, rows: 0, loaded_at: None })
    }

    /// The same, of rows that come with a load that began at a moment.
    #[must_use]
    pub fn loaded_at(self, moment: DateTime<Utc>) -> Self {
        Self { loaded_at: Some(moment), ..self }
    }

    /// Rows so far.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no row yet.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Appends one record of the table's class. The record must have been validated: a value that does not
    /// fit its column makes the whole batch unusable.
    ///
    /// # Errors
    /// When a number does not fit its column exactly.
    pub fn push(&mut self, key: RowKey<'_>, record: &dyn Class) -> Result<(), WriteValueError> {
        for column in &mut self.columns {
            match column {
                ColumnBuilder::Key(Key::Month, builder) => builder.push_text(Some(key.month)),
                ColumnBuilder::Key(Key::DeclarationId, builder) => {
                    builder.push_text(Some(key.declaration_id));
                }
                ColumnBuilder::Key(Key::LoadId, builder) => builder.push_text(Some(key.load_id)),
                ColumnBuilder::Key(Key::VersionNumber, builder) => {
                    builder.push_count(Some(key.version_number));
                }
                ColumnBuilder::Key(Key::SourceRow, builder) => builder.push_count(Some(key.source_row)),
                ColumnBuilder::Key(Key::LoadedAt, builder) => {
                    builder.push(Some(LeafRef::Time(self.loaded_at)))?;
                }
                ColumnBuilder::Scalar(path, builder) => builder.push(path.leaf(record))?,
                ColumnBuilder::Unit(path, builder) => builder.push_text(path.leaf(record).and_then(unit_of)),
                ColumnBuilder::Hs6(path, builder) => builder.push_text(path.leaf(record).and_then(hs6)),
                ColumnBuilder::List(path, builder) => builder.push(list_at(path, record))?,
                ColumnBuilder::Other(builder) => builder.push(key, record),
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// The rows so far as a batch; the builder is empty afterwards.
    ///
    /// # Errors
    /// When the columns do not fit the schema, which means the table definition is wrong.
    pub fn finish(&mut self) -> Result<RecordBatch, WriteValueError> {
        let arrays: Vec<ArrayRef> = self
            .columns
            .iter_mut()
            .map(|column| match column {
                ColumnBuilder::Key(_, b)
                | ColumnBuilder::Scalar(_, b)
                | ColumnBuilder::Unit(_, b)
                | ColumnBuilder::Hs6(_, b) => b.finish(),
                ColumnBuilder::List(_, b) => b.finish(),
                ColumnBuilder::Other(b) => b.finish(),
            })
            .collect();
        self.rows = 0;
        RecordBatch::try_new(self.schema.clone(), arrays)
            .map_err(|e| WriteValueError::Definition { table: self.table.name, cause: e.to_string() })
    }
}

/// First six digits of a commodity code, when it starts with six.
fn hs6(leaf: LeafRef<'_>) -> Option<&str> {
    let LeafRef::Text(Some(code)) = leaf else { return None };
    let digits = code.get(..6)?;
    digits.bytes().all(|b| b.is_ascii_digit()).then_some(digits)
}

fn list_at<'a>(path: &Path, record: &'a dyn Class) -> Option<&'a dyn Repeated> {
    match path.field(record)? {
        FieldRef::Many(list) => Some(list),
        _ => None,
    }
}

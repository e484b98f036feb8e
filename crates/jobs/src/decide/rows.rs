//! Decisions as rows of the tables `decision` and `decision_item`.

use crate::JobError;
use arrow::array::{
    ArrayRef, BooleanBuilder, Float32Builder, Float64Builder, Int64Builder, ListBuilder, RecordBatch,
    StringBuilder, StructBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field};
use std::sync::Arc;
use tidegate_records::table::{Computed, Source, Table, reason_fields};

/// A value of a computed column.
pub(super) enum Value<'a> {
    Text(&'a str),
    Owned(String),
    Absent,
    Integer(i64),
    Real(f64),
    Flag(bool),
    /// Microseconds since 1970-01-01 UTC.
    Moment(i64),
    Texts(Vec<&'a str>),
    Features(&'a [f32]),
    Reasons(Vec<StoredReason<'a>>),
}

/// One reason as it is stored.
pub(super) struct StoredReason<'a> {
    pub goods_item: Option<i64>,
    pub kind: &'static str,
    pub name: &'a str,
    pub contribution: Option<f64>,
    pub sentence: &'a str,
}

enum Column {
    Text(StringBuilder),
    Integer(Int64Builder),
    Real(Float64Builder),
    Flag(BooleanBuilder),
    Moment(TimestampMicrosecondBuilder),
    Texts(ListBuilder<StringBuilder>),
    Features(ListBuilder<Float32Builder>),
    Reasons(ListBuilder<StructBuilder>),
}

/// Rows of a table of computed columns, set by name so that no two columns can be mixed up.
pub(super) struct Rows {
    table: &'static Table,
    columns: Vec<(&'static str, Column)>,
    /// Columns in the order in which the rows so far named them: the next row names them likewise.
    order: Vec<usize>,
}

impl Rows {
    pub(super) fn new(table: &'static Table) -> Self {
        let columns = table.columns.iter().map(|c| {
            let kind = match c.source {
                Source::Computed(kind) => kind,
                _ if c.data_type(table.class) == DataType::Int64 => Computed::Integer,
                _ => Computed::Text,
            };
            (c.name, column(kind))
        });
        Self { table, columns: columns.collect(), order: Vec::new() }
    }

    /// Appends one row; `values` has every column of the table.
    pub(super) fn push(&mut self, values: Vec<(&'static str, Value<'_>)>) -> Result<(), JobError> {
        let given = values.len();
        for (place, (name, value)) in values.into_iter().enumerate() {
            let table = self.table.name;
            let wrong = || JobError::Missing(format!("{table}.{name} was given a value of another type"));
            self.column(place, name).ok_or_else(wrong)?.push(value).ok_or_else(wrong)?;
        }
        if given == self.columns.len() {
            return Ok(());
        }
        Err(JobError::Missing(format!(
            "a row of {} has {given} of {} columns",
            self.table.name,
            self.columns.len()
        )))
    }

    /// The column of a name, which is the one that earlier rows named in this place, or is looked for.
    fn column(&mut self, place: usize, name: &str) -> Option<&mut Column> {
        let known = self.order.get(place).filter(|known| self.columns[**known].0 == name);
        let found = match known {
            Some(known) => *known,
            None => self.columns.iter().position(|(column, _)| *column == name)?,
        };
        if place == self.order.len() {
            self.order.push(found);
        }
        self.columns.get_mut(found).map(|(_, column)| column)
    }

    pub(super) fn finish(&mut self) -> Result<RecordBatch, JobError> {
        let arrays = self.columns.iter_mut().map(|(_, column)| column.finish());
        Ok(RecordBatch::try_new(self.table.schema(), arrays.collect())?)
    }
}

fn column(kind: Computed) -> Column {
    let item = |data_type| Arc::new(Field::new("element", data_type, false));
    match kind {
        Computed::Text | Computed::OptionalText => Column::Text(StringBuilder::new()),
        Computed::Integer | Computed::OptionalInteger => Column::Integer(Int64Builder::new()),
        Computed::Real | Computed::OptionalReal => Column::Real(Float64Builder::new()),
        Computed::Flag => Column::Flag(BooleanBuilder::new()),
        Computed::Moment => Column::Moment(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
        Computed::Texts => {
            Column::Texts(ListBuilder::new(StringBuilder::new()).with_field(item(DataType::Utf8)))
        }
        Computed::Features => {
            Column::Features(ListBuilder::new(Float32Builder::new()).with_field(item(DataType::Float32)))
        }
        Computed::Reasons => Column::Reasons(
            ListBuilder::new(StructBuilder::from_fields(reason_fields(), 0))
                .with_field(item(DataType::Struct(reason_fields()))),
        ),
    }
}

impl Column {
    /// Appends a value; `None` when it is of another type.
    fn push(&mut self, value: Value<'_>) -> Option<()> {
        match (self, value) {
            (Self::Text(builder), Value::Text(text)) => builder.append_value(text),
            (Self::Text(builder), Value::Owned(text)) => builder.append_value(text),
            (Self::Text(builder), Value::Absent) => builder.append_null(),
            (Self::Integer(builder), Value::Integer(number)) => builder.append_value(number),
            (Self::Real(builder), Value::Real(number)) => builder.append_value(number),
            (Self::Integer(builder), Value::Absent) => builder.append_null(),
            (Self::Real(builder), Value::Absent) => builder.append_null(),
            (Self::Flag(builder), Value::Flag(flag)) => builder.append_value(flag),
            (Self::Moment(builder), Value::Moment(micros)) => builder.append_value(micros),
            (Self::Texts(builder), Value::Texts(texts)) => {
                for text in texts {
                    builder.values().append_value(text);
                }
                builder.append(true);
            }
            (Self::Features(builder), Value::Features(features)) => {
                builder.values().append_slice(features);
                builder.append(true);
            }
            (Self::Reasons(builder), Value::Reasons(reasons)) => {
                for reason in reasons {
                    push_reason(builder.values(), &reason)?;
                }
                builder.append(true);
            }
            _ => return None,
        }
        Some(())
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Integer(builder) => Arc::new(builder.finish()),
            Self::Real(builder) => Arc::new(builder.finish()),
            Self::Flag(builder) => Arc::new(builder.finish()),
            Self::Moment(builder) => Arc::new(builder.finish()),
            Self::Texts(builder) => Arc::new(builder.finish()),
            Self::Features(builder) => Arc::new(builder.finish()),
            Self::Reasons(builder) => Arc::new(builder.finish()),
        }
    }
}

/// Appends the fields of [`reason_fields`], in their order.
fn push_reason(builder: &mut StructBuilder, reason: &StoredReason<'_>) -> Option<()> {
    builder.field_builder::<Int64Builder>(0)?.append_option(reason.goods_item);
    builder.field_builder::<StringBuilder>(1)?.append_value(reason.kind);
    builder.field_builder::<StringBuilder>(2)?.append_value(reason.name);
    builder.field_builder::<Float64Builder>(3)?.append_option(reason.contribution);
    builder.field_builder::<StringBuilder>(4)?.append_value(reason.sentence);
    builder.append(true);
    Some(())
}

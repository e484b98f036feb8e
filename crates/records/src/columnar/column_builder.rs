//! Growing Arrow columns: scalars, and the nested columns of repeating classes.

use super::error::WriteValueError;
use crate::class::{Class, ClassDefinition, FieldKind, FieldRef, LeafKind, LeafRef, Repeated};
use crate::table::{AMOUNT_DECIMALS, MEASURE_DECIMALS, list_item, struct_fields};
use crate::value::Decimal;
use arrow::array::{
    ArrayRef, Decimal128Builder, Int64Builder, ListArray, StringBuilder, StructArray,
    TimestampMicrosecondBuilder,
};
use arrow::buffer::OffsetBuffer;
use std::sync::Arc;

/// A column of scalars.
pub(super) enum ScalarBuilder {
    Text(StringBuilder),
    Count(Int64Builder),
    Decimal(Decimal128Builder, i8),
    Time(TimestampMicrosecondBuilder),
}

impl ScalarBuilder {
    pub(super) fn new(kind: LeafKind) -> Self {
        let decimal = |(precision, scale): (u8, i8)| {
            let builder = Decimal128Builder::new()
                .with_data_type(arrow::datatypes::DataType::Decimal128(precision, scale));
            Self::Decimal(builder, scale)
        };
        match kind {
            LeafKind::Text => Self::Text(StringBuilder::new()),
            LeafKind::Count => Self::Count(Int64Builder::new()),
            LeafKind::Amount => decimal(AMOUNT_DECIMALS),
            LeafKind::Decimal | LeafKind::Measure => decimal(MEASURE_DECIMALS),
            LeafKind::Time => Self::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
        }
    }

    pub(super) fn push_text(&mut self, value: Option<&str>) {
        if let Self::Text(builder) = self {
            builder.append_option(value);
        }
    }

    pub(super) fn push_count(&mut self, value: Option<i64>) {
        if let Self::Count(builder) = self {
            builder.append_option(value);
        }
    }

    /// Appends the number of a leaf; the unit of an amount or measure is a column of its own.
    pub(super) fn push(&mut self, leaf: Option<LeafRef<'_>>) -> Result<(), WriteValueError> {
        match self {
            Self::Text(builder) => match leaf {
                Some(LeafRef::Text(value)) => builder.append_option(value),
                _ => builder.append_null(),
            },
            Self::Count(builder) => match leaf {
                Some(LeafRef::Count(value)) => builder.append_option(value.map(i64::from)),
                _ => builder.append_null(),
            },
            Self::Decimal(builder, scale) => {
                let value = match leaf {
                    Some(LeafRef::Decimal(value)) => value,
                    Some(LeafRef::Amount(value)) => value.map(|a| a.value),
                    Some(LeafRef::Measure(value)) => value.map(|m| m.value),
                    _ => None,
                };
                builder.append_option(value.map(|v| unscaled(v, *scale)).transpose()?);
            }
            Self::Time(builder) => match leaf {
                Some(LeafRef::Time(value)) => builder.append_option(value.map(|t| t.timestamp_micros())),
                _ => builder.append_null(),
            },
        }
        Ok(())
    }

    pub(super) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Count(builder) => Arc::new(builder.finish()),
            Self::Decimal(builder, _) => Arc::new(builder.finish()),
            Self::Time(builder) => Arc::new(builder.finish()),
        }
    }
}

/// The integer that stands for a decimal at a scale, when it fits exactly.
fn unscaled(value: Decimal, scale: i8) -> Result<i128, WriteValueError> {
    const AMOUNT: i128 = 10_i128.pow(AMOUNT_DECIMALS.0 as u32);
    const MEASURE: i128 = 10_i128.pow(MEASURE_DECIMALS.0 as u32);
    let digits = u32::from(scale.unsigned_abs());
    let limit = if scale == AMOUNT_DECIMALS.1 { AMOUNT } else { MEASURE };
    let shortest = if value.scale() > digits { value.normalize() } else { value };
    // A decimal has 29 digits at most, so with the few of a scale it stays within the integer.
    let missing = digits.checked_sub(shortest.scale());
    let unscaled = missing.map(|missing| shortest.mantissa() * 10_i128.pow(missing));
    unscaled
        .filter(|number| number.abs() < limit)
        .ok_or_else(|| WriteValueError::DoesNotFit { value: value.to_string(), decimals: digits })
}

/// A column of a repeating class.
pub(super) struct ListBuilder {
    offsets: Vec<i32>,
    items: StructBuilder,
}

impl ListBuilder {
    pub(super) fn new(class: &'static ClassDefinition) -> Self {
        Self { offsets: vec![0], items: StructBuilder::new(class) }
    }

    pub(super) fn push(&mut self, list: Option<&dyn Repeated>) -> Result<(), WriteValueError> {
        if let Some(list) = list {
            for index in 0..list.len() {
                if let Some(class) = list.get(index) {
                    self.items.push(class)?;
                }
            }
        }
        self.offsets.push(i32::try_from(self.items.rows).map_err(|_| WriteValueError::TooManyRows)?);
        Ok(())
    }

    pub(super) fn finish(&mut self) -> ArrayRef {
        let offsets = OffsetBuffer::new(std::mem::replace(&mut self.offsets, vec![0]).into());
        let class = self.items.class;
        Arc::new(ListArray::new(list_item(class), offsets, self.items.finish(), None))
    }
}

/// A struct with the fields of a class.
struct StructBuilder {
    class: &'static ClassDefinition,
    fields: Vec<FieldBuilder>,
    rows: usize,
}

enum FieldBuilder {
    Scalar(ScalarBuilder),
    WithUnit(ScalarBuilder, StringBuilder),
    One(StructBuilder),
    Many(ListBuilder),
}

impl StructBuilder {
    fn new(class: &'static ClassDefinition) -> Self {
        let fields = class.fields.iter().map(|field| match field.kind {
            FieldKind::Leaf { kind: kind @ (LeafKind::Amount | LeafKind::Measure), .. } => {
                FieldBuilder::WithUnit(ScalarBuilder::new(kind), StringBuilder::new())
            }
            FieldKind::Leaf { kind, .. } => FieldBuilder::Scalar(ScalarBuilder::new(kind)),
            FieldKind::One(child) => FieldBuilder::One(StructBuilder::new(child)),
            FieldKind::Many(child) => FieldBuilder::Many(ListBuilder::new(child)),
        });
        Self { class, fields: fields.collect(), rows: 0 }
    }

    fn push(&mut self, class: &dyn Class) -> Result<(), WriteValueError> {
        for (index, builder) in self.fields.iter_mut().enumerate() {
            match (builder, class.field(index)) {
                (FieldBuilder::Scalar(scalar), FieldRef::Leaf(leaf)) => scalar.push(Some(leaf))?,
                (FieldBuilder::WithUnit(scalar, unit), FieldRef::Leaf(leaf)) => {
                    scalar.push(Some(leaf))?;
                    unit.append_option(unit_of(leaf));
                }
                (FieldBuilder::One(builder), FieldRef::One(child)) => builder.push(child)?,
                (FieldBuilder::Many(builder), FieldRef::Many(list)) => builder.push(Some(list))?,
                _ => return Err(WriteValueError::TooManyRows),
            }
        }
        self.rows += 1;
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        let mut arrays: Vec<ArrayRef> = Vec::new();
        for field in &mut self.fields {
            match field {
                FieldBuilder::Scalar(scalar) => arrays.push(scalar.finish()),
                FieldBuilder::WithUnit(scalar, unit) => {
                    arrays.push(scalar.finish());
                    arrays.push(Arc::new(unit.finish()));
                }
                FieldBuilder::One(builder) => arrays.push(builder.finish()),
                FieldBuilder::Many(builder) => arrays.push(builder.finish()),
            }
        }
        self.rows = 0;
        Arc::new(StructArray::new(struct_fields(self.class), arrays, None))
    }
}

/// Currency of an amount or unit of a measure.
pub(super) fn unit_of(leaf: LeafRef<'_>) -> Option<&str> {
    match leaf {
        LeafRef::Amount(amount) => amount.and_then(|a| a.currency.as_deref()),
        LeafRef::Measure(measure) => measure.and_then(|m| m.unit.as_deref()),
        _ => None,
    }
}

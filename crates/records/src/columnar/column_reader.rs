//! Reads single values and nested lists of a column back into a record.

use crate::class::{Class, FieldKind, FieldMut, LeafKind, LeafMut, Repeated};
use crate::table::{AMOUNT_DECIMALS, MEASURE_DECIMALS};
use crate::value::{Amount, Decimal, Measure};
use arrow::array::{Array, ArrayRef, AsArray, ListArray, StructArray};
use arrow::datatypes::{Decimal128Type, Int64Type, TimestampMicrosecondType};
use chrono::DateTime;

/// Sets a leaf from one value of a column; the unit is that of an amount or a measure.
pub(super) fn read_scalar(
    leaf: Option<LeafMut<'_>>,
    array: &ArrayRef,
    unit: Option<&str>,
    row: usize,
) -> Result<(), String> {
    let leaf = leaf.ok_or("the column does not end at a value")?;
    match leaf {
        LeafMut::Text(slot) => *slot = Some(array.as_string::<i32>().value(row).into()),
        LeafMut::Count(slot) => {
            let value = array.as_primitive::<Int64Type>().value(row);
            *slot = Some(u32::try_from(value).map_err(|_| format!("{value} is not a count"))?);
        }
        LeafMut::Decimal(slot) => *slot = Some(decimal(array, row, MEASURE_DECIMALS.1)?),
        LeafMut::Amount(slot) => {
            let value = decimal(array, row, AMOUNT_DECIMALS.1)?;
            *slot = Some(Amount { value, currency: unit.map(Into::into) });
        }
        LeafMut::Measure(slot) => {
            let value = decimal(array, row, MEASURE_DECIMALS.1)?;
            *slot = Some(Measure { value, unit: unit.map(Into::into) });
        }
        LeafMut::Time(slot) => {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
            *slot = Some(DateTime::from_timestamp_micros(micros).ok_or("a moment is out of range")?);
        }
    }
    Ok(())
}

fn decimal(array: &ArrayRef, row: usize, scale: i8) -> Result<Decimal, String> {
    let unscaled = array.as_primitive::<Decimal128Type>().value(row);
    Decimal::try_from_i128_with_scale(unscaled, u32::from(scale.unsigned_abs()))
        .map(|d| d.normalize())
        .map_err(|e| e.to_string())
}

/// Reads the occurrences of a repeating class from one value of a list column.
pub(super) fn read_list(list: &mut dyn Repeated, array: &ListArray, row: usize) -> Result<(), String> {
    let items = array.value(row);
    let items = items.as_struct();
    for index in 0..items.len() {
        read_struct(list.push(), items, index)?;
    }
    Ok(())
}

fn read_struct(class: &mut dyn Class, items: &StructArray, row: usize) -> Result<(), String> {
    let mut column = 0;
    for (index, field) in class.definition().fields.iter().enumerate() {
        let array = items.column(column);
        column += 1;
        match (field.kind, class.field_mut(index)) {
            (FieldKind::Leaf { kind, .. }, FieldMut::Leaf(leaf)) => {
                let mut unit = None;
                if matches!(kind, LeafKind::Amount | LeafKind::Measure) {
                    let units = items.column(column).as_string::<i32>();
                    column += 1;
                    unit = (!units.is_null(row)).then(|| units.value(row));
                }
                if !array.is_null(row) {
                    read_scalar(Some(leaf), array, unit, row)?;
                }
            }
            (FieldKind::One(_), FieldMut::One(child)) => read_struct(child, array.as_struct(), row)?,
            (FieldKind::Many(_), FieldMut::Many(list)) => read_list(list, array.as_list::<i32>(), row)?,
            _ => return Err(format!("field {} does not match its class", field.name)),
        }
    }
    Ok(())
}

//! Keys of profiles: a 128-bit hash of the values of some columns.

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Decimal256Type, Float64Type, Int64Type, TimestampMicrosecondType,
};
use twox_hash::XxHash3_128;

/// Hash of the key of a profile; NULL is a value like any other.
///
/// XXH3 is not meant to withstand somebody who looks for collisions, and need not: a collision merges two
/// statistics, it shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfileKey(pub u128);

/// Hashes the columns row by row; each value is written with its kind and length, so that no two rows of
/// different values give the same bytes. `Err` gives the type of a column that cannot be a key.
pub(super) fn hash_rows(columns: &[ArrayRef], rows: usize) -> Result<Vec<ProfileKey>, DataType> {
    let parts = columns.iter().map(KeyColumn::new).collect::<Result<Vec<_>, _>>()?;
    let mut bytes = Vec::new();
    let hashed = (0..rows).map(|row| {
        bytes.clear();
        for part in &parts {
            part.write(row, &mut bytes);
        }
        ProfileKey(XxHash3_128::oneshot(&bytes))
    });
    Ok(hashed.collect())
}

enum KeyColumn<'a> {
    Text(&'a arrow::array::StringArray),
    Boolean(&'a arrow::array::BooleanArray),
    Whole(&'a PrimitiveArray<Int64Type>),
    Day(&'a PrimitiveArray<Date32Type>),
    Moment(&'a PrimitiveArray<TimestampMicrosecondType>),
    Decimal(&'a PrimitiveArray<Decimal128Type>),
    LongDecimal(&'a PrimitiveArray<Decimal256Type>),
    Float(&'a PrimitiveArray<Float64Type>),
}

impl<'a> KeyColumn<'a> {
    fn new(column: &'a ArrayRef) -> Result<Self, DataType> {
        Ok(match column.data_type() {
            DataType::Utf8 => Self::Text(column.as_string()),
            DataType::Boolean => Self::Boolean(column.as_boolean()),
            DataType::Int64 => Self::Whole(column.as_primitive()),
            DataType::Date32 => Self::Day(column.as_primitive()),
            DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, _) => {
                Self::Moment(column.as_primitive())
            }
            DataType::Decimal128(..) => Self::Decimal(column.as_primitive()),
            DataType::Decimal256(..) => Self::LongDecimal(column.as_primitive()),
            DataType::Float64 => Self::Float(column.as_primitive()),
            other => return Err(other.clone()),
        })
    }

    fn write(&self, row: usize, bytes: &mut Vec<u8>) {
        match self {
            Self::Text(a) if a.is_valid(row) => {
                let text = a.value(row);
                bytes.push(1);
                bytes.extend((text.len() as u32).to_le_bytes());
                bytes.extend(text.as_bytes());
            }
            Self::Boolean(a) if a.is_valid(row) => bytes.extend([2, u8::from(a.value(row))]),
            Self::Whole(a) if a.is_valid(row) => tagged(bytes, 3, &a.value(row).to_le_bytes()),
            Self::Day(a) if a.is_valid(row) => tagged(bytes, 4, &a.value(row).to_le_bytes()),
            Self::Moment(a) if a.is_valid(row) => tagged(bytes, 5, &a.value(row).to_le_bytes()),
            Self::Decimal(a) if a.is_valid(row) => tagged(bytes, 6, &a.value(row).to_le_bytes()),
            Self::LongDecimal(a) if a.is_valid(row) => tagged(bytes, 7, &a.value(row).to_le_bytes()),
            Self::Float(a) if a.is_valid(row) => tagged(bytes, 8, &a.value(row).to_bits().to_le_bytes()),
            _ => bytes.push(0),
        }
    }
}

fn tagged(bytes: &mut Vec<u8>, tag: u8, value: &[u8]) {
    bytes.push(tag);
    bytes.extend(value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Float64Array, StringArray};
    use std::sync::Arc;

    #[test]
    fn different_values_give_different_keys_and_null_is_a_value() {
        let a: ArrayRef = Arc::new(StringArray::from(vec![Some("ab"), Some("a"), None, Some("")]));
        let b: ArrayRef = Arc::new(StringArray::from(vec![Some("c"), Some("bc"), None, Some("")]));
        let keys = hash_rows(&[a.clone(), b], 4).unwrap();
        for (i, key) in keys.iter().enumerate() {
            assert!(!keys[..i].contains(key), "row {i}");
        }
        assert_eq!(
            hash_rows(std::slice::from_ref(&a), 4).unwrap(),
            hash_rows(std::slice::from_ref(&a), 4).unwrap()
        );
        let floats: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 1.0]));
        let keys = hash_rows(&[floats], 2).unwrap();
        assert_eq!(keys[0], keys[1]);
    }
}

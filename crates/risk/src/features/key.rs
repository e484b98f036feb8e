//! Keys of profiles: a 128-bit hash of the values of some columns.

use crate::hex::hex;
use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Decimal256Type, Float64Type, Int64Type, TimestampMicrosecondType,
};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;
use twox_hash::XxHash3_128;

/// Bytes of the secret of XXH3.
pub const PROFILE_SECRET_BYTES: usize = 192;

/// The secret under which profiles keep their keys, so that these are pseudonyms to whoever has a bundle and not the secret.
///
/// XXH3 under a secret is fast, and no message authentication code: nothing is claimed against somebody who knows of many keys
/// of profiles whose they are.
#[derive(Clone, PartialEq, Eq)]
pub struct ProfileSecret(Arc<[u8; PROFILE_SECRET_BYTES]>);

impl ProfileSecret {
    /// Takes bytes that follow from a secret of the installation.
    pub fn new(bytes: [u8; PROFILE_SECRET_BYTES]) -> Self {
        Self(Arc::new(bytes))
    }

    /// Which secret it is, which does not tell it: the beginning of its SHA-256.
    pub fn name(&self) -> String {
        let hash =
            Sha256::new().chain_update(b"tidegate/profile-secret/v1\0").chain_update(*self.0).finalize();
        hex(&hash[..16])
    }
}

impl fmt::Debug for ProfileSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProfileSecret({})", self.name())
    }
}

/// Hash of the key of a profile; NULL is a value like any other.
///
/// XXH3 is not meant to withstand somebody who looks for collisions, and need not: a collision merges two
/// statistics, it shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfileKey(pub u128);

/// Hashes the columns row by row; each value is written with its kind and length, so that no two rows of
/// different values give the same bytes. `Err` gives the type of a column that cannot be a key.
pub(super) fn hash_rows(
    columns: &[ArrayRef],
    rows: usize,
    secret: Option<&ProfileSecret>,
) -> Result<Vec<ProfileKey>, DataType> {
    let parts = columns.iter().map(KeyColumn::new).collect::<Result<Vec<_>, _>>()?;
    let mut bytes = Vec::new();
    let hashed = (0..rows).map(|row| {
        bytes.clear();
        for part in &parts {
            part.write(row, &mut bytes);
        }
        ProfileKey(match secret {
            None => XxHash3_128::oneshot(&bytes),
            // A secret of this length is never refused.
            Some(secret) => XxHash3_128::oneshot_with_secret(&secret.0[..], &bytes).unwrap_or_default(),
        })
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
        let keys = hash_rows(&[a.clone(), b], 4, None).unwrap();
        for (i, key) in keys.iter().enumerate() {
            assert!(!keys[..i].contains(key), "row {i}");
        }
        let of_a = |secret| hash_rows(std::slice::from_ref(&a), 4, secret).unwrap();
        assert_eq!(of_a(None), of_a(None));
        let floats: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 1.0]));
        let keys = hash_rows(&[floats], 2, None).unwrap();
        assert_eq!(keys[0], keys[1]);

        let secrets = [3_u8, 5].map(|step| {
            ProfileSecret::new(std::array::from_fn(|i| {
                (i as u8).wrapping_mul(step).wrapping_add(i as u8 / 8)
            }))
        });
        let keyed = secrets.each_ref().map(|secret| of_a(Some(secret)));
        assert!(keyed[0].iter().all(|key| !keyed[1].contains(key) && !of_a(None).contains(key)));
        assert_eq!(keyed[0], of_a(Some(&secrets[0])));
        assert_ne!(secrets[0].name(), secrets[1].name());
        assert_eq!(format!("{:?}", secrets[0]), format!("ProfileSecret({})", secrets[0].name()));
    }
}

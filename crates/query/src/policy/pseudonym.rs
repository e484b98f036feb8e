//! Keyed pseudonyms: the same text for the same value, which does not tell the value (GB/T 37964-2019, 5.3).

use datafusion::arrow::array::{ArrayRef, AsArray, StringArray, StringBuilder};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::DataFusionError;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use std::sync::Arc;
use tidegate_risk::hex::push_hex;
use zeroize::Zeroize;

/// Bytes of the keyed hash that a pseudonym shows: two of 2^64 values collide with a chance of one half.
const SHOWN_BYTES: usize = 16;

/// What a pseudonym begins with.
const PREFIX: &str = "p_";

/// Bytes of a pseudonym: two digits a byte of the hash.
const LENGTH: usize = PREFIX.len() + 2 * SHOWN_BYTES;

/// The key of this installation's pseudonyms. Never shown, and overwritten in memory when dropped.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PseudonymKey([u8; 32]);

impl PseudonymKey {
    /// The key that follows from a secret of this installation.
    pub fn derived_from(secret: &[u8; 32]) -> Self {
        let mut mac = keyed(secret);
        mac.update(b"tidegate/pseudonym-key/v1");
        Self(mac.finalize().into_bytes().into())
    }

    /// Pseudonyms of values, row by row.
    fn of<'a>(&self, values: impl ExactSizeIterator<Item = Option<&'a str>>) -> StringArray {
        let mut begun = keyed(&self.0);
        begun.update(b"tidegate/pseudonym/v1\0");
        let mut texts = StringBuilder::with_capacity(values.len(), values.len() * LENGTH);
        let mut shown = PREFIX.to_owned();
        for value in values {
            let Some(value) = value else {
                texts.append_null();
                continue;
            };
            let mut mac = begun.clone();
            mac.update(value.as_bytes());
            shown.truncate(PREFIX.len());
            push_hex(&mut shown, &mac.finalize().into_bytes()[..SHOWN_BYTES]);
            texts.append_value(&shown);
        }
        texts.finish()
    }
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    // A key shorter than a block of the hash is filled up with zeros (RFC 2104, 2).
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    block.zeroize();
    mac
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey(secret)")
    }
}

impl Drop for PseudonymKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// `pseudonym(text)`, for masks alone: no statement of a reader can name it.
pub(super) fn function(key: &PseudonymKey) -> ScalarUDF {
    ScalarUDF::new_from_impl(Pseudonym {
        key: key.clone(),
        signature: Signature::uniform(1, vec![DataType::Utf8, DataType::Utf8View], Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Pseudonym {
    key: PseudonymKey,
    signature: Signature,
}

impl ScalarUDFImpl for Pseudonym {
    fn name(&self) -> &'static str {
        "pseudonym"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let values = ColumnarValue::values_to_arrays(&args.args)?;
        let [values] = values.as_slice() else {
            return Err(DataFusionError::Internal("pseudonym takes one text".to_owned()));
        };
        let pseudonyms = match values.as_string_view_opt() {
            Some(values) => self.key.of(values.iter()),
            None => self.key.of(cast(values, &DataType::Utf8)?.as_string::<i32>().iter()),
        };
        Ok(ColumnarValue::Array(Arc::new(pseudonyms) as ArrayRef))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with Python's hmac from the description of the layout, not by this code.
    #[test]
    fn pseudonyms_are_the_documented_ones() {
        let key = PseudonymKey::derived_from(&[7; 32]);
        let values =
            StringArray::from(vec![Some("91310000MA1FL0X12Y"), None, Some("91310000MA1FL0X12Y"), Some("")]);
        let pseudonyms = key.of(values.iter());
        let texts: Vec<Option<&str>> = pseudonyms.iter().collect();
        assert_eq!(texts[..3], [Some(EXPECTED), None, Some(EXPECTED)]);
        assert!(texts[3].is_some_and(|text| text.len() == EXPECTED.len() && text != EXPECTED));
        assert_eq!(format!("{key:?}"), "PseudonymKey(secret)");
    }

    const EXPECTED: &str = "p_427533b2c351be83bae93951820e831f";
}

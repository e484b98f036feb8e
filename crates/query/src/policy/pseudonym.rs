//! Keyed pseudonyms: the same text for the same value, which does not tell the value (GB/T 37964-2019, 5.3).

use super::cmac::{BLOCK, Cmac};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringArray, StringViewArray};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::DataFusionError;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use std::iter::repeat_n;
use std::sync::Arc;
use tidegate_risk::hex;
use zeroize::Zeroize;

/// What a pseudonym begins with.
const PREFIX: [u8; 2] = *b"p_";

/// Bytes of a pseudonym: two digits a byte of the code, of which two of 2^64 values have the same with a chance of one half.
const LENGTH: usize = PREFIX.len() + 2 * BLOCK;

/// The key of this installation's pseudonyms. Never shown, and overwritten in memory when dropped.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PseudonymKey([u8; 32]);

impl PseudonymKey {
    /// The key that follows from a secret of this installation.
    pub fn derived_from(secret: &[u8; 32]) -> Self {
        let mut mac = keyed(secret);
        mac.update(b"tidegate/pseudonym-key/v2");
        Self(mac.finalize().into_bytes().into())
    }

    /// Pseudonyms of values, row by row; none where there is no value.
    ///
    /// # Errors
    ///
    /// None but of the program: lengths that are not those of pseudonyms.
    fn of<'a>(
        &self,
        values: impl ExactSizeIterator<Item = Option<&'a str>>,
        absent: Option<NullBuffer>,
    ) -> Result<StringArray, DataFusionError> {
        let rows = values.len();
        let mut texts = Vec::with_capacity(rows * LENGTH);
        let values = values.map(|value| value.unwrap_or_default().as_bytes());
        Cmac::new(&self.0).each(values, |code| {
            texts.extend_from_slice(&PREFIX);
            texts.extend(hex::pairs(code).flatten());
        });
        let offsets = OffsetBuffer::from_lengths(repeat_n(LENGTH, rows));
        Ok(StringArray::try_new(offsets, texts.into(), absent)?)
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

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(match arguments {
            [DataType::Utf8View] => DataType::Utf8View,
            _ => DataType::Utf8,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let values = ColumnarValue::values_to_arrays(&args.args)?;
        let [values] = values.as_slice() else {
            return Err(DataFusionError::Internal("pseudonym takes one text".to_owned()));
        };
        let absent = values.logical_nulls();
        let pseudonyms: ArrayRef = match values.as_string_view_opt() {
            Some(values) => Arc::new(StringViewArray::from(&self.key.of(values.iter(), absent)?)),
            None => Arc::new(self.key.of(cast(values, &DataType::Utf8)?.as_string::<i32>().iter(), absent)?),
        };
        Ok(ColumnarValue::Array(pseudonyms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed in Python (hmac, and CMAC of cryptography) from the description of the layout, not by this code.
    #[test]
    fn pseudonyms_are_the_documented_ones() {
        let key = PseudonymKey::derived_from(&[7; 32]);
        let values =
            StringArray::from(vec![Some("91310000MA1FL0X12Y"), None, Some("91310000MA1FL0X12Y"), Some("")]);
        let pseudonyms = key.of(values.iter(), values.logical_nulls()).unwrap();
        let texts: Vec<Option<&str>> = pseudonyms.iter().collect();
        assert_eq!(texts[..3], [Some(EXPECTED), None, Some(EXPECTED)]);
        assert!(texts[3].is_some_and(|text| text.len() == EXPECTED.len() && text != EXPECTED));
        assert_eq!(format!("{key:?}"), "PseudonymKey(secret)");
    }

    const EXPECTED: &str = "p_3a517af8e185c7284deb5c6eb142099f";
}

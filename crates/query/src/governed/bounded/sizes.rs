//! How much arguments of functions hold.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, GenericListArray, Int64Array, OffsetSizeTrait};
use datafusion::arrow::compute::kernels::length::length;
use datafusion::arrow::compute::{cast, max, sum};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::as_int64_array;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::ColumnarValue;
use std::sync::Arc;

/// Bytes of an element of a list besides those of its own text or list.
pub(super) const ELEMENT_BYTES: u64 = 16;

/// Most bytes of a 64-bit floating-point number as a text without an exponent: sign, point, 307 zeros and 17 digits behind one.
const FLOAT_BYTES: u64 = 330;

/// Most bytes of a 32-bit one: sign, point, 37 zeros and 9 digits behind one.
const SHORT_FLOAT_BYTES: u64 = 50;

/// Most bytes of a time as a text: a year of six digits with a sign, microseconds and a zone.
const TIME_BYTES: u64 = 35;

/// Most bytes of another value as a text, such as an interval of months, days and nanoseconds.
const VALUE_BYTES: u64 = 100;

/// Bytes of all texts and elements of all lists, however deep they stand; other values are of one size.
pub(super) fn own_bytes(values: &ArrayRef) -> Result<u64, DataFusionError> {
    if let Some(elements) = elements_of(values) {
        return Ok(count(&elements).saturating_mul(ELEMENT_BYTES).saturating_add(own_bytes(&elements)?));
    }
    if let Some(record) = values.as_struct_opt() {
        let mut bytes = 0_u64;
        for field in record.columns() {
            bytes = bytes.saturating_add(own_bytes(field)?);
        }
        return Ok(bytes);
    }
    if let Some(dictionary) = values.as_any_dictionary_opt() {
        return Ok(count(values).saturating_mul(longest(dictionary.values())?));
    }
    if !is_text(values.data_type()) {
        return Ok(0);
    }
    Ok(u64::try_from(sum(&lengths(values)?).unwrap_or(0)).unwrap_or(0))
}

/// Bytes of the longest text; of other values, those of all.
pub(crate) fn longest(values: &ArrayRef) -> Result<u64, DataFusionError> {
    if !is_text(values.data_type()) {
        return own_bytes(values);
    }
    Ok(u64::try_from(max(&lengths(values)?).unwrap_or(0)).unwrap_or(0))
}

/// Bytes of the shortest text, but for empty ones, for which nothing is put; other values have none.
pub(super) fn shortest(values: &ArrayRef) -> Result<Option<u64>, DataFusionError> {
    if !is_text(values.data_type()) {
        return Ok(None);
    }
    let lengths = lengths(values)?;
    let not_empty =
        lengths.iter().flatten().filter_map(|length| u64::try_from(length).ok()).filter(|length| *length > 0);
    Ok(not_empty.min())
}

/// Bytes of each text.
fn lengths(texts: &ArrayRef) -> Result<Int64Array, DataFusionError> {
    whole_numbers(&length(texts.as_ref())?)
}

fn is_text(of: &DataType) -> bool {
    matches!(
        of,
        DataType::Utf8
            | DataType::LargeUtf8
            | DataType::Utf8View
            | DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
    )
}

/// Most references of a replacement to what it replaces: each begins with one of two signs.
pub(super) fn references(replacements: &ArrayRef) -> Result<u64, DataFusionError> {
    let texts = cast(replacements, &DataType::Utf8)?;
    let most = texts.as_string::<i32>().iter().flatten().map(|text| text.matches(['\\', '$']).count()).max();
    Ok(u64::try_from(most.unwrap_or(0)).unwrap_or(u64::MAX))
}

/// Most bytes that a value of a type has as a text; of a list, each of its elements at the innermost; of a text no more than it has itself.
pub(super) fn written(of: &DataType) -> u64 {
    match of {
        DataType::List(element) | DataType::LargeList(element) | DataType::FixedSizeList(element, _) => {
            written(element.data_type())
        }
        DataType::Dictionary(_, value) => written(value),
        DataType::UInt8 => 3,
        DataType::Int8 => 4,
        DataType::Boolean | DataType::UInt16 => 5,
        DataType::Int16 => 6,
        DataType::UInt32 => 10,
        DataType::Int32 => 11,
        DataType::Date32 => 13,
        DataType::Int64 | DataType::UInt64 => 20,
        DataType::Date64 | DataType::Timestamp(..) => TIME_BYTES,
        // With sign, point and a zero before it, and behind the digits those zeros that a negative scale stands for.
        DataType::Decimal32(digits, scale)
        | DataType::Decimal64(digits, scale)
        | DataType::Decimal128(digits, scale)
        | DataType::Decimal256(digits, scale) => {
            3 + u64::from(*digits) + u64::from((*scale).min(0).unsigned_abs())
        }
        DataType::Float32 => SHORT_FLOAT_BYTES,
        DataType::Float64 => FLOAT_BYTES,
        of if is_text(of) => 0,
        _ => VALUE_BYTES,
    }
}

/// Elements of all lists, and of the lists that they are.
pub(crate) fn elements_within(lists: &ArrayRef) -> u64 {
    let inner = |elements: ArrayRef| count(&elements).saturating_add(elements_within(&elements));
    elements_of(lists).map_or(0, inner)
}

/// Elements of all lists one after the other; nothing if they are no lists.
fn elements_of(lists: &ArrayRef) -> Option<ArrayRef> {
    match lists.data_type() {
        DataType::List(_) => Some(shown_by(lists.as_list::<i32>())),
        DataType::LargeList(_) => Some(shown_by(lists.as_list::<i64>())),
        DataType::FixedSizeList(..) => Some(Arc::clone(lists.as_fixed_size_list().values())),
        _ => None,
    }
}

/// The elements that lists have of those they share with others.
fn shown_by<O: OffsetSizeTrait>(lists: &GenericListArray<O>) -> ArrayRef {
    let [first, last] = [0, lists.len()].map(|place| lists.value_offsets()[place].as_usize());
    lists.values().slice(first, last - first)
}

fn count(values: &ArrayRef) -> u64 {
    u64::try_from(values.len()).unwrap_or(u64::MAX)
}

/// The largest of the whole numbers of an argument; nothing is made as often as a negative one says.
pub(super) fn largest(argument: &ColumnarValue) -> Result<u64, DataFusionError> {
    let largest = max(&whole_numbers(&argument.to_array(1)?)?);
    Ok(u64::try_from(largest.unwrap_or(0)).unwrap_or(0))
}

pub(super) fn whole_numbers(values: &ArrayRef) -> Result<Int64Array, DataFusionError> {
    Ok(as_int64_array(&cast(values, &DataType::Int64)?)?.clone())
}

#[cfg(test)]
mod tests {
    use super::{longest, written};
    use datafusion::arrow::array::{
        ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int8Array, Int16Array, Int32Array, Int64Array,
        TimestampMicrosecondArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
    };
    use datafusion::arrow::compute::cast;
    use datafusion::arrow::datatypes::DataType;
    use std::sync::Arc;

    /// Days from 1970 to a year of six digits.
    const FAR_DAY: i32 = 90_000_000;

    #[test]
    fn a_type_tells_how_long_its_longest_value_is_as_a_text() {
        let decimal = Decimal128Array::from(vec![1 - 10_i128.pow(38)]);
        let time = i64::from(FAR_DAY) * 86_400_000_000 + 1;
        let longest_values: [ArrayRef; 12] = [
            Arc::new(BooleanArray::from(vec![false])),
            Arc::new(Int8Array::from(vec![i8::MIN])),
            Arc::new(Int16Array::from(vec![i16::MIN])),
            Arc::new(Int32Array::from(vec![i32::MIN])),
            Arc::new(Int64Array::from(vec![i64::MIN])),
            Arc::new(UInt8Array::from(vec![u8::MAX])),
            Arc::new(UInt16Array::from(vec![u16::MAX])),
            Arc::new(UInt32Array::from(vec![u32::MAX])),
            Arc::new(UInt64Array::from(vec![u64::MAX])),
            Arc::new(Date32Array::from(vec![FAR_DAY])),
            Arc::new(TimestampMicrosecondArray::from(vec![time]).with_timezone("+05:30")),
            Arc::new(decimal.with_precision_and_scale(38, 38).unwrap()),
        ];
        for value in longest_values {
            let text = cast(&value, &DataType::Utf8).unwrap();
            assert_eq!(longest(&text).unwrap(), written(value.data_type()), "{}", value.data_type());
        }
    }

    #[test]
    fn no_floating_point_number_is_longer_as_a_text_than_its_type_tells() {
        for number in [f64::MIN, -f64::MIN_POSITIVE, -f64::from_bits(1), -f64::from_bits((1 << 52) - 1)] {
            assert!(number.to_string().len() <= usize::try_from(written(&DataType::Float64)).unwrap());
        }
        for number in [f32::MIN, -f32::MIN_POSITIVE, -f32::from_bits(1), -f32::from_bits((1 << 23) - 1)] {
            assert!(number.to_string().len() <= usize::try_from(written(&DataType::Float32)).unwrap());
        }
    }
}

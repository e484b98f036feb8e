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

/// Most bytes of another value as a text, such as a decimal number of 76 digits.
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
pub(super) fn longest(values: &ArrayRef) -> Result<u64, DataFusionError> {
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

/// Most bytes that an element of a list of a type has as a text, at the innermost; of a text no more than it has itself.
pub(super) fn written(list: &DataType) -> u64 {
    match list {
        DataType::List(element) | DataType::LargeList(element) | DataType::FixedSizeList(element, _) => {
            written(element.data_type())
        }
        DataType::Float64 => FLOAT_BYTES,
        of if is_text(of) => 0,
        _ => VALUE_BYTES,
    }
}

/// Elements of all lists, and of the lists that they are.
pub(super) fn elements_within(lists: &ArrayRef) -> u64 {
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

//! Columns as text: what a mapping reads, and how a row is set aside.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// Whether a mapping can take values of a type.
pub(super) fn is_scalar(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_scalar(values),
        DataType::Null | DataType::Boolean => true,
        other => other.is_string() || other.is_numeric() || is_dated(other),
    }
}

/// Whether values of a type are dates or moments, which then have ISO 8601 form.
pub(super) fn is_dated(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..))
}

/// The values of a column as text. Floats are written without an exponent, moments in UTC where the type has a zone.
pub(super) fn texts(column: &ArrayRef) -> Result<StringArray, ArrowError> {
    let mut texts = StringBuilder::with_capacity(column.len(), column.len() * 8);
    match column.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) if !matches!(column.data_type(), DataType::Dictionary(_, v) if !v.is_string()) =>
        {
            return Ok(cast(column, &DataType::Utf8)?.as_string::<i32>().clone());
        }
        DataType::Dictionary(_, values) => return self::texts(&cast(column, values)?),
        DataType::Float64 => {
            let values = column.as_primitive::<Float64Type>();
            values.iter().for_each(|v| texts.append_option(v.map(|v| v.to_string())));
        }
        DataType::Float32 => {
            let values = column.as_primitive::<Float32Type>();
            values.iter().for_each(|v| texts.append_option(v.map(|v| v.to_string())));
        }
        DataType::Timestamp(unit, Some(_)) => {
            let utc = cast(column, &DataType::Timestamp(*unit, Some("+00:00".into())))?;
            displayed(&utc, &mut texts)?;
        }
        _ => displayed(column, &mut texts)?,
    }
    Ok(texts.finish())
}

fn displayed(column: &ArrayRef, texts: &mut StringBuilder) -> Result<(), ArrowError> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column.as_ref(), &options)?;
    for row in 0..column.len() {
        if column.is_null(row) {
            texts.append_null();
        } else {
            texts.append_value(formatter.value(row).try_to_string()?);
        }
    }
    Ok(())
}

/// A row as a JSON object with its columns in order; a value that JSON has no exact form for is text.
pub(crate) fn row_as_json(batch: &RecordBatch, row: usize) -> String {
    let mut entries = Vec::new();
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        let value = column.slice(row, 1);
        let bare = value.data_type().is_integer() || value.data_type() == &DataType::Boolean;
        let json = if value.is_null(0) {
            "null".to_owned()
        } else {
            let text = if is_scalar(value.data_type()) {
                texts(&value).map(|t| t.value(0).to_owned())
            } else {
                let options = FormatOptions::default();
                ArrayFormatter::try_new(value.as_ref(), &options).and_then(|f| f.value(0).try_to_string())
            };
            match text {
                Ok(text) if bare => text,
                Ok(text) => quoted(&text),
                Err(error) => quoted(&format!("(cannot be shown: {error})")),
            }
        };
        entries.push(format!("{}:{json}", quoted(field.name())));
    }
    format!("{{{}}}", entries.join(","))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{BooleanArray, Date32Array, Float64Array, Int64Array, TimestampMillisecondArray};
    use std::sync::Arc;

    #[test]
    fn values_become_the_text_that_a_mapping_reads() {
        let columns: [(ArrayRef, &str); 4] = [
            (Arc::new(Float64Array::from(vec![1e21])), "1000000000000000000000"),
            (Arc::new(Float64Array::from(vec![20.7])), "20.7"),
            (Arc::new(Date32Array::from(vec![18_262])), "2020-01-01"),
            (
                Arc::new(TimestampMillisecondArray::from(vec![1_577_836_800_123]).with_timezone("+02:00")),
                "2020-01-01T00:00:00.123Z",
            ),
        ];
        for (column, expected) in columns {
            assert_eq!(texts(&column).unwrap().value(0), expected);
        }
    }

    #[test]
    fn a_row_is_a_json_object() {
        let batch = RecordBatch::try_from_iter([
            ("n", Arc::new(Int64Array::from(vec![Some(7), None])) as ArrayRef),
            ("t", Arc::new(StringArray::from(vec!["a\"b", "x"]))),
            ("b", Arc::new(BooleanArray::from(vec![true, false]))),
        ])
        .unwrap();
        assert_eq!(row_as_json(&batch, 0), r#"{"n":7,"t":"a\"b","b":true}"#);
        assert_eq!(row_as_json(&batch, 1), r#"{"n":null,"t":"x","b":false}"#);
    }
}

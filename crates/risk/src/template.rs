//! Sentences with `{column}` in place of a record's values.

use arrow::array::{Array, RecordBatch};
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// Columns that a template names.
pub(crate) fn columns(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

/// A template with the values of one row.
pub(crate) fn fill(template: &str, batch: &RecordBatch, row: usize) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(&value_text(batch, row, name));
        rest = after;
    }
    text.push_str(rest);
    text
}

/// A value as an officer would write it: no trailing zeros.
fn value_text(batch: &RecordBatch, row: usize, column: &str) -> String {
    let Some(array) = batch.column_by_name(column) else { return "unknown".to_owned() };
    if array.is_null(row) {
        return "unknown".to_owned();
    }
    let options = FormatOptions::default();
    let Ok(formatter) = ArrayFormatter::try_new(array.as_ref(), &options) else {
        return "unknown".to_owned();
    };
    let text = formatter.value(row).to_string();
    match text.split_once('.') {
        Some(_) if array.data_type().is_numeric() => {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => text,
    }
}

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

/// A template with the values of one row; none where one of them is not there.
pub(crate) fn fill_whole(template: &str, batch: &RecordBatch, row: usize) -> Option<String> {
    let is_there = |name: &str| batch.column_by_name(name).is_some_and(|values| values.is_valid(row));
    columns(template).all(is_there).then(|| fill(template, batch, row))
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

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, StringArray};
    use std::sync::Arc;

    #[test]
    fn what_is_not_whole_is_left_out() {
        let currencies: ArrayRef = Arc::new(StringArray::from(vec![Some("CNY"), None]));
        let rows = RecordBatch::try_from_iter([("currency", currencies)]).unwrap();
        let filled = |template, row| fill_whole(template, &rows, row);
        assert_eq!(filled("{currency}", 0).as_deref(), Some("CNY"));
        assert_eq!(filled("{currency} a kg", 0).as_deref(), Some("CNY a kg"));
        assert_eq!((filled("{currency}", 1), filled("{colour}", 0)), (None, None));
        assert_eq!(filled("kg", 1).as_deref(), Some("kg"));
        assert_eq!(fill("in {currency}", &rows, 1), "in unknown");
    }
}

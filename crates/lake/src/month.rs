//! Splitting a batch by its partition month.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, StringArray, UInt32Array};
use arrow::compute::take_record_batch;

use crate::LakeError;
use crate::error::OfTable;

/// The rows of each month, in the batch's order; months in calendar order.
pub(crate) fn split_by_month(
    table: &str,
    column: &str,
    batch: &RecordBatch,
) -> Result<BTreeMap<String, RecordBatch>, LakeError> {
    let months: &StringArray = batch.column(batch.schema_ref().index_of(column).of_table(table)?).as_string();
    let mut rows: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for row in 0..months.len() {
        let month = months.is_valid(row).then(|| months.value(row));
        match month.filter(|month| is_month(month)) {
            Some(month) => rows.entry(month).or_default().push(row as u32),
            None => {
                return Err(LakeError::Month {
                    table: table.to_owned(),
                    column: column.to_owned(),
                    value: month.map(str::to_owned),
                });
            }
        }
    }
    if let (1, Some((month, _))) = (rows.len(), rows.first_key_value()) {
        return Ok(BTreeMap::from([((*month).to_owned(), batch.clone())]));
    }
    rows.into_iter()
        .map(|(month, rows)| {
            let rows: Arc<dyn Array> = Arc::new(UInt32Array::from(rows));
            Ok((month.to_owned(), take_record_batch(batch, &rows).of_table(table)?))
        })
        .collect()
}

/// Whether the text is a month written like `2026-11`.
fn is_month(text: &str) -> bool {
    let Some((year, month)) = text.split_once('-') else { return false };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    year.len() == 4 && month.len() == 2 && digits(year) && digits(month) && ("01"..="12").contains(&month)
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array};
    use arrow::datatypes::Int64Type;

    use super::*;

    fn batch(months: &[&str]) -> RecordBatch {
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..months.len() as i64));
        let months: ArrayRef = Arc::new(StringArray::from(months.to_vec()));
        RecordBatch::try_from_iter([("n", numbers), ("month", months)]).unwrap()
    }

    #[test]
    fn every_row_goes_to_its_month_in_order() {
        let parts =
            split_by_month("t", "month", &batch(&["2026-02", "2026-01", "2026-02", "2026-01"])).unwrap();
        let rows: Vec<(String, Vec<i64>)> = parts
            .into_iter()
            .map(|(month, part)| (month, part.column(0).as_primitive::<Int64Type>().values().to_vec()))
            .collect();
        assert_eq!(rows, [("2026-01".to_owned(), vec![1, 3]), ("2026-02".to_owned(), vec![0, 2])]);
    }

    #[test]
    fn an_empty_batch_has_no_month() {
        assert!(split_by_month("t", "month", &batch(&[])).unwrap().is_empty());
    }

    #[test]
    fn what_is_not_a_month_is_refused() {
        for wrong in
            ["", "2026", "2026-13", "2026-00", "2026-1", "26-01", "2026-01-01", "2026/01", "２０26-01"]
        {
            let error = split_by_month("t", "month", &batch(&["2026-01", wrong])).unwrap_err();
            assert!(error.to_string().contains(&format!("{wrong:?}")), "{error}");
        }
    }
}

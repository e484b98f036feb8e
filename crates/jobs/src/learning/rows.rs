//! Rows as a campaign takes them: goods items of first versions by day, and the consignments that they belong to.

use super::country::Lodged;
use crate::JobError;
use crate::columns::{column, integers, moments, text, wrong_type};
use crate::decide::Grades;
use crate::history::whole;
use crate::input::Input;
use crate::progress::Progress;
use crate::score::read_items;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches, filter_record_batch, sort_to_indices, take_record_batch};
use arrow::datatypes::{DataType, Float64Type};
use chrono::NaiveDate;
use std::collections::HashMap;
use std::sync::Arc;
use tidegate_records::columnar::item_rows;
use tidegate_records::tables::item_row_schema;
use tidegate_risk::campaign::Consignment;
use tidegate_risk::features::{Outcome, day_of};

/// Goods items of the first versions, and the outcomes of inspections that are in the rows.
pub(super) fn first_versions(lodged: &[Lodged]) -> Result<(RecordBatch, Vec<Option<Outcome>>), JobError> {
    let schema = item_row_schema();
    let joined: Vec<RecordBatch> = lodged
        .iter()
        .map(|batch| Ok(item_rows(&first(&batch.declarations)?, &first(&batch.goods_items)?)?))
        .collect::<Result<_, JobError>>()?;
    let rows = concat_batches(&schema, &joined)?;
    let mut results: HashMap<(String, Option<i64>), Outcome> = HashMap::new();
    for batch in lodged.iter().map(|l| &l.inspections) {
        let (ids, codes) = (text(batch, "declaration_id")?, text(batch, "result_code")?);
        let (items, recorded) = (integers(batch, "goods_item_seq")?, moments(batch, "recorded_at")?);
        for (row, amount) in recovered(batch)?.into_iter().enumerate() {
            let item = items.is_valid(row).then(|| items.value(row));
            let outcome = Outcome {
                recorded_day: day_of(recorded.value(row)),
                discrepancy: codes.value(row) == "discrepancy",
                recovered: whole(amount),
            };
            results.insert((ids.value(row).to_owned(), item), outcome);
        }
    }
    let ids = text(&rows, "declaration_id")?;
    let items = integers(&rows, "goods_item_seq")?;
    let outcome = |row: usize| {
        let of = |item: Option<i64>| results.get(&(ids.value(row).to_owned(), item)).copied();
        of(Some(items.value(row))).or_else(|| of(None))
    };
    let outcomes = (0..rows.num_rows()).map(outcome).collect();
    Ok((rows, outcomes))
}

/// What inspections brought, of all their findings.
fn recovered(inspections: &RecordBatch) -> Result<Vec<f64>, JobError> {
    let findings = column(inspections, "findings")?;
    let findings = findings.as_list_opt::<i32>().ok_or_else(|| wrong_type("findings"))?;
    let of_list = findings.values().as_struct_opt().and_then(|s| s.column_by_name("revenue_amount"));
    let amounts = cast(of_list.ok_or_else(|| wrong_type("findings"))?, &DataType::Float64)?;
    let amounts = amounts.as_primitive::<Float64Type>();
    let of_row = |row: usize| {
        let range = findings.value_offsets()[row] as usize..findings.value_offsets()[row + 1] as usize;
        range.filter(|f| amounts.is_valid(*f)).map(|f| amounts.value(f)).sum()
    };
    Ok((0..findings.len()).map(of_row).collect())
}

/// Rows of first versions.
fn first(rows: &RecordBatch) -> Result<RecordBatch, JobError> {
    let versions = integers(rows, "version_number")?;
    Ok(filter_record_batch(rows, &versions.iter().map(|v| Some(v == Some(1))).collect())?)
}

/// Goods items of an input by day of acceptance, with their labels.
pub(super) fn read_by_day(
    input: &Input,
    progress: &mut dyn Progress,
) -> Result<(RecordBatch, Vec<bool>), JobError> {
    let (mut batches, mut labels) = (Vec::new(), Vec::new());
    read_items(input, "reading", progress, |rows, of_rows| {
        batches.push(rows);
        labels.extend(of_rows);
        Ok(())
    })?;
    let without = labels.iter().filter(|l| l.is_none()).count();
    if without > 0 {
        return Err(JobError::Missing(format!(
            "{without} of {} goods items have no result; the protocol needs the outcome of every record to measure with",
            labels.len()
        )));
    }
    let rows = concat_batches(&item_row_schema(), &batches)?;
    let order = sort_to_indices(&column(&rows, "accepted_at")?, None, None)?;
    let labels = order.values().iter().map(|row| labels[*row as usize] == Some(true)).collect();
    Ok((take_record_batch(&rows, &order)?, labels))
}

/// Consignments of rows whose items stand together.
pub(super) fn consignments(
    rows: &RecordBatch,
    grades: Option<&Grades>,
) -> Result<Vec<Consignment>, JobError> {
    let (ids, offices) = (text(rows, "declaration_id")?, text(rows, "office_id")?);
    let importers = text(rows, "importer_id")?;
    let accepted = moments(rows, "accepted_at")?;
    let mut all: Vec<Consignment> = Vec::new();
    let mut known: HashMap<String, Arc<str>> = HashMap::new();
    let mut shared =
        |name: &str| -> Arc<str> { known.entry(name.to_owned()).or_insert_with(|| name.into()).clone() };
    for row in 0..rows.num_rows() {
        if let Some(last) = all.last_mut()
            && *last.root == *ids.value(row)
        {
            last.items.end = row + 1;
            continue;
        }
        let importer = importers.is_valid(row).then(|| importers.value(row));
        let grade = grades.map_or("unknown", |grades| grades.at(importer, accepted.value(row)));
        let day = NaiveDate::from_epoch_days(day_of(accepted.value(row))).unwrap_or_default();
        all.push(Consignment {
            day,
            office: shared(if grades.is_some() { offices.value(row) } else { "" }),
            grade: shared(grade),
            root: ids.value(row).into(),
            items: row..row + 1,
        });
    }
    Ok(all)
}

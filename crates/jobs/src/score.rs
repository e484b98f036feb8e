//! Scoring records of an input with a bundle, batch by batch, without loading them.

use crate::JobError;
use crate::batches::{BatchReader, Batcher, size_of_files};
use crate::check::Checked;
use crate::configuration;
use crate::input::Input;
use crate::progress::Progress;
use arrow::array::{Array, AsArray, RecordBatch};
use std::io::Write;
use tidegate_records::columnar::{TableBuilder, item_rows};
use tidegate_records::model::Inspection;
use tidegate_records::reading::SourceRecord;
use tidegate_records::tables::{DECLARATION, GOODS_ITEM};
use tidegate_risk::assess::Assessment;
use tidegate_risk::bundle::Bundle;

/// What was scored.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Scored {
    /// Declarations scored.
    pub declarations: u64,
    /// Records that could not be read; they have no score.
    pub refused: u64,
    /// Records without a score, as `file, line: finding`; the first ones.
    pub problems: Vec<String>,
}

/// One assessed batch: its rows, and the result of the inspection of each where the source tells one.
pub(crate) struct ScoredBatch {
    pub assessment: Assessment,
    pub ids: Vec<String>,
    pub labels: Vec<Option<bool>>,
}

/// Makes the rows that are assessed.
struct ItemBatcher {
    declarations: TableBuilder,
    goods_items: TableBuilder,
    labels: Vec<Option<bool>>,
    problems: Vec<String>,
    limits: configuration::Load,
}

impl ItemBatcher {
    fn new(limits: configuration::Load) -> Result<Self, JobError> {
        Ok(Self {
            declarations: TableBuilder::new(&DECLARATION)?,
            goods_items: TableBuilder::new(&GOODS_ITEM)?,
            labels: Vec::new(),
            problems: Vec::new(),
            limits,
        })
    }
}

impl Batcher for ItemBatcher {
    type Batch = (RecordBatch, Vec<Option<bool>>);

    fn push(&mut self, source_name: &str, checked: Checked) -> Result<(), JobError> {
        let Some(key) = &checked.key else {
            if let (true, Some(finding)) = (self.problems.len() < self.limits.told_problems, checked.reason())
            {
                self.problems.push(format!("{source_name}, line {}: {finding}", checked.record.line));
            }
            return Ok(());
        };
        let key = key.row("score", checked.number);
        self.declarations.push(key, &checked.record.declaration)?;
        for item in &checked.record.declaration.goods_shipment.government_agency_goods_item {
            self.goods_items.push(key, item)?;
            self.labels.push(label(&checked.record, item.sequence_numeric));
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.declarations.len().max(self.goods_items.len()) >= self.limits.batch_rows
    }

    fn is_empty(&self) -> bool {
        self.declarations.is_empty()
    }

    fn finish(&mut self) -> Result<Self::Batch, JobError> {
        let rows = item_rows(&self.declarations.finish()?, &self.goods_items.finish()?)?;
        Ok((rows, std::mem::take(&mut self.labels)))
    }
}

/// Whether the inspection of a goods item found a discrepancy: its own result, otherwise that of the declaration.
fn label(record: &SourceRecord, item: Option<u32>) -> Option<bool> {
    let of = |number: Option<u32>| record.inspections.iter().find(|i| i.goods_item_numeric == number);
    let inspection: &Inspection = of(item).or_else(|| of(None))?;
    match inspection.result_code.as_deref() {
        Some("withdrawn") => None,
        result => Some(result == Some("discrepancy")),
    }
}

/// Assesses the records of an input batch by batch.
pub(crate) fn assess_input(
    bundle: &Bundle,
    input: &Input,
    progress: &mut dyn Progress,
    mut each: impl FnMut(ScoredBatch) -> Result<(), JobError>,
) -> Result<Scored, JobError> {
    read_items(input, "scoring", progress, |rows, labels| {
        let ids = rows.column_by_name("declaration_id").map(|c| c.as_string::<i32>().clone());
        let ids = ids.iter().flat_map(|a| (0..a.len()).map(|i| a.value(i).to_owned())).collect();
        each(ScoredBatch { assessment: bundle.assess(&rows)?, ids, labels })
    })
}

/// Reads the goods items of an input batch by batch, with the result of the inspection of each where the source tells one.
pub(crate) fn read_items(
    input: &Input,
    step: &str,
    progress: &mut dyn Progress,
    mut each: impl FnMut(RecordBatch, Vec<Option<bool>>) -> Result<(), JobError>,
) -> Result<Scored, JobError> {
    progress.step(step, size_of_files(input)?, "bytes");
    let mut reader = BatchReader::new(input, ItemBatcher::new(input.configuration.load)?);
    while let Some((rows, labels)) = reader.next(progress)? {
        each(rows, labels)?;
    }
    let (declarations, refused) = (reader.counts().accepted, reader.counts().quarantined);
    Ok(Scored { declarations, refused, problems: reader.batcher.problems })
}

/// Gives every declaration of an input with its score, in order; the score is the calibrated probability that an inspection finds a
/// discrepancy, of the goods item where it is highest.
///
/// # Errors
/// When a file cannot be read, or what is done with a score fails.
pub fn scores(
    bundle: &Bundle,
    input: &Input,
    mut each: impl FnMut(&str, f64) -> Result<(), JobError>,
    progress: &mut dyn Progress,
) -> Result<Scored, JobError> {
    assess_input(bundle, input, progress, |batch| {
        let scores = highest_by_declaration(&batch.ids, &batch.assessment.probabilities);
        scores.into_iter().try_for_each(|(id, score)| each(id, score))
    })
}

/// Writes `declaration_id,score` for every declaration of an input, as [`scores`] gives them.
///
/// # Errors
/// When a file cannot be read or the scores cannot be written.
pub fn score(
    bundle: &Bundle,
    input: &Input,
    out: &mut dyn Write,
    progress: &mut dyn Progress,
) -> Result<Scored, JobError> {
    let written = |cause| JobError::File { path: "scores".to_owned(), cause };
    out.write_all(b"declaration_id,score\n").map_err(written)?;
    let row = |id: &str, score: f64| writeln!(out, "{},{score}", csv_field(id)).map_err(written);
    let scored = scores(bundle, input, row, progress)?;
    out.flush().map_err(written)?;
    Ok(scored)
}

/// The highest value of each declaration; items of one declaration stand together.
fn highest_by_declaration<'a>(ids: &'a [String], values: &[f64]) -> Vec<(&'a str, f64)> {
    let mut highest: Vec<(&str, f64)> = Vec::new();
    for (id, value) in ids.iter().zip(values) {
        match highest.last_mut() {
            Some((last, kept)) if *last == id => *kept = kept.max(*value),
            _ => highest.push((id, *value)),
        }
    }
    highest
}

/// A field of a CSV row (RFC 4180).
fn csv_field(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\"")).into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_has_the_score_of_its_worst_item() {
        let ids = ["a", "a", "b"].map(str::to_owned);
        assert_eq!(highest_by_declaration(&ids, &[0.2, 0.7, 0.1]), [("a", 0.7), ("b", 0.1)]);
    }

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        assert_eq!(csv_field("DE/12"), "DE/12");
        assert_eq!(csv_field("a\"b,c"), "\"a\"\"b,c\"");
    }
}

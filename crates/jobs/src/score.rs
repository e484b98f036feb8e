//! Scoring records of a file with a bundle, batch by batch, without loading them.

use crate::JobError;
use crate::batcher::Batcher;
use crate::progress::Progress;
use arrow::array::{Array, AsArray};
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;
use tidegate_records::columnar::item_rows;
use tidegate_records::csv::{CsvReader, MAX_ROW_BYTES};
use tidegate_records::mapping::Mapping;
use tidegate_risk::assess::Assessment;
use tidegate_risk::bundle::Bundle;

/// Records in a batch.
const BATCH_ROWS: usize = 8_192;

/// What was scored.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Scored {
    /// Declarations scored.
    pub declarations: u64,
    /// Records that could not be read; they have no score.
    pub refused: u64,
    /// Records without a score, as `line: finding`; the first hundred.
    pub problems: Vec<String>,
}

/// Most problems that are told one by one.
const TOLD_PROBLEMS: usize = 100;

/// One assessed batch: its rows, and the result of the inspection of each where the source tells one.
pub(crate) struct ScoredBatch {
    pub assessment: Assessment,
    pub ids: Vec<String>,
    pub labels: Vec<Option<bool>>,
}

/// Assesses the records of a CSV file batch by batch.
pub(crate) fn assess_file(
    bundle: &Bundle,
    path: &Path,
    mapping: &Mapping,
    progress: &mut dyn Progress,
    mut each: impl FnMut(ScoredBatch) -> Result<(), JobError>,
) -> Result<Scored, JobError> {
    let name = path.display().to_string();
    let file_error = |cause| JobError::File { path: name.clone(), cause };
    let file = File::open(path).map_err(file_error)?;
    let size = file.metadata().map_err(file_error)?.len();
    let source = |cause| JobError::Source { path: name.clone(), cause };
    let mut reader =
        CsvReader::new(BufReader::with_capacity(1 << 20, file), mapping, MAX_ROW_BYTES).map_err(source)?;
    let mut batcher = Batcher::new("score".to_owned(), name.clone())?;
    let mut scored = Scored::default();
    let mut labels = Vec::new();
    progress.step("scoring", size, "bytes");
    loop {
        let row = reader.next_row().map_err(source)?;
        if let Some(row) = row {
            let line = row.line;
            let result =
                row.record.inspection.as_ref().map(|i| i.result_code.as_deref() == Some("discrepancy"));
            let items = row.record.declaration.goods_shipment.government_agency_goods_item.len();
            match batcher.push(&row, || reader.raw())? {
                None => labels.extend(std::iter::repeat_n(result, items)),
                Some(finding) if scored.problems.len() < TOLD_PROBLEMS => {
                    scored.problems.push(format!("line {line}: {finding}"));
                }
                Some(_) => {}
            }
            if batcher.waiting() < BATCH_ROWS {
                continue;
            }
        }
        let finished = batcher.finish()?;
        progress.done(reader.bytes_read());
        let last = finished.declarations.num_rows() == 0 && finished.quarantine.num_rows() == 0;
        if finished.declarations.num_rows() > 0 {
            let rows = item_rows(&finished.declarations, &finished.goods_items)?;
            let ids = rows.column_by_name("declaration_id").map(|c| c.as_string::<i32>().clone());
            let ids = ids.iter().flat_map(|a| (0..a.len()).map(|i| a.value(i).to_owned())).collect();
            each(ScoredBatch {
                assessment: bundle.assess(&rows)?,
                ids,
                labels: std::mem::take(&mut labels),
            })?;
        }
        if last {
            break;
        }
    }
    scored.declarations = batcher.counts.accepted;
    scored.refused = batcher.counts.quarantined;
    Ok(scored)
}

/// Writes `declaration_id,score` for every declaration of a CSV file; the score is the calibrated probability
/// that an inspection finds a discrepancy, of the goods item where it is highest.
///
/// # Errors
/// When the file cannot be read or the scores cannot be written.
pub fn score(
    bundle: &Bundle,
    path: &Path,
    mapping: &Mapping,
    out: &mut dyn Write,
    progress: &mut dyn Progress,
) -> Result<Scored, JobError> {
    let written = |cause| JobError::File { path: "scores".to_owned(), cause };
    out.write_all(b"declaration_id,score\n").map_err(written)?;
    let scored = assess_file(bundle, path, mapping, progress, |batch| {
        for (id, score) in highest_by_declaration(&batch.ids, &batch.assessment.probabilities) {
            writeln!(out, "{},{score}", csv_field(id)).map_err(written)?;
        }
        Ok(())
    })?;
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

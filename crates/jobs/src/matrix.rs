//! Writes what a model is trained on to a Parquet file, for those who train elsewhere.

use crate::JobError;
use crate::columns::column;
use crate::history::History;
use crate::home::Home;
use crate::learn::{LearnOptions, read};
use crate::progress::Progress;
use arrow::array::{ArrayRef, BooleanArray, Date32Array, Float32Array, RecordBatch, UInt64Array};
use arrow::compute::take;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use tidegate_risk::learn::{LabelledRecords, TrainingRows, training_rows};

/// Columns beside the features.
const DECLARATION: &str = "_declaration_id";
const GOODS_ITEM: &str = "_goods_item_seq";
const LABEL: &str = "_label";
const ACCEPTED: &str = "_accepted_on";
const RECORDED: &str = "_recorded_on";
const RECOVERED: &str = "_recovered";

/// What was written.
#[derive(Debug, Clone, serde::Serialize)]
pub struct MatrixSummary {
    /// Feature set.
    pub feature_set: String,
    /// Rows: goods items with a result of an inspection, by day of acceptance.
    pub rows: usize,
    /// Features of each.
    pub features: usize,
    /// Rows with a discrepancy.
    pub discrepancies: usize,
}

/// Writes the features of every record with a result as they stood on its day, in f32 with NaN for missing, and what became of
/// it: exactly what [`learn`](crate::learn()) trains on. A model from elsewhere that was trained on this is scored on the same.
///
/// # Errors
/// When there is too little to learn from, or the file cannot be written.
pub async fn training_matrix(
    home: &Home,
    options: &LearnOptions,
    out: &Path,
    progress: &mut dyn Progress,
) -> Result<MatrixSummary, JobError> {
    let (name, set, history) = read(home, options, progress).await?;
    let prepared = set.prepare(&history.records).map_err(tidegate_risk::assess::AssessError::from)?;
    let records = LabelledRecords { prepared: &prepared, names: &history.names, outcomes: &history.outcomes };
    progress.step("building profiles and features", history.records.num_rows() as u64, "rows");
    let rows = training_rows(&set, &records)?;
    let summary = MatrixSummary {
        feature_set: name,
        rows: rows.labels.len(),
        features: rows.features.names().len(),
        discrepancies: rows.labels.iter().filter(|label| **label).count(),
    };
    let file = File::create(out).map_err(JobError::file(out))?;
    let refused = |cause| JobError::Parquet { path: out.display().to_string(), cause };
    write(&batch(&history, &rows)?, file).map_err(refused)?;
    Ok(summary)
}

fn batch(history: &History, rows: &TrainingRows) -> Result<RecordBatch, JobError> {
    let names = rows.features.names().as_slice();
    let positions: UInt64Array = rows.records.iter().map(|position| Some(*position as u64)).collect();
    let of_record = |name| Ok::<_, JobError>(take(&column(&history.records, name)?, &positions, None)?);
    let others: [(&str, ArrayRef); 6] = [
        (DECLARATION, of_record("declaration_id")?),
        (GOODS_ITEM, of_record("goods_item_seq")?),
        (LABEL, Arc::new(BooleanArray::from(rows.labels.clone()))),
        (ACCEPTED, Arc::new(Date32Array::from(rows.accepted.clone()))),
        (RECORDED, Arc::new(Date32Array::from(rows.recorded.clone()))),
        (RECOVERED, Arc::new(UInt64Array::from(rows.recovered.clone()))),
    ];
    if let Some((taken, _)) = others.iter().find(|(name, _)| names.iter().any(|feature| feature == name)) {
        return Err(JobError::Missing(format!(
            "the feature set has a feature `{taken}`, which is a column of the matrix itself; give it another name"
        )));
    }
    let feature = |(name, column): (&String, &Vec<f32>)| {
        let column: ArrayRef = Arc::new(Float32Array::from(column.clone()));
        (name.clone(), column)
    };
    let features = names.iter().zip(rows.features.columns()).map(feature);
    let others = others.into_iter().map(|(name, column)| (name.to_owned(), column));
    Ok(RecordBatch::try_from_iter(features.chain(others))?)
}

fn write(batch: &RecordBatch, file: File) -> Result<(), ParquetError> {
    let properties =
        WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties))?;
    writer.write(batch)?;
    writer.close().map(|_| ())
}

//! What a model is trained on, for those who train elsewhere: each record with a result as it stood on its day.

use super::{LabelledRecords, LearnError, gather, profiles_of, rows_with_result};
use crate::features::{FeatureSet, ForestChoice};
use crate::model::FeatureMatrix;

/// Features of the records with a result, by day of acceptance, with what became of them; one entry for each row.
#[derive(Debug)]
pub struct TrainingRows {
    /// Position of each among the records.
    pub records: Vec<usize>,
    /// Features of the forest that decides, as of the day of acceptance.
    pub features: FeatureMatrix,
    /// Day of acceptance, counted from 1970-01-01.
    pub accepted: Vec<i32>,
    /// Day on which the result was recorded, counted alike. A model of what was known on a day has only rows recorded before it.
    pub recorded: Vec<i32>,
    /// Whether a discrepancy was found.
    pub labels: Vec<bool>,
    /// What the inspection brought, in whole units of the currency.
    pub recovered: Vec<u64>,
}

/// The rows that [`learn`](super::learn) trains on.
///
/// # Errors
/// When there are too few results, or they are all of one kind.
pub fn training_rows(set: &FeatureSet, records: &LabelledRecords<'_>) -> Result<TrainingRows, LearnError> {
    let looked = set.look_up(records.prepared, &profiles_of(set, records));
    let rows = rows_with_result(records, set.training.least_results)?;
    let features = set.features(records.prepared, &looked, ForestChoice::Decision)?;
    Ok(TrainingRows {
        records: rows.iter().map(|row| row.row).collect(),
        features: gather(&features, &rows)?,
        accepted: rows.iter().map(|row| row.day).collect(),
        recorded: rows.iter().map(|row| row.outcome.recorded_day).collect(),
        labels: rows.iter().map(|row| row.outcome.discrepancy).collect(),
        recovered: rows.iter().map(|row| row.outcome.recovered).collect(),
    })
}

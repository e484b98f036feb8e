//! Learning: from records with results of inspections to a bundle.
//!
//! Time never runs backwards: every feature of a training row is as of its own day, and the probabilities are
//! calibrated on months that the model predicting them had not seen.

mod adoption;
mod rows;

pub use adoption::{Adoption, adopt};
pub use rows::{TrainingRows, training_rows};

use crate::bundle::Bundle;
use crate::features::{
    FeatureSet, ForestChoice, History, Outcome, Prepared, Profiles, TrainingSettings, day_number,
};
use crate::model::{
    Calibration, CalibrationError, FeatureMatrix, FeatureMatrixError, FeatureMismatch, Forest, ForestError,
    ImportError, TrainingError, train,
};
use crate::revenue;
use crate::rules::RuleSet;
use crate::selection::SelectionPolicy;
use chrono::{Datelike, NaiveDate};
use std::ops::Range;

/// Why nothing was learnt.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// There are too few results to learn from.
    #[error(
        "{results} of {records} records have an inspection result; learning needs at least {needed}, in both kinds"
    )]
    TooFewResults {
        /// Records given.
        records: usize,
        /// Those with a result.
        results: usize,
        /// How many are needed.
        needed: usize,
    },
    /// The history is too short to calibrate.
    #[error(
        "none of the last {months} folds (months, or weeks of a short history) could be predicted by a model of what was \
         known before it; give a longer history"
    )]
    TooShort {
        /// Folds that were tried.
        months: u32,
    },
    /// Training failed.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// Calibration failed.
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
    /// Features do not fit one another.
    #[error(transparent)]
    Matrix(#[from] FeatureMatrixError),
    /// The forest reads other features.
    #[error(transparent)]
    Mismatch(#[from] FeatureMismatch),
    /// What inspections brought gives no forest.
    #[error(transparent)]
    Revenue(#[from] ForestError),
    /// A model from elsewhere does not fit the feature set.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// There are too few results to calibrate on.
    #[error(
        "{found} results of records since {since}; calibrating needs at least {needed}, so begin earlier"
    )]
    TooFewToCalibrate {
        /// Results since then.
        found: usize,
        /// First day.
        since: NaiveDate,
        /// How many are needed.
        needed: usize,
    },
}

/// Records with what became of them, one entry for each row.
#[derive(Debug)]
pub struct LabelledRecords<'a> {
    /// The records, prepared by the feature set.
    pub prepared: &'a Prepared,
    /// A name for each record, so that ties are broken alike in whatever order records come.
    pub names: &'a [u64],
    /// Results of inspections.
    pub outcomes: &'a [Option<Outcome>],
}

/// A bundle and how it did on months it had not seen.
#[derive(Debug)]
pub struct Learnt {
    /// What was learnt.
    pub bundle: Bundle,
    /// Records with a result.
    pub results: usize,
    /// Those with a discrepancy.
    pub discrepancies: usize,
    /// Calibrated probability and label of the records predicted out of fold; of a model from elsewhere, of the records that
    /// it was calibrated on.
    pub out_of_fold: Vec<(f64, bool)>,
}

/// Step of the work, for progress: what is done, and how many forests of all are trained.
pub type Progress<'a> = &'a mut dyn FnMut(&str, usize, usize);

/// What a bundle is made of beside what is learnt.
#[derive(Debug, Clone)]
pub struct Ingredients {
    /// Computed columns, profiles and features.
    pub set: FeatureSet,
    /// Rules.
    pub rules: RuleSet,
    /// How consignments are chosen.
    pub selection: SelectionPolicy,
}

/// Learns profiles, forest and calibration.
///
/// # Errors
/// When there are too few results, or they are all of one kind.
pub fn learn(
    ingredients: Ingredients,
    records: &LabelledRecords<'_>,
    progress: Progress<'_>,
) -> Result<Learnt, LearnError> {
    let Ingredients { set, rules, selection } = ingredients;
    let further = usize::from(set.ablation.is_some()) + usize::from(set.least_recoveries.is_some());
    let total = set.training.fold_months as usize + 1 + further;
    progress("building profiles", 0, total);
    let profiles = profiles_of(&set, records);
    let looked = set.look_up(records.prepared, &profiles);
    let rows = rows_with_result(records, set.training.least_results)?;
    let matrix = |choice| set.features(records.prepared, &looked, choice);
    let decision = matrix(ForestChoice::Decision)?;

    let mut folded = Vec::new();
    for (number, fold) in folds(&rows, set.training.fold_months).into_iter().enumerate() {
        progress("training on what was known before a fold", number, total);
        folded.extend(predict_fold(&decision, &rows, &fold, &set.training)?);
    }
    let (margins, labels): (Vec<f64>, Vec<bool>) = folded.into_iter().unzip();
    if margins.is_empty() {
        return Err(LearnError::TooShort { months: set.training.fold_months });
    }
    let calibration = Calibration::fit_isotonic(&margins, &labels, None)?;

    progress("training on everything", total - 1 - further, total);
    let forest = fit(&decision, &rows, &set.training)?;
    progress("training on what inspections brought", total - further, total);
    let revenue = fit_revenue(&decision, &rows, &set)?;
    let ablation = match &set.ablation {
        None => None,
        Some(settings) => {
            progress("training the ablation", total - 1, total);
            Some(fit(&matrix(ForestChoice::Ablation)?, &rows, settings)?)
        }
    };
    progress("done", total, total);
    let out_of_fold = margins.iter().map(|m| calibration.probability(*m)).zip(labels).collect();
    let discrepancies = rows.iter().filter(|r| r.outcome.discrepancy).count();
    let bundle =
        Bundle { set, profiles, forest, calibration, revenue, ablation, rules, selection, origin: None };
    Ok(Learnt { bundle, results: rows.len(), discrepancies, out_of_fold })
}

fn profiles_of(set: &FeatureSet, records: &LabelledRecords<'_>) -> Profiles {
    let mut history = History::new(set);
    history.add(records.prepared, records.names, records.outcomes);
    history.finish()
}

/// A record with a result.
#[derive(Debug, Clone, Copy)]
struct TrainingRow {
    row: usize,
    day: i32,
    outcome: Outcome,
}

/// Records with a result by day and name, so that the order they came in leaves no trace.
fn rows_with_result(records: &LabelledRecords<'_>, needed: usize) -> Result<Vec<TrainingRow>, LearnError> {
    let days = &records.prepared.days;
    let mut rows: Vec<TrainingRow> = records
        .outcomes
        .iter()
        .enumerate()
        .filter_map(|(row, outcome)| outcome.map(|outcome| TrainingRow { row, day: days[row], outcome }))
        .collect();
    let found = rows.iter().filter(|r| r.outcome.discrepancy).count();
    if rows.len() < needed || found == 0 || found == rows.len() {
        let (records, results) = (records.outcomes.len(), rows.len());
        return Err(LearnError::TooFewResults { records, results, needed });
    }
    rows.sort_by_key(|r| (r.day, records.names[r.row]));
    Ok(rows)
}

/// Days of a fold where the records do not fill two months.
const SHORT_FOLD: i32 = 7;

/// The last calendar months of the records, oldest first; where the records do not fill two months, the last weeks. A fold
/// goes from its first day up to that of the next.
fn folds(rows: &[TrainingRow], most: u32) -> Vec<Range<i32>> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Vec::new() };
    let (oldest, end) = (first.day, last.day + 1);
    let month = |day: NaiveDate| Some(day_number(day.with_day(1)?));
    let (Some(mut begin), true) = (date(last.day).and_then(month), end - oldest > 60) else {
        let weeks = (end - oldest) / SHORT_FOLD;
        let count = i32::try_from(most).unwrap_or(i32::MAX).min(weeks);
        return (0..count).rev().map(|k| end - (k + 1) * SHORT_FOLD..end - k * SHORT_FOLD).collect();
    };
    let (mut end, mut folds) = (end, Vec::new());
    for _ in 0..most {
        folds.push(begin..end);
        end = begin;
        match date(begin - 1).and_then(month) {
            Some(before) => begin = before,
            None => break,
        }
    }
    folds.reverse();
    folds
}

fn date(day: i32) -> Option<NaiveDate> {
    NaiveDate::from_epoch_days(day)
}

/// Margins and labels of one fold, predicted by a forest that saw only results recorded before it. Nothing when
/// the days before it hold too little.
fn predict_fold(
    matrix: &FeatureMatrix,
    rows: &[TrainingRow],
    days: &Range<i32>,
    settings: &TrainingSettings,
) -> Result<Vec<(f64, bool)>, LearnError> {
    let is_known = |r: &&TrainingRow| r.day < days.start && r.outcome.recorded_day < days.start;
    let before: Vec<TrainingRow> = rows.iter().filter(is_known).copied().collect();
    let fold: Vec<TrainingRow> = rows.iter().filter(|r| days.contains(&r.day)).copied().collect();
    let found = before.iter().filter(|r| r.outcome.discrepancy).count();
    if before.len() < settings.least_results || found == 0 || found == before.len() || fold.is_empty() {
        return Ok(Vec::new());
    }
    let forest = fit(matrix, &before, settings)?;
    let margins = forest.margins(&gather(matrix, &fold)?)?;
    Ok(margins.into_iter().zip(fold.iter().map(|r| r.outcome.discrepancy)).collect())
}

fn fit(
    matrix: &FeatureMatrix,
    rows: &[TrainingRow],
    settings: &TrainingSettings,
) -> Result<Forest, LearnError> {
    let labels: Vec<bool> = rows.iter().map(|r| r.outcome.discrepancy).collect();
    Ok(train(&gather(matrix, rows)?, &labels, None, &settings.parameters)?)
}

/// The forest of what an inspection brings, where the set wants it and enough findings had an amount.
fn fit_revenue(
    matrix: &FeatureMatrix,
    rows: &[TrainingRow],
    set: &FeatureSet,
) -> Result<Option<Forest>, LearnError> {
    let recoveries = rows.iter().filter(|r| r.outcome.discrepancy && r.outcome.recovered > 0).count();
    if set.least_recoveries.is_none_or(|least| recoveries < least) {
        return Ok(None);
    }
    let found = rows.iter().map(|r| (r.outcome.discrepancy, r.outcome.recovered));
    let Some((weights, mean)) = revenue::weights(found) else { return Ok(None) };
    let labels: Vec<bool> = rows.iter().map(|r| r.outcome.discrepancy).collect();
    let forest = train(&gather(matrix, rows)?, &labels, Some(&weights), &set.training.parameters)?;
    Ok(Some(revenue::scaled(&forest, mean)?))
}

fn gather(matrix: &FeatureMatrix, rows: &[TrainingRow]) -> Result<FeatureMatrix, FeatureMatrixError> {
    let columns = matrix.columns().iter().map(|c| rows.iter().map(|r| c[r.row]).collect()).collect();
    FeatureMatrix::new(matrix.names().clone(), columns)
}

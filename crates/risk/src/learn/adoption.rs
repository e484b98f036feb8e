//! Taking over a model from elsewhere: profiles and what inspections bring are learnt here, the forest is the model's.

use super::{
    Ingredients, LabelledRecords, LearnError, Learnt, Progress, TrainingRow, fit_revenue, gather,
    profiles_of, rows_with_result,
};
use crate::bundle::Bundle;
use crate::features::{ForestChoice, day_number};
use crate::model::{Calibration, FeatureMatrix, Forest, ImportedModel};
use crate::origin::Origin;
use chrono::NaiveDate;

/// A model from elsewhere and how it is taken over.
#[derive(Debug)]
pub struct Adoption<'a> {
    /// The model.
    pub model: &'a ImportedModel,
    /// Whether features without names stand in the order of the feature set.
    pub by_position: bool,
    /// Where it comes from, and the first day of the records whose results it is calibrated on, which it must not have
    /// been trained on; its own link gives the probabilities when there is none.
    pub origin: Origin,
}

/// Makes a bundle of a model from elsewhere. It has no ablation, since that would be another model.
///
/// # Errors
/// When the model does not fit the feature set, or there are too few results.
pub fn adopt(
    ingredients: Ingredients,
    records: &LabelledRecords<'_>,
    adoption: Adoption<'_>,
    progress: Progress<'_>,
) -> Result<Learnt, LearnError> {
    let Ingredients { set, rules, selection } = ingredients;
    // Before the work, which takes its time.
    let forest = adoption.model.forest(&set.names(ForestChoice::Decision)?, adoption.by_position)?;
    progress("building profiles", 0, 1);
    let profiles = profiles_of(&set, records);
    let looked = set.look_up(records.prepared, &profiles);
    let rows = rows_with_result(records, set.training.least_results)?;
    let features = set.features(records.prepared, &looked, ForestChoice::Decision)?;
    let (calibration, out_of_fold) = match adoption.origin.calibrated_from {
        None => (adoption.model.link()?, Vec::new()),
        Some(since) => calibrated(&forest, &features, &rows, since, set.training.least_results)?,
    };
    progress("training on what inspections brought", 0, 1);
    let revenue = fit_revenue(&features, &rows, &set)?;
    progress("done", 1, 1);
    let discrepancies = rows.iter().filter(|row| row.outcome.discrepancy).count();
    let origin = Some(adoption.origin);
    let bundle =
        Bundle { set, profiles, forest, calibration, revenue, ablation: None, rules, selection, origin };
    Ok(Learnt { bundle, results: rows.len(), discrepancies, out_of_fold })
}

/// The calibration on results since a day, with the calibrated probabilities and labels of those.
fn calibrated(
    forest: &Forest,
    features: &FeatureMatrix,
    rows: &[TrainingRow],
    since: NaiveDate,
    needed: usize,
) -> Result<(Calibration, Vec<(f64, bool)>), LearnError> {
    let held_out: Vec<TrainingRow> =
        rows.iter().filter(|row| row.day >= day_number(since)).copied().collect();
    if held_out.len() < needed {
        return Err(LearnError::TooFewToCalibrate { found: held_out.len(), since, needed });
    }
    let margins = forest.margins(&gather(features, &held_out)?)?;
    let labels: Vec<bool> = held_out.iter().map(|row| row.outcome.discrepancy).collect();
    let calibration = Calibration::fit_isotonic(&margins, &labels, None)?;
    let out_of_fold = margins.iter().map(|margin| calibration.probability(*margin)).zip(labels).collect();
    Ok((calibration, out_of_fold))
}

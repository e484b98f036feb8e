//! Look-ups: the statistics of every profile for every record of a batch, as of its day.

use super::definition::{FeatureSource, ForestChoice, Statistic};
use super::prepare::Prepared;
use super::profiles::{Profiles, QUANTILE_UNIT, Standing};
use super::set::{Feature, FeatureSet};
use crate::model::{FeatureMatrix, FeatureMatrixError};

/// What the profiles say about the records of a batch.
#[derive(Debug, Clone)]
pub struct Looked {
    /// For each profile and row: what it knew.
    pub standings: Vec<Vec<Option<Standing>>>,
    /// For each profile of results and row: the smoothed rate.
    pub rates: Vec<Vec<f64>>,
}

impl FeatureSet {
    /// Looks every record up in every profile, as of its day of acceptance.
    pub fn look_up(&self, prepared: &Prepared, profiles: &Profiles) -> Looked {
        let mut looked = Looked { standings: Vec::new(), rates: Vec::new() };
        for (index, profile) in self.profiles.iter().enumerate() {
            let standings = profiles.standings(index, &prepared.keys[index], &prepared.days);
            let rates = if profile.measure.is_some() {
                Vec::new()
            } else {
                let smooth = |(row, standing): (usize, &Option<Standing>)| {
                    let prior = profile.parent.map_or(self.initial_rate, |parent| looked.rates[parent][row]);
                    smoothed_rate(*standing, prior, profile.strength)
                };
                standings.iter().enumerate().map(smooth).collect()
            };
            looked.standings.push(standings);
            looked.rates.push(rates);
        }
        looked
    }

    /// The features that a forest reads, one row for each record.
    ///
    /// # Errors
    /// When the columns do not form a matrix, which a checked set excludes.
    pub fn features(
        &self,
        prepared: &Prepared,
        looked: &Looked,
        forest: ForestChoice,
    ) -> Result<FeatureMatrix, FeatureMatrixError> {
        let columns = self.read_by(forest).map(|feature| feature_column(feature, prepared, looked)).collect();
        FeatureMatrix::new(self.names(forest)?, columns)
    }
}

/// Empirical Bayes estimate of a rate: `(k + m r) / (n + m)`.
fn smoothed_rate(standing: Option<Standing>, prior: f64, strength: f64) -> f64 {
    let (inspected, discrepancies) = match standing {
        Some(Standing::Results { inspected, discrepancies }) => (inspected, discrepancies),
        _ => (0, 0),
    };
    (f64::from(discrepancies) + strength * prior) / (f64::from(inspected) + strength)
}

fn feature_column(feature: &Feature, prepared: &Prepared, looked: &Looked) -> Vec<f32> {
    match feature.source {
        FeatureSource::Column { index } => prepared.columns[index].clone(),
        FeatureSource::Profile { profile, statistic: Statistic::Rate } => {
            looked.rates[profile].iter().map(|rate| *rate as f32).collect()
        }
        FeatureSource::Profile { profile, statistic } => {
            let value = |(row, standing): (usize, &Option<Standing>)| {
                let measure = prepared.measures[profile].as_ref().map_or(f64::NAN, |m| m[row]);
                statistic_of(statistic, *standing, measure)
            };
            looked.standings[profile].iter().enumerate().map(value).collect()
        }
    }
}

fn statistic_of(statistic: Statistic, standing: Option<Standing>, measure: f64) -> f32 {
    match (statistic, standing) {
        (Statistic::Inspected, Some(Standing::Results { inspected, .. })) => inspected as f32,
        (Statistic::Discrepancies, Some(Standing::Results { discrepancies, .. })) => discrepancies as f32,
        (Statistic::Seen, Some(Standing::Values { seen, .. })) => seen as f32,
        (Statistic::Distance, Some(Standing::Values { quartiles, .. })) => {
            distance(measure, quartiles) as f32
        }
        (Statistic::Deviation, Some(Standing::Values { quartiles, .. })) => {
            // A key whose values are all alike still has a step's width, so that the deviation stays finite.
            let range = f64::from(quartiles[2] - quartiles[0]).max(1.0) / QUANTILE_UNIT;
            (distance(measure, quartiles) / range) as f32
        }
        (Statistic::Inspected | Statistic::Discrepancies | Statistic::Seen, _) => 0.0,
        _ => f32::NAN,
    }
}

fn distance(measure: f64, quartiles: [i32; 3]) -> f64 {
    measure - f64::from(quartiles[1]) / QUANTILE_UNIT
}

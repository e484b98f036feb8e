//! The sample: scored records with what was found in them, kept in rank order, best first.

use std::ops::Range;

use thiserror::Error;

/// Why something cannot be evaluated.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// There is no record.
    #[error("there is no record; an evaluation needs at least one")]
    Empty,
    /// A column has not one value for each record.
    #[error("{found} {what} for {records} scores; there must be one for each")]
    Length {
        /// What there is too little or too much of.
        what: &'static str,
        /// Number of scores.
        records: usize,
        /// Number of the others.
        found: usize,
    },
    /// A value is out of its range.
    #[error("the {what} of record {record} is {value}; it must be {expected}")]
    Value {
        /// Which column.
        what: &'static str,
        /// The record, from 0, in the order given.
        record: usize,
        /// Its value.
        value: f64,
        /// What would be right.
        expected: &'static str,
    },
    /// No record has weight.
    #[error("all weights are 0; at least one record needs weight")]
    NoWeight,
    /// An option is out of its range.
    #[error("`{name}` is {value}; it must be {expected}")]
    Option {
        /// Name of the option.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What would be right.
        expected: &'static str,
    },
}

/// Predicted probabilities with their own order, which need not be that of the scores.
#[derive(Debug, Clone)]
pub(super) struct Probabilities {
    /// By rank.
    pub(super) values: Vec<f64>,
    /// Ranks in order of rising probability.
    pub(super) rising: Vec<usize>,
}

/// Groups of records that are resampled together.
#[derive(Debug, Clone)]
pub(super) struct Clusters {
    /// By rank, numbered from 0.
    pub(super) of: Vec<usize>,
    pub(super) count: usize,
}

/// Scored records with labels (`true` = a true finding) and, where known, weight, revenue, probability and
/// cluster.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The record at each rank.
    order: Vec<usize>,
    /// Where each run of equal scores ends.
    tie_ends: Vec<usize>,
    pub(super) labels: Vec<bool>,
    pub(super) weights: Vec<f64>,
    pub(super) revenue: Option<Vec<f64>>,
    pub(super) probabilities: Option<Probabilities>,
    pub(super) clusters: Option<Clusters>,
}

impl Sample {
    /// Ranks records by score, highest first; each has weight 1.
    ///
    /// # Errors
    /// If there is no record, labels are not one per score or a score is NaN.
    pub fn new(scores: &[f64], labels: &[bool]) -> Result<Self, EvaluationError> {
        if scores.is_empty() {
            return Err(EvaluationError::Empty);
        }
        if labels.len() != scores.len() {
            let (what, records, found) = ("labels", scores.len(), labels.len());
            return Err(EvaluationError::Length { what, records, found });
        }
        check_values("score", scores, "a number", |score| !score.is_nan())?;
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        let changes = order.windows(2).zip(1..).filter(|(pair, _)| scores[pair[0]] > scores[pair[1]]);
        let tie_ends = changes.map(|(_, end)| end).chain([scores.len()]).collect();
        let labels = order.iter().map(|&record| labels[record]).collect();
        let weights = vec![1.0; scores.len()];
        Ok(Self { order, tie_ends, labels, weights, revenue: None, probabilities: None, clusters: None })
    }

    /// Gives each record a weight, such as the inverse of the probability that it was inspected.
    ///
    /// # Errors
    /// If weights are not one per score, one is negative or not finite, or all are 0.
    pub fn with_weights(mut self, weights: &[f64]) -> Result<Self, EvaluationError> {
        check_values("weight", weights, "finite and at least 0", |weight| {
            weight.is_finite() && weight >= 0.0
        })?;
        self.weights = self.by_rank("weights", weights)?;
        if self.weights.iter().all(|&weight| weight <= 0.0) {
            return Err(EvaluationError::NoWeight);
        }
        Ok(self)
    }

    /// Gives each record the revenue its finding brought, in one currency; only true findings' revenue counts.
    ///
    /// # Errors
    /// If revenues are not one per score, or one is negative or not finite.
    pub fn with_revenue(mut self, revenue: &[f64]) -> Result<Self, EvaluationError> {
        check_values("revenue", revenue, "finite and at least 0", |value| value.is_finite() && value >= 0.0)?;
        self.revenue = Some(self.by_rank("revenues", revenue)?);
        Ok(self)
    }

    /// Gives each record its calibrated probability of being a true finding.
    ///
    /// # Errors
    /// If probabilities are not one per score, or one lies outside [0, 1].
    pub fn with_probabilities(mut self, probabilities: &[f64]) -> Result<Self, EvaluationError> {
        check_values("probability", probabilities, "from 0 to 1", |value| (0.0..=1.0).contains(&value))?;
        let values = self.by_rank("probabilities", probabilities)?;
        let mut rising: Vec<usize> = (0..values.len()).collect();
        rising.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
        self.probabilities = Some(Probabilities { values, rising });
        Ok(self)
    }

    /// Names each record's cluster, such as its goods tuple: the bootstrap draws whole clusters.
    ///
    /// # Errors
    /// If ids are not one per score.
    pub fn with_clusters(mut self, ids: &[u64]) -> Result<Self, EvaluationError> {
        let ids = self.by_rank("cluster ids", ids)?;
        let mut distinct = ids.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let of = ids.iter().map(|id| distinct.partition_point(|other| other < id)).collect();
        self.clusters = Some(Clusters { of, count: distinct.len() });
        Ok(self)
    }

    /// Number of records, at least 1.
    pub fn records(&self) -> usize {
        self.labels.len()
    }

    /// Number of true findings among them.
    pub fn findings(&self) -> usize {
        self.labels.iter().filter(|&&label| label).count()
    }

    /// Runs of equal scores as ranges of ranks, highest score first.
    pub(super) fn ties(&self) -> impl Iterator<Item = Range<usize>> {
        let starts = [0].into_iter().chain(self.tie_ends.iter().copied());
        starts.zip(&self.tie_ends).map(|(start, &end)| start..end)
    }

    pub(super) fn total_weight(&self) -> f64 {
        self.weights.iter().sum()
    }

    fn by_rank<T: Copy>(&self, what: &'static str, values: &[T]) -> Result<Vec<T>, EvaluationError> {
        if values.len() != self.order.len() {
            return Err(EvaluationError::Length { what, records: self.order.len(), found: values.len() });
        }
        Ok(self.order.iter().map(|&record| values[record]).collect())
    }
}

fn check_values(
    what: &'static str,
    values: &[f64],
    expected: &'static str,
    is_right: impl Fn(f64) -> bool,
) -> Result<(), EvaluationError> {
    match values.iter().position(|&value| !is_right(value)) {
        Some(record) => Err(EvaluationError::Value { what, record, value: values[record], expected }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_ranked_and_ties_found() {
        let sample = Sample::new(&[0.5, -0.0, 0.9, 0.0], &[true, false, false, true]).unwrap();
        assert_eq!(sample.order, [2, 0, 3, 1]);
        assert_eq!(sample.ties().collect::<Vec<_>>(), [0..1, 1..2, 2..4]);
        assert_eq!(sample.labels, [false, true, true, false]);
        assert_eq!((sample.records(), sample.findings()), (4, 2));
    }

    #[test]
    fn clusters_are_numbered_by_id() {
        let sample = Sample::new(&[0.3, 0.2, 0.1], &[true, false, true]).unwrap();
        let clusters = sample.with_clusters(&[900, 7, 900]).unwrap().clusters.unwrap();
        assert_eq!((clusters.of, clusters.count), (vec![1, 0, 1], 2));
    }

    #[test]
    fn bad_columns_are_refused() {
        assert_eq!(Sample::new(&[], &[]).unwrap_err(), EvaluationError::Empty);
        assert_eq!(
            Sample::new(&[0.0, f64::NAN], &[true, false]).unwrap_err().to_string(),
            "the score of record 1 is NaN; it must be a number"
        );
        assert_eq!(
            Sample::new(&[0.0], &[]).unwrap_err().to_string(),
            "0 labels for 1 scores; there must be one for each"
        );
        let sample = Sample::new(&[0.0, 1.0], &[true, false]).unwrap();
        assert!(sample.clone().with_weights(&[1.0]).is_err());
        assert_eq!(sample.clone().with_weights(&[0.0, 0.0]).unwrap_err(), EvaluationError::NoWeight);
        assert!(sample.clone().with_revenue(&[-1.0, 0.0]).is_err());
        assert!(sample.clone().with_probabilities(&[1.1, 0.0]).is_err());
        assert!(sample.with_clusters(&[1]).is_err());
    }
}

//! The parameters of a training run, with their ranges.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::forest::MAX_TREES;
use super::training_error::TrainingError;
use super::tree::MAX_DEPTH;

/// A limit on time and memory; a forest itself may be twice as deep, as imported ones can be.
const MAX_TRAINED_DEPTH: usize = MAX_DEPTH / 2;

/// A limit on time and memory: the library keeps a histogram of so many bins per feature and node.
const MAX_BINS: u16 = 4_096;

/// The way the margin may move with a feature, all else equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Monotone {
    /// A larger value never lowers the margin.
    Increasing,
    /// A larger value never raises the margin.
    Decreasing,
}

/// What a training run is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingParameters {
    /// Number of trees, 1 to 65,536.
    pub trees: usize,
    /// Most splits from root to leaf, 1 to 32.
    pub depth: usize,
    /// Factor on each tree's leaf values, in (0, 1].
    pub learning_rate: f32,
    /// L2 penalty on leaf values, at least 0.
    pub l2: f32,
    /// Least sum of second derivatives in a child, at least 0.
    pub min_child_weight: f32,
    /// Share of rows drawn for each tree, in (0, 1].
    pub subsample: f32,
    /// Share of features drawn for each tree, in (0, 1]; must come to at least one feature.
    pub column_sample: f64,
    /// Most bins a feature's values are sorted into, 2 to 4,096.
    pub max_bins: u16,
    /// Seed of the draws of rows and features.
    pub seed: u64,
    /// Features, by name, with which the margin may move one way only.
    pub monotone: BTreeMap<String, Monotone>,
}

impl Default for TrainingParameters {
    fn default() -> Self {
        Self {
            trees: 100,
            depth: 6,
            learning_rate: 0.1,
            l2: 1.0,
            min_child_weight: 1.0,
            subsample: 1.0,
            column_sample: 1.0,
            max_bins: 256,
            seed: 0,
            monotone: BTreeMap::new(),
        }
    }
}

impl TrainingParameters {
    /// Checks every range, for a matrix with so many features.
    pub(super) fn check(&self, features: usize) -> Result<(), TrainingError> {
        let share = |value: f64| value > 0.0 && value <= 1.0;
        let penalty = |value: f32| value.is_finite() && value >= 0.0;
        let TrainingParameters { trees, depth, max_bins, .. } = *self;
        let (rate, subsample) = (f64::from(self.learning_rate), f64::from(self.subsample));
        let columns = self.column_sample;
        let checks = [
            ("trees", trees as f64, (1..=MAX_TREES).contains(&trees), "1 to 65536"),
            ("depth", depth as f64, (1..=MAX_TRAINED_DEPTH).contains(&depth), "1 to 32"),
            ("learning_rate", rate, share(rate), "above 0 and at most 1"),
            ("l2", self.l2.into(), penalty(self.l2), "at least 0"),
            ("min_child_weight", self.min_child_weight.into(), penalty(self.min_child_weight), "at least 0"),
            ("subsample", subsample, share(subsample), "above 0 and at most 1"),
            (
                "column_sample",
                columns,
                share(columns) && columns * features as f64 >= 1.0,
                "above 0, at most 1, and enough for one feature",
            ),
            ("max_bins", max_bins.into(), (2..=MAX_BINS).contains(&max_bins), "2 to 4096"),
        ];
        match checks.into_iter().find(|&(_, _, ok, _)| !ok) {
            Some((name, value, _, expected)) => Err(TrainingError::Parameter { name, value, expected }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_have_defaults_and_refuse_unknown_keys() {
        let parsed: TrainingParameters =
            toml::from_str("trees = 7\n[monotone]\nunit_price = \"decreasing\"").unwrap();
        assert_eq!(parsed.trees, 7);
        assert_eq!(parsed.monotone["unit_price"], Monotone::Decreasing);
        assert_eq!(parsed.depth, TrainingParameters::default().depth);
        assert!(toml::from_str::<TrainingParameters>("tree = 7").is_err());
    }
}

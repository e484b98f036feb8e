//! The file of a feature set as it is written, before its expressions are compiled.

use crate::expr::ExpressionError;
use crate::model::{Monotone, TrainingParameters};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// Why a feature set cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CheckFeaturesError {
    /// Not TOML, or a key that feature sets do not have.
    #[error("feature set {file}: {cause}")]
    Syntax {
        /// File as the reader knows it.
        file: String,
        /// What the parser says, with the line.
        cause: String,
    },
    /// An expression is refused.
    #[error("feature set: {0}")]
    Expression(#[from] ExpressionError),
    /// A definition refers to something that is not there, or contradicts itself.
    #[error("feature set {file}: {what} `{name}` {problem}")]
    Definition {
        /// File as the reader knows it.
        file: String,
        /// `profile`, `feature` or `column`.
        what: &'static str,
        /// Its name.
        name: String,
        /// What is wrong and what would be right.
        problem: String,
    },
}

/// Statistic of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Smoothed share of inspections that found a discrepancy: `(k + strength * r) / (n + strength)`, where `r` is
    /// the rate of the parent profile (an empirical Bayes estimate; Micci-Barreca 2001, SIGKDD Explorations 3(1)).
    Rate,
    /// Inspections with a result, `n`.
    Inspected,
    /// Inspections that found a discrepancy, `k`.
    Discrepancies,
    /// Measure of the record minus the median of its key; with `measure = ln(…)` a ratio to the usual value.
    Distance,
    /// [`Statistic::Distance`] in units of the key's interquartile range.
    Deviation,
    /// Values that the median stands on.
    Seen,
}

/// Where a feature comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeatureSource {
    /// A SQL expression over the columns.
    Column {
        /// Position among the computed columns of a [`super::Prepared`] batch.
        index: usize,
    },
    /// A statistic of a profile.
    Profile {
        /// Position among the profiles of the set.
        profile: usize,
        /// Which statistic.
        statistic: Statistic,
    },
}

/// How a model is trained on the set: parameters of the trees, and how much of the end of the history is
/// predicted out of fold, month by month, to calibrate probabilities.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingSettings {
    /// Parameters of the trees, with the monotone constraints of the features.
    pub parameters: TrainingParameters,
    /// Calendar months at the end of the history that are predicted out of fold.
    pub fold_months: u32,
    /// Fewest results of inspections that a forest is trained on.
    pub least_results: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileSet {
    pub name: String,
    pub description: String,
    pub goods: Vec<String>,
    pub revenue: Spanned<String>,
    pub finding_worth: Option<f64>,
    pub least_recoveries: Option<usize>,
    pub initial_rate: f64,
    pub training: FileTraining,
    pub ablation: Option<FileTraining>,
    #[serde(default)]
    pub derive: Vec<FileDerive>,
    #[serde(default)]
    pub profile: Vec<FileProfile>,
    pub feature: Vec<FileFeature>,
}

/// [`TrainingParameters`] beside `fold_months`; serde cannot flatten and refuse unknown keys at once.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FileTraining {
    trees: usize,
    depth: usize,
    learning_rate: f32,
    l2: f32,
    min_child_weight: f32,
    subsample: f32,
    column_sample: f64,
    max_bins: u16,
    seed: u64,
    fold_months: u32,
    least_results: usize,
}

impl Default for FileTraining {
    fn default() -> Self {
        let p = TrainingParameters::default();
        Self {
            trees: p.trees,
            depth: p.depth,
            learning_rate: p.learning_rate,
            l2: p.l2,
            min_child_weight: p.min_child_weight,
            subsample: p.subsample,
            column_sample: p.column_sample,
            max_bins: p.max_bins,
            seed: p.seed,
            fold_months: 3,
            least_results: 200,
        }
    }
}

impl FileTraining {
    pub(super) fn settings(self, monotone: BTreeMap<String, Monotone>) -> TrainingSettings {
        let Self { trees, depth, learning_rate, l2, min_child_weight, .. } = self;
        let Self { subsample, column_sample, max_bins, seed, fold_months, least_results, .. } = self;
        let parameters = TrainingParameters {
            trees,
            depth,
            learning_rate,
            l2,
            min_child_weight,
            subsample,
            column_sample,
            max_bins,
            seed,
            monotone,
        };
        TrainingSettings { parameters, fold_months, least_results }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileDerive {
    pub name: String,
    pub sql: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileProfile {
    pub name: String,
    pub title: String,
    pub key: Vec<String>,
    #[serde(default)]
    pub once_per_goods: bool,
    pub strength: Option<f64>,
    pub parent: Option<String>,
    pub measure: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileFeature {
    pub name: String,
    pub title: Option<String>,
    pub unit: Option<String>,
    pub sql: Option<Spanned<String>>,
    pub profile: Option<String>,
    pub statistic: Option<Statistic>,
    pub monotone: Option<Monotone>,
    #[serde(default)]
    pub forest: ForestChoice,
}

/// Which forest reads a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForestChoice {
    /// Both.
    #[default]
    Both,
    /// The forest that decides.
    Decision,
    /// The forest that shows how good a model would be without some knowledge; it decides nothing.
    Ablation,
}

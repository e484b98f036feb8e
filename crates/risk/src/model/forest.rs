//! The forest: boosted trees over named features, their margins, and the plain evaluation that defines them.

use thiserror::Error;

use super::accumulator::Accumulator;
use super::matrix::{FeatureMatrix, FeatureMatrixError, FeatureNames};
use super::sliced::{Bins, InstructionSet, SlicedForest};
use super::tree::{MAX_LEAF, Node, Tree, is_sane, mean_value};

/// Most trees in a forest.
pub(crate) const MAX_TREES: usize = 65_536;

/// Why trees are not a forest.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ForestError {
    /// The feature names are no good.
    #[error(transparent)]
    Features(#[from] FeatureMatrixError),
    /// More trees than the limit.
    #[error("{found} trees; a forest has at most {MAX_TREES}")]
    TreeCount {
        /// How many were given.
        found: usize,
    },
    /// The base score is not a sane number.
    #[error("the base score is {value}; it must lie within {MAX_LEAF} of 0")]
    BaseScore {
        /// The base score.
        value: f64,
    },
    /// The base score or a leaf value is none of the accumulator's.
    #[error("{place} is {value}; a forest that adds up in f32 has values of f32 only")]
    Narrow {
        /// What has the value.
        place: String,
        /// The value.
        value: f64,
    },
    /// A split looks at a feature that does not exist.
    #[error("node {node} of tree {tree} looks at feature {feature}; there are {features}, counted from 0")]
    Feature {
        /// The tree.
        tree: usize,
        /// The node.
        node: usize,
        /// The feature it names.
        feature: u32,
        /// Number of features.
        features: usize,
    },
}

/// A row or matrix whose features are not the model's.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FeatureMismatch {
    /// Too few or too many values.
    #[error("{found} feature values; the model takes {expected}")]
    Count {
        /// Features of the model.
        expected: usize,
        /// Features given.
        found: usize,
    },
    /// A feature in the wrong place.
    #[error("feature {position} is `{found}`; the model takes `{expected}` there")]
    Name {
        /// Position of the first difference, from 0.
        position: usize,
        /// The model's feature.
        expected: String,
        /// The feature given.
        found: String,
    },
    /// Bins were made by thresholds other than the model's.
    #[error("the bins were made by another model; bins are good for the model that made them")]
    Bins,
}

/// Gradient-boosted trees over named features; the link is logistic.
///
/// The margin of a row is `base_score` plus the trees' leaf values, added one after another in tree order, each sum rounded
/// to the [`Accumulator`]. That is what the training library does, and every evaluator must keep both the order and the type:
/// [`reference_margin`](Self::reference_margin) is the plain one, all others go through what the trees are compiled to.
#[derive(Debug, Clone)]
pub struct Forest {
    features: FeatureNames,
    base_score: f64,
    trees: Vec<Tree>,
    accumulator: Accumulator,
    /// Cover-weighted mean margin, in log-odds, which every explanation starts from.
    pub(super) mean: f64,
    pub(super) sliced: SlicedForest,
}

impl PartialEq for Forest {
    /// The mean, and what the trees are compiled to, follow from them.
    fn eq(&self, other: &Self) -> bool {
        (&self.features, self.base_score, &self.trees, self.accumulator)
            == (&other.features, other.base_score, &other.trees, other.accumulator)
    }
}

impl Forest {
    /// Puts trees together that are added up in f64; `base_score` is in log-odds.
    ///
    /// # Errors
    /// If there are too many trees, the base score is not a sane number or a tree looks at a feature that
    /// does not exist.
    pub fn new(features: FeatureNames, base_score: f64, trees: Vec<Tree>) -> Result<Self, ForestError> {
        Self::summed_in(Accumulator::F64, features, base_score, trees)
    }

    /// Puts trees together that are added up in a type of choice; `base_score` is in log-odds.
    ///
    /// # Errors
    /// As [`new`](Self::new), and if the base score or a leaf value is none of the type's values.
    pub fn summed_in(
        accumulator: Accumulator,
        features: FeatureNames,
        base_score: f64,
        trees: Vec<Tree>,
    ) -> Result<Self, ForestError> {
        if trees.len() > MAX_TREES {
            return Err(ForestError::TreeCount { found: trees.len() });
        }
        if !is_sane(base_score) {
            return Err(ForestError::BaseScore { value: base_score });
        }
        if !accumulator.holds(base_score) {
            return Err(ForestError::Narrow { place: "the base score".to_owned(), value: base_score });
        }
        for (index, tree) in trees.iter().enumerate() {
            check_tree(index, tree, features.len(), accumulator)?;
        }
        let mean = mean_margin(base_score, &trees);
        let sliced = SlicedForest::new(accumulator, base_score, &trees);
        Ok(Self { features, base_score, trees, accumulator, mean, sliced })
    }

    /// The features a row must give, in order.
    pub fn features(&self) -> &FeatureNames {
        &self.features
    }

    /// The margin of a forest without trees, in log-odds.
    pub fn base_score(&self) -> f64 {
        self.base_score
    }

    /// What margins are added up in.
    pub fn accumulator(&self) -> Accumulator {
        self.accumulator
    }

    /// The trees in the order in which they are added up.
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }

    /// The same forest, evaluated with instructions of choice; margins keep their bits.
    #[must_use]
    pub fn with_instructions(self, instructions: InstructionSet) -> Self {
        Self { sliced: self.sliced.with_instructions(instructions), ..self }
    }

    /// The margin (log-odds) of one row, given in feature order.
    ///
    /// # Errors
    /// If the row has not as many values as the model has features.
    pub fn margin(&self, row: &[f32]) -> Result<f64, FeatureMismatch> {
        self.check_row(row)?;
        Ok(self.sliced.margin(|feature| row[feature]))
    }

    /// The margin (log-odds) of every row of a matrix.
    ///
    /// # Errors
    /// If the matrix' features are not the model's, in the model's order.
    pub fn margins(&self, matrix: &FeatureMatrix) -> Result<Vec<f64>, FeatureMismatch> {
        self.check_names(matrix.names())?;
        Ok(self.sliced.margins(matrix.columns(), matrix.rows()))
    }

    /// Bins every row of a matrix by the model's thresholds, one byte for each value, so that what is evaluated again need
    /// not be binned again.
    ///
    /// # Errors
    /// If the matrix' features are not the model's, in the model's order.
    pub fn bins(&self, matrix: &FeatureMatrix) -> Result<Bins, FeatureMismatch> {
        self.check_names(matrix.names())?;
        Ok(self.sliced.bins(matrix.columns(), matrix.rows()))
    }

    /// The margin (log-odds) of every row that [`bins`](Self::bins) binned.
    ///
    /// # Errors
    /// If another model made the bins.
    pub fn margins_of_bins(&self, bins: &Bins) -> Result<Vec<f64>, FeatureMismatch> {
        self.sliced.margins_of_bins(bins).ok_or(FeatureMismatch::Bins)
    }

    /// The margin (log-odds) of one row by its definition: down every tree, split by split. It is what the others are
    /// tested against.
    ///
    /// # Errors
    /// If the row has not as many values as the model has features.
    pub fn reference_margin(&self, row: &[f32]) -> Result<f64, FeatureMismatch> {
        self.check_row(row)?;
        let leaf_value = |tree: &Tree| tree.leaf_value(|feature| row[feature]);
        Ok(self.accumulator.sum(self.base_score, self.trees.iter().map(leaf_value)))
    }

    /// The model's own, uncalibrated probability of one row: [`logistic`] of its margin.
    ///
    /// # Errors
    /// If the row has not as many values as the model has features.
    pub fn probability(&self, row: &[f32]) -> Result<f64, FeatureMismatch> {
        self.margin(row).map(logistic)
    }

    pub(super) fn check_row(&self, row: &[f32]) -> Result<(), FeatureMismatch> {
        if row.len() == self.features.len() {
            Ok(())
        } else {
            Err(FeatureMismatch::Count { expected: self.features.len(), found: row.len() })
        }
    }

    fn check_names(&self, names: &FeatureNames) -> Result<(), FeatureMismatch> {
        let (ours, theirs) = (self.features.as_slice(), names.as_slice());
        if ours.len() != theirs.len() {
            return Err(FeatureMismatch::Count { expected: ours.len(), found: theirs.len() });
        }
        match ours.iter().zip(theirs).position(|(expected, found)| expected != found) {
            None => Ok(()),
            Some(position) => Err(FeatureMismatch::Name {
                position,
                expected: ours[position].clone(),
                found: theirs[position].clone(),
            }),
        }
    }
}

/// The cover-weighted mean margin of trees, in log-odds: f64, whatever margins are added up in.
fn mean_margin(base_score: f64, trees: &[Tree]) -> f64 {
    trees.iter().fold(base_score, |mean, tree| mean + mean_value(tree.nodes()))
}

/// Checks what a tree may not have in a forest of so many features.
fn check_tree(
    tree: usize,
    content: &Tree,
    features: usize,
    accumulator: Accumulator,
) -> Result<(), ForestError> {
    for (node, content) in content.nodes().iter().enumerate() {
        match *content {
            Node::Split { feature, .. } if feature as usize >= features => {
                return Err(ForestError::Feature { tree, node, feature, features });
            }
            Node::Leaf { value, .. } if !accumulator.holds(value) => {
                return Err(ForestError::Narrow { place: format!("node {node} of tree {tree}"), value });
            }
            _ => {}
        }
    }
    Ok(())
}

/// `1 / (1 + e^-margin)`: the probability whose log-odds are `margin`. `exp` comes from `libm`, so that every
/// machine gives the same bits.
pub fn logistic(margin: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-margin))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{feature_names, leaf, split};
    use super::super::tree::Branch;
    use super::*;

    fn two_tree_forest() -> Forest {
        let first = vec![
            split(0, 10.0, Branch::Right, 1, 2),
            leaf(-0.5),
            split(1, 0.0, Branch::Left, 3, 4),
            leaf(0.25),
            leaf(1.0),
        ];
        let trees = vec![Tree::new(first).unwrap(), Tree::new(vec![leaf(0.125)]).unwrap()];
        Forest::new(feature_names(2), -1.0, trees).unwrap()
    }

    #[test]
    fn a_row_walks_by_less_than_and_by_missing_direction() {
        let forest = two_tree_forest();
        let nan = f32::NAN;
        for (row, margin) in [
            ([9.999, nan], -1.375),
            ([10.0, -0.1], -0.625),
            ([10.0, 0.0], 0.125),
            ([nan, nan], -0.625),
            ([nan, 7.0], 0.125),
            ([f32::INFINITY, f32::NEG_INFINITY], -0.625),
        ] {
            assert_eq!(forest.reference_margin(&row).unwrap().to_bits(), f64::to_bits(margin), "{row:?}");
        }
    }

    #[test]
    fn a_matrix_gives_the_same_margins_as_its_rows() {
        let forest = two_tree_forest();
        let columns = vec![vec![9.0, 11.0, f32::NAN], vec![f32::NAN, 3.0, -3.0]];
        let matrix = FeatureMatrix::new(feature_names(2), columns).unwrap();
        let margins = forest.margins(&matrix).unwrap();
        for (row, margin) in margins.iter().enumerate() {
            let single = forest.reference_margin(&matrix.row(row).unwrap()).unwrap();
            assert_eq!(single.to_bits(), margin.to_bits());
        }
    }

    #[test]
    fn probability_is_the_logistic_of_the_margin() {
        // 1 / (1 + e^1.375) by Python's decimal at 30 digits: 0.201813222260378830...
        let probability = two_tree_forest().probability(&[0.0, 0.0]).unwrap();
        assert!((probability - 0.201_813_222_260_378_83).abs() < 1e-15);
        assert_eq!(logistic(0.0).to_bits(), 0.5_f64.to_bits());
        assert_eq!(logistic(-800.0).to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn other_features_are_refused() {
        let forest = two_tree_forest();
        assert_eq!(forest.margin(&[1.0]), Err(FeatureMismatch::Count { expected: 2, found: 1 }));
        let swapped = FeatureNames::new(vec!["f1".to_owned(), "f0".to_owned()]).unwrap();
        let matrix = FeatureMatrix::new(swapped, vec![vec![], vec![]]).unwrap();
        assert_eq!(
            forest.margins(&matrix).unwrap_err().to_string(),
            "feature 0 is `f1`; the model takes `f0` there"
        );
    }

    #[test]
    fn a_forest_needs_a_sane_base_score_and_known_features() {
        assert!(Forest::new(feature_names(1), f64::INFINITY, vec![]).is_err());
        let tree = Tree::new(vec![split(1, 0.0, Branch::Left, 1, 2), leaf(0.0), leaf(0.0)]).unwrap();
        assert_eq!(
            Forest::new(feature_names(1), 0.0, vec![tree]),
            Err(ForestError::Feature { tree: 0, node: 0, feature: 1, features: 1 })
        );
    }
}

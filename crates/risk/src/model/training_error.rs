//! Why nothing was trained.

use forust_ml::errors::ForustError;
use thiserror::Error;

use super::forest::ForestError;
use super::tree::TreeError;

/// Why nothing was trained.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// Labels or weights are not one per row.
    #[error("{found} {what} for {rows} rows; there must be one for each")]
    Length {
        /// What there is too little or too much of.
        what: &'static str,
        /// Rows of the matrix.
        rows: usize,
        /// Number of the others.
        found: usize,
    },
    /// A weight is negative or not finite.
    #[error("the weight of row {row} is {value}; a weight is finite and at least 0")]
    Weight {
        /// The row, from 0.
        row: usize,
        /// Its weight.
        value: f64,
    },
    /// There is nothing to tell apart.
    #[error("all rows with weight have the same label; training needs both kinds")]
    OneClass,
    /// A feature value is infinite, which the library cannot sort into bins.
    #[error("feature `{feature}` is {value} in row {row}; a value is finite, or NaN where it is missing")]
    InfiniteValue {
        /// The feature.
        feature: String,
        /// The row, from 0.
        row: usize,
        /// The value.
        value: f32,
    },
    /// A parameter is out of its range.
    #[error("parameter `{name}` is {value}; it must be {expected}")]
    Parameter {
        /// Name of the parameter.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What would be right.
        expected: &'static str,
    },
    /// A monotone constraint names no feature.
    #[error("parameter `monotone` names `{name}`, which is no feature of the matrix")]
    UnknownFeature {
        /// The name.
        name: String,
    },
    /// The library refused.
    #[error("the training library refused: {0}")]
    Library(#[from] ForustError),
    /// The library made nodes that are not a tree of sane numbers.
    #[error("the trained tree {tree} is unusable: {error}")]
    Tree {
        /// The tree, from 0.
        tree: usize,
        /// What is wrong with it.
        error: TreeError,
    },
    /// The library's trees are not a forest.
    #[error("the trained trees are unusable: {0}")]
    Forest(#[from] ForestError),
}

//! The feature matrix: one f32 column per named feature, NaN where the value is missing.

use std::collections::BTreeSet;
use std::sync::Arc;

use thiserror::Error;

/// Most features a matrix or a model may have; far above any feature set an officer could be told about.
pub(crate) const MAX_FEATURES: usize = 65_536;

/// Longest feature name, in bytes.
pub(crate) const MAX_FEATURE_NAME_BYTES: usize = 1_024;

/// Why a feature matrix cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FeatureMatrixError {
    /// There is no feature at all, or more than the limit.
    #[error("{found} features; a feature matrix has 1 to {MAX_FEATURES}")]
    FeatureCount {
        /// How many were given.
        found: usize,
    },
    /// A name is empty or too long.
    #[error("feature {position} has a name of {bytes} bytes; a name has 1 to {MAX_FEATURE_NAME_BYTES}")]
    NameLength {
        /// Position of the feature, from 0.
        position: usize,
        /// Length of its name.
        bytes: usize,
    },
    /// Two features bear the same name.
    #[error("feature `{name}` is named twice; every feature needs a name of its own")]
    DuplicateName {
        /// The repeated name.
        name: String,
    },
    /// The number of columns is not the number of names.
    #[error("{columns} columns for {names} feature names; each name needs one column")]
    ColumnCount {
        /// Number of names.
        names: usize,
        /// Number of columns.
        columns: usize,
    },
    /// A column is shorter or longer than the first.
    #[error("column `{name}` has {found} rows, the first column has {expected}; all must be of one length")]
    ColumnLength {
        /// The column's feature.
        name: String,
        /// Rows of the first column.
        expected: usize,
        /// Rows of this column.
        found: usize,
    },
}

/// The names of a model's features in order, each unique; cheap to clone, so that all batches share one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureNames(Arc<[String]>);

impl FeatureNames {
    /// Checks a list of names.
    ///
    /// # Errors
    /// If there is no name, too many, an empty, overlong or repeated one.
    pub fn new(names: Vec<String>) -> Result<Self, FeatureMatrixError> {
        if names.is_empty() || names.len() > MAX_FEATURES {
            return Err(FeatureMatrixError::FeatureCount { found: names.len() });
        }
        let mut seen = BTreeSet::new();
        for (position, name) in names.iter().enumerate() {
            if name.is_empty() || name.len() > MAX_FEATURE_NAME_BYTES {
                return Err(FeatureMatrixError::NameLength { position, bytes: name.len() });
            }
            if !seen.insert(name.as_str()) {
                return Err(FeatureMatrixError::DuplicateName { name: name.clone() });
            }
        }
        Ok(Self(names.into()))
    }

    /// Number of features, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "a list of names is never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The names in order.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// Position of a feature.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|candidate| candidate == name)
    }
}

/// Rows of feature values in column-major order: `columns[feature][row]`, f32, NaN = missing.
///
/// f32 in training and in deciding alike, so that a threshold splits both the same way.
#[derive(Debug, Clone)]
pub struct FeatureMatrix {
    names: FeatureNames,
    rows: usize,
    columns: Vec<Vec<f32>>,
}

impl FeatureMatrix {
    /// Puts columns under names; `columns[i]` holds the values of `names[i]`.
    ///
    /// # Errors
    /// If the number of columns is not the number of names, or the columns differ in length.
    pub fn new(names: FeatureNames, columns: Vec<Vec<f32>>) -> Result<Self, FeatureMatrixError> {
        if columns.len() != names.len() {
            return Err(FeatureMatrixError::ColumnCount { names: names.len(), columns: columns.len() });
        }
        let rows = columns.first().map_or(0, Vec::len);
        for (name, column) in names.as_slice().iter().zip(&columns) {
            if column.len() != rows {
                return Err(FeatureMatrixError::ColumnLength {
                    name: name.clone(),
                    expected: rows,
                    found: column.len(),
                });
            }
        }
        Ok(Self { names, rows, columns })
    }

    /// The features' names in column order.
    pub fn names(&self) -> &FeatureNames {
        &self.names
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The columns in feature order, each of [`rows`](Self::rows) values.
    pub fn columns(&self) -> &[Vec<f32>] {
        &self.columns
    }

    /// One row in feature order; `None` past the last row.
    pub fn row(&self, row: usize) -> Option<Vec<f32>> {
        (row < self.rows).then(|| self.columns.iter().map(|column| column[row]).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Result<FeatureNames, FeatureMatrixError> {
        FeatureNames::new(list.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn names_are_unique_and_of_sensible_length() {
        assert_eq!(names(&[]), Err(FeatureMatrixError::FeatureCount { found: 0 }));
        assert_eq!(names(&["a", ""]), Err(FeatureMatrixError::NameLength { position: 1, bytes: 0 }));
        assert_eq!(names(&["a", "b", "a"]), Err(FeatureMatrixError::DuplicateName { name: "a".to_owned() }));
        assert_eq!(names(&["a", "b"]).unwrap().position("b"), Some(1));
    }

    #[test]
    fn columns_must_match_names_and_one_another() {
        let two = names(&["mass", "price"]).unwrap();
        let missing = FeatureMatrix::new(two.clone(), vec![vec![1.0]]).unwrap_err();
        assert_eq!(missing, FeatureMatrixError::ColumnCount { names: 2, columns: 1 });
        let ragged = FeatureMatrix::new(two, vec![vec![1.0, 2.0], vec![1.0]]).unwrap_err();
        assert_eq!(
            ragged.to_string(),
            "column `price` has 1 rows, the first column has 2; all must be of one length"
        );
    }

    #[test]
    fn a_row_gathers_one_value_of_every_column() {
        let matrix =
            FeatureMatrix::new(names(&["a", "b"]).unwrap(), vec![vec![1.0, 2.0], vec![3.0, f32::NAN]])
                .unwrap();
        let row = matrix.row(1).unwrap();
        assert_eq!(row[0].to_bits(), 2.0_f32.to_bits());
        assert!(row[1].is_nan());
        assert!(matrix.row(2).is_none());
    }
}

//! Features of a model and where they stand in a feature set.

use tidegate_records::path::nearest;

use super::super::matrix::FeatureNames;
use super::ImportError;

/// What a model reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelFeatures {
    /// Features by name, in the model's order.
    Named(Vec<String>),
    /// So many features without names.
    Unnamed(usize),
}

impl ModelFeatures {
    /// Features by the names that a file has; none if all are what the library makes up where there are none.
    pub(super) fn of(names: Vec<String>, made_up: impl Fn(usize) -> String) -> Self {
        if names.iter().enumerate().all(|(position, name)| name.is_empty() || *name == made_up(position)) {
            Self::Unnamed(names.len())
        } else {
            Self::Named(names)
        }
    }

    /// Number of features.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Named(names) => names.len(),
            Self::Unnamed(count) => *count,
        }
    }

    /// By the model's positions, the positions in a set.
    pub(super) fn places(&self, set: &FeatureNames, by_position: bool) -> Result<Vec<u32>, ImportError> {
        match self {
            Self::Named(names) => names.iter().map(|name| place(name, set)).collect(),
            Self::Unnamed(found) if !by_position => Err(ImportError::Unnamed { found: *found }),
            Self::Unnamed(found) if *found != set.len() => {
                Err(ImportError::FeatureCount { expected: set.len(), found: *found })
            }
            Self::Unnamed(found) => Ok((0..*found as u32).collect()),
        }
    }
}

fn place(name: &str, set: &FeatureNames) -> Result<u32, ImportError> {
    set.position(name).map(|place| place as u32).ok_or_else(|| {
        let near = nearest(name, set.as_slice().iter().map(String::as_str));
        let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        ImportError::UnknownFeature { name: name.to_owned(), hint }
    })
}

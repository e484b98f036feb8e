//! Models from elsewhere: gradient-boosted trees that another library trained, as a [`Forest`] with the same margins.
//!
//! Read are XGBoost (JSON and UBJSON), `LightGBM` (text) and `CatBoost` (JSON) with a binary objective. Whatever a library does
//! with a value becomes splits by `<` on f32 ([`decision`]), trees become nodes ([`assembly`]), and sums keep the library's
//! type and order. What would not come out exactly is refused with the reason. `docs/models-from-elsewhere.md` has the
//! arithmetic of each library.

mod assembly;
mod catboost;
mod decision;
mod features;
mod lightgbm;
mod ubjson;
mod xgboost;

use serde::Deserialize;
use serde::de::IgnoredAny;
use thiserror::Error;

use super::accumulator::Accumulator;
use super::calibration::Calibration;
use super::calibration_error::CalibrationError;
use super::forest::{Forest, ForestError};
use super::matrix::FeatureNames;
use super::tree::Tree;
use assembly::{Part, assemble};

pub use assembly::AssemblyError;
pub use features::ModelFeatures;
pub use ubjson::UbjsonError;

/// Most nodes of all trees of a model.
const MAX_TOTAL_NODES: usize = 1 << 25;

/// Largest file of a model, in bytes.
pub const MAX_MODEL_BYTES: usize = 1 << 28;

/// Formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelFormat {
    /// `Booster.save_model("model.json")`.
    XgboostJson,
    /// `Booster.save_model("model.ubj")`.
    XgboostUbjson,
    /// `Booster.save_model("model.txt")`.
    LightgbmText,
    /// `CatBoost.save_model("model.json", format="json")`.
    CatboostJson,
}

impl ModelFormat {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::XgboostJson => "XGBoost JSON",
            Self::XgboostUbjson => "XGBoost UBJSON",
            Self::LightgbmText => "LightGBM text",
            Self::CatboostJson => "CatBoost JSON",
        }
    }

    /// The format that a file's content has.
    fn of(bytes: &[u8]) -> Result<Self, ImportError> {
        // Keys of UBJSON follow their length, those of JSON a quotation mark.
        if matches!(bytes, [b'{', b'U' | b'i' | b'I' | b'l' | b'L' | b'#' | b'$', ..]) {
            return Ok(Self::XgboostUbjson);
        }
        if bytes.starts_with(b"tree\n") || bytes.starts_with(b"tree\r\n") {
            return Ok(Self::LightgbmText);
        }
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(ImportError::UnknownFormat);
        }
        let probe: Probe = serde_json::from_slice(bytes)
            .map_err(|error| ImportError::Malformed { format: "JSON", cause: error.to_string() })?;
        match probe {
            Probe { learner: Some(_), .. } => Ok(Self::XgboostJson),
            Probe { features_info: Some(_), .. } => Ok(Self::CatboostJson),
            Probe { .. } => Err(ImportError::UnknownFormat),
        }
    }
}

/// What tells the kinds of JSON apart.
#[derive(Deserialize)]
struct Probe {
    learner: Option<IgnoredAny>,
    features_info: Option<IgnoredAny>,
}

/// Why a model is not imported.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file is too large.
    #[error("the file has {found} bytes; a model has at most {MAX_MODEL_BYTES}")]
    TooLarge {
        /// Bytes of the file.
        found: usize,
    },
    /// The file is none of the formats.
    #[error(
        "this is none of the formats that are read: XGBoost's JSON or UBJSON (save_model), LightGBM's text (save_model), \
         CatBoost's JSON (save_model with format=\"json\"); dumps and ONNX leave out what the margin depends on"
    )]
    UnknownFormat,
    /// The file is broken.
    #[error("this is no sound {format}: {cause}")]
    Malformed {
        /// What it should be.
        format: &'static str,
        /// What is wrong, and where.
        cause: String,
    },
    /// The model has something that a forest cannot have exactly.
    #[error("this model cannot be taken over exactly: {0}")]
    Unsupported(String),
    /// A tree is no tree, or becomes too large.
    #[error("tree {tree}: {error}")]
    Tree {
        /// The tree, from 0.
        tree: usize,
        /// What is wrong with it.
        error: AssemblyError,
    },
    /// The trees are too large together.
    #[error(
        "up to tree {tree} it has more than {MAX_TOTAL_NODES} nodes, sets of categories written as splits; train with fewer \
         trees or categories"
    )]
    Size {
        /// The tree at which there are too many.
        tree: usize,
    },
    /// A feature of the model is none of the set.
    #[error("the model reads `{name}`, which the feature set lacks{hint}")]
    UnknownFeature {
        /// The feature.
        name: String,
        /// The nearest name, when one is near.
        hint: String,
    },
    /// The features of the model have no names.
    #[error(
        "the features of the model have no names; if its {found} features stand in the order of the feature set, say so \
         with --by-position, or train on a table with names"
    )]
    Unnamed {
        /// How many there are.
        found: usize,
    },
    /// The features of the model are more or fewer than those of the set.
    #[error(
        "the model has {found} features without names, the feature set {expected}; by position they must be as many"
    )]
    FeatureCount {
        /// Features of the set.
        expected: usize,
        /// Features of the model.
        found: usize,
    },
    /// The trees are no forest.
    #[error(transparent)]
    Forest(#[from] ForestError),
    /// The link is no calibration.
    #[error(transparent)]
    Link(#[from] CalibrationError),
}

/// A model as its file has it.
#[derive(Debug, Clone)]
pub struct ImportedModel {
    /// Format of the file.
    pub format: ModelFormat,
    /// Version that the file names: of the library, or of `LightGBM`'s format.
    pub version: Option<String>,
    /// What the model reads.
    pub features: ModelFeatures,
    /// The trees, whose features are positions in the model's own list.
    trees: Vec<Tree>,
    base_score: f64,
    accumulator: Accumulator,
    /// The model's probability is the logistic of this many margins.
    link_slope: f64,
}

impl ImportedModel {
    /// Reads a model; the content says which library wrote it.
    ///
    /// # Errors
    /// When the file is no sound model, or has something that a forest cannot have exactly.
    pub fn read(bytes: &[u8]) -> Result<Self, ImportError> {
        if bytes.len() > MAX_MODEL_BYTES {
            return Err(ImportError::TooLarge { found: bytes.len() });
        }
        let format = ModelFormat::of(bytes)?;
        match format {
            ModelFormat::XgboostJson | ModelFormat::XgboostUbjson => xgboost::read(bytes, format),
            ModelFormat::LightgbmText => lightgbm::read(bytes),
            ModelFormat::CatboostJson => catboost::read(bytes),
        }
    }

    /// Number of trees.
    pub fn trees(&self) -> usize {
        self.trees.len()
    }

    /// The forest over the features of a set, whose margins are the model's.
    ///
    /// Features are found by name, or `by_position` where the model has no names and as many features as the set.
    ///
    /// # Errors
    /// When a feature is not in the set, or without names it is not said that positions agree.
    pub fn forest(&self, set: &FeatureNames, by_position: bool) -> Result<Forest, ImportError> {
        let places = self.features.places(set, by_position)?;
        let trees = self.trees.iter().map(|tree| tree.with_features(|feature| places[feature])).collect();
        Ok(Forest::summed_in(self.accumulator, set.clone(), self.base_score, trees)?)
    }

    /// The model's own way from margin to probability.
    ///
    /// # Errors
    /// When the slope is no positive number.
    pub fn link(&self) -> Result<Calibration, ImportError> {
        Ok(Calibration::link(self.link_slope)?)
    }
}

/// Makes trees of the parts of each, of which the first is the root.
fn assemble_all(
    models: impl Iterator<Item = Result<Vec<Part>, ImportError>>,
) -> Result<Vec<Tree>, ImportError> {
    let mut nodes = 0;
    let assembled = models.enumerate().map(|(tree, parts)| {
        let assembled = assemble(&parts?).map_err(|error| ImportError::Tree { tree, error })?;
        nodes += assembled.nodes().len();
        if nodes > MAX_TOTAL_NODES { Err(ImportError::Size { tree }) } else { Ok(assembled) }
    });
    assembled.collect()
}

fn unsupported<T>(reason: impl Into<String>) -> Result<T, ImportError> {
    Err(ImportError::Unsupported(reason.into()))
}

#[cfg(test)]
mod tests;

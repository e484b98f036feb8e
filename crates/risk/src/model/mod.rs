//! The model: gradient-boosted trees that give each goods item a margin (log-odds of a true finding),
//! what each feature contributed to it, and the calibrated probability it stands for.
//!
//! [`train`] makes a [`Forest`] from a [`FeatureMatrix`]; [`Forest::margins`] evaluates it in blocks of
//! rows and equals [`Forest::reference_margin`], the definition, bit for bit; [`Forest::contributions`] explains one margin;
//! [`Calibration`] maps margins to probabilities. A forest and a calibration each have one canonical byte
//! encoding, so that the hash of the bytes can be their name. Nothing here reads a clock, a file or a
//! thread's id.

mod accumulator;
mod calibration;
mod calibration_error;
mod calibration_record;
pub(crate) mod codec;
mod encoding;
mod forest;
mod import;
mod isotonic;
mod matrix;
mod parameters;
mod platt;
mod quadrature;
mod shapley;
mod sliced;
#[cfg(test)]
mod testing;
mod threshold;
mod training;
mod training_error;
mod tree;

pub use accumulator::Accumulator;
pub use calibration::Calibration;
pub use calibration_error::CalibrationError;
pub use codec::DecodeError;
pub use forest::{FeatureMismatch, Forest, ForestError, logistic};
pub use import::{
    AssemblyError, ImportError, ImportedModel, MAX_MODEL_BYTES, ModelFeatures, ModelFormat, UbjsonError,
};
pub use isotonic::Knot;
pub use matrix::{FeatureMatrix, FeatureMatrixError, FeatureNames};
pub use parameters::{Monotone, TrainingParameters};
pub use shapley::Contributions;
pub use sliced::{Bins, InstructionSet};
pub use threshold::deciding_threshold;
pub use training::train;
pub use training_error::TrainingError;
pub use tree::{Branch, Node, Tree, TreeError};

//! The evaluation: how well scores find what inspections found, with bootstrap intervals.
//!
//! A [`Sample`] holds scored records in rank order; its methods are the single measures (area under the ROC
//! curve, average precision, what a given inspection capacity finds, reliability of probabilities), and
//! [`evaluate`] puts them all in one serialisable [`Evaluation`]. Every measure respects record weights and
//! does not depend on the order of records with equal scores: a tie counts as its expectation over all
//! orders. A measure that is undefined (one kind of label only, no revenue, no probabilities) is `None`,
//! never a stand-in number.

mod bootstrap;
mod capacity;
mod random;
mod ranking;
mod reliability;
mod report;
mod sample;
#[cfg(test)]
pub(crate) mod testing;

pub use bootstrap::{Bootstrap, Estimate, Interval};
pub use capacity::AtFraction;
pub use reliability::{Binning, ReliabilityBin};
pub use report::{AtFractionEstimate, CalibrationQuality, Evaluation, EvaluationOptions, evaluate};
pub use sample::{EvaluationError, Sample};

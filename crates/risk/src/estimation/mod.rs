//! Estimation: what the records of recorded coin flips say about policies that did not decide, with honest errors.
//!
//! Every estimate is one [`WeightedSum`] over the roots that were inspected because a draw said so, with one kind of
//! interval (`likelihood`) and the same refusals ([`Refusal`]):
//!
//! - [`horvitz_thompson`]: totals and rates of everything that could have been inspected;
//! - [`policy_value`]: what a fixed policy would have recorded, from the log of another ([`inclusion_probabilities`] gives
//!   its `pi_e`, [`ForwardOutcomeModel`] predictions, [`ResultDelays`] the probability that a result is in by now);
//! - [`missed_by_model`]: what the random floor says about consignments that nobody looked at.
//!
//! Values that are looked at again and again need a [`ConfidenceSequence`]. Beside them stand what officers see
//! ([`accuracy`], [`prevalence`]), whether goods opened at their destination
//! are as sound as others like them ([`matched_ratio`]), the promise to certified traders ([`rate_ratio`], [`Promise`]), and how large a floor must
//! be ([`floor_size`], [`reporting_cell`]).
//!
//! A finding is what an inspection recorded under its assigned lane, right or wrong. Not estimated here: long-run effects
//! of a policy, such as learning and deterrence. The coverage of the intervals is measured by [`coverage`].

mod accuracy;
pub mod coverage;
mod horvitz_thompson;
mod hypothetical;
mod likelihood;
mod matched;
mod missed;
mod normal;
mod outcome;
mod paired;
mod pending;
mod promise;
mod record;
mod refusal;
mod sequence;
mod size;
mod sum;
#[cfg(test)]
mod tests;
mod value;
mod wilson;

pub use accuracy::{Accuracy, Reference, Reinspection, Share, accuracy, prevalence};
pub use horvitz_thompson::{Inspected, horvitz_thompson};
pub use hypothetical::{HypotheticalList, inclusion_probabilities};
pub use matched::{MIN_MATCHED_FINDINGS, MIN_MATCHED_OPENINGS, MatchedRatio, MatchedStratum, matched_ratio};
pub use missed::{FloorInspection, Missed, missed_by_model};
pub use outcome::{Example, ForwardOutcomeModel};
pub use paired::paired_difference;
pub use pending::{ResultDelays, Wait};
pub use promise::{Promise, RateRatio, Stratum, rate_ratio};
pub use record::{Finding, LaneChance, LoggedRecord, Measure, Outcome};
pub use refusal::{MIN_EFFECTIVE_FINDINGS, MIN_EFFECTIVE_SIZE, Refusal};
pub use sequence::{Bounds, ConfidenceSequence, Seen};
pub use size::{floor_size, kish_effective_size, reporting_cell};
pub use sum::{Estimate, Term, WeightedSum};
pub use value::{Estimator, PolicyValue, policy_value};
pub use wilson::{Proportion, Z95, wilson};

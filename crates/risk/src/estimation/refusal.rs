//! Refusals: why there is no estimate, each with the number that is short and a sentence to show.

use thiserror::Error;

/// Least Kish effective size of the inspections that an estimate stands on.
pub const MIN_EFFECTIVE_SIZE: f64 = 100.0;
/// Least Kish effective number of findings that an estimate stands on.
pub const MIN_EFFECTIVE_FINDINGS: f64 = 10.0;

/// Why a value is not given.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Something that is no probability was given as one.
    #[error("{name} of root {root} is {value}; a probability in its range was expected")]
    Probability {
        /// Root of the record.
        root: u64,
        /// Which one.
        name: &'static str,
        /// What it is.
        value: f64,
    },
    /// The evaluated policy does what the logged one never did: the log says nothing about it.
    #[error(
        "{records} records have lanes that the evaluated policy uses and the logged one never did (pi_b = 0 < pi_e); \
         they hold {share:.1} % of the evaluated policy's inspections, of which the log knows nothing"
    )]
    NoSupport {
        /// Number of records.
        records: usize,
        /// Their share of the sum of `pi_e`, in per cent.
        share: f64,
    },
    /// Too few inspections once weights are counted.
    #[error(
        "the {known} known inspections weigh as {effective:.1} equal ones (Kish); {MIN_EFFECTIVE_SIZE} are the least"
    )]
    EffectiveSize {
        /// Number of roots with a known result.
        known: usize,
        /// Kish effective size.
        effective: f64,
    },
    /// Too few findings once weights are counted.
    #[error(
        "the {found} findings weigh as {effective:.1} equal ones (Kish); {MIN_EFFECTIVE_FINDINGS} are the least"
    )]
    EffectiveFindings {
        /// Number of roots with a finding.
        found: usize,
        /// Kish effective number.
        effective: f64,
    },
    /// A reporting cell has fewer floor inspections than its claim needs.
    #[error(
        "the cell has {inspected} floor inspections of {records} records (f = {:.2} %); a relative error of {:.0} % \
         needs {required:.0}: report a coarser cell", 100.0 * *.inspected as f64 / (*.records).max(1) as f64, 100.0 * .error
    )]
    CellTooFine {
        /// n.
        inspected: usize,
        /// N.
        records: usize,
        /// Relative error wanted.
        error: f64,
        /// n that it needs.
        required: f64,
    },
    /// A ratio cannot be told from its limit in one window.
    #[error(
        "not assessable: {certified:.1} expected inspections of certified traders and {ordinary:.1} of ordinary ones \
         leave an error of {error:.2} where {largest:.2} is the most; pool windows"
    )]
    NotAssessable {
        /// `m_A`.
        certified: f64,
        /// `m_C`.
        ordinary: f64,
        /// Left side of the condition.
        error: f64,
        /// Right side.
        largest: f64,
    },
    /// Readings that are no better than a coin.
    #[error(
        "sensitivity {sensitivity:.3} and specificity {specificity:.3} sum to 1 or less: findings tell nothing"
    )]
    Uninformative {
        /// se.
        sensitivity: f64,
        /// sp.
        specificity: f64,
    },
    /// A weight or value lies beyond what was declared for a confidence sequence, which holds for that only.
    #[error("{name} of a root is {value}; the sequence was declared for 0 to {largest}")]
    BeyondBound {
        /// Which one.
        name: &'static str,
        /// What it is.
        value: f64,
        /// What was declared.
        largest: f64,
    },
    /// Too few openings or findings of alike goods.
    #[error("there are {found} {what}; {least} are the least that a comparison stands on")]
    TooFewMatched {
        /// What there is too little of.
        what: &'static str,
        /// How many there are.
        found: u64,
        /// How many there must be.
        least: u64,
    },
    /// There is nothing to divide by.
    #[error("there are no {what}; a ratio to them is not defined")]
    Nothing {
        /// What is missing.
        what: &'static str,
    },
}

//! What a back-test says.

use chrono::NaiveDate;
use tidegate_risk::estimation::{Estimate, Refusal};

/// A draft beside the active bundle.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Backtested {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Active bundle.
    pub active_bundle: String,
    /// First lodgements on the days.
    pub declarations: u64,
    /// Those that were decided.
    pub decided: u64,
    /// Those of them that were decided so lately that no result of their office could be in: no evidence.
    pub young: u64,
    /// Those with a recorded result.
    pub inspected: u64,
    /// The draft.
    pub draft: Side,
    /// The active bundle.
    pub active: Side,
    /// Share of the draft's expected inspections that both would do.
    pub common_share: f64,
    /// What each rule of the draft adds, at equal capacity.
    pub rules: Vec<RuleEffect>,
}

/// One of the two.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Side {
    /// Expected inspections: the sum of the probabilities of inspection.
    pub inspections: f64,
    /// Mandatory ones among them.
    pub mandatory: u64,
    /// Slots over all offices and days.
    pub slots: u64,
    /// Office-days whose expected candidates exceed the slots, by more than a tenth.
    pub overloaded_days: u64,
    /// Greatest expected candidates for a slot, of an office with at least ten slots.
    pub greatest_load: Option<f64>,
    /// By day and office.
    pub loads: Vec<OfficeLoad>,
    /// Share of the expected inspections that fall on consignments that were on work lists; none when nothing was decided.
    pub overlap: Option<f64>,
    /// Share of the expected inspections with a recorded result.
    pub labelled_share: f64,
    /// Expected findings among those with a result: the least that there would have been.
    pub known_findings: f64,
    /// That, and all expected inspections without a result: the most.
    pub possible_findings: f64,
    /// Findings estimated from the logged draws.
    pub findings: Valued,
    /// Revenue estimated from the logged draws.
    pub revenue: Valued,
    /// Its estimated findings as a share of those that inspecting everything would have recorded, estimated from the same draws.
    /// Each end stands on an end of both, so that the interval holds the share where both of theirs hold: in nine cases of ten
    /// at least.
    pub recall: Valued,
    /// Ratios of expected inspection rates to those of ordinary traders, by grade with a promise, each day by its regime.
    pub promises: Vec<(String, f64)>,
    /// Expected candidates that promises take away.
    pub suppressed: f64,
}

/// Load of an office on a day.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct OfficeLoad {
    /// Day.
    pub day: NaiveDate,
    /// Office.
    pub office: String,
    /// Inspections that can be done.
    pub slots: u32,
    /// Expected candidates.
    pub candidates: f64,
}

/// An estimate, or why there is none.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Valued {
    /// Value with its interval at 95 %.
    Estimate {
        /// Total over the evidence.
        value: f64,
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
        /// Declarations that are evidence: decided, not learnt from, and old enough that a result could be in.
        evidence: u64,
    },
    /// Why there is none.
    Refusal(String),
}

impl Valued {
    /// An estimate over so many declarations, or its refusal.
    pub(crate) fn of(estimate: Result<Estimate, Refusal>, evidence: u64) -> Self {
        match estimate {
            Ok(Estimate { value, interval, .. }) => {
                Self::Estimate { value, low: interval.low, high: interval.high, evidence }
            }
            Err(refusal) => Self::Refusal(refusal.to_string()),
        }
    }
}

/// What a rule adds: the draft with it against the draft without it, at equal capacity.
#[derive(Debug, Clone, serde::Serialize)]
pub struct RuleEffect {
    /// Id.
    pub id: String,
    /// Declarations that it hits.
    pub hits: u64,
    /// Those with a result.
    pub labelled: u64,
    /// Those in which something was found.
    pub found: u64,
    /// Expected inspections that it moves to other consignments.
    pub moved: f64,
    /// Change of the expected findings among those with a result.
    pub known_findings: f64,
    /// Change of the revenue that they bring.
    pub known_revenue: f64,
    /// Changes of the ratios of expected inspection rates, by grade with a promise.
    pub promises: Vec<(String, f64)>,
}

//! Promises to traders of a grade: how their inspection rate stands against the ordinary one, window by window.
//!
//! Every decision is judged by the regime of its own day: which traders are ordinary, and what was promised. A window that
//! touches two promises to a grade, because a regime changes the terms, gives a row for each; one that a new regime leaves as it is
//! goes on, and one that is dropped is reported for the days on which it stood.

mod windows;

use crate::JobError;
use crate::answer::Answer;
use crate::columns::wrong_type;
use crate::decide::{EXPECTED, IS_MANDATORY, later_versions, regime_of};
use crate::home::Home;
use crate::results::HAS_RESULT;
use chrono::{Datelike, NaiveDate};
use tidegate_risk::estimation::RateRatio;
pub use tidegate_risk::selection::Counted;
use tidegate_risk::selection::{Lane, SelectionPolicy};
use windows::{guarantees, kept};

const PURPOSE: &str = "job promises";

/// Promises and guarantees of a calendar year.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Promises {
    /// The year.
    pub year: i32,
    /// By grade and window.
    pub promises: Vec<PromiseKept>,
    /// By grade.
    pub guarantees: Vec<GuaranteeKept>,
}

/// Where and when.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// The country over the year.
    Year,
    /// An office over the year.
    Office(String),
    /// The country over a month, CCYY-MM.
    Month(String),
    /// An office over a month.
    OfficeMonth {
        /// Office.
        office: String,
        /// Month, CCYY-MM.
        month: String,
    },
}

/// What a window says of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Under the alarm.
    Kept,
    /// At the alarm or above, under the bound.
    Alarm,
    /// At the bound or above.
    Broken,
    /// Too few inspections for chance to be told from a breach: pool windows.
    NotAssessable,
}

/// How a promise stands in one window.
#[derive(Debug, Clone, serde::Serialize)]
pub struct PromiseKept {
    /// Grade with the promise.
    pub grade: String,
    /// Laws that the decisions of the window with this promise fall under, in their order, joined by `; `.
    pub law: String,
    /// First day of the year on which the promise stands on these terms; a window counts its days from then on.
    pub from: NaiveDate,
    /// Last such day.
    pub to: NaiveDate,
    /// Window.
    pub window: Window,
    /// Share that must not be reached.
    pub bound: f64,
    /// What the law counts.
    pub counted: Counted,
    /// Consignments and inspections by draw, of the grade and of ordinary traders, gross. A consignment is inspected when any version
    /// of its declaration is on a work list.
    pub gross: PromiseCounts,
    /// The same without mandatory ones, in inspections and consignments.
    pub discretionary: PromiseCounts,
    /// Gross, and inspected as well what has the result of an inspection that an officer added without a draw.
    pub with_added: PromiseCounts,
    /// Ratio of the gross rates, with its interval at 95 %; none when nothing can be compared.
    pub gross_ratio: Option<Ratio>,
    /// Ratio of the discretionary rates.
    pub discretionary_ratio: Option<Ratio>,
    /// The one of these two that the law counts.
    pub counted_ratio: Option<Ratio>,
    /// Ratio of the rates with added inspections.
    pub added_ratio: Option<Ratio>,
    /// Gross ratio at equal goods: against what ordinary traders had under the same law at the same office with the same chapter,
    /// where there are any.
    pub adjusted_ratio: Option<Ratio>,
    /// Consignments of the grade for which there are.
    pub matched: u64,
    /// Ratio of the expected gross rates, from pi.
    pub expected_ratio: Option<f64>,
    /// Consignments that only the multiplier kept off their work lists, as no candidates or by their rank.
    pub suppressed: u64,
    /// The verdict, on the gross ratio, which mandatory hits can break and nothing may hide.
    pub verdict: Verdict,
}

/// Consignments and inspections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct PromiseCounts {
    pub certified: u64,
    pub certified_inspected: u64,
    pub ordinary: u64,
    pub ordinary_inspected: u64,
}

/// A ratio with its interval.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Ratio {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// How a guaranteed rate stands over the year.
#[derive(Debug, Clone, serde::Serialize)]
pub struct GuaranteeKept {
    /// Grade.
    pub grade: String,
    /// Laws of the decided days that guarantee it, in their order, joined by `; `.
    pub law: String,
    /// Rate that the law wants at least.
    pub guaranteed: f64,
    /// Consignments.
    pub consignments: u64,
    /// Those on a work list by any version of their declaration.
    pub inspected: u64,
    /// Expected inspections, the sum of pi.
    pub expected: f64,
}

/// How the promises of the selection policy of the active bundle stand; the year of the last decision when none is given.
///
/// # Errors
/// When nothing was decided in the year, or the lake fails.
pub async fn promises(home: &Home, year: Option<i32>) -> Result<Promises, JobError> {
    let (bundle, _) = home.bundle(None).await?;
    let platform = home.platform().await?;
    let last =
        Answer::of(&platform, PURPOSE, "SELECT CAST(max(accepted_at) AS DATE) AS last FROM decision").await?;
    let last = last.texts("last")?.pop().and_then(|day| day.parse::<NaiveDate>().ok());
    let none = || JobError::Missing("nothing was decided yet; run `tidegate decide`".to_owned());
    let last = last.ok_or_else(none)?;
    let year = year.unwrap_or(last.year());
    let policy = &bundle.selection;
    let sums = sums(&Answer::of(&platform, PURPOSE, &statement(policy, year)).await?)?;
    if sums.is_empty() {
        return Err(JobError::Missing(format!(
            "nothing was decided in {year}; the last decision is of {last}"
        )));
    }
    Ok(Promises { year, promises: kept(policy, year, &sums), guarantees: guarantees(policy, &sums) })
}

/// Sums over consignments that have regime, office, month, grade and chapter in common.
struct Sums {
    /// First day of the regime.
    regime: NaiveDate,
    office: String,
    month: String,
    grade: String,
    chapter: String,
    consignments: u64,
    mandatory: u64,
    inspected: u64,
    /// With a result and without a draw that chose them.
    added: u64,
    suppressed: u64,
    expected: f64,
}

/// First versions, since an amendment is no new consignment; what a later one was decided as counts for the first.
fn statement(policy: &SelectionPolicy, year: i32) -> String {
    let of_year = |alias: &str| format!("{alias}.month >= '{year}-01' AND {alias}.month <= '{year}-12'");
    let (decided, result) = (of_year("d"), of_year("i"));
    let later = later_versions(&of_year("decision"));
    let regime = regime_of(policy, "d.accepted_at");
    let (orange, red) = (Lane::Orange.code(), Lane::Red.code());
    format!(
        "WITH later AS ({later}), \
         result AS (SELECT DISTINCT i.month, i.declaration_id FROM inspection i \
         WHERE i.{HAS_RESULT} AND coalesce(i.lane_code, '{red}') IN ('{orange}', '{red}') AND {result}), \
         one AS (SELECT {regime} AS regime, d.office_id, d.month, d.grade_code, \
         coalesce(substr(g.commodity_hs6, 1, 2), '') AS chapter, d.is_suppressed, \
         {IS_MANDATORY} AS is_mandatory, \
         d.is_selected OR coalesce(l.is_selected, false) AS is_selected, \
         {EXPECTED} AS expected, \
         r.declaration_id IS NOT NULL AS has_result FROM decision d LEFT JOIN \
         (SELECT month, declaration_id, version_number, commodity_hs6 FROM goods_item WHERE goods_item_seq = 1) g \
         ON g.month = d.month AND g.declaration_id = d.declaration_id AND g.version_number = d.version_number \
         LEFT JOIN later l ON l.month = d.month AND l.declaration_id = d.declaration_id \
         LEFT JOIN result r ON r.month = d.month AND r.declaration_id = d.declaration_id \
         WHERE d.version_number = 1 AND {decided}) \
         SELECT regime, office_id, month, grade_code, chapter, count(*) AS consignments, \
         count(*) FILTER (WHERE is_mandatory) AS mandatory, count(*) FILTER (WHERE is_selected) AS inspected, \
         count(*) FILTER (WHERE has_result AND NOT is_selected) AS added, \
         count(*) FILTER (WHERE is_suppressed AND NOT is_selected) AS suppressed, sum(expected) AS expected \
         FROM one GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
    )
}

fn sums(answer: &Answer) -> Result<Vec<Sums>, JobError> {
    let [regimes, offices, months, grades, chapters] =
        ["regime", "office_id", "month", "grade_code", "chapter"].map(|name| answer.texts(name));
    let [consignments, mandatory, inspected, added, suppressed] =
        ["consignments", "mandatory", "inspected", "added", "suppressed"].map(|name| answer.counts(name));
    let (regimes, offices, months, grades, chapters) = (regimes?, offices?, months?, grades?, chapters?);
    let (consignments, mandatory, inspected) = (consignments?, mandatory?, inspected?);
    let (added, suppressed, expected) = (added?, suppressed?, answer.reals("expected")?);
    let row = |i: usize| -> Result<Sums, JobError> {
        Ok(Sums {
            regime: regimes[i].parse().map_err(|_| wrong_type("regime"))?,
            office: offices[i].clone(),
            month: months[i].clone(),
            grade: grades[i].clone(),
            chapter: chapters[i].clone(),
            consignments: consignments[i],
            mandatory: mandatory[i],
            inspected: inspected[i],
            added: added[i],
            suppressed: suppressed[i],
            expected: expected[i],
        })
    };
    (0..answer.rows()).map(row).collect()
}

impl From<RateRatio> for Ratio {
    fn from(ratio: RateRatio) -> Self {
        Self { value: ratio.value, low: ratio.interval.low, high: ratio.interval.high }
    }
}

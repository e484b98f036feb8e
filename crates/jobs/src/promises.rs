//! Promises to traders of a grade: how their inspection rate stands against the ordinary one, window by window.

use crate::JobError;
use crate::answer::Answer;
use crate::home::Home;
use chrono::{Datelike, NaiveDate};
use std::collections::{BTreeMap, BTreeSet};
use tidegate_risk::estimation::{self, RateRatio, Stratum, rate_ratio};
use tidegate_risk::selection::{Counted, Promise, Regime, SelectionPolicy};

const PURPOSE: &str = "job promises";
/// Chance that any of all windows raises a false alarm.
const FALSE_ALARMS: f64 = 0.05;

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
    /// Law of the regime in force at the end of the year's decisions.
    pub law: String,
    /// Window.
    pub window: Window,
    /// Share that must not be reached.
    pub bound: f64,
    /// Consignments and inspections of the grade and of ordinary traders, gross.
    pub gross: PromiseCounts,
    /// The same without mandatory ones, in inspections and consignments.
    pub discretionary: PromiseCounts,
    /// Ratio of the gross rates, with its interval at 95 %; none when nothing can be compared.
    pub gross_ratio: Option<Ratio>,
    /// Ratio of the discretionary rates.
    pub discretionary_ratio: Option<Ratio>,
    /// Gross ratio at equal goods: against what ordinary traders had at the same office with the same chapter, where
    /// there are any.
    pub adjusted_ratio: Option<Ratio>,
    /// Consignments of the grade for which there are.
    pub matched: u64,
    /// Ratio of the expected gross rates, from pi.
    pub expected_ratio: Option<f64>,
    /// Consignments that only the multiplier kept from being candidates.
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
    /// Rate that the law wants at least.
    pub guaranteed: f64,
    /// Consignments.
    pub consignments: u64,
    /// Those on a work list.
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
    let sums = sums(&Answer::of(&platform, PURPOSE, &statement(year)).await?)?;
    if sums.is_empty() {
        return Err(JobError::Missing(format!(
            "nothing was decided in {year}; the last decision is of {last}"
        )));
    }
    let end = NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(last).min(last);
    let regime = bundle.selection.regime(end);
    Ok(Promises {
        year,
        promises: kept(&bundle.selection, regime, &sums),
        guarantees: guarantees(regime, &sums),
    })
}

/// Sums over consignments that have office, month, grade and chapter in common.
struct Sums {
    office: String,
    month: String,
    grade: String,
    chapter: String,
    consignments: u64,
    mandatory: u64,
    inspected: u64,
    suppressed: u64,
    expected: f64,
}

/// First versions: an amendment is no new consignment.
fn statement(year: i32) -> String {
    format!(
        "SELECT d.office_id, d.month, d.grade_code, coalesce(substr(g.commodity_hs6, 1, 2), '') AS chapter, \
         count(*) AS consignments, count(*) FILTER (WHERE d.component_code = 'mandatory') AS mandatory, \
         count(*) FILTER (WHERE d.is_selected) AS inspected, count(*) FILTER (WHERE d.is_suppressed) AS suppressed, \
         sum(d.realised_probability) AS expected FROM decision d LEFT JOIN \
         (SELECT month, declaration_id, version_number, commodity_hs6 FROM goods_item WHERE goods_item_seq = 1) g \
         ON g.month = d.month AND g.declaration_id = d.declaration_id AND g.version_number = d.version_number \
         WHERE d.version_number = 1 AND d.month >= '{year}-01' AND d.month <= '{year}-12' \
         GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
    )
}

fn sums(answer: &Answer) -> Result<Vec<Sums>, JobError> {
    let [offices, months, grades, chapters] =
        ["office_id", "month", "grade_code", "chapter"].map(|name| answer.texts(name));
    let [consignments, mandatory, inspected, suppressed] =
        ["consignments", "mandatory", "inspected", "suppressed"].map(|name| answer.counts(name));
    let (offices, months, grades, chapters) = (offices?, months?, grades?, chapters?);
    let (consignments, mandatory, inspected, suppressed) =
        (consignments?, mandatory?, inspected?, suppressed?);
    let expected = answer.reals("expected")?;
    let row = |i: usize| Sums {
        office: offices[i].clone(),
        month: months[i].clone(),
        grade: grades[i].clone(),
        chapter: chapters[i].clone(),
        consignments: consignments[i],
        mandatory: mandatory[i],
        inspected: inspected[i],
        suppressed: suppressed[i],
        expected: expected[i],
    };
    Ok((0..answer.rows()).map(row).collect())
}

fn kept(policy: &SelectionPolicy, regime: &Regime, sums: &[Sums]) -> Vec<PromiseKept> {
    let offices: BTreeSet<_> = sums.iter().map(|s| Window::Office(s.office.clone())).collect();
    let months: BTreeSet<_> = sums.iter().map(|s| Window::Month(s.month.clone())).collect();
    let windows: Vec<Window> = [Window::Year].into_iter().chain(offices).chain(months).collect();
    let mut all = Vec::new();
    for (grade, _, promise) in regime.promises() {
        for window in &windows {
            let of_window = |s: &&Sums| match window {
                Window::Year => true,
                Window::Office(office) => s.office == *office,
                Window::Month(month) => s.month == *month,
            };
            let chosen: Vec<&Sums> = sums.iter().filter(of_window).collect();
            if *window != Window::Year && !chosen.iter().any(|s| s.grade == grade) {
                continue;
            }
            // A month is judged by the regime that was in force in it.
            let regime = match window {
                Window::Month(month) => {
                    format!("{month}-01").parse().map_or(regime, |day| policy.regime(day))
                }
                _ => regime,
            };
            all.push(one(grade, promise, regime, window.clone(), &chosen, windows.len() as u32));
        }
    }
    all
}

fn one(
    grade: &str,
    promise: Promise,
    regime: &Regime,
    window: Window,
    sums: &[&Sums],
    windows: u32,
) -> PromiseKept {
    let strata = strata(grade, regime, sums, Counted::Gross);
    let gross = Stratum::pooled(&strata);
    let discretionary = Stratum::pooled(&self::strata(grade, regime, sums, Counted::Discretionary));
    let ratio = |strata: &[Stratum]| rate_ratio(strata).ok().map(Ratio::from);
    let gross_ratio = ratio(&[gross]);
    let matched: Vec<Stratum> = strata.iter().filter(|s| s.ordinary > 0).copied().collect();
    let of = |is: &dyn Fn(&str) -> bool| {
        let chosen = || sums.iter().filter(|s| is(&s.grade));
        let count: u64 = chosen().map(|s| s.consignments).sum();
        chosen().map(|s| s.expected).sum::<f64>() / count as f64
    };
    let (certified, ordinary) = (of(&|g| g == grade), of(&|g| regime.is_ordinary(g)));
    let expected = |rate: f64, count: u64| rate * count as f64;
    let test = estimation::Promise {
        target: promise.target,
        limit: promise.bound,
        false_alarms: FALSE_ALARMS,
        windows,
    };
    let assessable =
        test.assessable(expected(certified, gross.certified), expected(ordinary, gross.ordinary)).is_ok();
    let verdict = match gross_ratio {
        Some(ratio) if assessable && ratio.value >= promise.bound => Verdict::Broken,
        Some(ratio) if assessable && ratio.value >= promise.alarm => Verdict::Alarm,
        Some(_) if assessable => Verdict::Kept,
        _ => Verdict::NotAssessable,
    };
    let expected_ratio = Some(certified / ordinary).filter(|r| r.is_finite());
    let suppressed = sums.iter().filter(|s| s.grade == grade).map(|s| s.suppressed).sum();
    PromiseKept {
        grade: grade.to_owned(),
        law: regime.law.clone(),
        window,
        bound: promise.bound,
        gross: gross.into(),
        discretionary: discretionary.into(),
        gross_ratio,
        discretionary_ratio: ratio(&[discretionary]),
        adjusted_ratio: ratio(&matched),
        matched: Stratum::pooled(&matched).certified,
        expected_ratio,
        suppressed,
        verdict,
    }
}

/// Counts by office and chapter of the first goods item.
fn strata(grade: &str, regime: &Regime, sums: &[&Sums], counted: Counted) -> Vec<Stratum> {
    let none = Stratum { certified: 0, certified_inspected: 0, ordinary: 0, ordinary_inspected: 0 };
    let mut strata: BTreeMap<(&str, &str), Stratum> = BTreeMap::new();
    for sum in sums {
        let mandatory = if counted == Counted::Discretionary { sum.mandatory } else { 0 };
        let (consignments, inspected) = (sum.consignments - mandatory, sum.inspected - mandatory);
        let stratum = strata.entry((&sum.office, &sum.chapter)).or_insert(none);
        if sum.grade == grade {
            stratum.certified += consignments;
            stratum.certified_inspected += inspected;
        } else if regime.is_ordinary(&sum.grade) {
            stratum.ordinary += consignments;
            stratum.ordinary_inspected += inspected;
        }
    }
    strata.into_values().collect()
}

fn guarantees(regime: &Regime, sums: &[Sums]) -> Vec<GuaranteeKept> {
    let guaranteed = regime.grades.iter().filter(|(_, grade)| grade.guaranteed > 0.0);
    let of = |(code, grade): (&String, &tidegate_risk::selection::GradePolicy)| {
        let chosen = || sums.iter().filter(|s| s.grade == *code);
        GuaranteeKept {
            grade: code.clone(),
            guaranteed: grade.guaranteed,
            consignments: chosen().map(|s| s.consignments).sum(),
            inspected: chosen().map(|s| s.inspected).sum(),
            expected: chosen().map(|s| s.expected).sum(),
        }
    };
    guaranteed.map(of).collect()
}

impl From<Stratum> for PromiseCounts {
    fn from(stratum: Stratum) -> Self {
        let Stratum { certified, certified_inspected, ordinary, ordinary_inspected } = stratum;
        Self { certified, certified_inspected, ordinary, ordinary_inspected }
    }
}

impl From<RateRatio> for Ratio {
    fn from(ratio: RateRatio) -> Self {
        Self { value: ratio.value, low: ratio.interval.low, high: ratio.interval.high }
    }
}

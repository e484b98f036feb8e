//! What the sums of decisions say of each promise, window by window.

use super::{GuaranteeKept, PromiseCounts, PromiseKept, Ratio, Sums, Verdict, Window};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;
use tidegate_risk::estimation::{self, Stratum, rate_ratio};
use tidegate_risk::selection::{Counted, Promise, PromiseSide, Rate, Rates, Regime, SelectionPolicy};

/// Chance that any of all windows with one promise raises a false alarm.
const FALSE_ALARMS: f64 = 0.05;
/// Kinds of windows, which share that chance alike: the many small ones leave the year what it needs.
const KINDS: f64 = 4.0;

/// A promise to a grade on terms that regimes in a row leave as they are.
struct Standing<'a> {
    grade: &'a str,
    promise: Promise,
    /// First day of the regime that began it.
    since: NaiveDate,
    /// Regimes with decisions.
    regimes: Vec<&'a Regime>,
}

/// How each promise stands in each window.
pub(super) fn kept(policy: &SelectionPolicy, year: i32, sums: &[Sums]) -> Vec<PromiseKept> {
    let mut all = Vec::new();
    for standing in standing(policy, sums) {
        let of_standing = sums.iter().filter(|s| standing.regimes.iter().any(|r| r.from == s.regime));
        let mut windows: BTreeMap<Window, Vec<&Sums>> = BTreeMap::from([(Window::Year, Vec::new())]);
        for sum in of_standing {
            for window in Window::of(sum) {
                windows.entry(window).or_default().push(sum);
            }
        }
        windows
            .retain(|window, sums| *window == Window::Year || sums.iter().any(|s| s.grade == standing.grade));
        let (from, to) = standing.days(policy, year);
        for (window, sums) in &windows {
            let alike = windows.keys().filter(|other| discriminant(*other) == discriminant(window)).count();
            let found = Found::of(policy, &standing, sums);
            all.push(found.told(&standing, (from, to), window.clone(), alike as u32));
        }
    }
    all
}

/// Promises of the regimes that decisions fall under, by grade and beginning.
fn standing<'a>(policy: &'a SelectionPolicy, sums: &[Sums]) -> Vec<Standing<'a>> {
    let mut all: BTreeMap<(&str, NaiveDate), Standing<'_>> = BTreeMap::new();
    for regime in touched(policy, sums) {
        for (grade, _, promise) in regime.promises() {
            let Some(since) = policy.promised_since(grade, regime.from) else { continue };
            let new = || Standing { grade, promise, since, regimes: Vec::new() };
            all.entry((grade, since)).or_insert_with(new).regimes.push(regime);
        }
    }
    all.into_values().collect()
}

/// Regimes that decisions fall under, in their order.
fn touched<'a>(policy: &'a SelectionPolicy, sums: &[Sums]) -> impl Iterator<Item = &'a Regime> {
    let begun: BTreeSet<NaiveDate> = sums.iter().map(|s| s.regime).collect();
    policy.regimes.iter().filter(move |regime| begun.contains(&regime.from))
}

fn laws(regimes: &[&Regime]) -> String {
    regimes.iter().map(|regime| regime.law.as_str()).collect::<Vec<_>>().join("; ")
}

impl Standing<'_> {
    /// First and last day of a year on which the promise stands.
    fn days(&self, policy: &SelectionPolicy, year: i32) -> (NaiveDate, NaiveDate) {
        let (new_year, year_end) = (day_of(year, 1, 1), day_of(year, 12, 31));
        let ends_it = |regime: &&Regime| {
            regime.from > self.since && policy.promised_since(self.grade, regime.from) != Some(self.since)
        };
        let end = policy.regimes.iter().find(ends_it).and_then(|regime| regime.from.pred_opt());
        // The first regime holds for the days before it too.
        let is_first = policy.regimes.first().is_some_and(|regime| regime.from == self.since);
        let from = if is_first { new_year } else { new_year.max(self.since) };
        (from, end.map_or(year_end, |end| end.min(year_end)))
    }
}

fn day_of(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

impl Window {
    /// Windows that a sum belongs to.
    fn of(sum: &Sums) -> [Self; 4] {
        let (office, month) = (sum.office.clone(), sum.month.clone());
        let of_both = Self::OfficeMonth { office: office.clone(), month: month.clone() };
        [Self::Year, Self::Office(office), Self::Month(month), of_both]
    }
}

/// Counts of a window with one promise.
struct Found {
    /// By regime, office and chapter, gross.
    strata: Vec<Stratum>,
    discretionary: Stratum,
    with_added: Stratum,
    /// Expected inspections of the grade and of ordinary traders.
    expected: Rates,
    suppressed: u64,
    law: String,
}

impl Found {
    fn of(policy: &SelectionPolicy, standing: &Standing<'_>, sums: &[&Sums]) -> Self {
        let none = Stratum { certified: 0, certified_inspected: 0, ordinary: 0, ordinary_inspected: 0 };
        let mut strata: BTreeMap<(NaiveDate, &str, &str), Stratum> = BTreeMap::new();
        let (mut discretionary, mut with_added) = (none, none);
        let (mut expected, mut suppressed) = (Rates::default(), 0);
        for sum in sums {
            let side = policy.regime(sum.regime).side(standing.grade, &sum.grade);
            let Some(side) = side else { continue };
            let stratum = strata.entry((sum.regime, &sum.office, &sum.chapter)).or_insert(none);
            let (consignments, inspected) = (sum.consignments, sum.inspected);
            add(stratum, side, consignments, inspected);
            let chosen = |count: u64| count.saturating_sub(sum.mandatory);
            add(&mut discretionary, side, chosen(consignments), chosen(inspected));
            add(&mut with_added, side, consignments, inspected + sum.added);
            expected.add(side, Rate { inspections: sum.expected, consignments: consignments as f64 });
            if side == PromiseSide::Promised {
                suppressed += sum.suppressed;
            }
        }
        let begun: BTreeSet<NaiveDate> = sums.iter().map(|s| s.regime).collect();
        let of_window: Vec<&Regime> =
            standing.regimes.iter().filter(|r| begun.contains(&r.from)).copied().collect();
        let (strata, law) = (strata.into_values().collect(), laws(&of_window));
        Self { strata, discretionary, with_added, expected, suppressed, law }
    }

    fn told(
        self,
        standing: &Standing<'_>,
        (from, to): (NaiveDate, NaiveDate),
        window: Window,
        windows: u32,
    ) -> PromiseKept {
        let Self { strata, discretionary, with_added, expected, suppressed, law } = self;
        let promise = standing.promise;
        let ratio = |strata: &[Stratum]| rate_ratio(strata).ok().map(Ratio::from);
        let gross = Stratum::pooled(&strata);
        let (gross_ratio, discretionary_ratio) = (ratio(&[gross]), ratio(&[discretionary]));
        let matched: Vec<Stratum> = strata.into_iter().filter(|s| s.ordinary > 0).collect();
        PromiseKept {
            grade: standing.grade.to_owned(),
            law,
            from,
            to,
            window,
            bound: promise.bound,
            counted: promise.counted,
            gross: gross.into(),
            discretionary: discretionary.into(),
            with_added: with_added.into(),
            gross_ratio,
            discretionary_ratio,
            counted_ratio: match promise.counted {
                Counted::Gross => gross_ratio,
                Counted::Discretionary => discretionary_ratio,
            },
            added_ratio: ratio(&[with_added]),
            adjusted_ratio: ratio(&matched),
            matched: Stratum::pooled(&matched).certified,
            expected_ratio: Some(expected.ratio()).filter(|ratio| ratio.is_finite()),
            suppressed,
            verdict: verdict(promise, gross_ratio, expected, windows),
        }
    }
}

fn add(stratum: &mut Stratum, side: PromiseSide, consignments: u64, inspected: u64) {
    let (of, of_them) = match side {
        PromiseSide::Promised => (&mut stratum.certified, &mut stratum.certified_inspected),
        PromiseSide::Ordinary => (&mut stratum.ordinary, &mut stratum.ordinary_inspected),
    };
    *of += consignments;
    *of_them += inspected;
}

/// What a ratio says where so many inspections were expected, in one of so many windows alike.
fn verdict(promise: Promise, ratio: Option<Ratio>, expected: Rates, windows: u32) -> Verdict {
    let test = estimation::Promise {
        target: promise.target,
        limit: promise.bound,
        false_alarms: FALSE_ALARMS / KINDS,
        windows,
    };
    let Rates { promised, ordinary } = expected;
    match ratio.filter(|_| test.assessable(promised.inspections, ordinary.inspections).is_ok()) {
        Some(ratio) if ratio.value >= promise.bound => Verdict::Broken,
        Some(ratio) if ratio.value >= promise.alarm => Verdict::Alarm,
        Some(_) => Verdict::Kept,
        None => Verdict::NotAssessable,
    }
}

/// How each guaranteed rate stands, under the laws that guarantee it.
pub(super) fn guarantees(policy: &SelectionPolicy, sums: &[Sums]) -> Vec<GuaranteeKept> {
    let mut all: BTreeMap<(&str, u64), (f64, Vec<&Regime>)> = BTreeMap::new();
    for regime in touched(policy, sums) {
        for (code, grade) in regime.grades.iter().filter(|(_, grade)| grade.guaranteed > 0.0) {
            let new = || (grade.guaranteed, Vec::new());
            all.entry((code, grade.guaranteed.to_bits())).or_insert_with(new).1.push(regime);
        }
    }
    let told = |((code, _), (guaranteed, regimes)): ((&str, u64), (f64, Vec<&Regime>))| {
        let of_law = |s: &&Sums| s.grade == code && regimes.iter().any(|r| r.from == s.regime);
        let chosen: Vec<&Sums> = sums.iter().filter(of_law).collect();
        GuaranteeKept {
            grade: code.to_owned(),
            law: laws(&regimes),
            guaranteed,
            consignments: chosen.iter().map(|s| s.consignments).sum(),
            inspected: chosen.iter().map(|s| s.inspected).sum(),
            expected: chosen.iter().map(|s| s.expected).sum(),
        }
    };
    all.into_iter().map(told).collect()
}

impl From<Stratum> for PromiseCounts {
    fn from(stratum: Stratum) -> Self {
        let Stratum { certified, certified_inspected, ordinary, ordinary_inspected } = stratum;
        Self { certified, certified_inspected, ordinary, ordinary_inspected }
    }
}

#[cfg(test)]
mod tests;

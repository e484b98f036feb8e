//! Regimes: what the law says of grades of traders, from a day on.

use super::error::CheckPolicyError;
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::value::Datetime;

/// What counts in the inspection rate of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Every inspection.
    Gross,
    /// Inspections that no rule makes mandatory, of declarations that no rule makes mandatory.
    Discretionary,
}

/// A promise to the traders of a grade: their inspection rate stays under a share of that of ordinary traders, which
/// are those whose grade the regime does not name.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promise {
    /// Share that must not be reached, in (0, 1].
    pub bound: f64,
    /// Share from which an alarm is raised, and which no single epoch is planned above.
    pub alarm: f64,
    /// Share that is steered for.
    pub target: f64,
    /// What the law counts.
    pub counted: Counted,
}

/// The two that a promise compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromiseSide {
    /// Traders of the grade with the promise.
    Promised,
    /// Ordinary traders.
    Ordinary,
}

/// What a grade means for selection.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GradePolicy {
    /// Part of p that takes a slot before others and is never shed, in [0, 1].
    #[serde(default)]
    pub guaranteed: f64,
    /// f, in [0, 1].
    pub floor: f64,
    /// m, in [0, 1]; with a promise, where the controller starts.
    pub multiplier: f64,
    /// The promise of the law.
    pub promise: Option<Promise>,
}

/// Grades as the law has them from a day on.
#[derive(Debug, Clone, PartialEq)]
pub struct Regime {
    /// The law.
    pub law: String,
    /// First day.
    pub from: NaiveDate,
    /// Ordinary traders: every grade that `grades` does not name.
    pub ordinary: GradePolicy,
    /// By grade.
    pub grades: BTreeMap<String, GradePolicy>,
}

impl Regime {
    /// What a grade means.
    pub fn grade(&self, code: &str) -> GradePolicy {
        self.grades.get(code).copied().unwrap_or(self.ordinary)
    }

    /// Whether a grade is an ordinary one, whose inspection rate promises are measured against.
    pub fn is_ordinary(&self, code: &str) -> bool {
        !self.grades.contains_key(code)
    }

    /// The side of the promise to a grade on which traders of a grade stand; none where the promise is not about them.
    pub fn side(&self, promised: &str, grade: &str) -> Option<PromiseSide> {
        if grade == promised {
            Some(PromiseSide::Promised)
        } else {
            self.is_ordinary(grade).then_some(PromiseSide::Ordinary)
        }
    }

    /// Grades with a promise.
    pub fn promises(&self) -> impl Iterator<Item = (&str, GradePolicy, Promise)> {
        self.grades.iter().filter_map(|(code, grade)| Some((code.as_str(), *grade, grade.promise?)))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileRegime {
    law: String,
    from: Datetime,
    ordinary: GradePolicy,
    #[serde(default)]
    grade: BTreeMap<String, GradePolicy>,
}

/// Regimes of a file, checked: at least one, by day of beginning.
pub(super) fn check(file: &str, parsed: Vec<FileRegime>) -> Result<Vec<Regime>, CheckPolicyError> {
    let wrong = |key: String, found: String, right: &'static str| {
        Err(CheckPolicyError::Value { file: file.to_owned(), key, found, right })
    };
    let mut regimes: Vec<Regime> = Vec::new();
    for regime in parsed {
        let FileRegime { law, from, ordinary, grade: grades } = regime;
        let Ok(day) = from.to_string().parse::<NaiveDate>() else {
            return wrong(format!("regime `{law}`: from"), from.to_string(), "a day such as 2026-04-01");
        };
        if regimes.last().is_some_and(|before| before.from >= day) {
            return wrong(
                format!("regime `{law}`: from"),
                day.to_string(),
                "after the day of the regime before it",
            );
        }
        let named = grades.iter().map(|(code, grade)| (format!("grade.{code}"), grade));
        for (name, grade) in std::iter::once(("ordinary".to_owned(), &ordinary)).chain(named) {
            if let Some((key, found, right)) = problem(grade) {
                return wrong(format!("regime `{law}`: {name}.{key}"), found.to_string(), right);
            }
        }
        if ordinary.promise.is_some() {
            let right = "left out: promises are measured against ordinary traders";
            return wrong(format!("regime `{law}`: ordinary.promise"), "there".to_owned(), right);
        }
        regimes.push(Regime { law, from: day, ordinary, grades });
    }
    if regimes.is_empty() {
        return wrong("regime".to_owned(), "missing".to_owned(), "there at least once");
    }
    Ok(regimes)
}

fn problem(grade: &GradePolicy) -> Option<(&'static str, f64, &'static str)> {
    let unit = |value: f64| (0.0..=1.0).contains(&value);
    for (key, value) in
        [("guaranteed", grade.guaranteed), ("floor", grade.floor), ("multiplier", grade.multiplier)]
    {
        if !unit(value) {
            return Some((key, value, "between 0 and 1"));
        }
    }
    let Promise { bound, alarm, target, .. } = grade.promise?;
    let ordered = 0.0 < target && target <= alarm && alarm <= bound && bound <= 1.0;
    (!ordered).then_some(("promise.target", target, "above 0, at most the alarm, which is at most the bound"))
}

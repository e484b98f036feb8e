//! The declarations of a back-test, rated by both bundles.

use super::BacktestOptions;
use crate::JobError;
use crate::answer::Answer;
use crate::decide::{Grades, Which, read as read_cases, stretches};
use crate::home::Home;
use crate::progress::Progress;
use chrono::{Days, NaiveDate};
use std::collections::HashMap;
use std::sync::Arc;
use tidegate_query::Platform;
use tidegate_risk::bundle::Bundle;
use tidegate_risk::course::Lodged;

/// A first lodgement rated by a bundle.
pub(super) struct Rated {
    pub id: String,
    lodged: Lodged,
    /// Rules that hit, and what the rating is without each.
    pub rules: Vec<(usize, Without)>,
}

/// A rating without one rule.
#[derive(Debug, Clone, Copy)]
pub(super) struct Without {
    priority: f64,
    mandatory: bool,
}

impl Rated {
    /// As the policy sees it, without a muted rule.
    pub(super) fn lodged(&self, muted: Option<usize>) -> Lodged {
        let without = self.rules.iter().find(|(rule, _)| Some(*rule) == muted);
        match without {
            None => self.lodged.clone(),
            Some((_, Without { priority, mandatory })) => {
                Lodged { priority: *priority, mandatory: *mandatory, ..self.lodged.clone() }
            }
        }
    }

    pub(super) fn grade(&self) -> &str {
        &self.lodged.grade
    }

    pub(super) fn day(&self) -> NaiveDate {
        self.lodged.day
    }

    pub(super) fn root(&self) -> &str {
        &self.lodged.root
    }

    pub(super) fn is_mandatory(&self) -> bool {
        self.lodged.mandatory
    }
}

/// The days asked for, with the defaults filled in: from when thresholds have days to stand on, to the last day.
pub(super) async fn days(
    platform: &Platform,
    options: &BacktestOptions,
    threshold_days: u32,
) -> Result<(NaiveDate, NaiveDate), JobError> {
    let sql = "SELECT CAST(min(accepted_at) AS DATE) AS first, CAST(max(accepted_at) AS DATE) AS last FROM declaration";
    let answer = Answer::of(platform, "job backtest", sql).await?;
    let day = |name| Ok::<_, JobError>(answer.texts(name)?.pop().and_then(|d| d.parse::<NaiveDate>().ok()));
    let (Some(first), Some(last)) = (day("first")?, day("last")?) else {
        return Err(JobError::Missing("no declaration is loaded; run `tidegate ingest` first".to_owned()));
    };
    let begun = first.checked_add_days(Days::new(u64::from(threshold_days))).unwrap_or(first);
    let (from, to) = (options.from.unwrap_or(begun.min(last)), options.to.unwrap_or(last));
    if from > to || to < first || from > last {
        return Err(JobError::Missing(format!(
            "nothing was lodged from {from} to {to}; declarations are loaded from {first} to {last}"
        )));
    }
    Ok((from, to))
}

/// First lodgements of the days and of those before them that set the first thresholds, in order of day and name, rated by
/// each bundle.
pub(super) async fn read(
    home: &Home,
    platform: &Platform,
    bundles: [&Bundle; 2],
    from: NaiveDate,
    to: NaiveDate,
    progress: &mut dyn Progress,
) -> Result<[Vec<Rated>; 2], JobError> {
    let grades = Grades::read(platform, "job backtest").await?;
    let root_key = home.root_key().await?;
    let back = bundles.iter().map(|b| b.selection.threshold_days).max().unwrap_or(0);
    let first = from.checked_sub_days(Days::new(u64::from(back))).unwrap_or(from);
    progress.step("rating what was lodged", (to - first).num_days() as u64 + 1, "days");
    let mut rated: [Vec<Rated>; 2] = Default::default();
    let mut names: HashMap<String, Arc<str>> = HashMap::new();
    // One read serves both when they read the same columns, as a draft of rules or policy mostly does.
    let reads: &[&[usize]] =
        if bundles[0].inputs() == bundles[1].inputs() { &[&[0, 1]] } else { &[&[0], &[1]] };
    for stretch in stretches(platform, first, to, home.configuration.decide.read_versions).await? {
        for served in reads {
            let reader = bundles[served[0]];
            for (day, cases) in
                &read_cases(platform, reader, &grades, &root_key, &stretch, Which::First).await?
            {
                for side in *served {
                    rate(bundles[*side], *day, cases, &mut names, &mut rated[*side])?;
                }
            }
        }
        progress.done((stretch.last - first).num_days() as u64 + 1);
    }
    Ok(rated)
}

fn rate(
    bundle: &Bundle,
    day: NaiveDate,
    read: &crate::decide::Cases,
    names: &mut HashMap<String, Arc<str>>,
    rated: &mut Vec<Rated>,
) -> Result<(), JobError> {
    let assessment = bundle.assess(&read.rows)?;
    let mut shared =
        |name: &String| Arc::clone(names.entry(name.clone()).or_insert_with(|| name.as_str().into()));
    for case in &read.cases {
        let rating = bundle.rate(&assessment, case.items.clone(), None);
        let without = |rule: usize| {
            let rating = bundle.rate(&assessment, case.items.clone(), Some(rule));
            Without { priority: rating.priority, mandatory: rating.least_lane.is_inspection() }
        };
        rated.push(Rated {
            id: case.declaration_id.clone(),
            rules: rating.rules.iter().map(|rule| (*rule, without(*rule))).collect(),
            lodged: Lodged {
                day,
                office: shared(&case.office),
                grade: shared(&case.grade),
                root: case.root.as_str().into(),
                priority: rating.priority,
                mandatory: rating.least_lane.is_inspection(),
            },
        });
    }
    Ok(())
}

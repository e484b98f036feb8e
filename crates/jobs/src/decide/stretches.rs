//! Which days have declarations, and in which months of the lake those rest: known first, so that no query has to open the
//! files of other months.

use super::expressions::{LODGED, between};
use crate::JobError;
use crate::answer::Answer;
use chrono::{Datelike, NaiveDate};
use std::collections::BTreeSet;
use tidegate_query::Platform;

/// Days that are read at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// First day.
    pub first: NaiveDate,
    /// Last day.
    pub last: NaiveDate,
    /// Versions lodged on them.
    versions: u64,
    first_months: BTreeSet<String>,
    later_months: BTreeSet<String>,
}

impl Stretch {
    /// Months of the first versions, as a list for SQL; none without such versions.
    pub(super) fn first_months(&self) -> Option<String> {
        list(&self.first_months)
    }

    /// Months of the later versions, as a list for SQL; none without such versions.
    pub(super) fn later_months(&self) -> Option<String> {
        list(&self.later_months)
    }

    /// Months of all versions, as a list for SQL; none without any.
    pub(super) fn months(&self) -> Option<String> {
        list(&self.first_months.union(&self.later_months).cloned().collect())
    }

    /// A condition on the declarations `r`: they were lodged on the days.
    pub(super) fn condition(&self) -> String {
        let months = self.months().unwrap_or_else(|| "''".to_owned());
        format!("r.month IN ({months}) AND {}", between(LODGED, self.first, self.last))
    }

    fn join(&mut self, other: Self) {
        self.last = other.last;
        self.versions += other.versions;
        self.first_months.extend(other.first_months);
        self.later_months.extend(other.later_months);
    }
}

/// Days of an epoch, among all that are decided.
pub(super) struct Lodged<'a> {
    /// Every day with declarations.
    pub days: &'a [Stretch],
    pub first: NaiveDate,
    pub last: NaiveDate,
}

impl Lodged<'_> {
    /// What was lodged on the days.
    pub(super) fn of_epoch(&self) -> Result<Stretch, JobError> {
        self.within(self.first, self.last)
    }

    /// What was lodged in the month of the days, up to its end.
    pub(super) fn of_month(&self) -> Result<Stretch, JobError> {
        let month = |day: NaiveDate| (day.year(), day.month());
        let lasts = self.days.iter().map(|day| day.last).filter(|last| month(*last) == month(self.first));
        self.within(self.first, lasts.max().unwrap_or(self.last))
    }

    fn within(&self, first: NaiveDate, last: NaiveDate) -> Result<Stretch, JobError> {
        let within = self.days.iter().filter(|day| first <= day.first && day.last <= last);
        let all = within.cloned().reduce(|mut all, day| {
            all.join(day);
            all
        });
        let all = all.map(|all| Stretch { first, last, ..all });
        all.ok_or_else(|| JobError::Missing(format!("nothing was lodged from {first} to {last}")))
    }
}

fn list(months: &BTreeSet<String>) -> Option<String> {
    let quoted = months.iter().map(|month| format!("'{month}'"));
    (!months.is_empty()).then(|| quoted.collect::<Vec<_>>().join(", "))
}

/// Stretches of days of about `most` versions, so that a quiet month is one query and a busy one fits in
/// memory.
pub(crate) async fn stretches(
    platform: &Platform,
    first: NaiveDate,
    last: NaiveDate,
    most: u64,
) -> Result<Vec<Stretch>, JobError> {
    Ok(joined(days(platform, first, last).await?, most))
}

/// Days as stretches of about `most` versions.
pub(super) fn joined(days: Vec<Stretch>, most: u64) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for day in days {
        match stretches.last_mut() {
            Some(stretch) if stretch.versions + day.versions <= most => stretch.join(day),
            _ => stretches.push(day),
        }
    }
    stretches
}

/// The days with versions, in order.
pub(super) async fn days(
    platform: &Platform,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<Vec<Stretch>, JobError> {
    let sql = format!(
        "SELECT CAST({LODGED} AS DATE) AS day, r.month, count(*) AS versions, \
         count(*) FILTER (WHERE r.version_number > 1) AS later FROM declaration r WHERE {} GROUP BY 1, 2 ORDER BY 1, 2",
        between(LODGED, first, last)
    );
    let answer = Answer::of(platform, "job decide", &sql).await?;
    let (texts, months) = (answer.texts("day")?, answer.texts("month")?);
    let (later, versions) = (answer.counts("later")?, answer.counts("versions")?);
    let mut days: Vec<Stretch> = Vec::new();
    for (row, text) in texts.iter().enumerate() {
        let Ok(day) = text.parse() else { continue };
        let month = |is_in: bool| is_in.then(|| months[row].clone()).into_iter().collect();
        let one = Stretch {
            first: day,
            last: day,
            versions: versions[row],
            first_months: month(later[row] < versions[row]),
            later_months: month(later[row] > 0),
        };
        match days.last_mut() {
            Some(last) if last.last == day => last.join(one),
            _ => days.push(one),
        }
    }
    Ok(days)
}

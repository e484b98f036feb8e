//! Running the checks of a dataset.

use crate::JobError;
use crate::answer::Answer;
use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use chrono::{Datelike, Months, NaiveDate};
use tidegate_query::Platform;
use tidegate_query::dataset::{Check, CheckResult, Definition, Limit};

const PURPOSE: &str = "job datasets";

/// Runs the checks over rows that are being made; `before` shows the version before, if there is one.
pub(super) async fn run(
    definition: &Definition,
    made: &Platform,
    before: Option<&Platform>,
    today: NaiveDate,
) -> Result<Vec<CheckResult>, JobError> {
    let mut results = Vec::new();
    for check in definition.checks() {
        let found = value(made, &check).await?;
        let earlier = match (check.limit, before) {
            (Limit::Share(_), Some(before)) => value(before, &check).await?,
            _ => None,
        };
        results.push(judge(&check, found.as_deref(), earlier.as_deref(), today));
    }
    Ok(results)
}

/// Runs those checks over rows as readers see them whose outcome changes while the rows stay the same: how old they are.
pub(super) async fn ages(
    definition: &Definition,
    shown: &Platform,
    today: NaiveDate,
) -> Result<Vec<CheckResult>, JobError> {
    let mut results = Vec::new();
    for check in definition.checks().iter().filter(|check| matches!(check.limit, Limit::Age(_))) {
        let found = value(shown, check).await?;
        results.push(judge(check, found.as_deref(), None, today));
    }
    Ok(results)
}

/// The one value of a check's statement, as text; none when it is NULL.
async fn value(platform: &Platform, check: &Check) -> Result<Option<String>, JobError> {
    let answer = Answer::of(platform, PURPOSE, &check.sql).await?;
    let column = answer.first()?;
    let text = if *column.data_type() == DataType::Float64 {
        // The shortest text of a number, which reads back as the same number.
        column.as_primitive::<Float64Type>().iter().next().flatten().map(|number| number.to_string())
    } else {
        let texts = cast(&column, &DataType::Utf8)?;
        texts.as_string::<i32>().iter().next().flatten().map(str::to_owned)
    };
    Ok(text)
}

fn judge(check: &Check, found: Option<&str>, earlier: Option<&str>, today: NaiveDate) -> CheckResult {
    let told = found.unwrap_or("nothing").to_owned();
    let result = |is_passed: bool, is_strict: bool, found: String, wanted: String| CheckResult {
        name: check.name.clone(),
        is_passed,
        is_strict,
        found,
        wanted,
    };
    match check.limit {
        Limit::NoRow => result(found == Some("0"), true, format!("{told} rows"), "0 rows".to_owned()),
        Limit::Age(days) => {
            let age = found.and_then(last_day).map(|day| (today - day).num_days());
            let is_fresh = age.is_some_and(|age| age <= i64::from(days));
            result(is_fresh, false, told, format!("at most {days} days before {today}"))
        }
        Limit::Share(share) => {
            let number = |text: Option<&str>| text.and_then(|text| text.parse::<f64>().ok());
            let Some(before) = number(earlier) else {
                return result(true, false, told, "anything: no version before has a value".to_owned());
            };
            let (least, greatest) = (before - share * before.abs(), before + share * before.abs());
            let wanted = format!("{least} to {greatest}, as before within {} %", share * 100.0);
            match number(found) {
                Some(now) => result((least..=greatest).contains(&now), false, told, wanted),
                None => result(false, false, "no value in any row".to_owned(), wanted),
            }
        }
    }
}

/// The last day that a moment, a day or a month like `2026-11` speaks of.
fn last_day(text: &str) -> Option<NaiveDate> {
    if let Some(day) = text.get(..10).and_then(|day| day.parse().ok()) {
        return Some(day);
    }
    let first: NaiveDate = format!("{}-01", text.get(..7)?).parse().ok()?;
    first.with_day(1)?.checked_add_months(Months::new(1))?.pred_opt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(limit: Limit, found: Option<&str>, earlier: Option<&str>) -> bool {
        let check = Check { name: "c".to_owned(), sql: String::new(), limit };
        judge(&check, found, earlier, "2026-11-29".parse().unwrap()).is_passed
    }

    #[test]
    fn rows_ages_and_shares_are_held_against_their_limits() {
        assert!(judged(Limit::NoRow, Some("0"), None));
        assert!(!judged(Limit::NoRow, Some("1"), None));
        assert!(!judged(Limit::NoRow, None, None));
        assert!(judged(Limit::Age(2), Some("2026-11-27T23:59:59Z"), None));
        assert!(!judged(Limit::Age(1), Some("2026-11-27"), None));
        assert!(judged(Limit::Age(0), Some("2026-11"), None), "a month lasts until its end");
        assert!(!judged(Limit::Age(28), Some("2026-10"), None));
        assert!(!judged(Limit::Age(28), None, None), "no row is not fresh");
        assert!(judged(Limit::Share(0.1), Some("11"), Some("10")));
        assert!(!judged(Limit::Share(0.1), Some("11.1"), Some("10")));
        assert!(!judged(Limit::Share(0.1), Some("-9.8"), Some("10")));
        assert!(judged(Limit::Share(0.1), Some("9"), None), "the first version has nothing to differ from");
        assert!(!judged(Limit::Share(0.1), None, Some("10")), "no value is another mean than any");
        assert!(judged(Limit::Share(0.1), None, None));
    }
}

//! Functions of days and instants, in the proleptic Gregorian calendar and UTC; NULL outside the calendar's range.
#![expect(clippy::unnecessary_wraps, reason = "kernels have one shape, whether they can fail or not")]

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Date32Array, Int64Array};
use arrow::datatypes::{Date32Type, TimestampMicrosecondType};
use arrow::error::ArrowError;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime};

use super::{Function, Parameter, fixed};
use crate::expr::kind::Kind;

const DAY: &[Parameter] = &[Parameter::Day];
const INSTANT: &[Parameter] = &[Parameter::Instant];

const MICROSECONDS_PER_MINUTE: i64 = 60_000_000;
const MINUTES_PER_DAY: i64 = 24 * 60;

/// Days from the first of January of year 1, which chrono counts as 1, to the first of January 1970.
const EPOCH_FROM_CE: i32 = 719_163;

/// `date_part('year', x)` and `EXTRACT(YEAR FROM x)` are spellings of `year(x)` and so on; `date_trunc('month', x)`
/// of `start_of_month(x)`.
pub(super) static FUNCTIONS: [Function; 15] = [
    fixed("day_number", "day_number(date)", "days since 1970-01-01", (DAY, Kind::Integer), |a| {
        Ok(Arc::new(a[0].as_primitive::<Date32Type>().unary::<_, arrow::datatypes::Int64Type>(i64::from)))
    }),
    fixed("day_of_month", "day_of_month(date)", "1 to 31", (DAY, Kind::Integer), |a| {
        part(a, |d| d.day().into())
    }),
    fixed("day_of_week", "day_of_week(date)", "0 for Sunday to 6", (DAY, Kind::Integer), |a| {
        part(a, |d| d.weekday().num_days_from_sunday().into())
    }),
    fixed("day_of_year", "day_of_year(date)", "1 to 366", (DAY, Kind::Integer), |a| {
        part(a, |d| d.ordinal().into())
    }),
    fixed("hour", "hour(timestamp)", "0 to 23", (INSTANT, Kind::Integer), |a| {
        minutes(a, |minute| minute / 60)
    }),
    fixed("iso_week", "iso_week(date)", "week of the ISO year, 1 to 53", (DAY, Kind::Integer), |a| {
        part(a, |d| d.iso_week().week().into())
    }),
    fixed("minute", "minute(timestamp)", "0 to 59", (INSTANT, Kind::Integer), |a| {
        minutes(a, |minute| minute % 60)
    }),
    fixed("month", "month(date)", "1 to 12", (DAY, Kind::Integer), |a| part(a, |d| d.month().into())),
    fixed("quarter", "quarter(date)", "1 to 4", (DAY, Kind::Integer), |a| part(a, |d| d.quarter().into())),
    fixed("start_of_day", "start_of_day(date)", "the day itself", (DAY, Kind::Date), |a| start(a, Some)),
    fixed("start_of_month", "start_of_month(date)", "the first of the month", (DAY, Kind::Date), |a| {
        start(a, |d| d.with_day(1))
    }),
    fixed("start_of_quarter", "start_of_quarter(date)", "the first of the quarter", (DAY, Kind::Date), |a| {
        start(a, |d| NaiveDate::from_ymd_opt(d.year(), d.quarter() * 3 - 2, 1))
    }),
    fixed("start_of_week", "start_of_week(date)", "the Monday of the week", (DAY, Kind::Date), |a| {
        start(a, |d| d.checked_sub_days(chrono::Days::new(d.weekday().num_days_from_monday().into())))
    }),
    fixed("start_of_year", "start_of_year(date)", "the first of January", (DAY, Kind::Date), |a| {
        start(a, |d| NaiveDate::from_ymd_opt(d.year(), 1, 1))
    }),
    fixed("year", "year(date)", "the calendar year", (DAY, Kind::Integer), |a| part(a, |d| d.year().into())),
];

/// The day so many days after 1970-01-01.
pub(super) fn calendar_day(days: i32) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(days.checked_add(EPOCH_FROM_CE)?)
}

fn days(date: NaiveDate) -> Option<i32> {
    date.num_days_from_ce().checked_sub(EPOCH_FROM_CE)
}

/// Reads `YYYY-MM-DD` as days since 1970-01-01.
pub(in crate::expr) fn parse_day(text: &str) -> Option<i32> {
    days(NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok()?)
}

/// Reads `YYYY-MM-DD HH:MM[:SS[.ffffff]]`, with a `T` or an offset from UTC if wanted, as microseconds since 1970.
pub(in crate::expr) fn parse_instant(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.timestamp_micros());
    }
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .map(|instant| instant.and_utc().timestamp_micros())
}

fn part(arguments: &[ArrayRef], compute: impl Fn(NaiveDate) -> i64) -> Result<ArrayRef, ArrowError> {
    let dates = arguments[0].as_primitive::<Date32Type>();
    let result: Int64Array = dates.unary_opt(|date| calendar_day(date).map(&compute));
    Ok(Arc::new(result))
}

fn start(
    arguments: &[ArrayRef],
    compute: impl Fn(NaiveDate) -> Option<NaiveDate>,
) -> Result<ArrayRef, ArrowError> {
    let dates = arguments[0].as_primitive::<Date32Type>();
    let result: Date32Array = dates.unary_opt(|date| days(compute(calendar_day(date)?)?));
    Ok(Arc::new(result))
}

/// From the minutes since midnight.
fn minutes(arguments: &[ArrayRef], compute: impl Fn(i64) -> i64) -> Result<ArrayRef, ArrowError> {
    let instants = arguments[0].as_primitive::<TimestampMicrosecondType>();
    let result: Int64Array = instants.unary(|microseconds| {
        compute(microseconds.div_euclid(MICROSECONDS_PER_MINUTE).rem_euclid(MINUTES_PER_DAY))
    });
    Ok(Arc::new(result))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_instants_are_read_in_their_forms_only() {
        assert_eq!(parse_day("1970-01-02"), Some(1));
        assert_eq!(parse_day("2024-02-30"), None);
        assert_eq!(parse_day("20240101"), None);
        assert_eq!(parse_instant("1970-01-01 00:01"), Some(60_000_000));
        assert_eq!(parse_instant("1970-01-01T08:00:00.5+08:00"), Some(500_000));
        assert_eq!(parse_instant("1970-01-01"), None);
    }

    #[test]
    fn days_outside_the_calendar_are_nothing() {
        assert_eq!(calendar_day(i32::MAX), None);
        assert_eq!(calendar_day(i32::MIN), None);
        assert_eq!(calendar_day(0), NaiveDate::from_ymd_opt(1970, 1, 1));
    }
}

//! Days, which every look-up is dated by: calendar days of UTC, counted from 1970-01-01.

use chrono::NaiveDate;

/// Microseconds of a day.
const DAY_MICROS: i64 = 86_400_000_000;

/// Day in which a moment falls, in microseconds since 1970-01-01 UTC.
pub fn day_of(micros: i64) -> i32 {
    micros.div_euclid(DAY_MICROS) as i32
}

/// Number of a calendar day.
pub fn day_number(day: NaiveDate) -> i32 {
    day.to_epoch_days()
}

//! The year's rhythm: how many declarations each day brings, and when in the day.

use crate::configuration::Configuration;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use std::f64::consts::TAU;

/// Relative load from Monday to Sunday.
const WEEKDAYS: [f64; 7] = [1.02, 1.1, 1.1, 1.08, 1.04, 0.46, 0.26];
const HOLIDAY: f64 = 0.22;
/// The days before a holiday catch up in advance.
const BEFORE_HOLIDAY: f64 = 1.15;
/// Share of a day's declarations that came before an hour; straight lines between.
const HOURS: [(f64, f64); 6] =
    [(0.0, 0.0), (0.07, 8.0), (0.46, 12.0), (0.54, 13.5), (0.9, 18.0), (1.0, 24.0)];

/// Days of the year with the serial numbers of the declarations they bring.
#[derive(Debug)]
pub(crate) struct Calendar {
    first_day: NaiveDate,
    /// Serial number of each day's first declaration, and the total at the end.
    starts: Vec<u64>,
}

impl Calendar {
    pub(crate) fn new(configuration: &Configuration) -> Self {
        let first_day = NaiveDate::from_ymd_opt(configuration.year, 1, 1).unwrap_or_default();
        let days: Vec<NaiveDate> =
            first_day.iter_days().take_while(|day| day.year() == configuration.year).collect();
        let mut total = 0.0;
        let cumulative: Vec<f64> = days
            .iter()
            .map(|day| {
                total += load(*day, days.len(), &configuration.holidays);
                total
            })
            .collect();
        let mut starts = vec![0];
        let declarations = configuration.declarations;
        starts.extend(cumulative.iter().map(|sum| (declarations as f64 * sum / total).round() as u64));
        Self { first_day, starts }
    }

    /// Days of the year.
    pub(crate) fn days(&self) -> usize {
        self.starts.len() - 1
    }

    /// Day of a declaration, from 0.
    pub(crate) fn day_of(&self, serial: u64) -> usize {
        self.starts.partition_point(|start| *start <= serial).clamp(1, self.days()) - 1
    }

    /// Serial number of the first declaration of the next day.
    pub(crate) fn end_of(&self, day: usize) -> u64 {
        self.starts[day + 1]
    }

    /// Part of the year gone by at noon of a day, from 0 to 1.
    pub(crate) fn phase(&self, day: usize) -> f64 {
        (day as f64 + 0.5) / self.days() as f64
    }

    /// Midnight at the start of a day counted from the first of January; it may lie outside the year.
    pub(crate) fn midnight(&self, day: i64) -> DateTime<Utc> {
        self.first_day.and_time(chrono::NaiveTime::MIN).and_utc() + TimeDelta::days(day)
    }

    /// When a declaration is accepted; later serial numbers never come earlier.
    pub(crate) fn accepted_at(&self, serial: u64) -> DateTime<Utc> {
        let day = self.day_of(serial);
        let (start, end) = (self.starts[day], self.starts[day + 1]);
        let share = (serial.saturating_sub(start) as f64 + 0.5) / (end.saturating_sub(start).max(1)) as f64;
        let segment = HOURS.iter().rposition(|(s, _)| *s <= share).unwrap_or(0).min(HOURS.len() - 2);
        let ((s0, h0), (s1, h1)) = (HOURS[segment], HOURS[segment + 1]);
        let hours = h0 + (h1 - h0) * (share - s0) / (s1 - s0);
        self.midnight(day as i64) + TimeDelta::seconds((hours * 3600.0) as i64)
    }
}

fn load(day: NaiveDate, days: usize, holidays: &[NaiveDate]) -> f64 {
    let weekday = WEEKDAYS[day.weekday().num_days_from_monday() as usize];
    let phase = f64::from(day.ordinal0()) / days as f64;
    // Peak in November, trough in May, and four percent of growth over the year.
    let season = (1.0 + 0.09 * libm::cos(TAU * (phase - 0.86))) * (1.0 + 0.04 * phase);
    let ahead = |n| day.checked_add_days(chrono::Days::new(n)).is_some_and(|d| holidays.contains(&d));
    let holiday = if holidays.contains(&day) {
        HOLIDAY
    } else if (1..=4).any(ahead) {
        BEFORE_HOLIDAY
    } else {
        1.0
    };
    weekday * season * holiday
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declaration_has_one_day_and_times_never_go_back() {
        let configuration = Configuration::new(1, 2024, 5_000);
        let calendar = Calendar::new(&configuration);
        assert_eq!(calendar.days(), 366);
        assert_eq!(calendar.end_of(365), 5_000);
        let times: Vec<_> = (0..5_000).map(|serial| calendar.accepted_at(serial)).collect();
        assert!(times.is_sorted());
        assert!(times.iter().all(|t| t.year() == 2024));
        assert!((0..5_000).all(|s| s < calendar.end_of(calendar.day_of(s))));
    }

    #[test]
    fn sundays_and_holidays_are_quiet() {
        let configuration = Configuration::new(1, 2026, 1_000_000);
        let calendar = Calendar::new(&configuration);
        let count = |month, day| {
            let ordinal = NaiveDate::from_ymd_opt(2026, month, day).unwrap().ordinal0() as usize;
            calendar.starts[ordinal + 1] - calendar.starts[ordinal]
        };
        let (tuesday, sunday, national_day) = (count(6, 16), count(6, 14), count(10, 1));
        assert!(sunday * 3 < tuesday, "{sunday} {tuesday}");
        assert!(national_day * 3 < tuesday, "{national_day} {tuesday}");
        assert!(count(9, 29) > count(9, 15), "the days before a holiday catch up");
    }
}

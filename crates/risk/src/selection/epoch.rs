//! Epochs: the stretches of days that share one policy state.

use chrono::{Datelike, Days, NaiveDate};

/// Days with one policy state, first and last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Epoch {
    /// First day.
    pub first: NaiveDate,
    /// Last day.
    pub last: NaiveDate,
}

impl Epoch {
    /// The epoch of a day: days 1 to 7, 8 to 14, 15 to 21 of a month, and the rest of it. No epoch spans months, so that
    /// it has one key for the draws of first lodgements.
    pub fn of(day: NaiveDate) -> Self {
        let start = (1 + (day.day() - 1) / 7 * 7).min(22);
        let first = day.with_day(start).unwrap_or(day);
        let last = if start < 22 { first.checked_add_days(Days::new(6)) } else { last_of_month(day) };
        Self { first, last: last.unwrap_or(day) }
    }

    /// Its days.
    pub fn days(&self) -> u32 {
        (self.last - self.first).num_days().unsigned_abs() as u32 + 1
    }

    /// The epoch after it; none at the end of the calendar.
    pub fn next(&self) -> Option<Self> {
        self.last.succ_opt().map(Self::of)
    }
}

fn last_of_month(day: NaiveDate) -> Option<NaiveDate> {
    day.with_day(1)?.checked_add_months(chrono::Months::new(1))?.pred_opt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_cover_each_month_without_gap() {
        let mut epoch = Epoch::of("2028-01-01".parse().unwrap());
        let (mut days, mut count) = (0, 0);
        while epoch.first.year() == 2028 {
            assert!((7..=10).contains(&epoch.days()) && epoch.first.month() == epoch.last.month());
            for day in epoch.first.iter_days().take(epoch.days() as usize) {
                assert_eq!(Epoch::of(day), epoch, "{day}");
            }
            (days, count) = (days + epoch.days(), count + 1);
            epoch = epoch.next().unwrap();
        }
        assert_eq!((days, count), (366, 48));
    }
}

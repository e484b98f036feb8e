//! The calendar month a draw belongs to; its key is secret until every consignment drawn with it is closed.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike as _, Utc};

/// A calendar month in UTC, written `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    year: u16,
    month: u8,
}

/// A text or time that is no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a period; a period is a year and month such as 2026-11, between 0000-01 and 9999-12")]
pub struct PeriodError(String);

impl Period {
    /// The period in which `time` falls.
    ///
    /// # Errors
    /// [`PeriodError`] for a year that has not four digits.
    pub fn containing(time: DateTime<Utc>) -> Result<Self, PeriodError> {
        let year = u16::try_from(time.year()).ok().filter(|year| *year <= 9999);
        year.map(|year| Self { year, month: time.month() as u8 }).ok_or_else(|| PeriodError(time.to_string()))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok());
        let parse = || {
            let (year, month) = text.split_once('-').filter(|(y, m)| y.len() == 4 && m.len() == 2)?;
            let (year, month) = (digits(year)??, digits(month)??);
            (1..=12).contains(&month).then_some(Self { year, month: month as u8 })
        };
        parse().ok_or_else(|| PeriodError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_time_falls_into_its_month() {
        let time: DateTime<Utc> = "2026-11-30T23:59:59Z".parse().unwrap();
        assert_eq!(Period::containing(time).unwrap().to_string(), "2026-11");
        assert!(Period::containing(DateTime::<Utc>::MAX_UTC).is_err());
        assert!(Period::containing(DateTime::<Utc>::MIN_UTC).is_err());
    }

    #[test]
    fn other_texts_are_refused() {
        for text in
            ["", "2026", "2026-1", "2026-00", "2026-13", "2026-1é", "+026-11", "2026-+1", "2026-11-01"]
        {
            assert_eq!(text.parse::<Period>(), Err(PeriodError(text.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn a_shown_period_reads_back(year in 0_u16..=9999, month in 1_u8..=12) {
            let period = Period { year, month };
            prop_assert_eq!(period.to_string().parse(), Ok(period));
        }
    }
}

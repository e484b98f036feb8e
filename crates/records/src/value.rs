//! Values a record is made of: text, counts, decimals, amounts, measures and moments, with the
//! representation terms of the WCO Data Model (`…Amount`, `…Measure`, `…DateTime`).

use chrono::format::{Parsed, StrftimeItems, parse as parse_by};
use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset, Utc};
pub use compact_str::CompactString as Text;
pub use rust_decimal::Decimal;
use std::str::FromStr;

/// A sequence number or a count.
pub type Count = u32;

/// A moment in UTC, to the microsecond.
pub type Time = DateTime<Utc>;

/// Money: an exact decimal and, where the message says it, an ISO 4217 currency.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Amount {
    /// Exact value in units of the currency.
    pub value: Decimal,
    /// ISO 4217 alphabetic code.
    pub currency: Option<Text>,
}

/// A measured quantity: an exact decimal and, where the message says it, a UN/ECE Rec 20 unit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Measure {
    /// Exact value in the unit.
    pub value: Decimal,
    /// UN/ECE Rec 20 unit code, such as `KGM`.
    pub unit: Option<Text>,
}

/// Why a text is not a value of the asked kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseValueError {
    /// Not a non-negative whole number.
    #[error("`{0}` is not a whole number from 0 to 4294967295")]
    Count(String),
    /// Not a plain decimal number.
    #[error("`{0}` is not a decimal number such as 1234.5 (no thousands separator, at most 28 digits)")]
    Decimal(String),
    /// Not a date or a moment in the expected form.
    #[error("`{0}` is not a date in the form {1}")]
    Time(String, String),
    /// A moment that a table cannot keep exactly.
    #[error("`{0}` cannot be kept exactly; a moment lies in the years 0 to 9999, to the microsecond")]
    Precision(String),
}

/// Reads a non-negative whole number.
///
/// # Errors
/// When the text is anything else.
pub fn parse_count(text: &str) -> Result<u32, ParseValueError> {
    trimmed(text).parse().map_err(|_| ParseValueError::Count(shorten(text)))
}

/// Reads a plain decimal number; exponents, separators and blanks inside are refused, a value that
/// does not fit exactly too.
///
/// # Errors
/// When the text is anything else.
pub fn parse_decimal(text: &str) -> Result<Decimal, ParseValueError> {
    let text = trimmed(text);
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-' || b == b'+');
    let parsed = if plain { Decimal::from_str_exact(text).ok() } else { None };
    parsed.map(|d| d.normalize()).ok_or_else(|| ParseValueError::Decimal(shorten(text)))
}

/// Reads a moment written in a `format`: a UN/EDIFACT 2379 code (`102` = CCYYMMDD, `203` = CCYYMMDDHHMM,
/// `204` = with seconds, `304` = with seconds and zone), a chrono pattern such as `%d/%m/%Y`, or `None` for
/// ISO 8601 (a date, or a moment with or without zone). Without a zone the moment is UTC.
///
/// # Errors
/// When the text does not follow the format, or says a moment that tables cannot keep exactly: finer than a
/// microsecond, a leap second, or outside of the years 0 to 9999.
pub fn parse_time(text: &str, format: Option<&str>) -> Result<Time, ParseValueError> {
    parse_time_at(text, format, utc())
}

/// The same, where a moment without a zone is one at an offset from UTC. A date alone is that day, whatever the offset: it is kept
/// as the beginning of the day in UTC.
///
/// # Errors
/// As [`parse_time`].
pub fn parse_time_at(text: &str, format: Option<&str>, offset: FixedOffset) -> Result<Time, ParseValueError> {
    let text = trimmed(text);
    let parsed = match format {
        _ if let Some(said) = parse_usual(text, format) => Some(said),
        None => parse_iso(text),
        Some("102") => NaiveDate::parse_from_str(text, "%Y%m%d").ok().map(Said::day),
        Some("203") => NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M").ok().map(Said::Local),
        Some("204") => NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M%S").ok().map(Said::Local),
        Some("304") => parse_304(text),
        Some(pattern) => parse_pattern(text, pattern),
    };
    let time = parsed.and_then(|said| said.at(offset)).ok_or_else(|| {
        let expected = match format {
            None => "YYYY-MM-DD or YYYY-MM-DDThh:mm:ss[Z]",
            Some("102") => "102 (CCYYMMDD)",
            Some("203") => "203 (CCYYMMDDHHMM)",
            Some("204") => "204 (CCYYMMDDHHMMSS)",
            Some("304") => "304 (CCYYMMDDHHMMSS and Z or +hhmm)",
            Some(pattern) => pattern,
        };
        ParseValueError::Time(shorten(text), expected.to_owned())
    })?;
    // The fraction of a leap second is a whole second or more.
    let nanoseconds = time.timestamp_subsec_nanos();
    let is_exact = nanoseconds.is_multiple_of(1_000) && nanoseconds < 1_000_000_000;
    if is_exact && (0..=9999).contains(&time.year()) {
        Ok(time)
    } else {
        Err(ParseValueError::Precision(shorten(text)))
    }
}

/// No offset.
pub(crate) fn utc() -> FixedOffset {
    Utc.fix()
}

/// Reads an offset from UTC such as `+08:00` or `-03:30`; none of what is written otherwise.
pub(crate) fn parse_offset(text: &str) -> Option<FixedOffset> {
    let [b'+' | b'-', _, _, b':', _, _] = text.as_bytes() else { return None };
    text.parse().ok()
}

/// A moment as a text says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// With its zone.
    Moment(Time),
    /// Without one.
    Local(NaiveDateTime),
}

impl Said {
    fn day(date: NaiveDate) -> Self {
        Self::Moment(date.and_time(NaiveTime::MIN).and_utc())
    }

    /// The moment, if one without a zone is at an offset.
    fn at(self, offset: FixedOffset) -> Option<Time> {
        match self {
            Self::Moment(time) => Some(time),
            Self::Local(time) => time.checked_sub_offset(offset).map(|time| time.and_utc()),
        }
    }
}

/// Reads the forms that nearly all moments come in, digit by digit, which is many times as fast as by a pattern.
fn parse_usual(text: &str, format: Option<&str>) -> Option<Said> {
    const ISO: [usize; 6] = [0, 5, 8, 11, 14, 17];
    const COMPACT: [usize; 6] = [0, 4, 6, 8, 10, 12];
    let bytes = text.as_bytes();
    let (starts, parts) = match (format, bytes) {
        (None, [_, _, _, _, b'-', _, _, b'-', _, _]) => (ISO, 3),
        (None, [_, _, _, _, b'-', _, _, b'-', _, _, b'T', _, _, b':', _, _, b':', _, _, b'Z']) => (ISO, 6),
        (Some("102"), _) if bytes.len() == 8 => (COMPACT, 3),
        (Some("203"), _) if bytes.len() == 12 => (COMPACT, 5),
        (Some("204"), _) if bytes.len() == 14 => (COMPACT, 6),
        (Some("304"), [.., b'Z']) if bytes.len() == 15 => (COMPACT, 6),
        _ => return None,
    };
    let part = |index: usize| {
        if index >= parts {
            return Some(0);
        }
        let length = if index == 0 { 4 } else { 2 };
        bytes[starts[index]..][..length]
            .iter()
            .try_fold(0, |number, b| b.is_ascii_digit().then(|| number * 10 + u32::from(b - b'0')))
    };
    let date = NaiveDate::from_ymd_opt(part(0)? as i32, part(1)?, part(2)?)?;
    let time = date.and_hms_opt(part(3)?, part(4)?, part(5)?)?;
    let is_local = matches!(format, Some("203" | "204"));
    Some(if is_local { Said::Local(time) } else { Said::Moment(time.and_utc()) })
}

fn parse_iso(text: &str) -> Option<Said> {
    if text.len() == 10 {
        return NaiveDate::from_str(text).ok().map(Said::day);
    }
    DateTime::<FixedOffset>::parse_from_rfc3339(text)
        .map(|t| Said::Moment(t.to_utc()))
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(Said::Local))
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").map(Said::Local))
        .ok()
}

/// Reads a moment, or a day, by a pattern, which may have the zone in it.
fn parse_pattern(text: &str, pattern: &str) -> Option<Said> {
    let mut parsed = Parsed::new();
    parse_by(&mut parsed, text, StrftimeItems::new(pattern)).ok()?;
    parsed
        .to_datetime()
        .map(|t| Said::Moment(t.to_utc()))
        .or_else(|_| parsed.to_naive_datetime_with_offset(0).map(Said::Local))
        .or_else(|_| parsed.to_naive_date().map(Said::day))
        .ok()
}

/// Code 304 is CCYYMMDDHHMMSSZZZ; real messages write the zone as `Z`, `UTC` or `+hh[mm]`.
fn parse_304(text: &str) -> Option<Said> {
    let (stamp, zone) = text.split_at_checked(14)?;
    let naive = NaiveDateTime::parse_from_str(stamp, "%Y%m%d%H%M%S").ok()?;
    let (sign, digits) = match zone.as_bytes() {
        [] => return Some(Said::Local(naive)),
        [b'Z'] | b"UTC" => return Some(Said::Moment(naive.and_utc())),
        [b'+', ..] => (1, &zone[1..]),
        [b'-', ..] => (-1, &zone[1..]),
        _ => return None,
    };
    let number = |range: std::ops::Range<usize>| digits.get(range).and_then(|d| d.parse::<i32>().ok());
    let hours = number(0..2)?;
    let minutes = if digits.len() == 2 { 0 } else { number(2..4)? };
    if digits.len() > 4 || minutes > 59 {
        return None;
    }
    let offset = FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60))?;
    naive.and_local_timezone(offset).single().map(|t| Said::Moment(t.to_utc()))
}

/// Writes a moment so that [`parse_time`] without a format reads the same moment back.
pub fn format_time(time: &Time) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// Text without white space around it, as [`str::trim`] gives it; quick where there is none, as nearly always.
pub(crate) fn trimmed(text: &str) -> &str {
    let is_visible = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_graphic);
    let bytes = text.as_bytes();
    if is_visible(bytes.first()) && is_visible(bytes.last()) { text } else { text.trim() }
}

/// Cuts what a person typed to what an error message can carry.
pub(crate) fn shorten(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((cut, _)) => format!("{}…", &text[..cut]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_taken_away_as_by_trim() {
        for text in ["", "a", " a", "a ", "\u{a0}a\u{3000}", "\u{e9}", "a b", " ", "\u{b}", "\u{feff}a"] {
            assert_eq!(trimmed(text), text.trim(), "{text:?}");
        }
    }

    #[test]
    fn decimals_are_exact_or_refused() {
        assert_eq!(parse_decimal(" 372254.40 ").unwrap().to_string(), "372254.4");
        assert_eq!(parse_decimal("-0.000001").unwrap().to_string(), "-0.000001");
        for bad in ["", "1,000", "1e3", "NaN", "1.2.3", "0x10", "123456789012345678901234567890"] {
            assert!(parse_decimal(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn moments_in_every_documented_form() {
        let noon = parse_time("2021-07-19T12:00:00Z", None).unwrap();
        for (text, format) in [
            ("2021-07-19 12:00:00", None),
            ("2021-07-19T14:00:00+02:00", None),
            ("202107191200", Some("203")),
            ("20210719120000", Some("204")),
            ("20210719120000Z", Some("304")),
            ("20210719130000+01", Some("304")),
            ("20210719073000-0430", Some("304")),
            ("19/07/2021 12:00", Some("%d/%m/%Y %H:%M")),
            ("19/07/2021 14:00 +0200", Some("%d/%m/%Y %H:%M %z")),
            ("1626696000", Some("%s")),
        ] {
            assert_eq!(parse_time(text, format).unwrap(), noon, "{text}");
        }
        assert_eq!(parse_time("20210719", Some("102")).unwrap(), parse_time("2021-07-19", None).unwrap());
        let error = parse_time("19.07.2021", Some("102")).unwrap_err();
        assert_eq!(error.to_string(), "`19.07.2021` is not a date in the form 102 (CCYYMMDD)");
        for bad in ["20210719120000+1", "20210719120000+01000", "2021071912000é", "20210719120000+9999"] {
            assert!(parse_time(bad, Some("304")).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_offset_is_that_of_moments_that_name_none() {
        let east = parse_offset("+08:00").unwrap();
        let at = |text: &str, format| format_time(&parse_time_at(text, format, east).unwrap());
        for (text, format) in [
            ("2026-03-01T00:30:00", None),
            ("2026-03-01 00:30:00", None),
            ("202603010030", Some("203")),
            ("20260301003000", Some("204")),
            ("20260301003000", Some("304")),
            ("01/03/2026 00:30", Some("%d/%m/%Y %H:%M")),
        ] {
            assert_eq!(at(text, format), "2026-02-28T16:30:00Z", "{text}");
        }
        for (text, format) in [
            ("2026-03-01T00:30:00Z", None),
            ("2026-03-01T02:30:00+02:00", None),
            ("20260301003000Z", Some("304")),
            ("20260301003000UTC", Some("304")),
            ("20260301013000+01", Some("304")),
            ("01/03/2026 02:30 +0200", Some("%d/%m/%Y %H:%M %z")),
        ] {
            assert_eq!(at(text, format), "2026-03-01T00:30:00Z", "{text} says its own");
        }
        for (text, format) in
            [("2026-03-01", None), ("20260301", Some("102")), ("01/03/2026", Some("%d/%m/%Y"))]
        {
            assert_eq!(at(text, format), "2026-03-01T00:00:00Z", "{text} is that day");
        }
        let first = parse_time_at("0000-01-01T00:30:00", None, east);
        assert!(matches!(first, Err(ParseValueError::Precision(_))), "{first:?}");
    }

    #[test]
    fn an_offset_has_a_sign_hours_and_minutes() {
        assert_eq!(parse_offset("-03:30").unwrap().to_string(), "-03:30");
        for bad in
            ["", "8", "08:00", "+8:00", "+0800", "+08", "+08:60", "+24:00", "+08: 0", "Z", "Asia/Shanghai"]
        {
            assert_eq!(parse_offset(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_usual_forms_give_what_their_patterns_give() {
        for (text, format, pattern) in [
            ("2024-02-29", None, "%Y-%m-%d"),
            ("0000-01-01T23:59:59Z", None, "%Y-%m-%dT%H:%M:%SZ"),
            ("99991231", Some("102"), "%Y%m%d"),
            ("202402292359", Some("203"), "%Y%m%d%H%M"),
            ("20240229235958", Some("204"), "%Y%m%d%H%M%S"),
            ("20240229235958Z", Some("304"), "%Y%m%d%H%M%SZ"),
        ] {
            let usual = parse_usual(text, format).and_then(|said| said.at(utc()));
            assert_eq!(usual, parse_time(text, Some(pattern)).ok(), "{text}");
            assert!(parse_usual(text, format).is_some(), "{text}");
        }
        for (text, format) in [
            ("2023-02-29", None),
            ("2024-02-29T24:00:00Z", None),
            ("2024-02-29x10:00:00Z", None),
            ("+0240229", Some("102")),
            ("202402292360", Some("203")),
            ("20240229235958+", Some("304")),
        ] {
            assert_eq!(parse_usual(text, format), None, "{text}");
            assert!(parse_time(text, format).is_err(), "{text}");
        }
    }

    #[test]
    fn a_moment_that_tables_cannot_keep_is_refused() {
        assert!(parse_time("2021-07-19T12:00:00.123456000Z", None).is_ok());
        for bad in ["2021-07-19T12:00:00.1234567Z", "2016-12-31T23:59:60Z", "+12021-07-19T12:00:00"] {
            assert!(matches!(parse_time(bad, None), Err(ParseValueError::Precision(_))), "{bad}");
        }
    }

    #[test]
    fn a_written_moment_reads_back() {
        for text in ["2021-07-19T12:00:00Z", "2021-07-19T12:00:00.123456Z"] {
            let time = parse_time(text, None).unwrap();
            assert_eq!(parse_time(&format_time(&time), None).unwrap(), time);
        }
    }
}

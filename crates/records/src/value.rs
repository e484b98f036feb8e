//! Values a record is made of: text, counts, decimals, amounts, measures and moments, with the
//! representation terms of the WCO Data Model (`…Amount`, `…Measure`, `…DateTime`).

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, Utc};
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
    let text = trimmed(text);
    let parsed = match format {
        _ if let Some(time) = parse_usual(text, format) => Some(time),
        None => parse_iso(text),
        Some("102") => NaiveDate::parse_from_str(text, "%Y%m%d").ok().map(midnight),
        Some("203") => NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M").ok().map(|t| t.and_utc()),
        Some("204") => NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M%S").ok().map(|t| t.and_utc()),
        Some("304") => parse_304(text),
        Some(pattern) => NaiveDateTime::parse_from_str(text, pattern)
            .map(|t| t.and_utc())
            .or_else(|_| NaiveDate::parse_from_str(text, pattern).map(midnight))
            .ok(),
    };
    let time = parsed.ok_or_else(|| {
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

/// Reads the forms that nearly all moments come in, digit by digit, which is many times as fast as by a pattern.
fn parse_usual(text: &str, format: Option<&str>) -> Option<Time> {
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
    Some(date.and_hms_opt(part(3)?, part(4)?, part(5)?)?.and_utc())
}

fn midnight(date: NaiveDate) -> Time {
    date.and_time(chrono::NaiveTime::MIN).and_utc()
}

fn parse_iso(text: &str) -> Option<Time> {
    if text.len() == 10 {
        return NaiveDate::from_str(text).ok().map(midnight);
    }
    DateTime::<FixedOffset>::parse_from_rfc3339(text)
        .map(|t| t.to_utc())
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|t| t.and_utc()))
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").map(|t| t.and_utc()))
        .ok()
}

/// Code 304 is CCYYMMDDHHMMSSZZZ; real messages write the zone as `Z`, `UTC` or `+hh[mm]`.
fn parse_304(text: &str) -> Option<Time> {
    let (stamp, zone) = text.split_at_checked(14)?;
    let naive = NaiveDateTime::parse_from_str(stamp, "%Y%m%d%H%M%S").ok()?;
    let (sign, digits) = match zone.as_bytes() {
        [] | [b'Z'] | b"UTC" => return Some(naive.and_utc()),
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
    naive.and_local_timezone(offset).single().map(|t| t.to_utc())
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
    fn the_usual_forms_give_what_their_patterns_give() {
        for (text, format, pattern) in [
            ("2024-02-29", None, "%Y-%m-%d"),
            ("0000-01-01T23:59:59Z", None, "%Y-%m-%dT%H:%M:%SZ"),
            ("99991231", Some("102"), "%Y%m%d"),
            ("202402292359", Some("203"), "%Y%m%d%H%M"),
            ("20240229235958", Some("204"), "%Y%m%d%H%M%S"),
            ("20240229235958Z", Some("304"), "%Y%m%d%H%M%SZ"),
        ] {
            assert_eq!(parse_usual(text, format), parse_time(text, Some(pattern)).ok(), "{text}");
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

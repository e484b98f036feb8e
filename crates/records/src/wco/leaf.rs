//! Values of leaf elements: text, attribute and field definition together make a value.

use super::tokens::Tag;
use crate::class::{FieldDefinition, LeafMut};
use crate::value::{self, Amount, Measure, ParseValueError, Text, Time};
use chrono::NaiveDateTime;
use rust_decimal::prelude::ToPrimitive;

/// Attribute that belongs to a leaf: the currency of an amount, the unit of a measure.
pub(super) fn attribute_of(leaf: &LeafMut<'_>) -> Option<&'static str> {
    match leaf {
        LeafMut::Amount(_) => Some("currencyID"),
        LeafMut::Measure(_) => Some("unitCode"),
        _ => None,
    }
}

/// Sets a leaf, other than a moment, from the trimmed text of its element.
pub(super) fn set(
    leaf: LeafMut<'_>,
    field: &FieldDefinition,
    text: &str,
    tag: &Tag,
) -> Result<(), ParseValueError> {
    let attribute =
        attribute_of(&leaf).and_then(|name| tag.attribute(name)).filter(|a| !a.is_empty()).cloned();
    match leaf {
        LeafMut::Text(slot) => *slot = Some(text.into()),
        LeafMut::Count(slot) => *slot = Some(count(text)?),
        LeafMut::Decimal(slot) => *slot = Some(value::parse_decimal(text)?),
        LeafMut::Amount(slot) => {
            *slot = Some(Amount { value: value::parse_decimal(text)?, currency: attribute });
        }
        LeafMut::Measure(slot) => {
            let unit = attribute.or_else(|| field.default_unit().map(Text::const_new));
            *slot = Some(Measure { value: value::parse_decimal(text)?, unit });
        }
        LeafMut::Time(slot) => *slot = Some(value::parse_time(text, None)?),
    }
    Ok(())
}

/// The schema writes counts as decimals: `10.0` is 10, `10.5` is no count.
fn count(text: &str) -> Result<u32, ParseValueError> {
    value::parse_count(text).or_else(|error| {
        let whole = value::parse_decimal(text).ok().filter(|d| d.fract().is_zero());
        whole.and_then(|d| d.to_u32()).ok_or(error)
    })
}

/// Reads the text of a `DateTimeString` with its format code. Without a code the forms that really come are
/// tried; the second part of the result says which form it was when it is none of ISO 8601.
pub(super) fn moment(
    text: &str,
    code: Option<&str>,
) -> Result<(Time, Option<&'static str>), ParseValueError> {
    match code {
        Some("102" | "203" | "204" | "304") => value::parse_time(text, code).map(|time| (time, None)),
        Some(code) => Err(ParseValueError::Time(
            value::shorten(text),
            format!("102, 203, 204 or 304; format code {} is not read", value::shorten(code)),
        )),
        None => value::parse_time(text, None).map(|time| (time, None)).or_else(|error| {
            let guessed = [("304", "code 304"), ("102", "code 102")]
                .into_iter()
                .find_map(|(code, name)| Some((value::parse_time(text, Some(code)).ok()?, Some(name))));
            guessed
                .or_else(|| Some((written_out(text)?, Some("`Wed Nov 13 09:30:00 UTC 2019`"))))
                .ok_or(error)
        }),
    }
}

/// `Wed Nov 13 09:30:00 UTC 2019`, which is what HMRC's systems write where they forget to format a moment.
fn written_out(text: &str) -> Option<Time> {
    let utc = NaiveDateTime::parse_from_str(text, "%a %b %d %H:%M:%S UTC %Y");
    let utc = utc.or_else(|_| NaiveDateTime::parse_from_str(text, "%a %b %d %H:%M:%S GMT %Y"));
    utc.ok().map(|t| t.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_may_be_written_as_a_decimal_but_must_be_whole() {
        assert_eq!(count("10"), Ok(10));
        assert_eq!(count("10.0"), Ok(10));
        for bad in ["10.5", "-1", "", "ten", "99999999999"] {
            assert!(count(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn moments_without_a_format_code() {
        let noon = value::parse_time("2019-11-13T12:00:00Z", None).unwrap();
        assert_eq!(moment("2019-11-13T12:00:00Z", None), Ok((noon, None)));
        assert_eq!(moment("20191113120000Z", None).unwrap(), (noon, Some("code 304")));
        assert_eq!(moment("Wed Nov 13 12:00:00 UTC 2019", None).unwrap().0, noon);
        assert_eq!(moment("20191113", None).unwrap().1, Some("code 102"));
        assert!(moment("13/11/2019", None).is_err());
        assert!(moment("2019", Some("%Y")).is_err(), "a format code is not a pattern");
    }
}

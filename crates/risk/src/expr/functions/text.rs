//! Functions of text. Positions and lengths count characters from 1; letters are compared byte by byte.
#![expect(clippy::unnecessary_wraps, reason = "kernels have one shape, whether they can fail or not")]

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, StringArray};
use arrow::datatypes::Int64Type;
use arrow::error::ArrowError;

use super::{Function, Parameter, Signature, fixed};
use crate::expr::kind::Kind;

const ONE_TEXT: &[Parameter] = &[Parameter::Text];
const TWO_TEXTS: &[Parameter] = &[Parameter::Text, Parameter::Text];
const TEXT_AND_COUNT: &[Parameter] = &[Parameter::Text, Parameter::Count];

/// The sign `||`.
pub(super) static CONCATENATE: Function =
    fixed("||", "a || b", "a followed by b; NULL if either is", (TWO_TEXTS, Kind::Text), |a| {
        Ok(Arc::new(pairs(a).map(|pair| pair.map(|(a, b)| format!("{a}{b}"))).collect::<StringArray>()))
    });

pub(super) static FUNCTIONS: [Function; 14] = [
    Function {
        name: "concat",
        usage: "concat(a, ...)",
        summary: "the texts one after the other, leaving out NULLs",
        signature: Signature::Texts,
        kernel: concat,
    },
    fixed("contains", "contains(text, part)", "whether the part occurs", (TWO_TEXTS, Kind::Boolean), |a| {
        test(a, |text, part| text.contains(part))
    }),
    fixed("ends_with", "ends_with(text, end)", "whether the text ends so", (TWO_TEXTS, Kind::Boolean), |a| {
        test(a, |text, end| text.ends_with(end))
    }),
    fixed(
        "left",
        "left(text, n)",
        "the first n characters, or all but the last -n",
        (TEXT_AND_COUNT, Kind::Text),
        |a| cut(a, |length, n| (0, if n < 0 { length.saturating_add(n) } else { n })),
    ),
    fixed("length", "length(text)", "how many characters", (ONE_TEXT, Kind::Integer), length),
    fixed("lower", "lower(text)", "in lower case", (ONE_TEXT, Kind::Text), |a| map(a, str::to_lowercase)),
    fixed("ltrim", "ltrim(text)", "without spaces in front", (ONE_TEXT, Kind::Text), |a| {
        map(a, |text| text.trim_start_matches(' ').to_owned())
    }),
    fixed(
        "right",
        "right(text, n)",
        "the last n characters, or all but the first -n",
        (TEXT_AND_COUNT, Kind::Text),
        |a| cut(a, |length, n| (if n < 0 { n.saturating_neg() } else { length.saturating_sub(n) }, length)),
    ),
    fixed("rtrim", "rtrim(text)", "without spaces at the end", (ONE_TEXT, Kind::Text), |a| {
        map(a, |text| text.trim_end_matches(' ').to_owned())
    }),
    fixed(
        "starts_with",
        "starts_with(text, start)",
        "whether the text starts so",
        (TWO_TEXTS, Kind::Boolean),
        |a| test(a, |text, start| text.starts_with(start)),
    ),
    fixed(
        "strpos",
        "strpos(text, part)",
        "where the part first occurs, 0 if nowhere",
        (TWO_TEXTS, Kind::Integer),
        strpos,
    ),
    Function {
        name: "substr",
        usage: "substr(text, start [, count])",
        summary: "count characters from start, all if no count; NULL if the count is negative",
        signature: Signature::Fixed {
            parameters: &[Parameter::Text, Parameter::Count, Parameter::Count],
            required: 2,
            result: Kind::Text,
        },
        kernel: substr,
    },
    fixed("trim", "trim(text)", "without spaces at either side", (ONE_TEXT, Kind::Text), |a| {
        map(a, |text| text.trim_matches(' ').to_owned())
    }),
    fixed("upper", "upper(text)", "in capitals", (ONE_TEXT, Kind::Text), |a| map(a, str::to_uppercase)),
];

fn map(arguments: &[ArrayRef], compute: impl Fn(&str) -> String) -> Result<ArrayRef, ArrowError> {
    let texts = arguments[0].as_string::<i32>();
    Ok(Arc::new(texts.iter().map(|text| text.map(&compute)).collect::<StringArray>()))
}

fn test(arguments: &[ArrayRef], compute: impl Fn(&str, &str) -> bool) -> Result<ArrayRef, ArrowError> {
    let result = pairs(arguments).map(|pair| pair.map(|(text, part)| compute(text, part)));
    Ok(Arc::new(result.collect::<BooleanArray>()))
}

/// Rows of two texts; nothing where either is NULL.
fn pairs(arguments: &[ArrayRef]) -> impl Iterator<Item = Option<(&str, &str)>> {
    let (left, right) = (arguments[0].as_string::<i32>(), arguments[1].as_string::<i32>());
    left.iter().zip(right).map(|(left, right)| left.zip(right))
}

fn concat(arguments: &[ArrayRef]) -> Result<ArrayRef, ArrowError> {
    let texts: Vec<&StringArray> = arguments.iter().map(AsArray::as_string::<i32>).collect();
    let row =
        |row| texts.iter().filter(|text| text.is_valid(row)).map(|text| text.value(row)).collect::<String>();
    Ok(Arc::new((0..texts[0].len()).map(|index| Some(row(index))).collect::<StringArray>()))
}

fn length(arguments: &[ArrayRef]) -> Result<ArrayRef, ArrowError> {
    let texts = arguments[0].as_string::<i32>();
    Ok(Arc::new(
        texts.iter().map(|text| text.map(|text| text.chars().count() as i64)).collect::<Int64Array>(),
    ))
}

fn strpos(arguments: &[ArrayRef]) -> Result<ArrayRef, ArrowError> {
    let position =
        |text: &str, part: &str| text.find(part).map_or(0, |at| text[..at].chars().count() as i64 + 1);
    let result = pairs(arguments).map(|pair| pair.map(|(text, part)| position(text, part)));
    Ok(Arc::new(result.collect::<Int64Array>()))
}

/// Cuts each text to the characters between two places, counted from 0, that follow from its length and `n`.
fn cut(arguments: &[ArrayRef], range: impl Fn(i64, i64) -> (i64, i64)) -> Result<ArrayRef, ArrowError> {
    let (texts, counts) = (arguments[0].as_string::<i32>(), arguments[1].as_primitive::<Int64Type>());
    let result = texts.iter().zip(counts).map(|(text, n)| {
        let (text, n) = text.zip(n)?;
        let (from, to) = range(text.chars().count() as i64, n);
        Some(characters(text, from, to))
    });
    Ok(Arc::new(result.collect::<StringArray>()))
}

fn substr(arguments: &[ArrayRef]) -> Result<ArrayRef, ArrowError> {
    let (texts, starts) = (arguments[0].as_string::<i32>(), arguments[1].as_primitive::<Int64Type>());
    let counts = arguments.get(2).map(AsArray::as_primitive::<Int64Type>);
    let result = texts.iter().zip(starts).enumerate().map(|(row, (text, start))| {
        let (text, start) = text.zip(start)?;
        let from = start.saturating_sub(1);
        let to = match counts {
            None => i64::MAX,
            Some(counts) if counts.is_valid(row) && counts.value(row) >= 0 => {
                from.saturating_add(counts.value(row))
            }
            Some(_) => return None,
        };
        Some(characters(text, from, to))
    });
    Ok(Arc::new(result.collect::<StringArray>()))
}

/// The characters from one place to before another, counted from 0; places outside the text are clamped to it.
fn characters(text: &str, from: i64, to: i64) -> &str {
    let byte = |place: i64| {
        let place = usize::try_from(place).unwrap_or(0);
        text.char_indices().nth(place).map_or(text.len(), |(at, _)| at)
    };
    let from = byte(from);
    &text[from..byte(to).max(from)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_clamped_to_the_text() {
        assert_eq!(characters("中国ab", 1, 3), "国a");
        assert_eq!(characters("abc", i64::MIN, i64::MAX), "abc");
        assert_eq!(characters("abc", 2, 1), "");
        assert_eq!(characters("abc", 7, 9), "");
        assert_eq!(characters("", 0, 5), "");
    }
}

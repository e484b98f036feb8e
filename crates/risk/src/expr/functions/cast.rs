//! Conversion from kind to kind, NULL wherever a value has no counterpart.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Float64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Decimal256Type, TimestampMicrosecondType};
use arrow::error::ArrowError;
use chrono::DateTime;

use super::{canonical_floats, dates, parse_day, parse_instant};
use crate::expr::kind::Kind;

const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;

/// Converts a column of one kind's Arrow type into another kind's.
pub(in crate::expr) fn cast(array: &ArrayRef, to: Kind) -> Result<ArrayRef, ArrowError> {
    let target = to.data_type();
    match (array.data_type(), to) {
        (from, _) if *from == target => Ok(Arc::clone(array)),
        (DataType::Decimal128(_, scale), Kind::Float) => Ok(Arc::new(decimal_to_float(array, *scale))),
        (DataType::Decimal256(_, scale), Kind::Float) => Ok(Arc::new(wide_decimal_to_float(array, *scale))),
        (DataType::Utf8, Kind::Float) => {
            let parsed = arrow_cast(array, &target)?;
            Ok(Arc::new(canonical_floats(parsed.as_primitive())))
        }
        (DataType::Utf8, Kind::Date) => {
            let texts = array.as_string::<i32>().iter();
            Ok(Arc::new(texts.map(|text| parse_day(text?)).collect::<Date32Array>()))
        }
        (DataType::Utf8, Kind::Timestamp) => {
            let texts = array.as_string::<i32>().iter();
            Ok(Arc::new(texts.map(|text| parse_instant(text?)).collect::<TimestampMicrosecondArray>()))
        }
        (DataType::Date32, Kind::Timestamp) => {
            let instants: TimestampMicrosecondArray = array
                .as_primitive::<Date32Type>()
                .unary_opt(|day| i64::from(day).checked_mul(MICROSECONDS_PER_DAY));
            Ok(Arc::new(instants))
        }
        (DataType::Timestamp(..), Kind::Date) => {
            let days: Date32Array = array
                .as_primitive::<TimestampMicrosecondType>()
                .unary_opt(|instant| i32::try_from(instant.div_euclid(MICROSECONDS_PER_DAY)).ok());
            Ok(Arc::new(days))
        }
        (DataType::Date32, Kind::Text) => {
            let days = array.as_primitive::<Date32Type>().iter();
            let texts = days.map(|day| Some(dates::calendar_day(day?)?.format("%Y-%m-%d").to_string()));
            Ok(Arc::new(texts.collect::<StringArray>()))
        }
        (DataType::Timestamp(..), Kind::Text) => {
            let instants = array.as_primitive::<TimestampMicrosecondType>().iter();
            let texts = instants.map(|instant| {
                let instant = DateTime::from_timestamp_micros(instant?)?;
                Some(instant.format("%Y-%m-%d %H:%M:%S%.f").to_string())
            });
            Ok(Arc::new(texts.collect::<StringArray>()))
        }
        _ => arrow_cast(array, &target),
    }
}

fn arrow_cast(array: &ArrayRef, target: &DataType) -> Result<ArrayRef, ArrowError> {
    cast_with_options(array, target, &CastOptions { safe: true, ..CastOptions::default() })
}

/// A decimal number as text that a float can be read from.
pub(in crate::expr) fn decimal_text(unscaled: impl std::fmt::Display, scale: i8) -> String {
    format!("{unscaled}e-{scale}")
}

/// One correctly rounded division; exact up to 15 digits. Arrow's own cast takes a power of ten from `powi`, whose
/// bits differ between machines.
fn decimal_to_float(array: &ArrayRef, scale: i8) -> Float64Array {
    let unit = parse_float(&format!("1e{scale}"));
    array.as_primitive::<Decimal128Type>().unary(|unscaled| unscaled as f64 / unit)
}

/// Only unions of very unlike decimals are so wide: reading their digits is slow but right.
fn wide_decimal_to_float(array: &ArrayRef, scale: i8) -> Float64Array {
    array.as_primitive::<Decimal256Type>().unary(|unscaled| parse_float(&decimal_text(unscaled, scale)))
}

/// Decimal digits as the nearest float. The texts are our own, so that NaN would be a defect, not an input.
fn parse_float(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

//! The kinds of value an expression works with: eight, whatever Arrow types the columns have.

use std::fmt;

use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType, TimeUnit};

/// Digits before the point of any 64-bit integer.
const INTEGER_DIGITS: u8 = 19;

/// A kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The literal `NULL`, which goes with every kind.
    Null,
    /// `TRUE` or `FALSE`.
    Boolean,
    /// A 64-bit integer, compared exactly.
    Integer,
    /// A decimal number, compared exactly.
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Digits after the point.
        scale: i8,
    },
    /// A finite 64-bit float without negative zero: the result of all arithmetic.
    Float,
    /// Text.
    Text,
    /// A calendar day.
    Date,
    /// An instant, in microseconds of UTC.
    Timestamp,
}

impl Kind {
    /// The kind a column of this Arrow type is read as, if it can be read.
    pub(super) fn of_column(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Boolean => Self::Boolean,
            // Wider than an integer of ours; smaller ones of either kind fit.
            DataType::UInt64 => Self::Decimal { precision: 20, scale: 0 },
            integer if integer.is_integer() => Self::Integer,
            DataType::Decimal32(precision, scale)
            | DataType::Decimal64(precision, scale)
            | DataType::Decimal128(precision, scale)
                if *scale >= 0 =>
            {
                Self::Decimal { precision: *precision, scale: *scale }
            }
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Self::Float,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Text,
            DataType::Dictionary(_, values) if Self::of_column(values) == Some(Self::Text) => Self::Text,
            DataType::Date32 | DataType::Date64 => Self::Date,
            DataType::Timestamp(..) => Self::Timestamp,
            _ => return None,
        })
    }

    /// The one Arrow type that holds values of this kind.
    pub(super) fn data_type(self) -> DataType {
        match self {
            Self::Null => DataType::Null,
            Self::Boolean => DataType::Boolean,
            Self::Integer => DataType::Int64,
            Self::Decimal { precision, scale } if precision <= DECIMAL128_MAX_PRECISION => {
                DataType::Decimal128(precision, scale)
            }
            Self::Decimal { precision, scale } => DataType::Decimal256(precision, scale),
            Self::Float => DataType::Float64,
            Self::Text => DataType::Utf8,
            Self::Date => DataType::Date32,
            // Without a zone: the values are of UTC, and zone names would need a time zone database.
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        }
    }

    /// Whether this is one of the three kinds of number.
    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal { .. } | Self::Float)
    }

    /// The kind in which values of both can be compared, if they can.
    ///
    /// Integers and decimals meet without loss; a float takes the other to a float. Columns have at most 38
    /// digits before and 38 after the point, so that the 76 digits of a wide decimal always suffice.
    pub(super) fn common(self, other: Self) -> Option<Self> {
        match (self, other) {
            (same, other) if same == other => Some(same),
            (Self::Null, kind) | (kind, Self::Null) => Some(kind),
            (Self::Float, number) | (number, Self::Float) if number.is_number() => Some(Self::Float),
            (Self::Date, Self::Timestamp) | (Self::Timestamp, Self::Date) => Some(Self::Timestamp),
            (left, right) => {
                let (left_digits, left_scale) = left.digits()?;
                let (right_digits, right_scale) = right.digits()?;
                let scale = left_scale.max(right_scale);
                Some(Self::Decimal { precision: left_digits.max(right_digits) + scale.unsigned_abs(), scale })
            }
        }
    }

    /// Digits before the point and after it, of an exact number.
    fn digits(self) -> Option<(u8, i8)> {
        match self {
            Self::Integer => Some((INTEGER_DIGITS, 0)),
            Self::Decimal { precision, scale } => Some((precision - scale.unsigned_abs(), scale)),
            _ => None,
        }
    }

    /// A short stable name, part of the canonical text of expressions.
    pub(super) fn label(self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Boolean => "boolean".to_owned(),
            Self::Integer => "integer".to_owned(),
            Self::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
            Self::Float => "float".to_owned(),
            Self::Text => "text".to_owned(),
            Self::Date => "date".to_owned(),
            Self::Timestamp => "timestamp".to_owned(),
        }
    }
}

/// The kind as messages name it.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "NULL",
            Self::Boolean => "a truth value",
            Self::Integer | Self::Decimal { .. } | Self::Float => "a number",
            Self::Text => "text",
            Self::Date => "a date",
            Self::Timestamp => "a timestamp",
        })
    }
}

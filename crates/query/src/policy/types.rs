//! Types of columns as policies name them.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use serde::Deserialize;
use tidegate_records::table::{AMOUNT_DECIMALS, MEASURE_DECIMALS};

/// Type of a column that holds single values. Columns of lists have none: they are shown whole or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnType {
    /// Text.
    Text,
    /// Whole number.
    Integer,
    /// Decimal number.
    Decimal,
    /// Floating-point number.
    Real,
    /// Moment in UTC.
    Moment,
    /// Truth value.
    Flag,
}

impl ColumnType {
    /// Type of a column; none for lists.
    pub(super) fn of(data_type: &DataType) -> Option<Self> {
        match data_type {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(Self::Text),
            DataType::Int64 => Some(Self::Integer),
            DataType::Decimal128(..) => Some(Self::Decimal),
            DataType::Float64 => Some(Self::Real),
            DataType::Timestamp(..) => Some(Self::Moment),
            DataType::Boolean => Some(Self::Flag),
            _ => None,
        }
    }

    /// Values that an expression must not fail on, as texts.
    pub(super) fn extremes(self) -> Vec<&'static str> {
        match self {
            Self::Text => vec!["", "a", "\u{10FFFF}\u{301}", "' OR 1 = 1 --"],
            Self::Integer => vec!["0", "-9223372036854775808", "9223372036854775807"],
            Self::Decimal => vec!["0", "-9999999999999999.999", "9999999999999999.999", "0.001"],
            Self::Real => vec!["0", "-0", "NaN", "inf", "-inf", "1e-310", "1.8e308"],
            Self::Moment => vec!["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z"],
            Self::Flag => vec!["true", "false"],
        }
    }

    /// Arrow types of the columns of this type; an expression must suit all of them.
    pub(super) fn data_types(self) -> Vec<DataType> {
        match self {
            Self::Text => vec![DataType::Utf8],
            Self::Integer => vec![DataType::Int64],
            Self::Decimal => {
                [AMOUNT_DECIMALS, MEASURE_DECIMALS].map(|(p, s)| DataType::Decimal128(p, s)).to_vec()
            }
            Self::Real => vec![DataType::Float64],
            Self::Moment => vec![DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))],
            Self::Flag => vec![DataType::Boolean],
        }
    }
}

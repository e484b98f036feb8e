//! Constants as written: numbers keep the digits they have, dates are checked here.

use arrow::datatypes::DECIMAL128_MAX_PRECISION;
use datafusion_common::ScalarValue;
use sqlparser::ast::{DataType, Expr, TypedString, Value};

use super::{Checked, Checker};
use crate::expr::error::Problem;
use crate::expr::functions::{parse_day, parse_instant};
use crate::expr::kind::Kind;
use crate::expr::node::Node;

impl Checker<'_> {
    pub(super) fn value(&self, value: &Value, expr: &Expr) -> Checked<Node> {
        match value {
            Value::Null => Ok(Node::Literal { value: ScalarValue::Null, kind: Kind::Null }),
            Value::Boolean(value) => Ok(Node::boolean(*value)),
            Value::SingleQuotedString(text) => {
                Ok(Node::Literal { value: ScalarValue::Utf8(Some(text.clone())), kind: Kind::Text })
            }
            Value::Number(digits, false) => number(digits).ok_or_else(|| {
                let hint = "write up to 38 digits, or an exponent within the range of a 64-bit float";
                self.error(expr, Problem::BadLiteral { text: digits.clone(), what: "number", hint })
            }),
            _ => self.not_allowed(expr),
        }
    }

    /// `DATE '...'` and `TIMESTAMP '...'`.
    pub(super) fn typed_literal(&self, literal: &TypedString, expr: &Expr) -> Checked<Node> {
        let Value::SingleQuotedString(text) = &literal.value.value else {
            return self.not_allowed(expr);
        };
        let (value, kind, what, hint) = match literal.data_type {
            DataType::Date => (
                parse_day(text).map(|day| ScalarValue::Date32(Some(day))),
                Kind::Date,
                "date",
                "write DATE '2024-01-31'",
            ),
            DataType::Timestamp(None, _) => (
                parse_instant(text).map(|instant| ScalarValue::TimestampMicrosecond(Some(instant), None)),
                Kind::Timestamp,
                "timestamp",
                "write TIMESTAMP '2024-01-31 23:59:59'",
            ),
            _ => return self.not_allowed(expr),
        };
        match value {
            Some(value) => Ok(Node::Literal { value, kind }),
            None => Err(self.error(expr, Problem::BadLiteral { text: format!("'{text}'"), what, hint })),
        }
    }
}

/// A number as exactly as it is written: an integer, else a decimal, else (with an exponent) a float.
fn number(digits: &str) -> Option<Node> {
    if let Ok(value) = digits.parse::<i64>() {
        return Some(Node::Literal { value: ScalarValue::Int64(Some(value)), kind: Kind::Integer });
    }
    if digits.contains(['e', 'E']) {
        let value = digits.parse::<f64>().ok().filter(|value| value.is_finite())?;
        return Some(Node::Literal { value: ScalarValue::Float64(Some(value)), kind: Kind::Float });
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0');
    let precision = u8::try_from(whole.len() + fraction.len()).ok()?.max(1);
    let scale = i8::try_from(fraction.len()).ok()?;
    if precision > DECIMAL128_MAX_PRECISION {
        return None;
    }
    let unscaled = format!("0{whole}{fraction}").parse::<i128>().ok()?;
    let value = ScalarValue::Decimal128(Some(unscaled), precision, scale);
    Some(Node::Literal { value, kind: Kind::Decimal { precision, scale } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(digits: &str) -> ScalarValue {
        number(digits).unwrap().literal().unwrap().clone()
    }

    #[test]
    fn numbers_keep_their_digits() {
        assert_eq!(value("9223372036854775807"), ScalarValue::Int64(Some(i64::MAX)));
        assert_eq!(
            value("9223372036854775808"),
            ScalarValue::Decimal128(Some(9_223_372_036_854_775_808), 19, 0)
        );
        assert_eq!(value("0.10"), ScalarValue::Decimal128(Some(10), 2, 2));
        assert_eq!(value(".5"), ScalarValue::Decimal128(Some(5), 1, 1));
        assert_eq!(value("007.5"), ScalarValue::Decimal128(Some(75), 2, 1));
        assert_eq!(value("0."), ScalarValue::Decimal128(Some(0), 1, 0));
        assert_eq!(value("1e3"), ScalarValue::Float64(Some(1000.0)));
    }

    #[test]
    fn numbers_without_a_place_are_refused() {
        assert_eq!(number("1e999"), None);
        assert_eq!(number(&"9".repeat(39)), None);
        assert_eq!(number(&format!("0.{}", "1".repeat(400))), None);
    }
}

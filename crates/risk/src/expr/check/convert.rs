//! `CASE` and `CAST`.

use arrow::datatypes::DECIMAL128_MAX_PRECISION;
use datafusion_common::ScalarValue;
use sqlparser::ast::{CaseWhen, DataType, ExactNumberInfo, Expr, TimezoneInfo};

use super::messages::shown;
use super::{Checked, Checker, Wanted};
use crate::expr::error::Problem;
use crate::expr::kind::Kind;
use crate::expr::node::{Comparison, Node};

/// Digits after the point a float can be brought to by an exact power of ten.
const MAX_CAST_SCALE: u64 = 18;

impl Checker<'_> {
    /// `CASE`, with or without an operand, which is compared with each `WHEN` in turn.
    pub(super) fn case(
        &mut self,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&Expr>,
        expr: &Expr,
    ) -> Checked<Node> {
        let operand = operand.map(|operand| Ok((self.node(operand)?, operand))).transpose()?;
        let mut tests = Vec::new();
        let mut values = Vec::new();
        for CaseWhen { condition, result } in conditions {
            tests.push(match &operand {
                None => self.operand_as(condition, Wanted::Boolean, Kind::Boolean, "WHEN")?,
                Some((node, operand)) => {
                    let copy = self.copy(node, expr)?;
                    let value = self.node(condition)?;
                    self.compare(Comparison::Equal, (copy, operand), (value, condition), expr)?
                }
            });
            values.push((self.node(result)?, result));
        }
        let null = Node::Literal { value: ScalarValue::Null, kind: Kind::Null };
        values.push(match otherwise {
            Some(otherwise) => (self.node(otherwise)?, otherwise),
            None => (null, expr),
        });
        let mut values = self.alike(values)?;
        let Some(otherwise) = values.pop() else {
            return self.not_allowed(expr);
        };
        let kind = otherwise.kind();
        let branches = tests.into_iter().zip(values).collect();
        self.build(Node::Case { branches, otherwise: Box::new(otherwise), kind }, expr)
    }

    /// `CAST`, which always means `TRY_CAST`: what cannot be converted is NULL.
    pub(super) fn cast(&mut self, value: &Expr, data_type: &DataType, expr: &Expr) -> Checked<Node> {
        let Some(to) = cast_target(data_type) else {
            let what = format!("CAST to {data_type}");
            let instead =
                "cast to BOOLEAN, BIGINT, DOUBLE, DECIMAL(p, s) with s up to 18, VARCHAR, DATE or TIMESTAMP";
            return Err(self.error(expr, Problem::NotAllowed { what, instead: instead.to_owned() }));
        };
        let node = self.node(value)?;
        if can_cast(node.kind(), to) {
            return self.convert(node, to, expr);
        }
        let what = format!("{} is {}, which has no counterpart as {to}", shown(value), node.kind());
        let hint = match to {
            Kind::Boolean => "compare it instead, as in x <> 0",
            _ if to.is_number() => "use day_number for the days since 1970-01-01",
            _ => "there is no other way round",
        };
        Err(self.error(value, Problem::Mismatch { what, hint: hint.to_owned() }))
    }
}

/// The kind a type name stands for. Narrower types are left out: their overflow would be a second kind of NULL.
fn cast_target(data_type: &DataType) -> Option<Kind> {
    match data_type {
        DataType::Boolean | DataType::Bool => Some(Kind::Boolean),
        DataType::BigInt(None) | DataType::Integer(None) | DataType::Int(None) => Some(Kind::Integer),
        DataType::Double(ExactNumberInfo::None) | DataType::DoublePrecision => Some(Kind::Float),
        DataType::Decimal(info) | DataType::Numeric(info) => decimal(info),
        DataType::Varchar(None) | DataType::Text | DataType::String(None) => Some(Kind::Text),
        DataType::Date => Some(Kind::Date),
        DataType::Timestamp(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            Some(Kind::Timestamp)
        }
        _ => None,
    }
}

fn decimal(info: &ExactNumberInfo) -> Option<Kind> {
    let (precision, scale) = match info {
        ExactNumberInfo::None => return None,
        ExactNumberInfo::Precision(precision) => (*precision, 0),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => (*precision, u64::try_from(*scale).ok()?),
    };
    let fits = (1..=u64::from(DECIMAL128_MAX_PRECISION)).contains(&precision)
        && scale <= precision.min(MAX_CAST_SCALE);
    fits.then(|| {
        Some(Kind::Decimal { precision: u8::try_from(precision).ok()?, scale: i8::try_from(scale).ok()? })
    })?
}

/// Text and NULL convert to anything and anything to text; numbers among themselves, days and instants, and truth
/// values to 0 and 1.
fn can_cast(from: Kind, to: Kind) -> bool {
    from == to
        || matches!(from, Kind::Null | Kind::Text)
        || to == Kind::Text
        || (from.is_number() && to.is_number())
        || (Wanted::Moment.accepts(from) && Wanted::Moment.accepts(to))
        || (from == Kind::Boolean && matches!(to, Kind::Integer | Kind::Float))
}

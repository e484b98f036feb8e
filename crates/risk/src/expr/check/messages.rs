//! What refusals say: where, what was found, and what would be right.

use sqlparser::ast::{Expr, Query, SetExpr, UnaryOperator, Value};
use sqlparser::tokenizer::Location;

use super::Wanted;
use crate::expr::error::Problem;
use crate::expr::functions::FUNCTIONS;
use crate::expr::kind::Kind;
use crate::expr::suggest::nearest;

/// Functions people reach for that cannot be on the list, and why.
const ELSEWHERE: [(&[&str], &str); 4] = [
    (
        &["now", "today", "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"],
        "the clock is not read, so that a decision can be replayed: compare with a date column or with DATE '2024-01-31', and give a rule its dates of validity",
    ),
    (
        &["random", "rand", "uuid", "gen_random_uuid", "newid"],
        "nothing here is random: random selection is made by the selection policy",
    ),
    (
        &[
            "sum",
            "count",
            "avg",
            "mean",
            "min",
            "max",
            "median",
            "stddev",
            "var",
            "variance",
            "array_agg",
            "string_agg",
        ],
        "an expression sees one record: use a profile look-up for many, least or greatest for the columns of one",
    ),
    (
        &["row_number", "rank", "dense_rank", "lag", "lead", "first_value", "last_value", "ntile"],
        "an expression sees one record: use a profile look-up for what came before",
    ),
];

/// The place of an expression's first word, found without recursion, as deep as a chain may be.
pub(super) fn start(mut expr: &Expr) -> Option<Location> {
    loop {
        expr = match expr {
            Expr::Identifier(ident) => return known(ident.span.start),
            Expr::CompoundIdentifier(idents) => return known(idents.first()?.span.start),
            Expr::Value(value) => return known(value.span.start),
            Expr::TypedString(literal) => return known(literal.value.span.start),
            Expr::Case { case_token, .. } => return known(case_token.0.span.start),
            Expr::Wildcard(token) | Expr::QualifiedWildcard(_, token) => return known(token.0.span.start),
            Expr::Function(function) => return known(function.name.0.first()?.as_ident()?.span.start),
            Expr::Subquery(query) | Expr::Exists { subquery: query, .. } => return select(query),
            Expr::Tuple(items) => items.first()?,
            Expr::BinaryOp { left: inner, .. }
            | Expr::IsDistinctFrom(inner, _)
            | Expr::IsNotDistinctFrom(inner, _)
            | Expr::AnyOp { left: inner, .. }
            | Expr::AllOp { left: inner, .. }
            | Expr::Nested(inner)
            | Expr::UnaryOp { expr: inner, .. }
            | Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsTrue(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsFalse(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsUnknown(inner)
            | Expr::IsNotUnknown(inner)
            | Expr::Between { expr: inner, .. }
            | Expr::InList { expr: inner, .. }
            | Expr::InSubquery { expr: inner, .. }
            | Expr::Like { expr: inner, .. }
            | Expr::ILike { expr: inner, .. }
            | Expr::SimilarTo { expr: inner, .. }
            | Expr::RLike { expr: inner, .. }
            | Expr::Cast { expr: inner, .. }
            | Expr::Collate { expr: inner, .. }
            | Expr::Extract { expr: inner, .. }
            | Expr::Ceil { expr: inner, .. }
            | Expr::Floor { expr: inner, .. }
            | Expr::Position { expr: inner, .. }
            | Expr::Substring { expr: inner, .. }
            | Expr::Trim { expr: inner, .. }
            | Expr::AtTimeZone { timestamp: inner, .. }
            | Expr::CompoundFieldAccess { root: inner, .. } => inner,
            Expr::Interval(interval) => &interval.value,
            _ => return None,
        };
    }
}

fn select(query: &Query) -> Option<Location> {
    match query.body.as_ref() {
        SetExpr::Select(select) => known(select.select_token.0.span.start),
        _ => None,
    }
}

/// sqlparser marks a place it does not know by line 0.
fn known(place: Location) -> Option<Location> {
    (place.line > 0).then_some(place)
}

/// An operand in few words, without going into it: it may be a chain of hundreds.
pub(super) fn shown(expr: &Expr) -> String {
    match expr {
        Expr::Nested(inner) => shown(inner),
        Expr::Identifier(_) | Expr::Value(_) | Expr::TypedString(_) | Expr::CompoundIdentifier(_) => {
            expr.to_string()
        }
        Expr::UnaryOp { op: UnaryOperator::Minus, expr: inner } if matches!(**inner, Expr::Value(_)) => {
            expr.to_string()
        }
        Expr::BinaryOp { op, .. } => format!("the result of {op}"),
        Expr::Function(function) => format!("{}(...)", function.name),
        Expr::Cast { data_type, .. } => format!("CAST(... AS {data_type})"),
        Expr::Case { .. } => "CASE ... END".to_owned(),
        _ => "the operand".to_owned(),
    }
}

/// An operand of the wrong kind.
pub(super) fn wrong_kind(expr: &Expr, found: Kind, wanted: Wanted, user: &str) -> Problem {
    let name = shown(expr);
    let needed = match wanted {
        Wanted::Boolean => Kind::Boolean.to_string(),
        Wanted::Number => Kind::Float.to_string(),
        Wanted::Text => Kind::Text.to_string(),
        Wanted::Moment => "a date or a timestamp".to_owned(),
    };
    let hint = match (wanted, found) {
        (Wanted::Number, Kind::Text) => format!("if it holds one, write CAST({name} AS DOUBLE)"),
        (Wanted::Number, Kind::Boolean) => format!("write CASE WHEN {name} THEN 1 ELSE 0 END"),
        (Wanted::Number, _) => format!("write day_number({name}) for the days since 1970-01-01"),
        (Wanted::Text, _) => format!("write CAST({name} AS VARCHAR)"),
        (Wanted::Boolean, Kind::Text) => format!("compare it, as in {name} = 'A'"),
        (Wanted::Boolean, kind) if kind.is_number() => format!("compare it, as in {name} > 0"),
        (Wanted::Boolean, _) => format!("compare it, as in {name} > DATE '2024-01-31'"),
        (Wanted::Moment, Kind::Text) => format!("if it holds one, write CAST({name} AS DATE)"),
        (Wanted::Moment, _) => "use a column of dates".to_owned(),
    };
    Problem::Mismatch { what: format!("{name} is {found}, but {user} needs {needed}"), hint }
}

/// Two operands that have no common kind.
pub(super) fn cannot_compare(left: (&Expr, Kind), right: (&Expr, Kind)) -> Problem {
    let ((left_expr, left_kind), (right_expr, right_kind)) = (left, right);
    let what = format!(
        "{} is {left_kind} and {} is {right_kind}, which do not go together",
        shown(left_expr),
        shown(right_expr)
    );
    // The one the hint is about comes second.
    let ((other, other_kind), (this, this_kind)) =
        if left_kind == Kind::Text { (right, left) } else { (left, right) };
    let hint = match (other_kind, this_kind) {
        (number, Kind::Text) if number.is_number() => match (literal(other), literal(this)) {
            (Some(number), _) => format!("codes are text: write '{number}', with its leading zeros"),
            (None, Some(text)) => format!("write the number without quotes: {}", text.trim_matches('\'')),
            (None, None) => format!("convert one, as in CAST({} AS DOUBLE)", shown(this)),
        },
        (Kind::Date | Kind::Timestamp, Kind::Text) => match literal(this) {
            Some(text) if other_kind == Kind::Date => format!("write DATE {text}"),
            Some(text) => format!("write TIMESTAMP {text}"),
            None => format!("convert it, as in CAST({} AS DATE)", shown(this)),
        },
        (Kind::Boolean, _) | (_, Kind::Boolean) => {
            "use the condition itself, or NOT and the condition".to_owned()
        }
        _ => "use day_number to get a number from a date".to_owned(),
    };
    Problem::Mismatch { what, hint }
}

fn literal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Nested(inner) => literal(inner),
        Expr::Value(value) => Some(value.to_string()),
        _ => None,
    }
}

/// A call of something that is not on the list.
pub(super) fn unknown_function(name: &str) -> Problem {
    let name = name.to_lowercase();
    let known = ["date_part", "date_trunc"];
    let names = FUNCTIONS.iter().copied().flatten().map(|function| function.name).chain(known);
    let why = ELSEWHERE.iter().find(|(names, _)| names.contains(&name.as_str())).map(|(_, why)| *why);
    let hint = match (why, nearest(&name, names)) {
        (Some(why), _) => why.to_owned(),
        (None, Some(near)) => format!("did you mean {near}?"),
        (None, None) => "see the list of functions for expressions".to_owned(),
    };
    Problem::UnknownFunction { name, hint }
}

/// SQL that is not part of the subset.
pub(super) fn not_allowed(expr: &Expr) -> Problem {
    let (what, instead) = match expr {
        Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => {
            ("a subquery", "an expression sees one record: use a profile look-up, or list the values")
        }
        Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => ("*", "name the columns"),
        Expr::CompoundIdentifier(_) | Expr::CompoundFieldAccess { .. } => {
            ("a name with a point or an index", "write the column's name alone")
        }
        Expr::Value(value) => match value.value {
            Value::Placeholder(_) => ("a parameter", "write the value itself"),
            Value::DoubleQuotedString(_) => ("text in double quotes", "use single quotes"),
            _ => ("this form of literal", "write a number, TRUE, FALSE, NULL or text in single quotes"),
        },
        Expr::Function(function) if function.over.is_some() => {
            ("a window function", "an expression sees one record: use a profile look-up for what came before")
        }
        Expr::Function(_) => {
            ("this form of call", "write name(a, b) with expressions between the brackets only")
        }
        Expr::Interval(_) => ("INTERVAL", "compute with days, as in day_number(x) + 30"),
        Expr::TypedString(_) => {
            ("this form of literal", "write DATE '2024-01-31' or TIMESTAMP '2024-01-31 23:59:59'")
        }
        Expr::Like { .. } | Expr::ILike { .. } => {
            ("LIKE with ANY or ESCAPE", "write plain LIKE, joined by OR")
        }
        Expr::SimilarTo { .. } | Expr::RLike { .. } => {
            ("a regular expression", "use LIKE, contains or starts_with")
        }
        Expr::BinaryOp { op, .. } => {
            let what = format!("the operator {op}");
            let instead = "use AND, OR, =, <>, <, <=, >, >=, +, -, *, /, % or ||".to_owned();
            return Problem::NotAllowed { what, instead };
        }
        Expr::Trim { .. } => ("this form of TRIM", "write trim, ltrim or rtrim, which take spaces off"),
        Expr::Tuple(_) => ("a row of several values", "compare the values one by one, joined by AND"),
        Expr::AtTimeZone { .. } => ("AT TIME ZONE", "timestamps are of UTC"),
        _ => {
            ("this construct", "use columns, literals, comparisons, CASE, CAST and the functions of the list")
        }
    };
    Problem::NotAllowed { what: what.to_owned(), instead: instead.to_owned() }
}

//! Patterns (`LIKE`) that escape with a sign of their own; the engine knows the backslash alone.

use super::{expression, text};
use sqlparser::ast::{Expr, Statement, Value, VisitMut, VisitorMut};
use std::convert::Infallible;
use std::ops::ControlFlow;

/// Lets all patterns escape with a backslash.
pub(super) fn escape(statement: &mut Statement) {
    let ControlFlow::Continue(()) = VisitMut::visit(statement, &mut Escape);
}

struct Escape;

impl VisitorMut for Escape {
    type Break = Infallible;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        let (Expr::Like { pattern, escape_char, .. } | Expr::ILike { pattern, escape_char, .. }) = expr
        else {
            return ControlFlow::Continue(());
        };
        let sign = match escape_char.as_ref().map(|value| &value.value) {
            Some(Value::SingleQuotedString(sign)) if sign != "\\" => sign.chars().next(),
            _ => None,
        };
        if let Some(sign) = sign
            && let Some(escaped) = escaped(pattern, sign)
        {
            **pattern = escaped;
            *escape_char = None;
        }
        ControlFlow::Continue(())
    }
}

/// The same pattern; one that is not known before is taken not to escape the sign itself.
fn escaped(pattern: &Expr, sign: char) -> Option<Expr> {
    let Some(known) = text(pattern) else {
        let sign = Value::SingleQuotedString(sign.to_string());
        return expression(&format!("replace({pattern}, {sign}, '\\')"));
    };
    let (mut escaped, mut signs) = (String::new(), known.chars());
    while let Some(next) = signs.next() {
        if next == '\\' {
            escaped.push_str("\\\\");
        } else if next == sign {
            escaped.push('\\');
            escaped.extend(signs.next());
        } else {
            escaped.push(next);
        }
    }
    Some(Expr::value(Value::SingleQuotedString(escaped)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::reworded_or_not;

    #[test]
    fn patterns_escape_with_a_backslash() {
        for (sql, expected) in [
            ("SELECT 1 WHERE 'a' LIKE 'pg/_%' ESCAPE '/'", "SELECT 1 WHERE 'a' LIKE 'pg\\_%'"),
            ("SELECT 1 WHERE 'a' NOT LIKE 'a//b' ESCAPE '/'", "SELECT 1 WHERE 'a' NOT LIKE 'a\\/b'"),
            (
                "SELECT 1 WHERE 'a' ILIKE $1::VARCHAR || '%' ESCAPE '/'",
                "SELECT 1 WHERE 'a' ILIKE replace($1::VARCHAR || '%', '/', '\\')",
            ),
            ("SELECT 1 WHERE 'a' LIKE 'b'", "SELECT 1 WHERE 'a' LIKE 'b'"),
        ] {
            assert_eq!(reworded_or_not(sql), expected);
        }
    }
}

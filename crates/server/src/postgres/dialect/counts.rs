//! Numbers of rows that are bound (`LIMIT $1 OFFSET $2`). Many clients give their values no type, and the engine takes those for texts.

use super::expression;
use sqlparser::ast::{Expr, LimitClause, Query, Statement, Value, VisitMut, VisitorMut};
use std::convert::Infallible;
use std::ops::ControlFlow;

/// Lets what is bound as a number of rows be one.
pub(super) fn number(statement: &mut Statement) {
    let ControlFlow::Continue(()) = VisitMut::visit(statement, &mut Number);
}

struct Number;

impl VisitorMut for Number {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        if let Some(LimitClause::LimitOffset { limit, offset, .. }) = &mut query.limit_clause {
            let offset = offset.as_mut().map(|offset| &mut offset.value);
            for count in limit.iter_mut().chain(offset).filter(|count| is_bound(count)) {
                if let Some(number) = expression(&format!("CAST({count} AS BIGINT)")) {
                    *count = number;
                }
            }
        }
        ControlFlow::Continue(())
    }
}

fn is_bound(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(value.value, Value::Placeholder(_)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::reworded_or_not;

    #[test]
    fn bound_numbers_of_rows_are_numbers() {
        for (sql, expected) in [
            (
                "SELECT office_id FROM declaration LIMIT $1 OFFSET $2",
                "SELECT office_id FROM declaration LIMIT CAST($1 AS BIGINT) OFFSET CAST($2 AS BIGINT)",
            ),
            (
                "SELECT count(*) FROM (SELECT month FROM declaration LIMIT $1) AS m",
                "SELECT count(*) FROM (SELECT month FROM declaration LIMIT CAST($1 AS BIGINT)) AS m",
            ),
            ("SELECT month FROM declaration LIMIT 5", "SELECT month FROM declaration LIMIT 5"),
            ("SELECT month FROM declaration LIMIT $1::INT", "SELECT month FROM declaration LIMIT $1::INT"),
        ] {
            assert_eq!(reworded_or_not(sql), expected);
        }
    }
}

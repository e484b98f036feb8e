//! Functions that the engine has as operators: `mod(a, b)`, which drivers of ODBC write for `{fn mod(a, b)}`.

use super::expression;
use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectNamePart, Statement, VisitMut, VisitorMut,
};
use std::convert::Infallible;
use std::ops::ControlFlow;

/// Puts operators in the place of functions.
pub(super) fn operate(statement: &mut Statement) {
    let ControlFlow::Continue(()) = VisitMut::visit(statement, &mut Operate);
}

struct Operate;

impl VisitorMut for Operate {
    type Break = Infallible;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        if let Expr::Function(function) = expr
            && let Some(ObjectNamePart::Identifier(name)) = function.name.0.last()
            && name.value.eq_ignore_ascii_case("mod")
            && let FunctionArguments::List(list) = &function.args
            && let [
                FunctionArg::Unnamed(FunctionArgExpr::Expr(left)),
                FunctionArg::Unnamed(FunctionArgExpr::Expr(right)),
            ] = list.args.as_slice()
            && let Some(operation) = expression(&format!("(({left}) % ({right}))"))
        {
            *expr = operation;
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::reworded_or_not;

    #[test]
    fn what_is_left_of_a_division_is_an_operator() {
        for (sql, expected) in [
            ("SELECT mod(5, 3)", "SELECT ((5) % (3))"),
            ("SELECT pg_catalog.MOD(a + 1, mod(b, 2)) FROM t", "SELECT ((a + 1) % (((b) % (2)))) FROM t"),
            ("SELECT mod(5)", "SELECT mod(5)"),
            ("SELECT mod FROM t", "SELECT mod FROM t"),
        ] {
            assert_eq!(reworded_or_not(sql), expected);
        }
    }
}

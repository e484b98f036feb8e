//! Queries of the catalog for a single value, which depend on the query around them. The engine wants to see that they
//! bring one row at most; clients know it, since they ask by the number of an object.

use super::{expression, gathers, is_of_pg_catalog, reads_only};
use sqlparser::ast::{Expr, GroupByExpr, Query, SelectItem, SetExpr, Statement, VisitMut, VisitorMut};
use std::convert::Infallible;
use std::ops::ControlFlow;

/// Makes it plain that queries for a single value bring one.
pub(super) fn gather(statement: &mut Statement) {
    let ControlFlow::Continue(()) = VisitMut::visit(statement, &mut Gather);
}

struct Gather;

impl VisitorMut for Gather {
    type Break = Infallible;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        if let Expr::Subquery(query) = expr
            && reads_only(query, is_of_pg_catalog)
        {
            gather_query(query);
        }
        ControlFlow::Continue(())
    }
}

fn gather_query(query: &mut Query) {
    if query.limit_clause.is_some() || query.fetch.is_some() {
        return;
    }
    let SetExpr::Select(select) = query.body.as_mut() else { return };
    let is_grouped = !matches!(&select.group_by, GroupByExpr::Expressions(by, _) if by.is_empty());
    if select.from.is_empty() || is_grouped || select.having.is_some() || gathers(&select.projection) {
        return;
    }
    if let [SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. }] =
        select.projection.as_mut_slice()
        && let Some(single) = expression(&format!("min({value})"))
    {
        *value = single;
        query.order_by = None;
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::reworded_or_not;

    #[test]
    fn a_single_value_is_made_of_one_row() {
        let sql =
            "SELECT (SELECT t.typcollation FROM pg_type t WHERE t.oid = a.atttypid) <> 0 FROM pg_attribute a";
        let expected = "SELECT (SELECT min(t.typcollation) FROM pg_type t WHERE t.oid = a.atttypid) <> 0 FROM pg_attribute a";
        assert_eq!(reworded_or_not(sql), expected);
    }

    #[test]
    fn what_is_no_single_value_of_the_catalog_stays() {
        for sql in [
            "SELECT (SELECT max(t.oid) FROM pg_type t)",
            "SELECT (SELECT t.oid FROM pg_type t LIMIT 1)",
            "SELECT ((SELECT office_id FROM declaration LIMIT 1)) FROM pg_type",
            "SELECT ((SELECT d.office_id FROM declaration d, pg_type t)) FROM pg_type",
        ] {
            assert_eq!(reworded_or_not(sql), sql);
        }
    }
}

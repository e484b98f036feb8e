//! Queries of the catalog for a single value, which depend on the query around them. The engine wants to see that they
//! bring one row at most; clients know it, since they ask by the number of an object.

use super::{expression, gathers};
use sqlparser::ast::{
    Expr, GroupByExpr, ObjectNamePart, Query, SelectItem, SetExpr, Statement, VisitMut, VisitorMut,
    visit_relations,
};
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
            && reads_the_catalog(query)
        {
            gather_query(query);
        }
        ControlFlow::Continue(())
    }
}

/// Whether a query reads tables of the catalog and no others.
fn reads_the_catalog(query: &Query) -> bool {
    let other = visit_relations(query, |name| {
        let table = name.0.last().and_then(ObjectNamePart::as_ident);
        if table.is_some_and(|table| table.value.to_lowercase().starts_with("pg_")) {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    other.is_continue()
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

//! Queries of which nothing can come: they read a table of the catalog that holds nothing, for there are no keys, indexes,
//! triggers or procedures. Clients ask for those in ways that the engine does not know, so of such a query only its columns
//! are kept.

use super::hollow::{column_name, hollow, never};
use super::{expression, folded, gathers, parameters};
use sqlparser::ast::{
    Expr, GroupByExpr, Ident, JoinOperator, ObjectName, ObjectNamePart, Query, Select, SelectItem, SetExpr,
    SetOperator, Statement, TableFactor, TableWithJoins, Visit, VisitMut, Visitor, VisitorMut,
};
use std::convert::Infallible;
use std::ops::ControlFlow;
use tidegate_query::WITHOUT_ROWS;

/// Takes out of a statement what brings nothing. One that calls a query of its own like a table of the catalog is left alone.
pub(super) fn leave_out(statement: &mut Statement) {
    if Visit::visit(statement, &mut OwnNames).is_break() {
        return;
    }
    let ControlFlow::Continue(()) = VisitMut::visit(statement, &mut LeaveOut);
}

/// Breaks at a query that is called like a table without rows.
struct OwnNames;

impl Visitor for OwnNames {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let own = query.with.iter().flat_map(|with| &with.cte_tables);
        let mut names = own.map(|own| own.alias.name.value.to_lowercase());
        if names.any(|name| WITHOUT_ROWS.contains(&name.as_str())) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

struct LeaveOut;

impl VisitorMut for LeaveOut {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        if is_nothing(query) {
            let never = never(&parameters(&*query));
            hollow(query, never.as_ref());
        } else {
            keep_names(query);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        let instead = match expr {
            Expr::Subquery(query) if is_nothing(query) => {
                let bound = parameters(&*query);
                let never = never(&bound).filter(|_| !bound.is_empty());
                never.map_or_else(
                    || expression("NULL"),
                    |never| expression(&format!("(CASE WHEN {never} THEN NULL END)")),
                )
            }
            Expr::Exists { subquery, negated } | Expr::InSubquery { subquery, negated, .. }
                if is_nothing(subquery) =>
            {
                let is_negated = *negated;
                let never = never(&parameters(&*expr));
                never.and_then(|never| {
                    expression(&if is_negated { format!("(NOT ({never}))") } else { format!("({never})") })
                })
            }
            _ => None,
        };
        if let Some(instead) = instead {
            *expr = instead;
        }
        ControlFlow::Continue(())
    }
}

/// Columns that are queries of nothing keep the names that they have without being given one.
fn keep_names(query: &mut Query) {
    let SetExpr::Select(select) = query.body.as_mut() else { return };
    for item in &mut select.projection {
        let SelectItem::UnnamedExpr(Expr::Subquery(asked)) = &*item else { continue };
        if let Some(alias) = only_column(asked).filter(|_| is_nothing(asked)) {
            *item = SelectItem::ExprWithAlias { expr: Expr::Subquery(asked.clone()), alias };
        }
    }
}

fn only_column(query: &Query) -> Option<Ident> {
    match query.body.as_select()?.projection.first()? {
        SelectItem::UnnamedExpr(expr) => Some(Ident::with_quote('"', column_name(expr))),
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.clone()),
        _ => None,
    }
}

fn is_nothing(query: &Query) -> bool {
    is_nothing_set(&query.body)
}

fn is_nothing_set(set: &SetExpr) -> bool {
    match set {
        SetExpr::Select(select) => is_nothing_select(select),
        SetExpr::Query(query) => is_nothing(query),
        SetExpr::SetOperation { left, op, right, .. } => match op {
            SetOperator::Union => is_nothing_set(left) && is_nothing_set(right),
            SetOperator::Intersect => is_nothing_set(left) || is_nothing_set(right),
            SetOperator::Except | SetOperator::Minus => is_nothing_set(left),
        },
        _ => false,
    }
}

/// Nothing comes of nothing, unless it is counted: that is one row, where there are no groups.
fn is_nothing_select(select: &Select) -> bool {
    let is_grouped = match &select.group_by {
        GroupByExpr::Expressions(by, modifiers) => {
            let is_column = |expr: &Expr| matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
            !by.is_empty() && modifiers.is_empty() && by.iter().all(is_column)
        }
        GroupByExpr::All(_) => false,
    };
    let is_counted = select.having.is_some() || gathers(&select.projection);
    (is_grouped || !is_counted) && select.from.iter().any(is_nothing_joined)
}

fn is_nothing_joined(table: &TableWithJoins) -> bool {
    table.joins.iter().fold(is_nothing_table(&table.relation), |left, join| {
        let right = is_nothing_table(&join.relation);
        match &join.join_operator {
            JoinOperator::Join(_) | JoinOperator::Inner(_) | JoinOperator::CrossJoin(_) => left || right,
            JoinOperator::Left(_) | JoinOperator::LeftOuter(_) => left,
            JoinOperator::Right(_) | JoinOperator::RightOuter(_) => right,
            JoinOperator::FullOuter(_) => left && right,
            _ => false,
        }
    })
}

fn is_nothing_table(table: &TableFactor) -> bool {
    match table {
        TableFactor::Table { name, args: None, .. } => is_without_rows(name),
        TableFactor::Derived { subquery, .. } => is_nothing(subquery),
        TableFactor::NestedJoin { table_with_joins, .. } => is_nothing_joined(table_with_joins),
        _ => false,
    }
}

fn is_without_rows(name: &ObjectName) -> bool {
    let parts: Vec<String> = name.0.iter().filter_map(ObjectNamePart::as_ident).map(folded).collect();
    match parts.as_slice() {
        [table] => WITHOUT_ROWS.contains(&table.as_str()),
        [schema, table] => schema == "pg_catalog" && WITHOUT_ROWS.contains(&table.as_str()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::reworded_or_not;

    #[test]
    fn of_a_query_of_nothing_the_columns_are_left() {
        for (sql, expected) in [
            (
                "SELECT i.*, c.relname AS name, pg_get_expr(i.indpred, i.indrelid, true) FROM pg_index i \
                 JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = $1 ORDER BY 1",
                "SELECT i.*, c.relname AS name, CAST(NULL AS TEXT) AS \"pg_get_expr\" FROM pg_index i \
                 JOIN pg_class c ON true WHERE false AND $1 IS NULL",
            ),
            (
                "SELECT (information_schema._pg_expandarray(i.indkey)).n AS key FROM pg_class ct, pg_index i",
                "SELECT CAST(NULL AS TEXT) AS key FROM pg_class ct, pg_index i WHERE false",
            ),
            (
                "SELECT k.conname, s.n FROM pg_constraint k, generate_series(1, 32) s(n)",
                "SELECT CAST(NULL AS TEXT) AS \"conname\", CAST(NULL AS TEXT) AS \"n\" WHERE false",
            ),
            (
                "SELECT a, NULL, NULL FROM pg_policy",
                "SELECT a, CAST(NULL AS TEXT) AS \"?column?\", CAST(NULL AS TEXT) AS \"?column?_\" FROM pg_policy \
                 WHERE false",
            ),
        ] {
            assert_eq!(reworded_or_not(sql), expected);
        }
    }

    #[test]
    fn what_nothing_is_compared_with_is_known_before() {
        for (sql, expected) in [
            (
                "SELECT relname FROM pg_class c WHERE NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = c.oid)",
                "SELECT relname FROM pg_class c WHERE (NOT (false))",
            ),
            (
                "SELECT relname FROM pg_class c WHERE c.oid IN (SELECT inhrelid FROM pg_inherits WHERE x = $2)",
                "SELECT relname FROM pg_class c WHERE (false AND $2 IS NULL)",
            ),
            (
                "SELECT CASE WHEN true THEN (SELECT adbin FROM pg_attrdef) END AS d FROM pg_class",
                "SELECT CASE WHEN true THEN NULL END AS d FROM pg_class",
            ),
            (
                "SELECT (SELECT d.adbin FROM pg_attrdef d), (SELECT c.collname FROM pg_collation c) FROM pg_class",
                "SELECT NULL AS \"adbin\", NULL AS \"collname\" FROM pg_class",
            ),
        ] {
            assert_eq!(reworded_or_not(sql), expected);
        }
    }

    #[test]
    fn what_may_bring_something_stays() {
        for sql in [
            "SELECT count(*) FROM pg_index",
            "SELECT c.relname FROM pg_class c LEFT JOIN pg_index i ON i.indrelid = c.oid",
            "SELECT i.indrelid FROM pg_index i FULL JOIN pg_class c ON i.indrelid = c.oid",
            "SELECT 1 FROM pg_index UNION SELECT 1 FROM pg_class",
            "SELECT * FROM other.pg_index",
            "WITH pg_index AS (SELECT 1 AS a) SELECT a FROM pg_index",
        ] {
            assert_eq!(reworded_or_not(sql), sql);
        }
    }
}

//! Queries for a single value among the columns of an answer. The library puts NULL in the place of those that it cannot tell to be
//! plain, and the first row in the place of several, which is meant for the catalog: what reads anything else stays what it is.

use super::{is_of_pg_catalog, reads_only};
use sqlparser::ast::{
    Expr, ObjectName, ObjectNamePart, Query, SelectItem, SetExpr, Statement, VisitMut, VisitorMut,
};
use std::convert::Infallible;
use std::ops::ControlFlow;

/// Keeps queries for a single value from the library, which does not look into brackets.
pub(super) fn keep(statement: &mut Statement) {
    let ControlFlow::Continue(()) = VisitMut::visit(statement, &mut Keep);
}

struct Keep;

impl VisitorMut for Keep {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        let SetExpr::Select(select) = query.body.as_mut() else { return ControlFlow::Continue(()) };
        for item in &mut select.projection {
            if let SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. } = item
                && let Expr::Subquery(of) = value
                && !is_of_the_catalog(of)
            {
                *value = Expr::Nested(Box::new(value.clone()));
            }
        }
        ControlFlow::Continue(())
    }
}

/// Whether a query reads tables of the catalog, and no others.
fn is_of_the_catalog(query: &Query) -> bool {
    let reads_some = !reads_only(query, |_| false);
    reads_some && reads_only(query, |table| is_of_pg_catalog(table) || is_of_information_schema(table))
}

fn is_of_information_schema(table: &ObjectName) -> bool {
    let schema = table.0.first().and_then(ObjectNamePart::as_ident);
    table.0.len() > 1 && schema.is_some_and(|schema| schema.value.to_lowercase() == "information_schema")
}

#[cfg(test)]
mod tests {
    use super::super::Dialect;

    fn read(sql: &str) -> String {
        Dialect::new().parse(sql).unwrap()[0].to_string()
    }

    #[test]
    fn a_value_of_other_tables_stays_what_it_is() {
        for (sql, value) in [
            (
                "SELECT d.month, (SELECT count(*) FROM goods_item g WHERE g.declaration_id = d.declaration_id) FROM declaration d",
                "((SELECT count(*) FROM goods_item g WHERE g.declaration_id = d.declaration_id))",
            ),
            (
                "SELECT (SELECT count(*) FROM declaration WHERE importer_id = $1) AS n",
                "importer_id = $1)) AS n",
            ),
            ("SELECT (SELECT office_id FROM declaration)", "((SELECT office_id FROM declaration))"),
            ("SELECT (SELECT $1)", "((SELECT $1))"),
            (
                "WITH w AS (SELECT (SELECT max(declaration.month) FROM declaration) AS m) SELECT m FROM w",
                "((SELECT max(declaration.month) FROM declaration)) AS m",
            ),
        ] {
            let read = read(sql);
            assert!(read.contains(value), "{sql}: {read}");
        }
    }

    #[test]
    fn a_value_of_the_catalog_is_for_the_library() {
        let sql = "SELECT c.relname, (SELECT d.description FROM pg_description d WHERE d.objoid = c.oid) FROM pg_class c";
        assert!(!read(sql).contains("pg_description"), "{}", read(sql));
    }
}

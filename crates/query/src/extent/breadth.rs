//! Whether what a statement lists can be planned: the engine makes a step of each window, which has all columns of those below it, and
//! of a cube a group for each choice among its columns; and each step looks for its columns among all of the one below it.

use super::more_than;
use crate::QueryError;
use datafusion::sql::sqlparser::ast::{
    Expr, GroupByExpr, OrderByKind, Query, Select, SelectItem, SetExpr, Statement, Visit, Visitor,
};
use std::collections::HashSet;
use std::ops::ControlFlow;

/// Most columns of a row, and of what rows are ordered or grouped by, as they are written; PostgreSQL has 1,664 of an answer.
const MOST_COLUMNS: usize = 2_000;

/// Most `*` of a statement, each of which stands for all columns of a table.
const MOST_STARS: usize = 100;

/// Most windows of a statement, those that are alike in one query counted once.
const MOST_WINDOWS: usize = 100;

/// Most columns of a cube, which has a group for each choice among them: 4,096.
const MOST_OF_A_CUBE: usize = 12;

/// Most columns of a rollup, and most grouping sets that are written one by one.
const MOST_OF_A_ROLLUP: usize = 64;
const MOST_SETS: usize = 4_096;

/// Makes sure that what a statement lists can be planned in a moment.
///
/// # Errors
/// [`QueryError::TooMuch`] when it lists too much.
pub(super) fn check(statement: &Statement) -> Result<(), QueryError> {
    let mut lists = Lists { stars: 0, windows: 0, open: vec![HashSet::new()] };
    match statement.visit(&mut lists) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

/// What was met of a statement.
struct Lists {
    stars: usize,
    windows: usize,
    /// Windows of the queries that enclose what is looked at, innermost last, behind the statement itself.
    open: Vec<HashSet<String>>,
}

impl Lists {
    fn window(&mut self, window: String) -> ControlFlow<QueryError> {
        let is_new = self.open.last_mut().is_none_or(|known| known.insert(window));
        self.windows += usize::from(is_new);
        at_most(
            self.windows,
            MOST_WINDOWS,
            "windows of a statement",
            "let more of them have one PARTITION BY and ORDER BY",
        )
    }
}

impl Visitor for Lists {
    type Break = QueryError;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<QueryError> {
        if let Some(order_by) = &query.order_by
            && let OrderByKind::Expressions(columns) = &order_by.kind
        {
            are_not_too_many(columns.len())?;
        }
        rows(&query.body)
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<QueryError> {
        let is_star =
            |item: &&SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
        self.stars += select.projection.iter().filter(is_star).count();
        self.open.push(HashSet::new());
        at_most(self.stars, MOST_STARS, "`*` of a statement", "name the columns")?;
        if let GroupByExpr::Expressions(columns, _) = &select.group_by {
            are_not_too_many(columns.len())?;
        }
        are_not_too_many(select.projection.len())
    }

    fn post_visit_select(&mut self, _: &Select) -> ControlFlow<QueryError> {
        self.open.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<QueryError> {
        let all = |sets: &[Vec<Expr>]| -> usize { sets.iter().map(Vec::len).sum() };
        let advice = "write out the grouping sets that are wanted";
        match expr {
            Expr::Function(function) => match &function.over {
                Some(window) => self.window(window.to_string()),
                None => ControlFlow::Continue(()),
            },
            Expr::Cube(sets) => at_most(all(sets), MOST_OF_A_CUBE, "columns of a cube", advice),
            Expr::Rollup(sets) => at_most(all(sets), MOST_OF_A_ROLLUP, "columns of a rollup", advice),
            Expr::GroupingSets(sets) => at_most(
                sets.len().max(all(sets)),
                MOST_SETS,
                "columns of grouping sets",
                "ask in several statements",
            ),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// Rows that are written out, beside each other or in a union.
fn rows(of: &SetExpr) -> ControlFlow<QueryError> {
    match of {
        SetExpr::Values(values) => are_not_too_many(values.rows.first().map_or(0, |row| row.content.len())),
        SetExpr::SetOperation { left, right, .. } => {
            rows(left)?;
            rows(right)
        }
        _ => ControlFlow::Continue(()),
    }
}

fn are_not_too_many(columns: usize) -> ControlFlow<QueryError> {
    at_most(columns, MOST_COLUMNS, "columns of a row", "ask in several statements")
}

fn at_most(found: usize, most: usize, what: &'static str, advice: &'static str) -> ControlFlow<QueryError> {
    if found > most { ControlFlow::Break(more_than(what, most, advice)) } else { ControlFlow::Continue(()) }
}

#[cfg(test)]
mod tests {
    use crate::Limits;
    use crate::platform::tests::{platform, reader};

    /// So many of what is written with a number, beside each other.
    fn many(count: usize, written: impl Fn(usize) -> String) -> String {
        (1..=count).map(written).collect::<Vec<_>>().join(", ")
    }

    fn windows(count: usize) -> String {
        many(count, |i| format!("row_number() OVER (ORDER BY substr(name, {i})) AS w{i}"))
    }

    #[tokio::test]
    async fn what_would_take_all_memory_to_plan_is_refused() {
        let platform = platform(Limits::default());
        let parts = |count| many(count, |i| format!("substr(name, {i})"));
        for sql in [
            format!("SELECT count(*) FROM code GROUP BY CUBE ({})", parts(13)),
            format!("SELECT count(*) FROM code GROUP BY GROUPING SETS ((list), ()), CUBE ({})", parts(30)),
            format!("SELECT count(*) FROM code GROUP BY ROLLUP ({})", parts(65)),
            format!("SELECT {} FROM code", windows(101)),
            format!("SELECT * FROM (SELECT {} FROM code) a, (SELECT {0} FROM code) b", windows(51)),
            format!("SELECT {} FROM code", many(2_001, |i| format!("1 AS a{i}"))),
            format!("SELECT * FROM (VALUES ({})) v", many(2_001, |i| i.to_string())),
            format!("SELECT 1 UNION VALUES ({})", many(2_001, |i| i.to_string())),
            format!("SELECT {} FROM code", many(101, |_| "code.*".to_owned())),
            format!("SELECT name FROM code ORDER BY {}", parts(2_001)),
            format!("SELECT count(*) FROM code GROUP BY {}", parts(2_001)),
        ] {
            let refused = platform.plan_for(&reader(0), "risk-analysis", &sql).await.err().unwrap();
            assert!(refused.to_string().contains("is the most"), "{sql}: {refused}");
        }
    }

    #[tokio::test]
    async fn what_people_list_is_planned() {
        let platform = platform(Limits::default());
        let list = many(3_000, |i| format!("'{i}'"));
        let alike = many(300, |i| format!("lag(name, {i}) OVER (ORDER BY code) AS l{i}"));
        for sql in [
            "SELECT list, code, count(*) FROM code GROUP BY CUBE (list, code), ROLLUP (name)".to_owned(),
            format!("SELECT {} FROM code", windows(10)),
            format!("SELECT {alike} FROM code"),
            format!("SELECT {} FROM code", many(200, |i| format!("1 AS a{i}"))),
            format!("SELECT count(*) FROM code WHERE name IN ({list})"),
            format!("SELECT count(*) FROM (VALUES {}) v", many(3_000, |i| format!("({i}, 'a')"))),
        ] {
            platform.plan_for(&reader(0), "risk-analysis", &sql).await.unwrap();
        }
    }
}

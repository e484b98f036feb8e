//! Whether a statement can be planned: the engine joins the columns of all tables that it joins, and goes through a common table
//! expression wherever it is read. A few of them, each read twice in the next, come to more than any time is enough for.

use super::{breadth, more_than};
use crate::QueryError;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{ObjectName, Query, TableFactor, Visit, Visitor};
use std::collections::HashMap;
use std::ops::ControlFlow;

/// Most tables and subqueries of a statement as it is written.
const MOST_TABLES: usize = 200;

/// Most of them, each as often as it is read.
const MOST_READ: usize = 1_000;

/// Makes sure that a statement can be planned in a moment.
///
/// # Errors
/// [`QueryError::TooMuch`] when it reads too many tables, or lists too much.
pub(crate) fn check_statement(statement: &Statement) -> Result<(), QueryError> {
    let statement = match statement {
        Statement::Statement(statement) => statement,
        Statement::Explain(explain) => return check_statement(&explain.statement),
        _ => return Ok(()),
    };
    let mut tables = Tables { written: 0, open: vec![Open::default()] };
    match statement.visit(&mut tables) {
        ControlFlow::Continue(()) => breadth::check(statement),
        ControlFlow::Break(error) => Err(error),
    }
}

/// Tables and subqueries that were met.
struct Tables {
    written: usize,
    /// The queries that enclose what is looked at, innermost last, behind the statement itself.
    open: Vec<Open>,
}

/// A query whose parts are being looked at.
#[derive(Default)]
struct Open {
    /// Where it is in memory.
    query: Option<*const Query>,
    /// Tables that it reads, each as often as it is read.
    read: usize,
    /// The same of its common table expressions, by their names.
    named: HashMap<String, usize>,
    /// Names of those that are still to come, by where they are in memory.
    to_come: HashMap<*const Query, String>,
}

impl Tables {
    fn one_more(&mut self) -> ControlFlow<QueryError> {
        self.written += 1;
        if self.written > MOST_TABLES {
            let error =
                more_than("tables and subqueries of a statement", MOST_TABLES, "ask in several statements");
            return ControlFlow::Break(error);
        }
        ControlFlow::Continue(())
    }

    /// Counts what a query reads by its reading something.
    fn reads(&mut self, tables: usize) -> ControlFlow<QueryError> {
        let Some(query) = self.open.last_mut() else { return ControlFlow::Continue(()) };
        query.read = query.read.saturating_add(tables);
        if query.read > MOST_READ {
            return ControlFlow::Break(more_than(
                "tables of a query, each as often as it is read",
                MOST_READ,
                "name less of what is named before, or ask in several statements",
            ));
        }
        ControlFlow::Continue(())
    }
}

impl Visitor for Tables {
    type Break = QueryError;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<QueryError> {
        let common = query.with.iter().flat_map(|with| &with.cte_tables);
        let to_come = common.map(|one| (std::ptr::from_ref(&*one.query), name(&one.alias.name.value)));
        let to_come = to_come.collect();
        self.open.push(Open { query: Some(std::ptr::from_ref(query)), to_come, ..Open::default() });
        self.one_more()
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<QueryError> {
        let query = std::ptr::from_ref(query);
        let Some(closed) = self.open.pop_if(|open| open.query == Some(query)) else {
            return ControlFlow::Continue(());
        };
        let read = closed.read.saturating_add(1);
        if let Some(around) = self.open.last_mut()
            && let Some(name) = around.to_come.remove(&query)
        {
            let known = around.named.entry(name).or_default();
            *known = read.max(*known);
            return ControlFlow::Continue(());
        }
        self.reads(read)
    }

    fn pre_visit_table_factor(&mut self, _: &TableFactor) -> ControlFlow<QueryError> {
        self.one_more()
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<QueryError> {
        let named = match relation.0.as_slice() {
            [only] => only.as_ident().map(|only| name(&only.value)),
            _ => None,
        };
        let read = named.and_then(|named| self.open.iter().filter_map(|open| open.named.get(&named)).max());
        let read = read.copied().unwrap_or(1);
        self.reads(read)
    }
}

/// Names are told apart by their letters alone, and the largest of those that are alike counts: too much at worst.
fn name(written: &str) -> String {
    written.to_lowercase()
}

#[cfg(test)]
mod tests {
    use crate::Limits;
    use crate::extent::STACK_BYTES;
    use crate::platform::tests::{platform, reader};
    use datafusion::arrow::array::RecordBatch;
    use std::thread;
    use tokio::runtime::Builder;

    /// A statement of names, each of which has the one before it twice.
    fn doubled(first: &str, next: &str, last: &str, names: usize) -> String {
        let next = (1..=names).map(|i| {
            let next = next.replace("CAPITAL", &format!("T{i}"));
            next.replace("NEW", &format!("t{i}")).replace("OLD", &format!("t{}", i - 1))
        });
        let all: Vec<String> = std::iter::once(format!("t0 AS ({first})")).chain(next).collect();
        format!("WITH {} {}", all.join(", "), last.replace("LAST", &format!("t{names}")))
    }

    #[tokio::test]
    async fn what_would_be_endless_is_refused() {
        let platform = platform(Limits::default());
        let one = "SELECT name AS x FROM code";
        let tables = vec!["code"; 100_000].join(" CROSS JOIN ");
        for sql in [
            doubled(one, "NEW AS (SELECT a.x FROM OLD a, OLD b)", "SELECT count(*) FROM LAST", 40),
            doubled(
                one,
                "NEW AS (SELECT a.x FROM OLD a, OLD b), \"CAPITAL\" AS (SELECT 1)",
                "SELECT count(*) FROM LAST",
                40,
            ),
            doubled(one, "NEW AS (SELECT x FROM OLD UNION SELECT x FROM OLD)", "SELECT x FROM LAST", 40),
            doubled(one, "NEW AS (SELECT x || x AS x FROM OLD)", "SELECT x FROM LAST WHERE x = 'a'", 60),
            doubled(
                one,
                "NEW AS (SELECT x FROM OLD WHERE x IN (SELECT x FROM OLD))",
                "SELECT x FROM LAST",
                40,
            ),
            format!("SELECT count(*) FROM {tables}"),
        ] {
            let refused = platform.plan_for(&reader(0), "risk-analysis", &sql).await.err().unwrap();
            assert!(refused.to_string().contains("is the most"), "{sql}: {refused}");
        }
    }

    #[test]
    fn what_is_large_and_plain_is_answered() {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let answered = thread::Builder::new().stack_size(STACK_BYTES);
        let answered = answered.spawn(move || runtime.block_on(large_and_plain())).unwrap();
        answered.join().unwrap();
    }

    async fn large_and_plain() {
        let platform = platform(Limits::default());
        let one = "SELECT name AS x FROM code LIMIT 1";
        let either = vec!["name = 'a'"; 900].join(" OR ");
        let sum = vec!["1"; 1_900].join(" + ");
        let union = vec!["SELECT 1 AS one"; 150].join(" UNION ALL ");
        for sql in [
            doubled(one, "NEW AS (SELECT x FROM OLD)", "SELECT count(*) AS n FROM LAST", 60),
            doubled(one, "NEW AS (SELECT x || 'a' AS x FROM OLD)", "SELECT count(x) AS n FROM LAST", 60),
            format!("SELECT count(*) AS n FROM code WHERE {either}"),
            format!("SELECT {sum} AS n"),
            format!("SELECT count(*) AS n FROM ({union}) u"),
        ] {
            let plan = platform.plan_for(&reader(0), "risk-analysis", &sql).await.unwrap();
            let rows: usize = plan.collect().await.unwrap().iter().map(RecordBatch::num_rows).sum();
            assert_eq!(rows, 1, "{sql}");
        }
    }
}

//! Whether a statement can be planned. The engine writes out what a statement names: a common table expression wherever it is
//! read, and what a subquery computes in the conditions that are moved below it. A few names of names, each twice in the next,
//! come to more than any memory holds.

use super::more_than;
use crate::QueryError;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::Expr;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Query, TableFactor, Visit, Visitor};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;

/// Most tables and subqueries of a statement: a join has the columns of all that it joins.
const MOST_TABLES: usize = 200;

/// Most steps of a plan, each as often as it is read.
const MOST_STEPS: usize = 5_000;

/// Most parts of what one step computes, those of the columns that it reads with them.
const MOST_PARTS: usize = 500_000;

/// Makes sure that a statement can be planned in a moment.
///
/// # Errors
/// [`QueryError::TooMuch`] when it reads too many tables.
pub(crate) fn check_statement(statement: &Statement) -> Result<(), QueryError> {
    let statement = match statement {
        Statement::Statement(statement) => statement,
        Statement::Explain(explain) => return check_statement(&explain.statement),
        _ => return Ok(()),
    };
    let mut tables = Tables(0);
    match statement.visit(&mut tables) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => {
            Err(more_than("tables and subqueries of a statement", MOST_TABLES, "ask in several statements"))
        }
    }
}

/// Counts tables and subqueries.
struct Tables(usize);

impl Tables {
    fn one_more(&mut self) -> ControlFlow<()> {
        self.0 += 1;
        if self.0 > MOST_TABLES { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Visitor for Tables {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.one_more()
    }

    fn pre_visit_table_factor(&mut self, _: &TableFactor) -> ControlFlow<()> {
        self.one_more()
    }
}

/// Makes sure that a plan can be written out.
///
/// # Errors
/// [`QueryError::TooMuch`] when it comes to too many steps, or a step to too many parts.
pub(crate) fn check_plan(plan: &LogicalPlan) -> Result<(), QueryError> {
    Measured::default().extent(plan).map(drop)
}

/// What a part of a plan comes to when it is written out.
struct Extent {
    steps: usize,
    /// Parts of the expression behind each of its columns.
    columns: Vec<usize>,
}

/// Parts of a plan that are measured already, each by where it stands in memory: what is read twice stands there once.
#[derive(Default)]
struct Measured(HashMap<*const LogicalPlan, Rc<Extent>>);

impl Measured {
    fn extent(&mut self, plan: &LogicalPlan) -> Result<Rc<Extent>, QueryError> {
        if let Some(known) = self.0.get(&std::ptr::from_ref(plan)) {
            return Ok(Rc::clone(known));
        }
        let mut inputs = Vec::new();
        for input in plan.inputs() {
            inputs.push((input.schema().as_ref(), self.extent(input)?));
        }
        let computed = Computed::by(plan, &inputs)?;
        let mut steps = inputs.iter().fold(1, |steps: usize, (_, input)| steps.saturating_add(input.steps));
        for subquery in &computed.subqueries {
            steps = steps.saturating_add(self.extent(subquery)?.steps);
        }
        if steps > MOST_STEPS {
            return Err(more_than("steps of a query, each as often as it is read", MOST_STEPS, ADVICE));
        }
        if computed.parts.iter().any(|parts| *parts > MOST_PARTS) {
            return Err(more_than("parts of what a query computes, written out", MOST_PARTS, ADVICE));
        }
        let extent = Rc::new(Extent { steps, columns: columns(plan, &inputs, computed.parts) });
        self.0.insert(std::ptr::from_ref(plan), Rc::clone(&extent));
        Ok(extent)
    }
}

const ADVICE: &str = "name less of what is named before, or ask in several statements";

type Input<'a> = (&'a DFSchema, Rc<Extent>);

/// What a step of a plan computes.
#[derive(Default)]
struct Computed {
    /// Parts of each expression, written out.
    parts: Vec<usize>,
    subqueries: Vec<Arc<LogicalPlan>>,
}

impl Computed {
    fn by(plan: &LogicalPlan, inputs: &[Input<'_>]) -> Result<Self, DataFusionError> {
        let mut computed = Self::default();
        plan.apply_expressions(|expression| {
            let mut parts: usize = 0;
            expression.apply(|part| {
                let own = match part {
                    Expr::Column(column) => inputs.iter().find_map(|(schema, input)| {
                        input.columns.get(schema.maybe_index_of_column(column)?).copied()
                    }),
                    _ => None,
                };
                parts = parts.saturating_add(own.unwrap_or(1));
                computed.subqueries.extend(subquery(part));
                Ok(TreeNodeRecursion::Continue)
            })?;
            computed.parts.push(parts);
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(computed)
    }
}

fn subquery(expression: &Expr) -> Option<Arc<LogicalPlan>> {
    let subquery = match expression {
        Expr::ScalarSubquery(subquery) => subquery,
        Expr::Exists(exists) => &exists.subquery,
        Expr::InSubquery(within) => &within.subquery,
        Expr::SetComparison(compared) => &compared.subquery,
        _ => return None,
    };
    Some(Arc::clone(&subquery.subquery))
}

/// Parts behind each column of what a step gives.
fn columns(plan: &LogicalPlan, inputs: &[Input<'_>], computed: Vec<usize>) -> Vec<usize> {
    let wanted = plan.schema().fields().len();
    let all: Vec<usize> = inputs.iter().flat_map(|(_, input)| input.columns.iter().copied()).collect();
    let given = match plan {
        LogicalPlan::Projection(_) | LogicalPlan::Aggregate(_) => computed,
        LogicalPlan::Window(_) => [all, computed].concat(),
        _ => all,
    };
    if given.len() == wanted {
        return given;
    }
    match inputs {
        [(_, only), ..] if only.columns.len() == wanted && inputs.len() == 2 => only.columns.clone(),
        // Columns of several at one place, or in another order: each is as large as the largest.
        _ => vec![given.into_iter().max().unwrap_or(1); wanted],
    }
}

#[cfg(test)]
mod tests {
    use crate::Limits;
    use crate::platform::tests::{platform, reader};
    use datafusion::arrow::array::RecordBatch;

    /// A statement of names, each of which has the one before it twice.
    fn doubled(first: &str, next: &str, last: &str, names: usize) -> String {
        let next =
            (1..=names).map(|i| next.replace("NEW", &format!("t{i}")).replace("OLD", &format!("t{}", i - 1)));
        let all: Vec<String> = std::iter::once(format!("t0 AS ({first})")).chain(next).collect();
        format!("WITH {} {}", all.join(", "), last.replace("LAST", &format!("t{names}")))
    }

    #[tokio::test]
    async fn what_would_be_endless_when_written_out_is_refused() {
        let platform = platform(Limits::default());
        let one = "SELECT name AS x FROM code";
        let tables = vec!["code"; 100_000].join(" CROSS JOIN ");
        for sql in [
            doubled(one, "NEW AS (SELECT a.x FROM OLD a, OLD b)", "SELECT count(*) FROM LAST", 40),
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

    #[tokio::test]
    async fn what_is_large_and_plain_is_answered() {
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

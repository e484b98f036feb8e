//! Recursions as the engine runs them: it wants what is noted of a column, such as its description, to be the same in the first
//! rows of a recursion and in those of its rounds. Who asks knows nothing of such notes.

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, internal_err, not_impl_err};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{
    ColumnarValue, LogicalPlan, LogicalPlanBuilder, RecursiveQuery, ReturnFieldArgs, ScalarFunctionArgs,
    ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::prelude::Expr;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Query, SetExpr, SetOperator, Visit, Visitor};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Refuses what the engine would pass over in silence: a union under `WITH RECURSIVE` is planned without what stands around it.
pub(super) fn check(statement: &Statement) -> Result<(), DataFusionError> {
    let statement = match statement {
        Statement::Statement(statement) => statement,
        Statement::Explain(explain) => return check(&explain.statement),
        _ => return Ok(()),
    };
    match statement.visit(&mut PassedOver) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(name) => not_impl_err!(
            "{name} is a union under WITH RECURSIVE with a WITH, ORDER BY, LIMIT or FETCH of its own: write that in the query that \
             reads {name}, or leave RECURSIVE out where nothing recurs"
        ),
    }
}

/// Looks for what the engine would pass over.
struct PassedOver;

impl Visitor for PassedOver {
    type Break = String;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<String> {
        passed_over(query).map_or(ControlFlow::Continue(()), ControlFlow::Break)
    }
}

/// Name of a common table expression of a query that would be planned without something that it says.
fn passed_over(query: &Query) -> Option<String> {
    let with = query.with.as_ref().filter(|with| with.recursive)?;
    let is_union =
        |query: &Query| matches!(query.body.as_ref(), SetExpr::SetOperation { op: SetOperator::Union, .. });
    let says_more = |query: &Query| {
        query.with.is_some()
            || query.order_by.is_some()
            || query.limit_clause.is_some()
            || query.fetch.is_some()
    };
    let mut all = with.cte_tables.iter();
    let one = all.find(|one| is_union(&one.query) && says_more(&one.query))?;
    Some(one.alias.name.value.clone())
}

/// A plan in which all rows of each recursion have the notes of its first rows, whatever the engine makes of the expressions.
pub(super) fn alike(plan: LogicalPlan) -> Result<LogicalPlan, DataFusionError> {
    let plan = plan.transform_up_with_subqueries(|plan| match plan {
        LogicalPlan::RecursiveQuery(query) => {
            Ok(Transformed::yes(LogicalPlan::RecursiveQuery(with_notes_of_first(query)?)))
        }
        other => Ok(Transformed::no(other)),
    });
    Ok(plan?.data)
}

fn with_notes_of_first(query: RecursiveQuery) -> Result<RecursiveQuery, DataFusionError> {
    let first = query.static_term.schema().fields();
    let rows = noted(&query.static_term, first)?;
    let rounds = noted(&query.recursive_term, first)?;
    RecursiveQuery::try_new(query.name, Arc::new(rows), Arc::new(rounds), query.is_distinct)
}

/// The rows of a plan with the notes of fields.
fn noted(plan: &Arc<LogicalPlan>, like: &Fields) -> Result<LogicalPlan, DataFusionError> {
    let columns = plan.schema().iter().zip(like).map(|((qualifier, field), like)| {
        let column = Expr::Column(Column::from((qualifier, field)));
        ScalarUDF::new_from_impl(Noted::like(like))
            .call(vec![column])
            .alias_qualified(qualifier.cloned(), field.name())
    });
    let columns: Vec<Expr> = columns.collect();
    LogicalPlanBuilder::from(Arc::clone(plan)).project(columns)?.build()
}

/// A function that gives what it is given, with other notes.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Noted {
    notes: BTreeMap<String, String>,
    signature: Signature,
}

impl Noted {
    fn like(field: &Field) -> Self {
        let notes = field.metadata().iter().map(|(name, note)| (name.clone(), note.clone()));
        Self { notes: notes.collect(), signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Noted {
    fn name(&self) -> &'static str {
        "noted"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType, DataFusionError> {
        internal_err!("a function that keeps notes is asked for its field")
    }

    fn return_field_from_args(&self, given: ReturnFieldArgs<'_>) -> Result<FieldRef, DataFusionError> {
        let Some(field) = given.arg_fields.first() else { return internal_err!("nothing has no notes") };
        let notes = self.notes.iter().map(|(name, note)| (name.clone(), note.clone()));
        Ok(Arc::new(field.as_ref().clone().with_metadata(notes.collect())))
    }

    fn invoke_with_args(&self, mut given: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let Some(value) = given.args.pop() else { return internal_err!("nothing has no notes") };
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use crate::Limits;
    use crate::platform::tests::{platform, reader};

    #[tokio::test]
    async fn nothing_that_a_recursion_says_is_passed_over() {
        let platform = platform(Limits::default());
        let first = "SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 3";
        for recursion in [
            format!("{first} LIMIT 5"),
            format!("{first} ORDER BY n"),
            format!("{first} FETCH FIRST 5 ROWS ONLY"),
            format!("WITH u AS (SELECT 1) {first}"),
        ] {
            for sql in [
                format!("WITH RECURSIVE t (n) AS ({recursion}) SELECT count(*) FROM t"),
                format!("SELECT (WITH RECURSIVE t (n) AS ({recursion}) SELECT max(n) FROM t)"),
            ] {
                let refused =
                    platform.plan_for(&reader(0), "risk-analysis", &sql).await.err().unwrap().to_string();
                assert!(refused.contains("t is a union under WITH RECURSIVE"), "{sql}: {refused}");
            }
        }
        let outside = format!("WITH RECURSIVE t (n) AS ({first}) SELECT n FROM t ORDER BY n LIMIT 2");
        platform.plan_for(&reader(0), "risk-analysis", &outside).await.unwrap();
        let limited =
            "WITH RECURSIVE t AS (SELECT name FROM code ORDER BY name LIMIT 2) SELECT count(*) FROM t";
        platform.plan_for(&reader(0), "risk-analysis", limited).await.unwrap();
    }
}

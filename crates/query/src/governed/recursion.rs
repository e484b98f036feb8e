//! Recursions as the engine runs them: it wants what is noted of a column, such as its description, to be the same in the first
//! rows of a recursion and in those of its rounds. Who asks knows nothing of such notes.

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, internal_err};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{
    ColumnarValue, LogicalPlan, LogicalPlanBuilder, RecursiveQuery, ReturnFieldArgs, ScalarFunctionArgs,
    ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::prelude::Expr;
use std::collections::BTreeMap;
use std::sync::Arc;

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
        match given.args.pop() {
            Some(value) => Ok(value),
            None => internal_err!("nothing has no notes"),
        }
    }
}

//! Whether what a plan computes can be written out: the engine writes what a subquery computes into the conditions that it moves
//! below it. A few names, each computed of the one before it twice, come to more than any memory holds.

use super::constants::bytes;
use super::more_than;
use crate::QueryError;
use crate::lineage::subquery;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::Expr;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// Most parts of what one step of a plan computes, those of the columns that it reads with them.
const MOST_PARTS: usize = 500_000;

/// Bytes of a constant that count as a part.
const BYTES_OF_A_PART: usize = 64;

/// Makes sure that a plan can be written out.
///
/// # Errors
/// [`QueryError::TooMuch`] when what a step computes comes to too many parts.
pub(crate) fn check_plan(plan: &LogicalPlan) -> Result<(), QueryError> {
    Measured::default().columns(plan).map(drop)
}

/// Parts of the expression behind each column of a step.
type Columns = Rc<Vec<usize>>;

/// Steps that are measured already, each by where it stands in memory: what is read twice stands there once.
#[derive(Default)]
struct Measured(HashMap<*const LogicalPlan, Columns>);

impl Measured {
    fn columns(&mut self, plan: &LogicalPlan) -> Result<Columns, QueryError> {
        if let Some(known) = self.0.get(&std::ptr::from_ref(plan)) {
            return Ok(Rc::clone(known));
        }
        let mut inputs = Vec::new();
        for input in plan.inputs() {
            inputs.push((input.schema().as_ref(), self.columns(input)?));
        }
        let computed = Computed::by(plan, &inputs)?;
        for subquery in &computed.subqueries {
            self.columns(subquery)?;
        }
        if computed.parts.iter().any(|parts| *parts > MOST_PARTS) {
            return Err(more_than(
                "parts of what a query computes, written out",
                MOST_PARTS,
                "compute less of what is computed before, or ask in several statements",
            ));
        }
        let columns = Rc::new(columns(plan, &inputs, computed.parts));
        self.0.insert(std::ptr::from_ref(plan), Rc::clone(&columns));
        Ok(columns)
    }
}

type Input<'a> = (&'a DFSchema, Columns);

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
                        input.get(schema.maybe_index_of_column(column)?).copied()
                    }),
                    Expr::Literal(constant, _) => Some(1 + bytes(constant) / BYTES_OF_A_PART),
                    _ => None,
                };
                parts = parts.saturating_add(own.unwrap_or(1));
                computed.subqueries.extend(subquery(part).cloned());
                Ok(TreeNodeRecursion::Continue)
            })?;
            computed.parts.push(parts);
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(computed)
    }
}

/// Parts behind each column of what a step gives.
fn columns(plan: &LogicalPlan, inputs: &[Input<'_>], computed: Vec<usize>) -> Vec<usize> {
    let wanted = plan.schema().fields().len();
    let all: Vec<usize> = inputs.iter().flat_map(|(_, input)| input.iter().copied()).collect();
    let given = match plan {
        LogicalPlan::Projection(_) | LogicalPlan::Aggregate(_) => computed,
        LogicalPlan::Window(_) => [all, computed].concat(),
        _ => all,
    };
    if given.len() == wanted {
        return given;
    }
    // Columns of one side, of several at one place, or in another order: each is as large as the largest.
    vec![given.into_iter().max().unwrap_or(1); wanted]
}

//! Whether patterns that operators look for (`~`, `SIMILAR TO`) are the same for all rows: the engine reads those of a batch once and
//! keeps them until it is through, some megabytes of each. Functions that look for patterns keep few.

use datafusion::common::not_impl_err;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{BinaryExpr, LogicalPlan, Operator, Volatility};
use datafusion::prelude::Expr;

/// Makes sure that no operator of a plan looks for patterns that differ from row to row.
///
/// # Errors
/// When one does.
pub(crate) fn check_patterns(plan: &LogicalPlan) -> Result<(), DataFusionError> {
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|part| match pattern(part) {
                Some(pattern) if differs(pattern)? => not_impl_err!(
                    "a pattern that differs from row to row stands in a function: regexp_like(text, pattern)"
                ),
                _ => Ok(TreeNodeRecursion::Continue),
            })
        })
    })?;
    Ok(())
}

/// The pattern that an operator looks for.
fn pattern(expression: &Expr) -> Option<&Expr> {
    match expression {
        Expr::BinaryExpr(BinaryExpr {
            op:
                Operator::RegexMatch | Operator::RegexIMatch | Operator::RegexNotMatch | Operator::RegexNotIMatch,
            right,
            ..
        }) => Some(right.as_ref()),
        Expr::SimilarTo(similar) => Some(similar.pattern.as_ref()),
        _ => None,
    }
}

/// Whether an expression may have another value in the next row.
fn differs(expression: &Expr) -> Result<bool, DataFusionError> {
    expression.exists(|part| {
        Ok(match part {
            Expr::Column(_) | Expr::OuterReferenceColumn(..) => true,
            Expr::ScalarSubquery(subquery) => !subquery.outer_ref_columns.is_empty(),
            Expr::ScalarFunction(function) => function.func.signature().volatility == Volatility::Volatile,
            _ => false,
        })
    })
}

//! Which tables a plan reads whole although one month alone is asked for.
//!
//! The engine carries the condition on the month as far down as it holds: through groups, joins by equal months, and into
//! scans. Where it arrives at every scan, the rows of a month are made of stored rows of that month and no others, so that a
//! month whose sources did not change need not be made again.

use crate::governed::GovernedTable;
use crate::lineage::round_before;
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source_as_provider;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, LogicalPlan, Operator};
use datafusion::prelude::Expr;
use std::collections::BTreeSet;

/// A month that stands for any.
pub(super) const MONTH: &str = "2000-01";

/// Tables with a scan that the condition on [`MONTH`] does not reach, in an optimised plan.
pub(super) fn read_whole(plan: &LogicalPlan) -> Result<BTreeSet<String>, DataFusionError> {
    let mut whole = BTreeSet::new();
    collect(plan, false, &mut whole)?;
    Ok(whole)
}

fn collect(
    plan: &LogicalPlan,
    is_restricted: bool,
    whole: &mut BTreeSet<String>,
) -> Result<(), DataFusionError> {
    let restricted_below = match plan {
        LogicalPlan::Filter(filter) => {
            is_restricted || split_conjunction(&filter.predicate).into_iter().any(is_of_month)
        }
        LogicalPlan::Projection(_) | LogicalPlan::SubqueryAlias(_) => is_restricted,
        LogicalPlan::TableScan(scan) if round_before(scan).is_some() => return Ok(()),
        LogicalPlan::TableScan(scan) => {
            let is_pushed = scan.filters.iter().flat_map(split_conjunction).any(is_of_month);
            if !is_restricted && !is_pushed {
                let provider = source_as_provider(&scan.source)?;
                let name = provider.downcast_ref::<GovernedTable>().map(|table| table.name().to_owned());
                whole.insert(name.unwrap_or_else(|| scan.table_name.to_string()));
            }
            return Ok(());
        }
        _ => false,
    };
    plan.apply_subqueries(|subquery| {
        collect(subquery, false, whole)?;
        Ok(TreeNodeRecursion::Continue)
    })?;
    plan.inputs().into_iter().try_for_each(|input| collect(input, restricted_below, whole))
}

/// Whether a condition lets through the month asked for and no other.
fn is_of_month(condition: &Expr) -> bool {
    let is_month = |expression: &Expr| match expression {
        Expr::Literal(ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)), _) => text == MONTH,
        _ => false,
    };
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
            let is_column = |e: &Expr| matches!(e, Expr::Column(column) if column.name == "month");
            is_column(left) && is_month(right) || is_month(left) && is_column(right)
        }
        _ => false,
    }
}

//! The rule by which an aggregate has a lower grade, found in the plan of its statement: who stands behind a row is counted
//! where rows are grouped, the number reaches the answer as it is, and rows of few are left out above.
//!
//! The plan is that of the statement as it was written: the engine's own rewrites, such as that of a distinct count into
//! two groupings, would hide what is looked for.

use super::Lowered;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Aggregate, BinaryExpr, LogicalPlan, Operator};
use datafusion::prelude::Expr;
use std::collections::BTreeSet;

/// Functions of a group that do not show the value of one of its rows, as a least, greatest or first value does.
const OF_GROUPS: [&str; 12] = [
    "avg",
    "bool_and",
    "bool_or",
    "count",
    "covar_samp",
    "median",
    "percentile_cont",
    "stddev",
    "stddev_pop",
    "sum",
    "var",
    "var_pop",
];

/// Columns of the answer that tell of whole groups alone, each of which has as many behind it as the rule asks for.
///
/// # Errors
/// What the statement lacks, and what would be right.
pub(super) fn told_of(plan: &LogicalPlan, lowered: &Lowered) -> Result<BTreeSet<String>, String> {
    let (count, at_least) = (&lowered.count, lowered.at_least);
    let fields = plan.schema().fields();
    let place = fields.iter().position(|field| field.name() == count);
    let mut is_floored = false;
    let aggregate = place.and_then(|place| counted(plan, place, at_least, &mut is_floored));
    let Some(aggregate) = aggregate else {
        return Err(format!(
            "its grade is lowered by `{count}`, which is no count(DISTINCT …) of its GROUP BY that reaches the answer as it \
             is; count in it who stands behind a row"
        ));
    };
    if !is_floored {
        return Err(format!(
            "its grade is lowered, and nothing leaves out rows with less than {at_least} {count}"
        ));
    }
    let of_groups = fields.iter().enumerate().filter(|(place, _)| is_of_groups(plan, *place, aggregate));
    Ok(of_groups.map(|(_, field)| field.name().clone()).collect())
}

/// The grouping in which a column of the answer counts; `is_floored` becomes true where a condition on the number leaves out
/// rows with less.
fn counted<'a>(
    plan: &'a LogicalPlan,
    place: usize,
    at_least: u32,
    is_floored: &mut bool,
) -> Option<&'a Aggregate> {
    let below = match plan {
        LogicalPlan::Aggregate(aggregate) => return is_count(aggregate, place).then_some(aggregate),
        LogicalPlan::Projection(projection) => {
            place_of(projection.expr.get(place)?, projection.input.schema())?
        }
        LogicalPlan::Filter(filter) => {
            let schema = filter.input.schema();
            let conditions = split_conjunction(&filter.predicate);
            *is_floored |= conditions.into_iter().any(|one| is_floor(one, place, at_least, schema));
            place
        }
        LogicalPlan::Window(window) if place >= window.input.schema().fields().len() => return None,
        LogicalPlan::Window(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_) => place,
        _ => return None,
    };
    counted(plan.inputs().first().copied()?, below, at_least, is_floored)
}

/// Where a column comes through as it is, but for its name and the kind of whole number.
fn place_of(expression: &Expr, schema: &DFSchema) -> Option<usize> {
    match expression {
        Expr::Alias(alias) => place_of(&alias.expr, schema),
        Expr::Cast(cast) if cast.field.data_type().is_integer() => place_of(&cast.expr, schema),
        Expr::Column(column) => schema.maybe_index_of_column(column),
        _ => None,
    }
}

/// Whether a condition lets through nothing but rows whose number in a place is at least so much.
fn is_floor(condition: &Expr, place: usize, at_least: u32, schema: &DFSchema) -> bool {
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::GtEq, right }) => {
            let least = match &**right {
                Expr::Literal(ScalarValue::Int64(Some(least)), _) => *least,
                _ => return false,
            };
            place_of(left, schema) == Some(place) && least >= i64::from(at_least)
        }
        _ => false,
    }
}

/// The function behind a column of a grouping; none of a column that it groups by.
fn function(aggregate: &Aggregate, place: usize) -> Option<&AggregateFunction> {
    let mut expression = aggregate.aggr_expr.get(place.checked_sub(aggregate.group_expr.len())?)?;
    while let Expr::Alias(alias) = expression {
        expression = &alias.expr;
    }
    match expression {
        Expr::AggregateFunction(function) => Some(function),
        _ => None,
    }
}

fn is_count(aggregate: &Aggregate, place: usize) -> bool {
    // Grouping sets have other columns than expressions.
    let is_plain = !aggregate.group_expr.iter().any(|group| matches!(group, Expr::GroupingSet(_)));
    let counts = |function: &AggregateFunction| function.func.name() == "count" && function.params.distinct;
    is_plain && function(aggregate, place).is_some_and(counts)
}

/// Whether a column is made of what a grouping groups by and of its functions, and of nothing else.
fn is_of_groups(plan: &LogicalPlan, place: usize, aggregate: &Aggregate) -> bool {
    let input = || plan.inputs().first().copied();
    match plan {
        LogicalPlan::Aggregate(found) => {
            std::ptr::eq(found, aggregate)
                && (place < found.group_expr.len()
                    || function(found, place).is_some_and(|f| OF_GROUPS.contains(&f.func.name())))
        }
        LogicalPlan::Projection(projection) => {
            let Some(expression) = projection.expr.get(place) else { return false };
            let schema = projection.input.schema();
            let comes_through = |place| is_of_groups(&projection.input, place, aggregate);
            !reads_beside(expression)
                && expression
                    .column_refs()
                    .into_iter()
                    .all(|column| schema.maybe_index_of_column(column).is_some_and(comes_through))
        }
        LogicalPlan::Window(window) if place >= window.input.schema().fields().len() => false,
        LogicalPlan::Filter(_)
        | LogicalPlan::Window(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_) => input().is_some_and(|input| is_of_groups(input, place, aggregate)),
        _ => false,
    }
}

/// Whether an expression reads other rows than those it is evaluated on.
fn reads_beside(expression: &Expr) -> bool {
    let beside = expression.exists(|part| {
        Ok(matches!(
            part,
            Expr::Exists(_)
                | Expr::InSubquery(_)
                | Expr::SetComparison(_)
                | Expr::ScalarSubquery(_)
                | Expr::OuterReferenceColumn(..)
        ))
    });
    beside.unwrap_or(true)
}

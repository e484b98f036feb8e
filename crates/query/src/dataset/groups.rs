//! The rule by which an aggregate has a lower grade, found in the plan of its statement: who stands behind a row is counted
//! where rows are grouped, the number reaches the answer as it is, and rows of few are left out above. What adds up or ranks
//! values is shown only where enough contribute to it: a row of many may have the tax of one.
//!
//! The plan is that of the statement as it was written: the engine's own rewrites, such as that of a distinct count into
//! two groupings, would hide what is looked for.

use super::Lowered;
use crate::lineage::subquery;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Aggregate, BinaryExpr, Case, Filter, LogicalPlan, Operator};
use datafusion::prelude::Expr;
use std::collections::{BTreeMap, BTreeSet};

/// Columns of an answer that tell of whole groups alone.
pub(super) struct Told<'a> {
    /// The plan that groups the rows.
    pub(super) grouping: &'a LogicalPlan,
    /// Which outputs of the grouping each column shows, by the name of the column.
    pub(super) columns: BTreeMap<String, BTreeSet<usize>>,
}

/// Columns of the answer that tell of whole groups alone, each of which has as many behind it as the rule asks for.
///
/// # Errors
/// What the statement lacks, and what would be right.
pub(super) fn told_of<'a>(plan: &'a LogicalPlan, lowered: &Lowered) -> Result<Told<'a>, String> {
    let (count, at_least) = (&lowered.count, lowered.at_least);
    let fields = plan.schema().fields();
    let place = fields.iter().position(|field| field.name() == count);
    let mut is_floored = false;
    let mut floors = |filter: &Filter, place: usize| {
        let schema = filter.input.schema();
        let conditions = split_conjunction(&filter.predicate);
        is_floored |= conditions.into_iter().any(|one| is_floor(one, place, at_least, schema));
    };
    let grouping = place
        .and_then(|place| output(plan, place, &mut floors))
        .and_then(|(plan, place)| Grouping::counting(plan, place, at_least));
    let Some(grouping) = grouping else {
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
    let columns = fields.iter().enumerate().filter_map(|(place, field)| {
        Some((field.name().clone(), grouping.column(plan, place, &BTreeSet::new())?))
    });
    Ok(Told { grouping: grouping.plan, columns: columns.collect() })
}

/// The output of a grouping that a column of a plan is as it is; `passes` is told the conditions on the way, with the place
/// of the column below each.
fn output<'a>(
    plan: &'a LogicalPlan,
    place: usize,
    passes: &mut impl FnMut(&Filter, usize),
) -> Option<(&'a LogicalPlan, usize)> {
    let below = match plan {
        LogicalPlan::Aggregate(_) => return Some((plan, place)),
        LogicalPlan::Projection(projection) => {
            place_of(projection.expr.get(place)?, projection.input.schema())?
        }
        LogicalPlan::Filter(filter) => {
            passes(filter, place);
            place
        }
        LogicalPlan::Window(window) if place >= window.input.schema().fields().len() => return None,
        LogicalPlan::Window(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_) => place,
        _ => return None,
    };
    output(plan.inputs().first().copied()?, below, passes)
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
    floor(condition)
        .is_some_and(|(number, least)| place_of(number, schema) == Some(place) && least >= at_least)
}

/// What a condition holds to a least number, and the number.
fn floor(condition: &Expr) -> Option<(&Expr, u32)> {
    let Expr::BinaryExpr(BinaryExpr { left, op: Operator::GtEq, right }) = condition else { return None };
    match &**right {
        Expr::Literal(ScalarValue::Int64(Some(least)), _) => Some((&**left, u32::try_from(*least).ok()?)),
        _ => None,
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

/// What a function of a group counts, where it is a count(DISTINCT …).
fn counted(function: &AggregateFunction) -> Option<&Expr> {
    let is_distinct = function.func.name() == "count" && function.params.distinct;
    match function.params.args.as_slice() {
        [whom] if is_distinct => Some(whom),
        _ => None,
    }
}

/// The values that a function of a group adds up or ranks, and the share of them on the smaller side of what it gives: all are
/// in a sum, and a tenth is below the first tenth. A least, greatest or first value has nothing but itself, and sums of squares
/// beside the sum give away those of three.
fn weighed(function: &AggregateFunction) -> Option<(&Expr, f64)> {
    let params = &function.params;
    if params.distinct || params.filter.is_some() {
        return None;
    }
    match (function.func.name(), params.args.as_slice()) {
        ("sum" | "avg", [value]) => Some((value, 1.0)),
        ("median", [value]) => Some((value, 0.5)),
        ("percentile_cont", [value, Expr::Literal(ScalarValue::Float64(Some(fraction)), _)]) => {
            Some((value, fraction.min(1.0 - fraction)))
        }
        _ => None,
    }
}

/// Condition and value of a CASE that shows the value or nothing.
fn hidden(case: &Case) -> Option<(&Expr, &Expr)> {
    match (case.when_then_expr.as_slice(), &case.expr, &case.else_expr) {
        ([(condition, shown)], None, None) => Some((&**condition, &**shown)),
        _ => None,
    }
}

/// Whether an expression reads other rows than those it is evaluated on.
fn reads_beside(expression: &Expr) -> bool {
    let beside = expression
        .exists(|part| Ok(subquery(part).is_some() || matches!(part, Expr::OuterReferenceColumn(..))));
    beside.unwrap_or(true)
}

/// The grouping by which a grade is lowered.
struct Grouping<'a> {
    plan: &'a LogicalPlan,
    aggregate: &'a Aggregate,
    /// Whom it counts: enterprises or persons.
    whom: &'a Expr,
    /// Fewest of them that are told of.
    at_least: u32,
}

impl<'a> Grouping<'a> {
    /// The grouping that a plan is, where its output in a place counts.
    fn counting(plan: &'a LogicalPlan, place: usize, at_least: u32) -> Option<Self> {
        let LogicalPlan::Aggregate(aggregate) = plan else { return None };
        // Grouping sets have other columns than expressions.
        if aggregate.group_expr.iter().any(|group| matches!(group, Expr::GroupingSet(_))) {
            return None;
        }
        let whom = counted(function(aggregate, place)?)?;
        Some(Self { plan, aggregate, whom, at_least })
    }

    /// Outputs whose values a column of a plan shows, where they tell of whole groups alone: what rows are grouped by, numbers,
    /// and of the rest those that are `held`, to which enough contribute.
    fn column(&self, plan: &LogicalPlan, place: usize, held: &BTreeSet<usize>) -> Option<BTreeSet<usize>> {
        match plan {
            LogicalPlan::Aggregate(_) => {
                let is_told = self.is_key_or_number(place) || held.contains(&place);
                (is_told && std::ptr::eq(plan, self.plan)).then(|| BTreeSet::from([place]))
            }
            LogicalPlan::Projection(projection) => {
                self.expression(projection.expr.get(place)?, &projection.input, held)
            }
            LogicalPlan::Window(window) if place >= window.input.schema().fields().len() => None,
            LogicalPlan::Filter(_)
            | LogicalPlan::Window(_)
            | LogicalPlan::SubqueryAlias(_)
            | LogicalPlan::Sort(_)
            | LogicalPlan::Limit(_) => self.column(plan.inputs().first()?, place, held),
            _ => None,
        }
    }

    /// The same of an expression over the columns of a plan.
    fn expression(
        &self,
        expression: &Expr,
        input: &LogicalPlan,
        held: &BTreeSet<usize>,
    ) -> Option<BTreeSet<usize>> {
        if let Expr::Column(column) = expression {
            return self.column(input, input.schema().maybe_index_of_column(column)?, held);
        }
        if let Expr::Case(case) = expression
            && let Some((condition, shown)) = hidden(case)
        {
            let held = held | &self.guarded(condition, input);
            let shown = self.expression(shown, input, &held);
            return shown.filter(|_| self.is_of_groups(condition, input));
        }
        if reads_beside(expression) {
            return None;
        }
        let (mut outputs, mut is_told) = (BTreeSet::new(), true);
        let walked = expression.apply_children(|part| {
            if let Some(more) = self.expression(part, input, held) {
                outputs.extend(more);
                return Ok(TreeNodeRecursion::Continue);
            }
            is_told = false;
            Ok(TreeNodeRecursion::Stop)
        });
        (walked.is_ok() && is_told).then_some(outputs)
    }

    fn is_key_or_number(&self, place: usize) -> bool {
        let is_number = |function: &AggregateFunction| function.func.name() == "count";
        place < self.aggregate.group_expr.len() || function(self.aggregate, place).is_some_and(is_number)
    }

    /// Outputs to which enough contribute wherever a condition on rows of a plan holds.
    fn guarded(&self, condition: &Expr, input: &LogicalPlan) -> BTreeSet<usize> {
        let floors = split_conjunction(condition).into_iter().filter_map(|one| {
            let (number, least) = floor(one)?;
            let place = place_of(number, input.schema())?;
            let (plan, place) = output(input, place, &mut |_: &Filter, _: usize| {})?;
            let count = function(self.aggregate, place)?;
            std::ptr::eq(plan, self.plan).then_some((count, least))
        });
        let floors: Vec<(&AggregateFunction, u32)> = floors.collect();
        let is_guarded = |place: &usize| {
            let Some((value, share)) = function(self.aggregate, *place).and_then(weighed) else {
                return false;
            };
            floors.iter().any(|(count, least)| {
                // A share such as 1 - 0.9 is not exact.
                self.counts_contributors(count, value)
                    && f64::from(*least) * share > f64::from(self.at_least) - 1e-6
            })
        };
        (0..self.aggregate.schema.fields().len()).filter(is_guarded).collect()
    }

    /// Whether a function counts those whom values come from: `count(DISTINCT whom) FILTER (WHERE value <> 0)`.
    fn counts_contributors(&self, count: &AggregateFunction, value: &Expr) -> bool {
        let is_of_value = |condition: &Expr| match condition {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::NotEq, right }) => {
                **left == *value && matches!(**right, Expr::Literal(ScalarValue::Int64(Some(0)), _))
            }
            _ => false,
        };
        let filter = count.params.filter.as_deref();
        counted(count) == Some(self.whom)
            && filter.is_some_and(|filter| split_conjunction(filter).into_iter().any(is_of_value))
    }

    /// Whether an expression reads what the rows are grouped by, numbers, sums and ranks of groups, be it of all groups at
    /// once, and nothing beside: what is shown of a group may depend on that.
    fn is_of_groups(&self, expression: &Expr, input: &LogicalPlan) -> bool {
        let columns = expression.column_refs().into_iter();
        let mut places = columns.map(|column| input.schema().maybe_index_of_column(column));
        !reads_beside(expression)
            && places.all(|place| place.is_some_and(|place| self.comes_of_groups(input, place)))
    }

    fn comes_of_groups(&self, plan: &LogicalPlan, place: usize) -> bool {
        match plan {
            LogicalPlan::Aggregate(_) => {
                let is_weighed = || function(self.aggregate, place).and_then(weighed).is_some();
                std::ptr::eq(plan, self.plan) && (self.is_key_or_number(place) || is_weighed())
            }
            LogicalPlan::Projection(projection) => {
                let expression = projection.expr.get(place);
                expression.is_some_and(|expression| self.is_of_groups(expression, &projection.input))
            }
            LogicalPlan::Window(window) => match place.checked_sub(window.input.schema().fields().len()) {
                None => self.comes_of_groups(&window.input, place),
                Some(place) => {
                    let expression = window.window_expr.get(place);
                    expression.is_some_and(|expression| self.is_of_groups(expression, &window.input))
                }
            },
            LogicalPlan::Filter(_)
            | LogicalPlan::SubqueryAlias(_)
            | LogicalPlan::Sort(_)
            | LogicalPlan::Limit(_) => {
                plan.inputs().first().is_some_and(|input| self.comes_of_groups(input, place))
            }
            _ => false,
        }
    }
}

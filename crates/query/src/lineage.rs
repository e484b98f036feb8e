//! Column-level lineage, from plans and not from text: which stored columns stand behind each column of an answer, and
//! which only decide what is in it.

use crate::governed::GovernedTable;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema};
use datafusion::datasource::source_as_provider;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Aggregate, Join, JoinType, LogicalPlan, TableScan, Window};
use datafusion::prelude::Expr;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A stored column: table and name.
pub type Stored = (String, String);

/// Stored columns behind one column of an answer.
type Origins = BTreeSet<Stored>;

/// What a plan reads of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableReading {
    /// Columns whose values, or values made of them, are in the answer.
    pub shown: BTreeSet<String>,
    /// Columns that decide what is in the answer: in conditions, joins, groups and orders.
    pub used: BTreeSet<String>,
}

/// What a plan reads. Where a plan does not tell columns apart, such as in recursion, all of them count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lineage {
    /// Stored columns behind each column of the answer, in order.
    pub origins: Vec<BTreeSet<Stored>>,
    /// What is read of each table, also of one of which no column is.
    pub tables: BTreeMap<String, TableReading>,
    /// Columns that choose the rows: of conditions and joins.
    pub choosing: BTreeSet<Stored>,
}

impl Lineage {
    /// Traces an optimised plan, whose scans name the columns that are needed.
    ///
    /// # Errors
    /// When the plan does not hold together.
    pub(crate) fn of(plan: &LogicalPlan) -> Result<Self, DataFusionError> {
        let mut trace = Trace::default();
        let origins = trace.origins(plan)?;
        let mut tables: BTreeMap<String, TableReading> =
            trace.tables.into_iter().map(|table| (table, TableReading::default())).collect();
        for (table, column) in trace.used {
            tables.entry(table).or_default().used.insert(column);
        }
        for (table, column) in origins.iter().flatten() {
            tables.entry(table.clone()).or_default().shown.insert(column.clone());
        }
        Ok(Self { origins, tables, choosing: trace.choosing })
    }
}

#[derive(Default)]
struct Trace {
    tables: BTreeSet<String>,
    used: BTreeSet<Stored>,
    choosing: BTreeSet<Stored>,
    /// Rows around the subquery that is traced, the innermost last.
    outer: Vec<(DFSchema, Vec<Origins>)>,
}

impl Trace {
    fn origins(&mut self, plan: &LogicalPlan) -> Result<Vec<Origins>, DataFusionError> {
        match plan {
            LogicalPlan::TableScan(scan) => self.scan(scan),
            LogicalPlan::Projection(projection) => {
                let input = self.origins(&projection.input)?;
                let schema = projection.input.schema();
                projection.expr.iter().map(|expr| self.of_expression(expr, schema, &input)).collect()
            }
            LogicalPlan::Filter(filter) => {
                let input = self.origins(&filter.input)?;
                self.chooses([&filter.predicate], filter.input.schema(), &input)?;
                Ok(input)
            }
            LogicalPlan::Sort(sort) => {
                let input = self.origins(&sort.input)?;
                self.uses(sort.expr.iter().map(|sort| &sort.expr), sort.input.schema(), &input)?;
                Ok(input)
            }
            LogicalPlan::Aggregate(aggregate) => self.aggregate(aggregate),
            LogicalPlan::Window(window) => self.window(window),
            LogicalPlan::Join(join) => self.join(join),
            LogicalPlan::Union(union) => {
                let inputs = union.inputs.iter().map(|input| self.origins(input));
                Ok(merged(inputs.collect::<Result<_, _>>()?))
            }
            LogicalPlan::RecursiveQuery(query) => {
                let first = self.origins(&query.static_term)?;
                let next = self.origins(&query.recursive_term)?;
                Ok(merged(vec![first, next]))
            }
            LogicalPlan::SubqueryAlias(alias) => self.origins(&alias.input),
            LogicalPlan::Subquery(subquery) => self.origins(&subquery.subquery),
            LogicalPlan::Limit(limit) => self.origins(&limit.input),
            LogicalPlan::Repartition(repartition) => self.origins(&repartition.input),
            LogicalPlan::Distinct(distinct) => self.origins(distinct.input()),
            LogicalPlan::Unnest(unnest) => {
                let input = self.origins(&unnest.input)?;
                Ok(unnest
                    .dependency_indices
                    .iter()
                    .map(|i| input.get(*i).cloned().unwrap_or_default())
                    .collect())
            }
            other => {
                // Constants, descriptions, plans: each column may come from any.
                let inputs = other.inputs().into_iter().map(|input| self.origins(input));
                let all: Origins =
                    inputs.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().flatten().collect();
                Ok(vec![all; other.schema().fields().len()])
            }
        }
    }

    fn scan(&mut self, scan: &TableScan) -> Result<Vec<Origins>, DataFusionError> {
        let provider = source_as_provider(&scan.source)?;
        let table = match provider.downcast_ref::<GovernedTable>() {
            Some(table) => table.name().to_owned(),
            None => scan.table_name.to_string(),
        };
        self.tables.insert(table.clone());
        let stored = |column: &str| (table.clone(), column.to_owned());
        let filtered = scan.filters.iter().flat_map(Expr::column_refs).map(|column| stored(&column.name));
        let filtered: BTreeSet<Stored> = filtered.collect();
        self.used.extend(filtered.iter().cloned());
        self.choosing.extend(filtered);
        let fields = scan.projected_schema.fields().iter();
        Ok(fields.map(|field| Origins::from([stored(field.name())])).collect())
    }

    fn aggregate(&mut self, aggregate: &Aggregate) -> Result<Vec<Origins>, DataFusionError> {
        let input = self.origins(&aggregate.input)?;
        let schema = aggregate.input.schema();
        self.uses(&aggregate.group_expr, schema, &input)?;
        let expressions = aggregate.group_expr.iter().chain(&aggregate.aggr_expr);
        let origins: Vec<Origins> =
            expressions.map(|expr| self.of_expression(expr, schema, &input)).collect::<Result<_, _>>()?;
        let width = aggregate.schema.fields().len();
        // Grouping sets have more columns than expressions; any of them may hold any of the groups.
        Ok(if origins.len() == width {
            origins
        } else {
            vec![origins.into_iter().flatten().collect(); width]
        })
    }

    fn window(&mut self, window: &Window) -> Result<Vec<Origins>, DataFusionError> {
        let mut input = self.origins(&window.input)?;
        let schema = window.input.schema();
        self.uses(&window.window_expr, schema, &input)?;
        let windows = window.window_expr.iter().map(|expr| self.of_expression(expr, schema, &input));
        let windows = windows.collect::<Result<Vec<_>, _>>()?;
        input.extend(windows);
        Ok(input)
    }

    fn join(&mut self, join: &Join) -> Result<Vec<Origins>, DataFusionError> {
        let (left, right) = (self.origins(&join.left)?, self.origins(&join.right)?);
        for (l, r) in &join.on {
            self.chooses([l], join.left.schema(), &left)?;
            self.chooses([r], join.right.schema(), &right)?;
        }
        // The rows of the other side stand around those of the one: both sides may have columns of one name.
        self.outer.push((join.right.schema().as_ref().clone(), right.clone()));
        let used = self.chooses(&join.filter, join.left.schema(), &left);
        self.outer.pop();
        used?;
        Ok(match join.join_type {
            JoinType::LeftSemi | JoinType::LeftAnti => left,
            JoinType::RightSemi | JoinType::RightAnti => right,
            // The mark says whether there is a partner: of what the join uses, and nothing more.
            JoinType::LeftMark => left.into_iter().chain([Origins::new()]).collect(),
            JoinType::RightMark => right.into_iter().chain([Origins::new()]).collect(),
            _ => left.into_iter().chain(right).collect(),
        })
    }

    /// Counts the columns of expressions as used.
    fn uses<'a>(
        &mut self,
        expressions: impl IntoIterator<Item = &'a Expr>,
        schema: &DFSchema,
        input: &[Origins],
    ) -> Result<(), DataFusionError> {
        let used = self.of_expressions(expressions, schema, input)?;
        self.used.extend(used);
        Ok(())
    }

    /// Counts the columns of expressions as used to choose rows.
    fn chooses<'a>(
        &mut self,
        expressions: impl IntoIterator<Item = &'a Expr>,
        schema: &DFSchema,
        input: &[Origins],
    ) -> Result<(), DataFusionError> {
        let choosing = self.of_expressions(expressions, schema, input)?;
        self.used.extend(choosing.iter().cloned());
        self.choosing.extend(choosing);
        Ok(())
    }

    /// Columns of any of the expressions.
    fn of_expressions<'a>(
        &mut self,
        expressions: impl IntoIterator<Item = &'a Expr>,
        schema: &DFSchema,
        input: &[Origins],
    ) -> Result<Origins, DataFusionError> {
        let mut columns = Origins::new();
        for expression in expressions {
            columns.append(&mut self.of_expression(expression, schema, input)?);
        }
        Ok(columns)
    }

    fn of_expression(
        &mut self,
        expression: &Expr,
        schema: &DFSchema,
        input: &[Origins],
    ) -> Result<Origins, DataFusionError> {
        let (mut columns, mut subqueries) = (Vec::new(), Vec::new());
        expression.apply(|part| {
            match part {
                Expr::Column(column) | Expr::OuterReferenceColumn(_, column) => columns.push(column.clone()),
                Expr::Exists(exists) => subqueries.push(Arc::clone(&exists.subquery.subquery)),
                Expr::InSubquery(within) => subqueries.push(Arc::clone(&within.subquery.subquery)),
                Expr::SetComparison(compared) => subqueries.push(Arc::clone(&compared.subquery.subquery)),
                Expr::ScalarSubquery(subquery) => subqueries.push(Arc::clone(&subquery.subquery)),
                _ => {}
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        let mut origins: Origins =
            columns.iter().flat_map(|column| self.of_column(column, schema, input)).collect();
        for subquery in subqueries {
            self.outer.push((schema.clone(), input.to_vec()));
            let inner = self.origins(&subquery);
            self.outer.pop();
            origins.extend(inner?.into_iter().flatten());
        }
        Ok(origins)
    }

    /// Where a column of the input comes from, or one of the rows around a subquery.
    fn of_column(&self, column: &Column, schema: &DFSchema, input: &[Origins]) -> Origins {
        if let Some(i) = schema.maybe_index_of_column(column) {
            return input.get(i).cloned().unwrap_or_default();
        }
        let mut around = self.outer.iter().rev();
        let found = around.find_map(|(schema, input)| input.get(schema.maybe_index_of_column(column)?));
        found.cloned().unwrap_or_default()
    }
}

/// Position by position.
fn merged(inputs: Vec<Vec<Origins>>) -> Vec<Origins> {
    let mut inputs = inputs.into_iter();
    let mut merged = inputs.next().unwrap_or_default();
    for input in inputs {
        for (all, more) in merged.iter_mut().zip(input) {
            all.extend(more);
        }
    }
    merged
}

//! Column-level lineage, from plans and not from text: which stored columns stand behind each column of an answer, and
//! which only decide what is in it.

use crate::catalog::Stored;
use crate::governed::GovernedTable;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema};
use datafusion::datasource::cte_worktable::CteWorkTable;
use datafusion::datasource::source_as_provider;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{
    Aggregate, Distinct, DistinctOn, Join, JoinType, LogicalPlan, RecursiveQuery, Sort, TableScan, Unnest,
    Window,
};
use datafusion::prelude::Expr;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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
    /// Columns that choose the rows: of conditions and joins, of the order by which a limit takes the first, and lists, of which
    /// each element is a row.
    pub choosing: BTreeSet<Stored>,
}

impl Lineage {
    /// Traces a plan. An optimised one names the columns that are needed, and no others.
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

    /// Columns that decide what is in the answer, of all tables.
    pub(crate) fn used(&self) -> BTreeSet<Stored> {
        let of_table = |(table, read): (&String, &TableReading)| {
            read.used.iter().map(|column| (table.clone(), column.clone())).collect::<Vec<_>>()
        };
        self.tables.iter().flat_map(of_table).collect()
    }
}

#[derive(Default)]
struct Trace {
    tables: BTreeSet<String>,
    used: BTreeSet<Stored>,
    choosing: BTreeSet<Stored>,
    /// Rows around the subquery that is traced, the innermost last.
    outer: Vec<(DFSchema, Vec<Origins>)>,
    /// Whether a limit above takes some of the rows: what orders them chooses them.
    is_cut: bool,
    /// Stored columns behind the rows of recursions that are traced, by name, the innermost last.
    recursions: Vec<(String, Origins)>,
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
            LogicalPlan::Sort(sort) => self.sort(sort),
            LogicalPlan::Aggregate(aggregate) => self.aggregate(aggregate),
            LogicalPlan::Window(window) => self.window(window),
            LogicalPlan::Join(join) => self.join(join),
            LogicalPlan::Union(union) => {
                let inputs = union.inputs.iter().map(|input| self.origins(input));
                Ok(merged(inputs.collect::<Result<_, _>>()?))
            }
            LogicalPlan::RecursiveQuery(query) => self.recursion(query),
            LogicalPlan::SubqueryAlias(alias) => self.origins(&alias.input),
            LogicalPlan::Subquery(subquery) => self.origins(&subquery.subquery),
            LogicalPlan::Limit(limit) => self.limit(&limit.input),
            LogicalPlan::Repartition(repartition) => self.origins(&repartition.input),
            LogicalPlan::Distinct(Distinct::All(input)) => self.origins(input),
            LogicalPlan::Distinct(Distinct::On(distinct)) => self.distinct_on(distinct),
            LogicalPlan::Unnest(unnest) => self.unnest(unnest),
            other => {
                // Constants, descriptions, plans: each column may come from any.
                let inputs = other.inputs().into_iter().map(|input| self.origins(input));
                let all: Origins =
                    inputs.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().flatten().collect();
                Ok(vec![all; other.schema().fields().len()])
            }
        }
    }

    /// Any column of a round may come from any of the round before, whose rows decide which there are.
    fn recursion(&mut self, query: &RecursiveQuery) -> Result<Vec<Origins>, DataFusionError> {
        let mut all: Origins = self.origins(&query.static_term)?.into_iter().flatten().collect();
        self.recursions.push((query.name.clone(), all.clone()));
        let next = self.origins(&query.recursive_term);
        self.recursions.pop();
        all.extend(next?.into_iter().flatten());
        self.used.extend(all.iter().cloned());
        self.choosing.extend(all.iter().cloned());
        Ok(vec![all; query.schema.fields().len()])
    }

    fn scan(&mut self, scan: &TableScan) -> Result<Vec<Origins>, DataFusionError> {
        if let Some(name) = round_before(scan) {
            let mut around = self.recursions.iter().rev();
            let all =
                around.find(|(known, _)| *known == name).map(|(_, all)| all.clone()).unwrap_or_default();
            return Ok(vec![all; scan.projected_schema.fields().len()]);
        }
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
        // DISTINCT ON, optimised: of each group a row is taken, so that the keys choose it.
        if aggregate.aggr_expr.iter().any(takes_a_row) {
            self.chooses(&aggregate.group_expr, schema, &input)?;
        } else {
            self.uses(&aggregate.group_expr, schema, &input)?;
        }
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
        self.orders(&window.window_expr, schema, &input)?;
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

    fn sort(&mut self, sort: &Sort) -> Result<Vec<Origins>, DataFusionError> {
        let around = self.is_cut;
        self.is_cut |= sort.fetch.is_some();
        let input = self.origins(&sort.input)?;
        self.orders(sort.expr.iter().map(|sort| &sort.expr), sort.input.schema(), &input)?;
        self.is_cut = around;
        Ok(input)
    }

    fn distinct_on(&mut self, distinct: &DistinctOn) -> Result<Vec<Origins>, DataFusionError> {
        let input = self.origins(&distinct.input)?;
        let schema = distinct.input.schema();
        let sorted = distinct.sort_expr.iter().flatten().map(|sort| &sort.expr);
        self.chooses(distinct.on_expr.iter().chain(sorted), schema, &input)?;
        distinct.select_expr.iter().map(|expr| self.of_expression(expr, schema, &input)).collect()
    }

    fn unnest(&mut self, unnest: &Unnest) -> Result<Vec<Origins>, DataFusionError> {
        let input = self.origins(&unnest.input)?;
        let lists = unnest.list_type_columns.iter().filter_map(|(i, _)| input.get(*i));
        let lists: Origins = lists.flatten().cloned().collect();
        self.used.extend(lists.iter().cloned());
        self.choosing.extend(lists);
        let column = |i: &usize| input.get(*i).cloned().unwrap_or_default();
        Ok(unnest.dependency_indices.iter().map(column).collect())
    }

    /// Traces rows of which a limit takes some.
    fn limit(&mut self, input: &LogicalPlan) -> Result<Vec<Origins>, DataFusionError> {
        let around = self.is_cut;
        self.is_cut = true;
        let input = self.origins(input)?;
        self.is_cut = around;
        Ok(input)
    }

    /// Counts the columns of expressions that rows are ordered by.
    fn orders<'a>(
        &mut self,
        expressions: impl IntoIterator<Item = &'a Expr>,
        schema: &DFSchema,
        input: &[Origins],
    ) -> Result<(), DataFusionError> {
        if self.is_cut {
            self.chooses(expressions, schema, input)
        } else {
            self.uses(expressions, schema, input)
        }
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
                other => subqueries.extend(subquery(other).cloned()),
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

/// Whether an expression has the value of the first row of a group.
fn takes_a_row(expression: &Expr) -> bool {
    let takes = expression.exists(|part| {
        Ok(matches!(part, Expr::AggregateFunction(function) if function.func.name() == "first_value"))
    });
    takes.unwrap_or(true)
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

/// The name of the recursion, if a scan is of the rows that its round before made, which stand in no table.
pub(crate) fn round_before(scan: &TableScan) -> Option<String> {
    let provider = source_as_provider(&scan.source).ok()?;
    provider.downcast_ref::<CteWorkTable>().map(|rows| rows.name().to_owned())
}

/// The plan of the subquery that an expression is, without what is in its parts.
pub(crate) fn subquery(expression: &Expr) -> Option<&Arc<LogicalPlan>> {
    let subquery = match expression {
        Expr::ScalarSubquery(subquery) => subquery,
        Expr::Exists(exists) => &exists.subquery,
        Expr::InSubquery(within) => &within.subquery,
        Expr::SetComparison(compared) => &compared.subquery,
        _ => return None,
    };
    Some(&subquery.subquery)
}

//! Whose rows a query asks for: the companies and persons that conditions at the base of its plan let through.
//!
//! What is not known for certain is not claimed. A condition tells whose rows are read only where it stands on a stored
//! column that is shown as it is, and between it and the table there is nothing that could mix rows or leave some out: no
//! limit, window, group or other side of a join. The engine carries conditions down to the tables where it may, so that
//! this is where most of them are found.

use crate::catalog::{Catalog, Stored};
use crate::governed::GovernedTable;
use crate::lineage::round_before;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source_as_provider;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{
    BinaryExpr, Distinct, JoinType, LogicalPlan, Operator, Projection, TableScan,
};
use datafusion::prelude::Expr;
use std::collections::{BTreeMap, BTreeSet};
use tidegate_records::category::Category;
use tidegate_records::model::declarant_in;
use tidegate_records::table::Table;
use tidegate_records::tables::TABLES;

/// The column of every stored table that names the declaration of a row.
const DECLARATION_NAME: &str = "declaration_id";

/// Schemas that describe tables and hold no rows of them.
const CATALOGS: [&str; 2] = ["information_schema.", "pg_catalog."];

/// Whose rows a query asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subjects {
    /// Values that stored columns of companies and persons are compared with.
    pub keys: BTreeSet<String>,
    /// Whether nothing is read of anybody else: each table that is read holds nobody's rows, or conditions fix every column of
    /// it that is read and could name somebody.
    pub are_all: bool,
    /// Places of the answer's columns that hold numbers of companies and persons as they are stored.
    pub shown: Vec<(usize, Named)>,
}

/// Who is named by a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// The company or person whose number it holds.
    Themselves,
    /// The declarant, in the name of a declaration that has no number of the authority.
    Declarant,
}

impl Named {
    /// The number of a company or person in a value.
    pub fn key(self, value: &str) -> Option<&str> {
        match self {
            Self::Themselves => Some(value),
            Self::Declarant => declarant_in(value),
        }
    }
}

impl Subjects {
    /// Whose rows an optimised plan asks for.
    pub(crate) fn of(plan: &LogicalPlan, naming: &Naming) -> Result<Self, DataFusionError> {
        let places = 0..plan.schema().fields().len();
        let shown = places.filter_map(|place| Some((place, named_by(plan, place, naming)?))).collect();
        let mut subjects = Self { keys: BTreeSet::new(), are_all: true, shown };
        subjects.collect(plan, Vec::new(), naming)?;
        Ok(subjects)
    }

    /// Goes down to the scans with the conditions that hold for every row of a plan's answer.
    fn collect(
        &mut self,
        plan: &LogicalPlan,
        mut conditions: Vec<Admitted>,
        naming: &Naming,
    ) -> Result<(), DataFusionError> {
        plan.apply_subqueries(|subquery| {
            self.collect(subquery, Vec::new(), naming)?;
            Ok(TreeNodeRecursion::Continue)
        })?;
        let below = match plan {
            LogicalPlan::TableScan(scan) => return self.scan(scan, conditions, naming),
            LogicalPlan::Filter(filter) => {
                conditions.extend(split_conjunction(&filter.predicate).into_iter().filter_map(admitted));
                conditions
            }
            LogicalPlan::SubqueryAlias(_) => conditions,
            LogicalPlan::Projection(projection) => {
                conditions.into_iter().filter_map(|condition| below(condition, projection)).collect()
            }
            _ => Vec::new(),
        };
        plan.inputs().into_iter().try_for_each(|input| self.collect(input, below.clone(), naming))
    }

    fn scan(
        &mut self,
        scan: &TableScan,
        mut conditions: Vec<Admitted>,
        naming: &Naming,
    ) -> Result<(), DataFusionError> {
        if round_before(scan).is_some() {
            // Of whom its rows are is told where they were read first.
            return Ok(());
        }
        let provider = source_as_provider(&scan.source)?;
        let Some(table) = provider.downcast_ref::<GovernedTable>() else {
            self.are_all = false;
            return Ok(());
        };
        let name = table.name();
        if !is_of_anybody(name) {
            return Ok(());
        }
        conditions.extend(scan.filters.iter().flat_map(split_conjunction).filter_map(admitted));
        let mut fixed = BTreeSet::new();
        for condition in conditions {
            let is_known =
                |column: &String| naming.names_somebody(name, column) && table.is_as_stored(column);
            if condition.keys().all(is_known) {
                if condition.len() == 1 {
                    fixed.extend(condition.keys().cloned());
                }
                self.keys.extend(condition.into_values().flatten());
            }
        }
        let filtered = scan.filters.iter().flat_map(Expr::column_refs).map(|column| &column.name);
        let mut read = scan.projected_schema.fields().iter().map(|field| field.name()).chain(filtered);
        self.are_all &= !fixed.is_empty()
            && read.all(|column| fixed.contains(column) || !naming.could_name_somebody(name, column));
        Ok(())
    }
}

/// Who is named by a column of a plan's answer that comes as it is from a stored one.
fn named_by(plan: &LogicalPlan, place: usize, naming: &Naming) -> Option<Named> {
    let through = |expression: &Expr, input: &LogicalPlan| match unaliased(expression) {
        Expr::Column(column) => named_by(input, input.schema().maybe_index_of_column(column)?, naming),
        _ => None,
    };
    match plan {
        LogicalPlan::TableScan(scan) => {
            let provider = source_as_provider(&scan.source).ok()?;
            let table = provider.downcast_ref::<GovernedTable>()?;
            let column = scan.projected_schema.field(place).name();
            naming.named_by(table.name(), column).filter(|_| table.is_as_stored(column))
        }
        LogicalPlan::Projection(projection) => through(projection.expr.get(place)?, &projection.input),
        LogicalPlan::Aggregate(aggregate) => through(aggregate.group_expr.get(place)?, &aggregate.input),
        LogicalPlan::Join(join) => match (join.join_type, join.left.schema().fields().len()) {
            (JoinType::RightSemi | JoinType::RightAnti, _) => named_by(&join.right, place, naming),
            (JoinType::LeftMark | JoinType::RightMark, _) => None,
            (_, width) if place < width => named_by(&join.left, place, naming),
            (_, width) => named_by(&join.right, place - width, naming),
        },
        LogicalPlan::Union(union) => {
            let mut named = union.inputs.iter().map(|input| named_by(input, place, naming));
            let first = named.next().flatten();
            first.filter(|_| named.all(|other| other == first))
        }
        LogicalPlan::Window(window) if place >= window.input.schema().fields().len() => None,
        LogicalPlan::Window(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Distinct(Distinct::All(_))
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Repartition(_) => named_by(plan.inputs().first()?, place, naming),
        _ => None,
    }
}

/// Which columns tell of companies and persons.
#[derive(Debug, Clone, Default)]
pub(crate) struct Naming(BTreeMap<Stored, Category>);

impl Naming {
    pub(crate) fn of(catalog: &Catalog) -> Self {
        let mut categories = BTreeMap::new();
        for table in TABLES {
            for column in table.columns {
                // What a steward says of a column does not make those unnamed whom its definition names.
                let defined = column.category(table);
                let category =
                    if is_of_somebody(defined) { defined } else { catalog.of(table, column).category };
                categories.insert((table.name.to_owned(), column.name.to_owned()), category);
            }
        }
        for dataset in &catalog.datasets {
            let columns = dataset.columns.iter();
            categories.extend(columns.map(|c| ((dataset.name.clone(), c.name.clone()), c.category)));
        }
        categories.retain(|_, category| is_of_somebody(*category) || *category == Category::Document);
        Self(categories)
    }

    fn category(&self, table: &str, column: &str) -> Option<Category> {
        self.0.get(&(table.to_owned(), column.to_owned())).copied()
    }

    fn names_somebody(&self, table: &str, column: &str) -> bool {
        self.category(table, column).is_some_and(is_of_somebody)
    }

    /// Documents and other nested content may name anybody, and the name of a declaration its declarant.
    fn could_name_somebody(&self, table: &str, column: &str) -> bool {
        self.category(table, column).is_some() || column == DECLARATION_NAME
    }

    /// Who is named by a stored column; nobody where it is not known for certain.
    fn named_by(&self, table: &str, column: &str) -> Option<Named> {
        if column == DECLARATION_NAME && TABLES.iter().any(|known| known.name == table) {
            return Some(Named::Declarant);
        }
        let is_number = column.ends_with("_id") && self.names_somebody(table, column);
        is_number.then_some(Named::Themselves)
    }
}

fn is_of_somebody(category: Category) -> bool {
    matches!(category, Category::Party | Category::Person)
}

/// Whether a table can have rows of a company or a person. Datasets can: what is in them is for their authors to say.
fn is_of_anybody(table: &str) -> bool {
    !CATALOGS.iter().any(|schema| table.starts_with(schema))
        && !TABLES.iter().any(|known| known.name == table && is_of_nobody(known))
}

/// Neither a column that could name somebody, nor the declaration that a row belongs to.
fn is_of_nobody(table: &Table) -> bool {
    let tells = |column: &tidegate_records::table::Column| {
        let category = column.category(table);
        is_of_somebody(category) || category == Category::Document || column.name == DECLARATION_NAME
    };
    !table.columns.iter().any(tells)
}

/// Tables that have no rows of any company or person, as patterns in which `*` stands for any text.
pub fn tables_of_nobody() -> Vec<String> {
    let stored = TABLES.iter().filter(|table| is_of_nobody(table)).map(|table| table.name.to_owned());
    stored.chain(CATALOGS.iter().map(|schema| format!("{schema}*"))).collect()
}

/// What a condition admits: values by column, of which a row has at least one.
type Admitted = BTreeMap<String, BTreeSet<String>>;

/// What a condition admits, if it admits only some values of some columns.
fn admitted(condition: &Expr) -> Option<Admitted> {
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => match (&**left, &**right) {
            (Expr::Column(column), value) | (value, Expr::Column(column)) => {
                Some([(column.name.clone(), [text(value)?].into())].into())
            }
            _ => None,
        },
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            let mut either = admitted(left)?;
            for (column, values) in admitted(right)? {
                either.entry(column).or_default().extend(values);
            }
            Some(either)
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            admitted(left).or_else(|| admitted(right))
        }
        Expr::InList(list) if !list.negated => match &*list.expr {
            Expr::Column(column) => {
                Some([(column.name.clone(), list.list.iter().map(text).collect::<Option<_>>()?)].into())
            }
            _ => None,
        },
        _ => None,
    }
}

fn text(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Literal(value, _) => value.try_as_str().flatten().map(str::to_owned),
        _ => None,
    }
}

/// A condition on the answer of a projection as one on what it projects, if its columns come through as they are.
fn below(condition: Admitted, projection: &Projection) -> Option<Admitted> {
    let column_of = |name: &str| {
        let fields = projection.schema.fields().iter().zip(&projection.expr);
        let mut of_name = fields.filter(|(field, _)| field.name() == name);
        match (of_name.next(), of_name.next()) {
            (Some((_, expression)), None) => match unaliased(expression) {
                Expr::Column(column) => Some(column.name.clone()),
                _ => None,
            },
            _ => None,
        }
    };
    let mut renamed = Admitted::new();
    for (column, values) in condition {
        renamed.entry(column_of(&column)?).or_default().extend(values);
    }
    Some(renamed)
}

fn unaliased(expression: &Expr) -> &Expr {
    match expression {
        Expr::Alias(alias) => unaliased(&alias.expr),
        other => other,
    }
}

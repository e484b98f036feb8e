//! What an audit log keeps of a query: its text without the values in it, whose rows it asks for, and what it reads.

use crate::lineage::Lineage;
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, LogicalPlan, Operator};
use datafusion::prelude::Expr;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Expr as SqlExpr, Value, visit_expressions_mut};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt;
use std::ops::ControlFlow;
use tidegate_records::category::Category;
use tidegate_records::tables::TABLES;

/// SHA-256 of a statement's text without its values: the same for statements that differ in values alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(8).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A statement without the values in it, which may be somebody's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementText {
    /// The text; values are `?`.
    pub text: String,
    /// By which it is known.
    pub fingerprint: Fingerprint,
}

impl StatementText {
    pub(crate) fn of(statement: &Statement) -> Self {
        let mut statement = statement.clone();
        let text = match inner(&mut statement) {
            Some(inner) => {
                let _: ControlFlow<()> = visit_expressions_mut(inner, |expression| {
                    match expression {
                        SqlExpr::Value(value) => value.value = Value::Placeholder("?".to_owned()),
                        SqlExpr::TypedString(text) => text.value.value = Value::Placeholder("?".to_owned()),
                        _ => {}
                    }
                    ControlFlow::Continue(())
                });
                statement.to_string()
            }
            // Copies and external tables, which are refused: where from and where to is not kept.
            None => statement.to_string().split_whitespace().take(2).collect::<Vec<_>>().join(" "),
        };
        Self { fingerprint: fingerprint(&text), text }
    }

    /// A text that is no SQL: nothing in it is known not to be a value.
    pub(crate) fn unreadable(sql: &str) -> Self {
        Self { text: "(no SQL)".to_owned(), fingerprint: fingerprint(sql) }
    }
}

fn inner(statement: &mut Statement) -> Option<&mut datafusion::sql::sqlparser::ast::Statement> {
    match statement {
        Statement::Statement(statement) => Some(statement),
        Statement::Explain(explain) => inner(&mut explain.statement),
        _ => None,
    }
}

fn fingerprint(text: &str) -> Fingerprint {
    Fingerprint(Sha256::digest(text).into())
}

/// Whose rows a query asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subjects {
    /// Values that columns of parties are compared with.
    pub keys: BTreeSet<String>,
    /// Whether rows of nobody else can be read.
    pub are_all: bool,
}

/// What an audit log keeps of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The statement without its values.
    pub statement: StatementText,
    /// Tables and columns.
    pub lineage: Lineage,
    /// Whose rows.
    pub subjects: Subjects,
}

impl Reading {
    /// What an optimised plan reads.
    pub(crate) fn of(plan: &LogicalPlan, statement: StatementText) -> Result<Self, DataFusionError> {
        Ok(Self { statement, lineage: Lineage::of(plan)?, subjects: subjects(plan)? })
    }
}

/// Conditions that name a party. They cover all rows that are read if there is one table, and the condition holds for
/// every row of it.
fn subjects(plan: &LogicalPlan) -> Result<Subjects, DataFusionError> {
    let (mut subjects, mut tables) = (Subjects::default(), 0);
    plan.apply_with_subqueries(|node| {
        let conditions = match node {
            LogicalPlan::Filter(filter) => split_conjunction(&filter.predicate),
            LogicalPlan::TableScan(scan) => {
                tables += 1;
                scan.filters.iter().flat_map(split_conjunction).collect()
            }
            _ => Vec::new(),
        };
        for keys in conditions.into_iter().filter_map(named_parties) {
            subjects.are_all = true;
            subjects.keys.extend(keys);
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    subjects.are_all &= tables == 1;
    Ok(subjects)
}

/// The parties that a condition admits, if it admits only some.
fn named_parties(condition: &Expr) -> Option<BTreeSet<String>> {
    let is_party = |expression: &Expr| matches!(expression, Expr::Column(column) if is_party(&column.name));
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
            match (is_party(left), is_party(right)) {
                (true, _) => Some([text(right)?].into()),
                (_, true) => Some([text(left)?].into()),
                _ => None,
            }
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            Some(named_parties(left)?.into_iter().chain(named_parties(right)?).collect())
        }
        Expr::InList(list) if !list.negated && is_party(&list.expr) => list.list.iter().map(text).collect(),
        _ => None,
    }
}

fn text(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Literal(ScalarValue::Utf8(text) | ScalarValue::Utf8View(text), _) => text.clone(),
        _ => None,
    }
}

fn is_party(column: &str) -> bool {
    let mut named = TABLES.iter().filter_map(|table| Some((table, table.column(column)?)));
    named.any(|(table, column)| column.category(table) == Category::Party)
}

//! What an audit log keeps of a query: its text without the values in it, whose rows it asks for, and what it reads.

use crate::lineage::Lineage;
use crate::subjects::{Naming, Subjects};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Expr as SqlExpr, Value, visit_expressions_mut};
use sha2::{Digest, Sha256};
use std::fmt;
use std::ops::ControlFlow;

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
    pub(crate) fn of(
        plan: &LogicalPlan,
        statement: StatementText,
        naming: &Naming,
    ) -> Result<Self, DataFusionError> {
        let subjects = Subjects::of(plan, naming)?;
        Ok(Self { statement, lineage: Lineage::of(plan)?, subjects })
    }
}

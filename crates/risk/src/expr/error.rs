//! Where an expression stands and what is wrong with it.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use datafusion_common::{DataFusionError, ScalarValue};

use super::kind::Kind;

/// A place in a file, shown as `file:line:column`. Lines and columns count from 1, columns in characters.
///
/// Given to [`compile`](super::compile) it is the place of the first character of the expression text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file as the reader knows it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

impl Location {
    /// The place at `line` and `column` (both from 1) of a text that starts here.
    pub(super) fn within(&self, line: u64, column: u64) -> Self {
        let line = u32::try_from(line.saturating_sub(1)).unwrap_or(u32::MAX);
        let column = u32::try_from(column.max(1)).unwrap_or(u32::MAX);
        Self {
            file: Arc::clone(&self.file),
            line: self.line.saturating_add(line),
            // Only the first line of the text is indented by where the text starts.
            column: if line == 0 { self.column.saturating_add(column - 1) } else { column },
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Why an expression was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {problem}")]
pub struct ExpressionError {
    /// The place in the file, inside the expression where that is known.
    pub at: Location,
    /// What is wrong, and what would be right.
    pub problem: Problem,
}

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A limit of [`limits`](super::limits) is passed.
    #[error("the expression has more than {limit} {what}; split it into several")]
    TooLarge {
        /// What is counted.
        what: &'static str,
        /// The most there may be.
        limit: usize,
    },
    /// The text is no SQL expression.
    #[error("this is not an SQL expression: {0}")]
    Syntax(String),
    /// A name that is no column of the schema.
    #[error("there is no column {name}; {hint}")]
    UnknownColumn {
        /// The name as looked up.
        name: String,
        /// The nearest column, or another way out.
        hint: String,
    },
    /// A column whose type expressions cannot read.
    #[error(
        "column {name} holds {data_type}, which an expression cannot read; use a column of numbers, text, dates or truth values"
    )]
    UnreadableColumn {
        /// The column.
        name: String,
        /// Its Arrow type.
        data_type: DataType,
    },
    /// A function that is not on the list.
    #[error("there is no function {name}; {hint}")]
    UnknownFunction {
        /// The name as looked up.
        name: String,
        /// The nearest function, or another way out.
        hint: String,
    },
    /// A function called with too few or too many arguments.
    #[error("{usage} was called with {found} arguments")]
    WrongArguments {
        /// How the function is called.
        usage: String,
        /// How many arguments were written.
        found: usize,
    },
    /// Valid SQL that is not part of the checked subset.
    #[error("{what} is not allowed in an expression; {instead}")]
    NotAllowed {
        /// The construct.
        what: String,
        /// What to write instead.
        instead: String,
    },
    /// Operands whose kinds do not go together. Nothing is ever converted between text and number silently.
    #[error("{what}; {hint}")]
    Mismatch {
        /// The operands and their kinds.
        what: String,
        /// What to write instead.
        hint: String,
    },
    /// A literal that does not hold what it promises, such as `DATE '2024-13-01'`.
    #[error("{text} is not a {what}; {hint}")]
    BadLiteral {
        /// The literal as written.
        text: String,
        /// What it should have been.
        what: &'static str,
        /// The right form.
        hint: &'static str,
    },
    /// A condition that is the same for every record.
    #[error("the condition is always {value}, so it decides nothing; compare at least one column")]
    Constant {
        /// `TRUE`, `FALSE` or `NULL`.
        value: &'static str,
    },
    /// The expression gives something else than its place needs.
    #[error("the expression gives {found}, but {expected} is needed here; {hint}")]
    WrongResult {
        /// What it gives.
        found: Kind,
        /// What is needed.
        expected: &'static str,
        /// How to get there.
        hint: &'static str,
    },
    /// The engine would not take a checked expression; a defect of this module.
    #[error("the checked expression could not be prepared: {0}")]
    Engine(String),
}

/// Why an expression could not be evaluated. Never depends on the values of a row, only on the batch's columns.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The batch lacks a column.
    #[error("the batch has no column {name}, which the expression reads")]
    MissingColumn {
        /// The column.
        name: String,
    },
    /// A column changed its type since the expression was compiled.
    #[error("column {name} holds {found}, but the expression was compiled for {expected}")]
    ColumnType {
        /// The column.
        name: String,
        /// Its type when the expression was compiled.
        expected: DataType,
        /// Its type in the batch.
        found: DataType,
    },
    /// The column could not be brought into the form expressions read.
    #[error("a column could not be read")]
    Read(#[from] ArrowError),
    /// The engine failed; a defect of this module, since checked expressions cannot.
    #[error("a checked expression failed")]
    Engine(#[from] DataFusionError),
    /// A condition was asked of an expression that gives something else.
    #[error("the expression gives {found}, not a truth value; compile it as a condition")]
    NotACondition {
        /// What it gives.
        found: DataType,
    },
}

/// A constant condition's value as SQL writes it.
pub(super) fn truth(value: &ScalarValue) -> &'static str {
    match value {
        ScalarValue::Boolean(Some(true)) => "TRUE",
        ScalarValue::Boolean(Some(false)) => "FALSE",
        _ => "NULL",
    }
}

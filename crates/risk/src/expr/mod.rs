//! SQL expressions over one record: the conditions of rules, computed features and the keys of profiles.
//!
//! An expression is compiled against a schema once and evaluated on any number of batches. The way is
//! `parse` (text to syntax tree) → `check` (to a typed tree of our own; everything outside the subset is refused
//! here, with its place) → `fold` (constants) → `lower` (to `DataFusion`'s physical expressions).
//!
//! What holds for every expression that compiles:
//!
//! - **No row can fail.** Division by zero, overflow, a logarithm of zero, a text that is no number: NULL.
//! - **Text never meets a number.** `commodity_hs6 = 10121` is refused, since 010121 would silently lose its zero.
//! - **Comparison is exact, arithmetic is not.** Integers and decimals are compared without loss with one another
//!   and with literals. All arithmetic, and every function of numbers, takes its operands to 64-bit floats: nobody
//!   should have to write a cast to divide a value by a mass, and nothing can overflow into an error. A decimal
//!   column that is both compared and computed with keeps its exact value in the comparison.
//! - **Floats are finite and have no negative zero**, whatever the columns hold; NaN and infinity are NULL.
//! - **A result depends on its row alone**, not on the batch, the thread or the machine.
//!
//! `DataFusion`'s planner is deliberately not asked: it converts operands before anyone can object, and its errors
//! do not say where. This is the only module of the crate that names `DataFusion`.

mod check;
mod error;
mod fold;
mod functions;
mod kind;
pub mod limits;
mod lower;
mod node;
mod parse;
mod read;
mod set;
mod suggest;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::compute::prep_null_mask_filter;
use arrow::datatypes::{DataType, SchemaRef};
use datafusion_physical_expr::PhysicalExpr;

pub use error::{EvaluateError, ExpressionError, Location, Problem};
pub use functions::{FUNCTION_LIST_VERSION, FUNCTIONS, Function};
pub use kind::Kind;
use node::Node;
use read::Inputs;
pub use set::ExpressionSet;

/// What the place an expression stands in needs it to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// A condition, which must not be the same for every record.
    Boolean,
    /// A number, given as a 64-bit float.
    Number,
    /// A text, such as the key of a profile.
    Text,
    /// Whatever it gives.
    Any,
}

/// A compiled expression. Cheap to clone; may be evaluated from many threads at once.
#[derive(Debug, Clone)]
pub struct Expression {
    sql: Arc<str>,
    canonical: Arc<str>,
    columns: Arc<[String]>,
    data_type: DataType,
    inputs: Inputs,
    input_schema: SchemaRef,
    node: Arc<Node>,
    physical: Arc<dyn PhysicalExpr>,
}

/// The rows a condition is true for.
#[derive(Debug, Clone, PartialEq)]
pub struct Hits {
    /// One value for each row, without NULLs: NULL is no hit.
    pub rows: BooleanArray,
    /// For how many rows the condition was NULL.
    pub null_count: usize,
}

/// Compiles the expression `sql` over columns of `schema`; `at` is where its first character stands.
///
/// # Errors
///
/// Anything outside the checked subset, with its place and with what would be right.
pub fn compile(
    sql: &str,
    schema: &SchemaRef,
    expected: Expected,
    at: &Location,
) -> Result<Expression, ExpressionError> {
    let syntax = parse::parse(sql, at)?;
    let (node, inputs) = check::check(&syntax, schema, expected, at)?;
    let engine = |error: datafusion_common::DataFusionError| ExpressionError {
        at: at.clone(),
        problem: Problem::Engine(error.strip_backtrace()),
    };
    let input_schema = inputs.schema();
    let physical = lower::lower(&node, &input_schema).map_err(engine)?;
    // One empty record shows now what would otherwise fail on the first batch, such as a pattern too large to build.
    physical
        .evaluate(&inputs.empty_record(&input_schema).map_err(|error| engine(error.into()))?)
        .map_err(engine)?;
    let mut canonical = format!("expression/{FUNCTION_LIST_VERSION} ");
    node.write_canonical(&input_schema, &mut canonical);
    Ok(Expression {
        sql: sql.into(),
        canonical: canonical.into(),
        columns: inputs.names().into(),
        data_type: node.kind().data_type(),
        node: Arc::new(node),
        physical,
        inputs,
        input_schema,
    })
}

impl Expression {
    /// The text as written.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The checked expression as text that stays the same as long as its meaning does, however it is spelt and
    /// whatever version of the engine reads it. Contains no place and no comment.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The columns it reads, in the order of their first appearance.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The Arrow type of its results: Boolean, Int64, Decimal128, Decimal256, Float64, Utf8, Date32, or Timestamp in
    /// microseconds of UTC without a zone; Null only where the expression is the literal NULL.
    pub fn data_type(&self) -> &DataType {
        &self.data_type
    }

    /// One result for each row of the batch, of type [`data_type`](Self::data_type).
    ///
    /// # Errors
    ///
    /// If the batch lacks a column or has it in another type. Never because of a row's values.
    pub fn evaluate(&self, batch: &RecordBatch) -> Result<ArrayRef, EvaluateError> {
        let inputs = self.inputs.read(&self.input_schema, batch)?;
        Ok(self.physical.evaluate(&inputs)?.into_array(batch.num_rows())?)
    }

    /// The rows of the batch the condition is true for.
    ///
    /// # Errors
    ///
    /// As [`evaluate`](Self::evaluate), and if the expression is no condition.
    pub fn evaluate_condition(&self, batch: &RecordBatch) -> Result<Hits, EvaluateError> {
        if self.data_type != DataType::Boolean {
            return Err(EvaluateError::NotACondition { found: self.data_type.clone() });
        }
        Ok(hits(&self.evaluate(batch)?))
    }
}

/// What the truth values of a condition say.
fn hits(result: &ArrayRef) -> Hits {
    let result = result.as_boolean();
    let rows = if result.null_count() == 0 { result.clone() } else { prep_null_mask_filter(result) };
    Hits { rows, null_count: result.null_count() }
}

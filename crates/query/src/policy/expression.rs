//! The expressions of masks and filters: a checked subset of SQL, in which nothing can fail on a row, run twice
//! differently, or read another table.

use super::PseudonymKey;
use super::pseudonym;
use crate::extent::check_text;
use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, ToDFSchema};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{BinaryExpr, ExprSchemable, Operator};
use datafusion::prelude::{Expr, SessionConfig, SessionContext};

/// Functions that give a value or NULL on every row, and the same one each time.
const FUNCTIONS: &[&str] = &[
    "abs",
    "char_length",
    "character_length",
    "coalesce",
    "concat",
    "date_part",
    "date_trunc",
    "floor",
    "left",
    "log10",
    "lower",
    "ltrim",
    "nullif",
    "power",
    "pseudonym",
    "right",
    "rtrim",
    "signum",
    "starts_with",
    "substr",
    "substring",
    "trim",
    "upper",
];

/// Of those, the ones that can fail on whole and decimal numbers.
const OF_FLOATS: &[&str] = &["abs", "power"];

/// Compiles expressions; `pseudonym` is keyed as it was made.
pub(crate) struct Compiler(SessionContext);

impl Compiler {
    pub(crate) fn new(key: &PseudonymKey) -> Self {
        let mut config = SessionConfig::new();
        config.options_mut().sql_parser.dialect = datafusion::config::Dialect::PostgreSQL;
        let context = SessionContext::new_with_config(config);
        context.register_udf(pseudonym::function(key));
        Self(context)
    }

    /// Compiles one expression over the columns of a schema.
    pub(super) fn compile(&self, sql: &str, schema: &DFSchema) -> Result<Expr, String> {
        // A policy may be a proposal, and what is read and checked goes down a level for each operator.
        check_text(sql).map_err(|error| error.to_string())?;
        let message = |error: DataFusionError| error.strip_backtrace();
        let expression = self.0.state().create_logical_expr(sql, schema).map_err(message)?;
        let mut refusal = None;
        expression
            .apply(|part| {
                refusal = refused(part, schema);
                Ok(if refusal.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
            .map_err(message)?;
        match refusal {
            Some(refusal) => Err(refusal),
            None => Ok(expression),
        }
    }

    /// The value of an expression on every row of a batch.
    pub(super) fn evaluate(&self, expression: Expr, batch: &RecordBatch) -> Result<ArrayRef, String> {
        let message = |error: DataFusionError| error.strip_backtrace();
        let schema = batch.schema().to_dfschema().map_err(message)?;
        let physical = self.0.state().create_physical_expr(expression, &schema).map_err(message)?;
        let value = physical.evaluate(batch).map_err(message)?;
        value.into_array(batch.num_rows()).map_err(message)
    }
}

/// Whether an operator compares two values, which cannot fail.
pub(crate) fn is_comparison(operator: Operator) -> bool {
    matches!(
        operator,
        Operator::Eq | Operator::NotEq | Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq
    )
}

/// Why a part of an expression cannot be used.
fn refused(part: &Expr, schema: &DFSchema) -> Option<String> {
    // Whole and decimal numbers can overflow, which is an error on that row; floats cannot.
    let is_float = || part.get_type(schema).is_ok_and(|data_type| data_type.is_floating());
    let is_used = match part {
        Expr::Column(_)
        | Expr::Literal(..)
        | Expr::Not(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::Between(_)
        | Expr::InList(_)
        | Expr::Like(_)
        | Expr::Case(_)
        | Expr::TryCast(_)
        | Expr::Alias(_) => true,
        Expr::Negative(_) => is_float(),
        Expr::Cast(cast) => cast.field.data_type().is_floating() || matches!(*cast.expr, Expr::Literal(..)),
        Expr::BinaryExpr(BinaryExpr { op, .. }) => match op {
            Operator::And | Operator::Or | Operator::StringConcat => true,
            Operator::Multiply => is_float(),
            _ => is_comparison(*op),
        },
        Expr::ScalarFunction(call) => {
            let name = call.name();
            if !FUNCTIONS.contains(&name) {
                return Some(format!(
                    "the function `{name}` is not used here; there are {}",
                    FUNCTIONS.join(", ")
                ));
            }
            !OF_FLOATS.contains(&name) || is_float()
        }
        _ => false,
    };
    (!is_used).then(|| {
        format!(
            "`{part}` is not used here: comparisons, IN, BETWEEN, LIKE, CASE, AND, OR, NOT, ||, try_cast, functions of one \
             row, and products of floats (CAST … AS DOUBLE) are"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::datatypes::{DataType, Field, Schema};

    #[test]
    fn an_expression_that_nobody_could_read_is_refused() {
        let compiler = Compiler::new(&PseudonymKey::derived_from(&[0; 32]));
        let schema = Schema::new(vec![Field::new("value", DataType::Utf8, true)]);
        let schema = DFSchema::try_from(schema).unwrap();
        compiler.compile("value || 'x'", &schema).unwrap();
        let endless = format!("value{}", " || 'x'".repeat(100_000));
        let refused = compiler.compile(&endless, &schema).unwrap_err();
        assert!(refused.contains("is the most"), "{refused}");
    }
}

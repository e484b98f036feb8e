//! Texts that are compared with yes and no (`is_selected = '1'`), as drivers of ODBC write them: PostgreSQL reads a text that stands
//! beside a boolean as one.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::ExprSchemable;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::prelude::{Expr, lit};
use datafusion::sql::sqlparser::ast::BinaryOperator;

#[derive(Debug)]
pub(super) struct Booleans;

impl ExprPlanner for Booleans {
    fn plan_binary_op(
        &self,
        mut compared: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>, DataFusionError> {
        let is_boolean = |side: &Expr| matches!(side.get_type(schema), Ok(DataType::Boolean));
        if matches!(compared.op, BinaryOperator::Eq | BinaryOperator::NotEq) {
            if let Some(known) = known(&compared.right).filter(|_| is_boolean(&compared.left)) {
                compared.right = lit(known);
            } else if let Some(known) = known(&compared.left).filter(|_| is_boolean(&compared.right)) {
                compared.left = lit(known);
            }
        }
        Ok(PlannerResult::Original(compared))
    }
}

/// What a text that stands in a statement says.
fn known(side: &Expr) -> Option<bool> {
    match side {
        Expr::Literal(text, _) => text.try_as_str().flatten().and_then(read),
        _ => None,
    }
}

/// The words of PostgreSQL (8.6), or their beginnings.
fn read(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "t" | "tr" | "tru" | "true" | "y" | "ye" | "yes" | "on" | "1" => Some(true),
        "f" | "fa" | "fal" | "fals" | "false" | "n" | "no" | "of" | "off" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::execution::FunctionRegistry;
    use datafusion::prelude::SessionContext;
    use std::sync::Arc;

    async fn rows(sql: &str) -> Result<usize, DataFusionError> {
        let context = SessionContext::new();
        context.state_ref().write().register_expr_planner(Arc::new(Booleans))?;
        context.sql(sql).await?.count().await
    }

    #[tokio::test]
    async fn texts_beside_booleans_are_read() {
        for (condition, wanted) in [
            ("b = '1'", 2),
            ("b = ' True '", 2),
            ("'off' = b", 1),
            ("b <> 'f'", 2),
            ("(n > 1) = 'no'", 1),
            ("t = '1'", 1),
        ] {
            let sql = format!(
                "SELECT * FROM (VALUES (true, 1, '1'), (true, 2, 'x'), (false, 3, 'true')) AS s (b, n, t) WHERE {condition}"
            );
            assert_eq!(rows(&sql).await.unwrap(), wanted, "{condition}");
        }
        assert!(rows("SELECT true = 'perhaps'").await.is_err());
    }
}

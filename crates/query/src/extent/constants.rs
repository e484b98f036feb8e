//! Whether the constants of a plan, written, bound or computed while it was optimised, are short: each may come to stand in every row
//! of a batch. A list that is only looked in is had once.

use super::more_than;
use crate::QueryError;
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::Expr;

/// Most bytes of a constant: those of a batch of 8,192 rows have 268 MB of it.
const MOST_BYTES: usize = 32_768;

/// Functions that look for something in a list that is their argument (`= ANY ($1)` is the first), or say how long it is.
const LOOKING: [&str; 7] = [
    "array_has",
    "array_has_all",
    "array_has_any",
    "array_length",
    "array_position",
    "array_positions",
    "cardinality",
];

/// Makes sure that the constants of a plan are short.
///
/// # Errors
/// [`QueryError::TooMuch`] when one is not.
pub(crate) fn check_constants(plan: &LogicalPlan) -> Result<(), QueryError> {
    let mut is_long = false;
    plan.apply_with_subqueries(|node| {
        let is_one_row = is_of_one_row(node);
        node.apply_expressions(|expression| {
            is_long |= has_long(expression, is_one_row)?;
            Ok(if is_long { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })
    })?;
    if is_long {
        return Err(more_than(
            "bytes of a constant in a statement",
            MOST_BYTES,
            "write a shorter one, or list several",
        ));
    }
    Ok(())
}

/// Whether a step computes one row out of nothing, as for `unnest ($1)`.
fn is_of_one_row(node: &LogicalPlan) -> bool {
    match node {
        LogicalPlan::Projection(projection) => {
            matches!(projection.input.as_ref(), LogicalPlan::EmptyRelation(_))
        }
        _ => false,
    }
}

/// Bytes of a constant beside what every value has.
pub(super) fn bytes(constant: &ScalarValue) -> usize {
    constant.size().saturating_sub(size_of::<ScalarValue>())
}

/// Whether an expression has a constant that is too long where it stands.
fn has_long(expression: &Expr, is_looked_in: bool) -> Result<bool, DataFusionError> {
    let is_looked_in = match expression {
        Expr::Literal(value, _) => {
            let is_list_to_look_in = is_looked_in && value.data_type().is_list();
            return Ok(!is_list_to_look_in && bytes(value) > MOST_BYTES);
        }
        Expr::ScalarFunction(function) => LOOKING.contains(&function.name()),
        Expr::Unnest(_) => true,
        Expr::Cast(_) | Expr::TryCast(_) | Expr::Alias(_) => is_looked_in,
        _ => false,
    };
    let mut is_long = false;
    expression.apply_children(|part| {
        is_long |= has_long(part, is_looked_in)?;
        Ok(if is_long { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(is_long)
}

#[cfg(test)]
mod tests {
    use crate::platform::tests::{platform, reader};
    use crate::{Bundles, Limits, QueryError, values_of};
    use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
    use std::sync::Arc;

    async fn planned(sql: &str, value: Option<&str>) -> Result<(), QueryError> {
        let platform = platform(Limits::default());
        let row = value.map(|value| {
            let values: ArrayRef = Arc::new(StringArray::from(vec![value]));
            values_of(&RecordBatch::try_from_iter([("$1", values)]).unwrap()).unwrap()
        });
        platform.plan_with(&reader(0), "risk-analysis", sql, &Bundles::new(), row).await.map(drop)
    }

    #[tokio::test]
    async fn a_constant_that_could_stand_in_every_row_is_short() {
        let long = "x".repeat(40_000);
        let joined = vec![format!("'{}'", "x".repeat(1_000)); 40].join(" || ");
        let doubled = (1..=30).map(|i| format!("t{i} AS (SELECT x || x AS x FROM t{})", i - 1));
        let doubled = doubled.collect::<Vec<_>>().join(", ");
        let list = vec!["'91310000MA1FL0X12Y'"; 3_000].join(", ");
        for sql in [
            format!("SELECT '{long}' FROM code"),
            format!("SELECT count(*) FROM code WHERE name = '{long}'"),
            format!("SELECT {joined} FROM code"),
            format!("WITH t0 AS (SELECT '{}' AS x), {doubled} SELECT x FROM t30", "x".repeat(30_000)),
            format!("SELECT make_array({list}) FROM code"),
            format!("SELECT levenshtein('{long}', 'x')"),
        ] {
            let refused = planned(&sql, None).await.unwrap_err().to_string();
            assert!(refused.contains("is the most"), "{refused}: {}", &sql[..80]);
        }
        let bound = "SELECT $1 FROM code";
        assert!(planned(bound, Some(&long)).await.is_err());
        planned(bound, Some(&long[..30_000])).await.unwrap();
        for sql in [
            format!("SELECT count(*) FROM code WHERE name IN ({list})"),
            format!("SELECT count(*) FROM code WHERE name = ANY (make_array({list}))"),
            format!("SELECT count(*) FROM code WHERE name IN (SELECT unnest(make_array({list})))"),
            format!("SELECT '{}' FROM code", &long[..30_000]),
        ] {
            planned(&sql, None).await.unwrap_or_else(|error| panic!("{error}: {}", &sql[..80]));
        }
    }
}

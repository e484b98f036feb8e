//! Which conditions of a reader may run below the policy, so that files are still skipped.
//!
//! A condition below the policy meets rows that are hidden. It may do so when it can neither fail nor differ from one
//! row to the next by anything but the row: a column that is as it was, compared with a constant of its type.

use crate::policy::is_comparison;
use datafusion::arrow::datatypes::Schema;
use datafusion::logical_expr::{BinaryExpr, Operator};
use datafusion::prelude::Expr;
use std::collections::BTreeSet;

/// Whether a condition may run below the policy.
pub(super) fn is_safe(condition: &Expr, schema: &Schema, unmasked: &BTreeSet<String>) -> bool {
    let is_column = |expression: &Expr| match expression {
        Expr::Column(column) => unmasked.contains(&column.name),
        _ => false,
    };
    let suits = |column: &Expr, constant: &Expr| match (column, constant) {
        (Expr::Column(column), Expr::Literal(value, _)) => schema
            .field_with_name(&column.name)
            .is_ok_and(|field| unmasked.contains(&column.name) && *field.data_type() == value.data_type()),
        _ => false,
    };
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And | Operator::Or, right }) => {
            is_safe(left, schema, unmasked) && is_safe(right, schema, unmasked)
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            is_comparison(*op) && (suits(left, right) || suits(right, left))
        }
        Expr::Not(inner) => is_safe(inner, schema, unmasked),
        Expr::IsNull(inner) | Expr::IsNotNull(inner) => is_column(inner),
        Expr::InList(list) => list.list.iter().all(|constant| suits(&list.expr, constant)),
        Expr::Between(between) => suits(&between.expr, &between.low) && suits(&between.expr, &between.high),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::datatypes::{DataType, Field};
    use datafusion::functions::math::expr_fn::abs;
    use datafusion::logical_expr::{cast, not};
    use datafusion::prelude::{col, lit};

    #[test]
    fn what_can_fail_or_sees_a_mask_stays_above() {
        let schema = Schema::new(vec![
            Field::new("office_id", DataType::Utf8, true),
            Field::new("count", DataType::Int64, true),
            Field::new("importer_id", DataType::Utf8, true),
        ]);
        let unmasked = BTreeSet::from(["office_id".to_owned(), "count".to_owned()]);
        let is = |condition: Expr| is_safe(&condition, &schema, &unmasked);
        assert!(is(col("office_id").eq(lit("4700"))));
        assert!(is(lit(3_i64).lt(col("d.count"))));
        assert!(is(col("count").between(lit(1_i64), lit(2_i64)).or(not(col("office_id").is_null()))));
        assert!(is(col("office_id").in_list(vec![lit("1"), lit("2")], true)));

        assert!(!is(col("importer_id").eq(lit("4700"))), "a masked column");
        assert!(!is(col("importer_id").is_null()), "a masked column");
        assert!(!is(col("office_id").eq(col("office_id"))), "no constant");
        assert!(!is(col("count").eq(lit("1"))), "another type, which would be cast");
        assert!(!is(cast(col("office_id"), DataType::Int64).eq(lit(1_i64))), "a cast can fail");
        assert!(!is(abs(col("count")).eq(lit(1_i64))), "a function can fail");
        assert!(!is((lit(1_i64) / col("count")).eq(lit(1_i64))), "a division can fail");
        assert!(!is(col("count").eq(lit(1_i64)).and(col("importer_id").eq(lit("x")))), "half of it");
        assert!(!is(lit(true)), "no column");
    }
}

//! The last look at a plan before it runs: nothing in it but what readers may do, and no table but governed ones.

use super::GovernedTable;
use crate::QueryError;
use crate::lineage::round_before;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source_as_provider;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{LogicalPlan, TableScan};

/// Checks a plan, its subqueries too.
///
/// # Errors
/// [`QueryError::Statement`] for what no reader may do; [`QueryError::Ungoverned`] for a table that does not stand behind
/// a policy, which no statement should be able to reach.
pub(crate) fn verify(plan: &LogicalPlan, may_explain: bool) -> Result<(), QueryError> {
    let mut refusal = None;
    plan.apply_with_subqueries(|node| {
        refusal = refused(node, may_explain);
        Ok::<_, DataFusionError>(match refusal {
            Some(_) => TreeNodeRecursion::Stop,
            None => TreeNodeRecursion::Continue,
        })
    })?;
    refusal.map_or(Ok(()), Err)
}

fn refused(node: &LogicalPlan, may_explain: bool) -> Option<QueryError> {
    let statement = |what: &'static str| Some(QueryError::Statement { what });
    match node {
        LogicalPlan::Projection(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Window(_)
        | LogicalPlan::Aggregate(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Join(_)
        | LogicalPlan::Repartition(_)
        | LogicalPlan::Union(_)
        | LogicalPlan::EmptyRelation(_)
        | LogicalPlan::Subquery(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Values(_)
        | LogicalPlan::Distinct(_)
        | LogicalPlan::DescribeTable(_)
        | LogicalPlan::Unnest(_)
        | LogicalPlan::RecursiveQuery(_) => None,
        LogicalPlan::TableScan(scan) => ungoverned(scan),
        LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) if may_explain => None,
        LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) => {
            statement("a plan, which tells of rows and files that are not shown")
        }
        LogicalPlan::Statement(_) => statement("a setting, transaction or prepared statement"),
        LogicalPlan::Dml(_) => statement("a change of rows"),
        LogicalPlan::Ddl(_) => statement("a change of tables"),
        LogicalPlan::Copy(_) => statement("a copy to files"),
        LogicalPlan::Extension(_) => statement("an extension"),
        // A kind of plan that this program does not know is not let through.
        #[expect(unreachable_patterns, reason = "a later version of the engine may add kinds of plans")]
        _ => statement("an unknown statement"),
    }
}

/// Rows that a recursion made are those of the plan that it is in.
fn ungoverned(scan: &TableScan) -> Option<QueryError> {
    let is_governed = source_as_provider(&scan.source).is_ok_and(|provider| provider.is::<GovernedTable>());
    (!is_governed && round_before(scan).is_none())
        .then(|| QueryError::Ungoverned { table: scan.table_name.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch};
    use datafusion::datasource::MemTable;
    use datafusion::prelude::SessionContext;
    use std::sync::Arc;

    /// Verifies the plan of a statement over a table that no policy stands before, as it is written and optimised.
    async fn verified(sql: &str) -> [Result<(), QueryError>; 2] {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let batch = RecordBatch::try_from_iter([("n", numbers)]).unwrap();
        let raw = MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap();
        let context = SessionContext::new();
        context.register_table("raw", Arc::new(raw)).unwrap();
        let written = context.state().create_logical_plan(sql).await.unwrap();
        let optimised = context.state().optimize(&written).unwrap();
        [verify(&written, true), verify(&optimised, true)]
    }

    #[tokio::test]
    async fn a_table_without_a_policy_is_found_wherever_it_is_read() {
        for sql in [
            "SELECT n FROM raw",
            "SELECT 1 AS n WHERE EXISTS (SELECT 1 FROM raw)",
            "SELECT x FROM (VALUES (1), (2)) v (x) WHERE x IN (SELECT n FROM raw)",
            "SELECT x, (SELECT max(n) FROM raw) AS most FROM (VALUES (1), (2)) v (x)",
            "SELECT x FROM (VALUES (1), (2)) v (x) UNION ALL SELECT n FROM raw",
            "WITH RECURSIVE w (x) AS (SELECT n FROM raw UNION ALL SELECT x + 1 FROM w WHERE x < 3) SELECT x FROM w",
            "WITH RECURSIVE w (x) AS (SELECT 1 UNION ALL SELECT n FROM w JOIN raw ON n = x + 1) SELECT x FROM w",
            "EXPLAIN SELECT n FROM raw",
        ] {
            for verified in verified(sql).await {
                let refused = matches!(&verified, Err(QueryError::Ungoverned { table }) if table == "raw");
                assert!(refused, "{sql}: {verified:?}");
            }
        }
        for sql in [
            "SELECT x FROM (VALUES (1), (2)) v (x) WHERE x > 1",
            "WITH RECURSIVE w (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM w WHERE x < 3) SELECT x FROM w",
        ] {
            for verified in verified(sql).await {
                assert!(verified.is_ok(), "{sql}: {verified:?}");
            }
        }
    }
}

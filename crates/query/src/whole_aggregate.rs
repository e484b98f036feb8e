//! A mend of the engine. An aggregate without `GROUP BY` has a row whatever it is over, nothing at all too, so that a condition on
//! that row cannot be moved below it. `PushDownFilter` of DataFusion 55.2 moves conditions that name no column:
//! `SELECT * FROM (SELECT 'a' AS t, count(*) FROM x) AS s WHERE t = 'b'` had a row. (Its physical counterpart knows.)

use datafusion::common::tree_node::Transformed;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::{SessionConfig, SessionContext};
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::optimizer::{ApplyOrder, Optimizer};
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};
use datafusion::prelude::Expr;
use std::sync::Arc;

/// An engine with default features, in which conditions stay above aggregates that have a row whatever they are over.
pub fn session_context(config: SessionConfig, runtime: Arc<RuntimeEnv>) -> SessionContext {
    let rules = Optimizer::new().rules.into_iter().map(|rule| match rule.name() {
        "push_down_filter" => Arc::new(StayAbove(rule)),
        _ => rule,
    });
    let state =
        SessionStateBuilder::new().with_default_features().with_config(config).with_runtime_env(runtime);
    SessionContext::new_with_state(state.with_optimizer_rules(rules.collect()).build())
}

/// The rule that moves conditions, but for those that stay.
#[derive(Debug)]
struct StayAbove(Arc<dyn OptimizerRule + Send + Sync>);

impl OptimizerRule for StayAbove {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.0.apply_order()
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        config: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>, DataFusionError> {
        if stays(&plan) { Ok(Transformed::no(plan)) } else { self.0.rewrite(plan, config) }
    }
}

/// Whether a plan is conditions on an aggregate of everything, or on sets of groups, of which everything may be one.
fn stays(plan: &LogicalPlan) -> bool {
    let LogicalPlan::Filter(filter) = plan else { return false };
    match filter.input.as_ref() {
        LogicalPlan::Aggregate(aggregate) => {
            matches!(aggregate.group_expr.as_slice(), [] | [Expr::GroupingSet(_)])
        }
        below => stays(below),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn rows(sql: &str) -> usize {
        let engine = session_context(SessionConfig::new(), Arc::default());
        engine.sql("CREATE VIEW x AS VALUES (1), (2)").await.unwrap();
        engine.sql(sql).await.unwrap().count().await.unwrap()
    }

    #[tokio::test]
    async fn a_condition_without_columns_stays_above_an_aggregate_of_everything() {
        for (condition, expected) in [("t = 'b'", 0), ("t = 'a'", 1), ("t = 'b' AND n > 1", 0), ("n > 1", 1)]
        {
            let whole =
                format!("SELECT * FROM (SELECT 'a' AS t, count(*) AS n FROM x) AS s WHERE {condition}");
            assert_eq!(rows(&whole).await, expected, "{whole}");
            let twice = format!(
                "SELECT * FROM (SELECT * FROM (SELECT 'a' AS t, count(*) AS n FROM x) AS s WHERE n > 0) AS u WHERE {condition}"
            );
            assert_eq!(rows(&twice).await, expected, "{twice}");
        }
        let sets = "SELECT * FROM (SELECT 'a' AS t, count(*) AS n FROM x GROUP BY GROUPING SETS ((), (column1))) AS s WHERE t = ";
        assert_eq!((rows(&format!("{sets}'a'")).await, rows(&format!("{sets}'b'")).await), (3, 0));
        let groups =
            "SELECT * FROM (SELECT column1 AS k, count(*) AS n FROM x GROUP BY column1) AS s WHERE k = 1";
        assert_eq!(rows(groups).await, 1);
    }
}

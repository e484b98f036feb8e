//! Where statements of readers run: on threads of their own, so that whoever waits for rows, asks beside it or ends it is
//! served whatever the statement does, and with joins that can be stopped.
//!
//! The engine's joins compare all that they have before they look up again (apache/datafusion#19358): one that finds nothing
//! among billions of pairs would neither end with the time of its reader nor when nobody waits for it any more.

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{FieldRef, Schema};
use datafusion::common::JoinType;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::lit;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{
    CrossJoinExec, HashJoinExec, NestedLoopJoinExec, NestedLoopJoinExecBuilder,
};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::StreamExt;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

/// Threads for each core: statements that compute without a pause leave room for others, which the system sees to.
const THREADS_OF_A_CORE: usize = 4;

/// What a condition fails with; whoever waits is told why otherwise.
const STOPPED: &str = "the statement was stopped";

/// Tells a statement to stop: when nobody waits for it any more, or its time is over.
#[derive(Debug, Clone)]
struct Stop {
    is_told: Arc<AtomicBool>,
    until: Instant,
}

impl Stop {
    fn at(until: Instant) -> Self {
        Self { is_told: Arc::default(), until }
    }

    fn tell(&self) {
        self.is_told.store(true, Ordering::Relaxed);
    }

    fn is_due(&self) -> bool {
        self.is_told.load(Ordering::Relaxed) || Instant::now() >= self.until
    }

    /// A condition of a join that fails as soon as the statement is to stop.
    fn heeded_by(&self, filter: &JoinFilter) -> JoinFilter {
        let inner = Arc::clone(filter.expression());
        let condition = Arc::new(Stoppable { inner, stop: self.clone() });
        JoinFilter::new(condition, filter.column_indices().to_vec(), Arc::clone(filter.schema()))
    }

    /// A hash join whose condition heeds it. One that keeps or leaves out rows of one side brings nothing out while it finds the
    /// rows of the other, so it gets a condition that always holds.
    fn heeded_by_hashes(&self, join: &HashJoinExec) -> Option<JoinFilter> {
        let is_of_one_side =
            !matches!(join.join_type(), JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full);
        match join.filter() {
            Some(filter) => Some(self.heeded_by(filter)),
            None if is_of_one_side && !join.null_aware => {
                let holds = JoinFilter::new(lit(true), Vec::new(), Arc::new(Schema::empty()));
                Some(self.heeded_by(&holds))
            }
            None => None,
        }
    }
}

/// A plan whose joins can be stopped.
struct StoppablePlan {
    plan: Arc<dyn ExecutionPlan>,
    stop: Stop,
}

impl StoppablePlan {
    fn new(plan: Arc<dyn ExecutionPlan>, until: Instant) -> Result<Self, DataFusionError> {
        let stop = Stop::at(until);
        let plan = plan.transform_up(|plan| {
            let join: Arc<dyn ExecutionPlan> = if let Some(join) = plan.downcast_ref::<NestedLoopJoinExec>() {
                let filter = join.filter().map(|filter| stop.heeded_by(filter));
                Arc::new(NestedLoopJoinExecBuilder::from(join).with_filter(filter).build()?)
            } else if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
                join.builder().with_filter(stop.heeded_by_hashes(join)).build_exec()?
            } else if plan.is::<CrossJoinExec>() {
                plan
            } else {
                return Ok(Transformed::no(plan));
            };
            Ok(Transformed::yes(Arc::new(CooperativeExec::new(join)) as Arc<dyn ExecutionPlan>))
        });
        Ok(Self { plan: plan.data()?, stop })
    }
}

/// A condition that fails as soon as its statement is to stop.
#[derive(Debug, Clone)]
struct Stoppable {
    inner: Arc<dyn PhysicalExpr>,
    stop: Stop,
}

impl PartialEq for Stoppable {
    fn eq(&self, other: &Self) -> bool {
        self.inner.eq(&other.inner)
    }
}

impl Eq for Stoppable {}

impl Hash for Stoppable {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl fmt::Display for Stoppable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl PhysicalExpr for Stoppable {
    fn return_field(&self, schema: &Schema) -> Result<FieldRef, DataFusionError> {
        self.inner.return_field(schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue, DataFusionError> {
        if self.stop.is_due() {
            return Err(DataFusionError::Execution(STOPPED.to_owned()));
        }
        self.inner.evaluate(batch)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.inner]
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>, DataFusionError> {
        let inner = children.pop().unwrap_or_else(|| Arc::clone(&self.inner));
        Ok(Arc::new(Self { inner, stop: self.stop.clone() }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_sql(f)
    }
}

/// Why there are no more rows.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The statement failed.
    Engine(DataFusionError),
    /// Its time is over.
    TooLong,
    /// The program failed.
    Program(JoinError),
}

/// Rows of a statement that runs. Dropping them stops it.
pub(crate) struct Rows {
    batches: Receiver<RecordBatch>,
    work: JoinHandle<Result<Result<(), DataFusionError>, Elapsed>>,
    stop: Stop,
}

impl Rows {
    /// Runs a plan until it is through, nobody waits for its rows, or its time is over.
    pub(crate) fn of(
        plan: Arc<dyn ExecutionPlan>,
        context: Arc<TaskContext>,
        until: Instant,
    ) -> Result<Self, DataFusionError> {
        let StoppablePlan { plan, stop } = StoppablePlan::new(plan, until)?;
        // One batch waits while the next is made.
        let (sender, batches) = channel(1);
        let work = threads()?.spawn(timeout_at(until, give(plan, context, sender)));
        Ok(Self { batches, work, stop })
    }

    /// The next batch; none when there are no more, after which it is not to be asked again.
    pub(crate) async fn next(&mut self) -> Result<Option<RecordBatch>, Broken> {
        if let Some(batch) = self.batches.recv().await {
            return Ok(Some(batch));
        }
        match (&mut self.work).await {
            Ok(Ok(Ok(()))) => Ok(None),
            Ok(Err(_)) => Err(Broken::TooLong),
            Ok(Ok(Err(_))) if self.stop.is_due() => Err(Broken::TooLong),
            Ok(Ok(Err(error))) => Err(Broken::Engine(error)),
            Err(error) => Err(Broken::Program(error)),
        }
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        self.stop.tell();
        self.work.abort();
    }
}

async fn give(
    plan: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
    sender: Sender<RecordBatch>,
) -> Result<(), DataFusionError> {
    let mut rows = execute_stream(plan, context)?;
    while let Some(batch) = rows.next().await {
        if sender.send(batch?).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// The threads of all statements.
fn threads() -> Result<&'static Runtime, DataFusionError> {
    static THREADS: OnceLock<Runtime> = OnceLock::new();
    if let Some(threads) = THREADS.get() {
        return Ok(threads);
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut builder = Builder::new_multi_thread();
    let threads = builder.worker_threads(cores * THREADS_OF_A_CORE).thread_name("statement").enable_all();
    let threads = threads.build().map_err(DataFusionError::IoError)?;
    // Another statement may have been quicker, and threads do not end by being dropped where statements are asked.
    if let Err(unused) = THREADS.set(threads) {
        unused.shutdown_background();
    }
    THREADS.get().ok_or_else(|| DataFusionError::Internal("statements have no threads".to_owned()))
}

#[cfg(test)]
mod tests {
    use crate::Limits;
    use crate::platform::tests::{platform, reader};
    use std::time::Duration;
    use tokio::time::{Instant, sleep};

    const SECONDS: u64 = 1;

    fn limits() -> Limits {
        Limits { time: Duration::from_secs(SECONDS), queries: 1, ..Limits::default() }
    }

    /// Statements that compare or bring together some 10^11 rows.
    const ENDLESS: [&str; 4] = [
        "SELECT count(*) FROM code a, code b, code c \
         WHERE length(a.name) + length(b.name) + length(c.name) = 100000",
        "SELECT count(*) FROM code a JOIN code b ON a.list = b.list JOIN code c ON b.list = c.list \
         WHERE length(a.name) + length(b.name) + length(c.name) = 100000",
        "SELECT count(*) FROM (SELECT a.list FROM code a JOIN code b USING (list)) x \
         WHERE x.list IN (SELECT a.list FROM code a JOIN code b USING (list))",
        "SELECT sum(length(a.name) + length(b.name) + length(c.name)) FROM code a, code b, code c",
    ];

    /// One thread waits for the statement and does everything else, as a door does.
    #[tokio::test]
    async fn a_statement_ends_with_its_time_whatever_it_computes() {
        let platform = platform(limits());
        for sql in ENDLESS {
            let begun = Instant::now();
            let plan = platform.plan_for(&reader(0), "risk-analysis", sql).await.unwrap();
            let refused = plan.collect().await.unwrap_err().to_string();
            assert!(refused.contains("the query takes too long: 1 seconds"), "{refused}");
            assert!(begun.elapsed() < Duration::from_secs(20 * SECONDS), "{sql}: {:?}", begun.elapsed());
        }
    }

    #[tokio::test]
    async fn a_statement_that_nobody_waits_for_stops() {
        let platform = platform(limits());
        for sql in ENDLESS {
            let plan = platform.plan_for(&reader(0), "risk-analysis", sql).await.unwrap();
            let answer = plan.stream().unwrap();
            sleep(Duration::from_millis(200)).await;
            drop(answer);
            let begun = Instant::now();
            while super::threads().unwrap().metrics().num_alive_tasks() > 0 {
                assert!(begun.elapsed() < Duration::from_secs(20), "{sql} goes on");
                sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

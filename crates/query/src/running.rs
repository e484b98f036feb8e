//! Where statements of readers run: on threads of their own, so that whoever waits for rows, asks beside it or ends it is
//! served whatever the statement does, and with joins that can be stopped.

mod gathered;
mod passing;
mod spread;
mod stoppable;

use crate::engine::Place;
use crate::extent::STACK_BYTES;
use datafusion::arrow::array::RecordBatch;
use datafusion::common::runtime::{JoinSetTracer, set_join_set_tracer};
use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use std::any::Any;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use stoppable::{Stop, StoppablePlan};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout, timeout_at};

/// Threads for each core: statements that compute without a pause leave room for others, which the system sees to.
const THREADS_OF_A_CORE: usize = 4;

tokio::task_local! {
    /// The place of the statement that a task is of.
    static PLACE: Arc<Place>;
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
    /// Runs a plan until it is through, nobody waits for its rows, or its time is over. What it computes then keeps its place
    /// until it looks up.
    pub(crate) fn of(
        plan: Arc<dyn ExecutionPlan>,
        context: Arc<TaskContext>,
        until: Instant,
        place: Arc<Place>,
    ) -> Result<Self, DataFusionError> {
        let StoppablePlan { plan, stop } = StoppablePlan::new(plan, until)?;
        // One batch waits while the next is made.
        let (sender, batches) = channel(1);
        let work = timeout_at(until, give(plan, context, sender));
        let work = threads()?.spawn(PLACE.scope(place, work));
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

/// Does what may compute for long without a pause, such as planning, on a thread of its own, so that everybody else is served
/// meanwhile. Nothing is given when it takes longer than its time; where it waits it ends then, where it computes it comes to its end
/// first, with nobody to wait for it.
pub(crate) async fn apart<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
    time: Duration,
) -> Result<Option<T>, DataFusionError> {
    let threads = threads()?;
    let within = threads.handle().clone();
    let done = threads.spawn_blocking(move || within.block_on(async move { timeout(time, work).await.ok() }));
    match timeout(time, done).await {
        Ok(done) => done.map_err(|error| DataFusionError::External(Box::new(error))),
        Err(_) => Ok(None),
    }
}

/// What a task of the engine gives.
type Given = Box<dyn Any + Send>;

/// Tasks that the engine starts for a statement are in its place too, which is free when the last of them has ended.
struct InPlace;

impl JoinSetTracer for InPlace {
    fn trace_future(&self, task: BoxFuture<'static, Given>) -> BoxFuture<'static, Given> {
        match PLACE.try_get() {
            Ok(place) => PLACE.scope(place, task).boxed(),
            Err(_) => task,
        }
    }

    fn trace_block(&self, work: Box<dyn FnOnce() -> Given + Send>) -> Box<dyn FnOnce() -> Given + Send> {
        match PLACE.try_get() {
            Ok(place) => Box::new(move || PLACE.sync_scope(place, work)),
            Err(_) => work,
        }
    }
}

/// The threads of all statements.
fn threads() -> Result<&'static Runtime, DataFusionError> {
    static THREADS: OnceLock<Runtime> = OnceLock::new();
    if let Some(threads) = THREADS.get() {
        return Ok(threads);
    }
    // It is the same for all statements, so it does not matter which of them says so.
    let _ = set_join_set_tracer(&InPlace);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut builder = Builder::new_multi_thread();
    let threads = builder.worker_threads(cores * THREADS_OF_A_CORE).thread_stack_size(STACK_BYTES);
    let threads = threads.thread_name("statement").enable_all();
    let threads = threads.build().map_err(DataFusionError::IoError)?;
    // Another statement may have been quicker, and threads do not end by being dropped where statements are asked.
    if let Err(unused) = THREADS.set(threads) {
        unused.shutdown_background();
    }
    THREADS.get().ok_or_else(|| DataFusionError::Internal("statements have no threads".to_owned()))
}

#[cfg(test)]
mod tests {
    use crate::platform::tests::{governance, platform, reader};
    use crate::{Engine, Limits, Plan, Platform};
    use datafusion::arrow::array::RecordBatch;
    use datafusion::arrow::datatypes::SchemaRef;
    use datafusion::catalog::streaming::StreamingTable;
    use datafusion::datasource::TableProvider;
    use datafusion::execution::{SendableRecordBatchStream, TaskContext};
    use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
    use datafusion::physical_plan::streaming::PartitionStream;
    use futures::stream;
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;
    use std::time::Duration;
    use tidegate_records::tables::DECLARATION;
    use tokio::time::{Instant, sleep};

    const SECONDS: u64 = 1;

    fn limits() -> Limits {
        Limits { time: Duration::from_secs(SECONDS), queries: 1, ..Limits::default() }
    }

    /// Statements that have no end, or compare or bring together some 10^11 rows and more, some of them without a condition, some of them only
    /// to keep rows of one side or to leave them out.
    const ENDLESS: [&str; 9] = [
        "SELECT count(*) FROM code a, code b, code c \
         WHERE length(a.name) + length(b.name) + length(c.name) = 100000",
        "SELECT count(*) FROM code a JOIN code b ON a.list = b.list JOIN code c ON b.list = c.list \
         WHERE length(a.name) + length(b.name) + length(c.name) = 100000",
        "SELECT count(*) FROM (SELECT a.list FROM code a JOIN code b USING (list)) x \
         WHERE x.list IN (SELECT a.list FROM code a JOIN code b USING (list))",
        "SELECT count(*) FROM code x WHERE nullif(x.list, '') NOT IN \
         (SELECT nullif(b.list, '') FROM code a, code b LIMIT 1000000000)",
        "SELECT sum(length(a.name) + length(b.name) + length(c.name)) FROM code a, code b, code c",
        "SELECT count(*) FROM code a CROSS JOIN code b WHERE EXISTS (SELECT 1 FROM code c CROSS JOIN code d)",
        "SELECT count(*) FROM code a CROSS JOIN code b \
         WHERE NOT EXISTS (SELECT 1 FROM code c FULL JOIN code d ON true)",
        "SELECT count(*) FROM (code a CROSS JOIN code b) LEFT JOIN code c ON true",
        "WITH RECURSIVE w (n) AS (SELECT 1 UNION ALL SELECT n FROM w) SELECT sum(n) FROM w",
    ];

    /// Plans a statement as soon as the one before has ended, of which nothing computes any more then.
    async fn planned(platform: &Platform, sql: &str) -> Plan {
        let begun = Instant::now();
        loop {
            match platform.plan_for(&reader(0), "risk-analysis", sql).await {
                Ok(plan) => return plan,
                Err(refused) => assert!(begun.elapsed() < Duration::from_secs(20), "{sql}: {refused}"),
            }
        }
    }

    /// One thread waits for the statement and does everything else, as a door does.
    #[tokio::test]
    async fn a_statement_ends_with_its_time_whatever_it_computes() {
        let platform = platform(limits());
        for sql in ENDLESS {
            let plan = planned(&platform, sql).await;
            let begun = Instant::now();
            let refused = plan.collect().await.unwrap_err().to_string();
            assert!(refused.contains("the query takes too long: 1 seconds"), "{sql}: {refused}");
            assert!(begun.elapsed() < Duration::from_secs(20 * SECONDS), "{sql}: {:?}", begun.elapsed());
            planned(&platform, "SELECT 1").await;
        }
    }

    #[tokio::test]
    async fn a_statement_that_nobody_waits_for_stops() {
        let limits = Limits { time: Limits::default().time, ..limits() };
        let platform = platform(limits);
        for sql in ENDLESS {
            let answer = planned(&platform, sql).await.stream().unwrap();
            sleep(Duration::from_millis(500)).await;
            drop(answer);
            planned(&platform, "SELECT 1").await;
        }
    }

    /// Rows that are computed without a pause until they are to be done.
    #[derive(Debug)]
    struct Busy {
        schema: SchemaRef,
        has_begun: Arc<AtomicBool>,
        is_done: Arc<AtomicBool>,
    }

    impl PartitionStream for Busy {
        fn schema(&self) -> &SchemaRef {
            &self.schema
        }

        fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
            let schema = Arc::clone(&self.schema);
            let (has_begun, is_done) = (Arc::clone(&self.has_begun), Arc::clone(&self.is_done));
            let rows = stream::once(async move {
                has_begun.store(true, Ordering::Relaxed);
                while !is_done.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(1));
                }
                Ok(RecordBatch::new_empty(schema))
            });
            Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), rows))
        }
    }

    /// Of two files, each of which a task of the engine's own reads.
    #[tokio::test]
    async fn a_place_is_taken_as_long_as_anything_of_the_statement_computes() {
        let (has_begun, is_done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let file = || -> Arc<dyn PartitionStream> {
            let (has_begun, is_done) = (Arc::clone(&has_begun), Arc::clone(&is_done));
            Arc::new(Busy { schema: DECLARATION.schema(), has_begun, is_done })
        };
        let table = StreamingTable::try_new(DECLARATION.schema(), vec![file(), file()]).unwrap();
        let table: Arc<dyn TableProvider> = Arc::new(table);
        let given = BTreeMap::from([("declaration", table)]);
        let limits = Limits { queries: 1, ..Limits::default() };
        let platform = Platform::over(given, Engine::default(), Some(governance(limits))).unwrap();
        let answer = planned(&platform, "SELECT count(*) FROM declaration").await.stream().unwrap();
        while !has_begun.load(Ordering::Relaxed) {
            sleep(Duration::from_millis(1)).await;
        }
        drop(answer);
        let refused = platform.plan_for(&reader(0), "risk-analysis", "SELECT 1").await.err().unwrap();
        assert!(refused.to_string().contains("queries at once: 1"), "{refused}");
        is_done.store(true, Ordering::Relaxed);
        planned(&platform, "SELECT 1").await;
    }

    /// One thread asks for the plan and does everything else.
    #[tokio::test]
    async fn planning_that_computes_without_a_pause_keeps_nobody_else_waiting() {
        let platform = platform(limits());
        let [one, other] = ["a", "b"].map(|letter| letter.repeat(30_000));
        // Each takes a second or two, and no constant may be as long as one that takes minutes.
        let twice = |i: usize| format!("levenshtein('{one}', '{other}{i}')");
        let endless = format!("SELECT {}", (0..10).map(twice).collect::<Vec<_>>().join(" + "));
        let begun = Instant::now();
        let refused = platform.plan_for(&reader(0), "risk-analysis", &endless).await.err().unwrap();
        assert!(refused.to_string().contains("the query takes too long: 1 seconds"), "{refused}");
        assert!(begun.elapsed() < Duration::from_secs(5 * SECONDS), "{:?}", begun.elapsed());
        platform.plan_for(&reader(1), "risk-analysis", "SELECT 1").await.unwrap();
        let refused = platform.plan_for(&reader(0), "risk-analysis", "SELECT 1").await.err().unwrap();
        assert!(refused.to_string().contains("the query takes too long"), "it still computes: {refused}");
    }

    #[tokio::test]
    async fn a_window_keeps_no_more_rows_than_the_reader_has_memory_for() {
        let platform = platform(Limits { memory_bytes: 1 << 24, ..Limits::default() });
        let pairs = planned(&platform, "SELECT count(*) OVER () FROM code a, code b").await;
        let refused = pairs.collect().await.unwrap_err().to_string();
        assert!(refused.contains("the query needs more memory than one reader has"), "{refused}");
        let kept = planned(&platform, "SELECT count(*) OVER () FROM code").await.collect().await.unwrap();
        let rows = kept.iter().map(RecordBatch::num_rows).sum::<usize>();
        assert!(rows > 7_000, "{rows}");
    }
}

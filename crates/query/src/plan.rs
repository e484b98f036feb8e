//! A planned query: what it reads, and its answer within the limits of who asked.

use crate::QueryError;
use crate::engine::{Allowance, Place};
use crate::reading::{Fingerprint, Reading};
use crate::running::{Broken, Rows};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::execution::TaskContext;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use std::sync::Arc;
use tokio::time::{Instant, timeout_at};

/// Batches of an answer.
pub type Answer = BoxStream<'static, Result<RecordBatch, QueryError>>;

/// A planned query.
pub struct Plan {
    schema: SchemaRef,
    physical: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
    reading: Reading,
    usage: Option<Usage>,
}

impl Plan {
    /// Plans how a checked and optimised plan runs.
    pub(crate) async fn new(
        state: &SessionState,
        plan: &LogicalPlan,
        reading: Reading,
        usage: Option<Usage>,
    ) -> Result<Self, QueryError> {
        let physical = state.query_planner().create_physical_plan(plan, state).await?;
        let schema = Arc::new(plan.schema().as_arrow().clone());
        Ok(Self { schema, physical, context: state.task_ctx(), reading, usage })
    }

    /// Columns of the answer.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// What the query reads, for the audit log.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Runs the query and streams its answer; dropping the stream cancels the query. That of a reader runs on threads of its own.
    ///
    /// # Errors
    /// When the query fails; errors of single batches come in the stream.
    pub fn stream(self) -> Result<Answer, QueryError> {
        let Self { physical, context, reading, usage, .. } = self;
        let fingerprint = reading.statement.fingerprint;
        match usage {
            None => Ok(execute_stream(physical, context)?.map_err(QueryError::from).boxed()),
            Some(usage) => {
                let place = Arc::clone(&usage.place);
                let rows = Rows::of(physical, context, usage.until, place).map_err(QueryError::from);
                Ok(usage.metered(rows.map_err(|error| error.for_reader(fingerprint))?))
            }
        }
    }

    /// Runs the query and gives the whole answer.
    ///
    /// # Errors
    /// When the query fails.
    pub async fn collect(self) -> Result<Vec<RecordBatch>, QueryError> {
        self.stream()?.try_collect().await
    }
}

/// What a running query of a reader has used of the limits.
pub(crate) struct Usage {
    place: Arc<Place>,
    rows: usize,
    bytes: usize,
    until: Instant,
    fingerprint: Fingerprint,
}

impl Usage {
    /// Takes a place among the reader's queries.
    pub(crate) async fn begin(
        allowance: Arc<Allowance>,
        fingerprint: Fingerprint,
    ) -> Result<Self, QueryError> {
        let limits = allowance.limits;
        let place = Place::take(allowance).await.ok_or_else(|| QueryError::TooMuch {
            what: "queries at once",
            limit: limits.queries.to_string(),
            advice: "wait for one to end, or cancel it",
        })?;
        Ok(Self { place, rows: 0, bytes: 0, until: Instant::now() + limits.time, fingerprint })
    }

    fn metered(self, rows: Rows) -> Answer {
        futures::stream::try_unfold((self, rows), |(mut usage, mut rows)| async move {
            let next = timeout_at(usage.until, rows.next()).await;
            // What computes without a pause does not see that its time is over.
            let next = next.unwrap_or(Err(Broken::TooLong));
            let Some(batch) = next.map_err(|broken| usage.why(broken))? else { return Ok(None) };
            usage.count(&batch)?;
            Ok(Some((batch, (usage, rows))))
        })
        .boxed()
    }

    fn why(&self, broken: Broken) -> QueryError {
        let fingerprint = self.fingerprint;
        match broken {
            Broken::Engine(error) => QueryError::from(error).for_reader(fingerprint),
            Broken::TooLong => self.place.allowance.too_long(),
            Broken::Program(error) => {
                tracing::error!(%fingerprint, %error, "a query was broken off by the program");
                QueryError::Inside { fingerprint, cause: error.to_string() }
            }
        }
    }

    fn count(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        self.rows += batch.num_rows();
        self.bytes += batch.get_array_memory_size();
        let limits = &self.place.allowance.limits;
        let advice = "group the rows, or write LIMIT";
        if self.rows > limits.rows {
            let limit = format!("{} rows", limits.rows);
            return Err(QueryError::TooMuch { what: "the answer is too long", limit, advice });
        }
        if self.bytes > limits.bytes {
            let limit = format!("{} MB", limits.bytes / 1_000_000);
            return Err(QueryError::TooMuch { what: "the answer is too large", limit, advice });
        }
        Ok(())
    }
}

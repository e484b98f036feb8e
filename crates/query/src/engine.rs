//! How queries are run, and how much of the machine one reader may use.

use crate::QueryError;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionConfig;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How long a statement waits for a place before it is refused. The place of one that was cancelled is free when nothing of it
/// computes any more, which takes milliseconds, and whoever cancels it asks for the next at once.
const PATIENCE: Duration = Duration::from_secs(1);

/// How an engine works; answers do not depend on it but for the order of rows that no `ORDER BY` fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Engine {
    /// Threads that one query uses; all that the machine has when none.
    pub threads: Option<NonZeroUsize>,
    /// Rows of a batch; the engine's own number when none.
    pub batch_rows: Option<NonZeroUsize>,
}

impl Engine {
    /// Settings of an engine whose tables stand in a catalog and schema of these names.
    pub(crate) fn session(self, catalog: &str, schema: &str) -> SessionConfig {
        let config = SessionConfig::new().with_default_catalog_and_schema(catalog, schema);
        // A schema of our own tells what there is: the engine's shows settings and the text of views.
        let mut config = config.with_information_schema(false);
        if let Some(threads) = self.threads {
            config = config.with_target_partitions(threads.get());
        }
        if let Some(rows) = self.batch_rows {
            config = config.with_batch_size(rows.get());
        }
        // Identifiers keep their case nowhere in our tables; nothing is written, so no other setting matters.
        config.options_mut().sql_parser.dialect = datafusion::config::Dialect::PostgreSQL;
        // Columns carry their description and grade; the check takes those of the other side of a UNION for an error.
        config.options_mut().execution.skip_physical_aggregate_schema_check = true;
        config
    }
}

/// What readers may use. The local owner has no limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Rows of one answer.
    pub rows: usize,
    /// Bytes of one answer, in memory.
    pub bytes: usize,
    /// How long one query may run.
    pub time: Duration,
    /// Bytes that the queries of one reader may hold for sorting, joining and grouping before they spill or fail.
    pub memory_bytes: usize,
    /// Queries of one reader at once.
    pub queries: usize,
    /// Doors kept open for all readers together; one of each reader and purpose takes some 1 MB, and is made again in
    /// milliseconds.
    pub doors: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rows: 1_000_000,
            bytes: 1 << 30,
            time: Duration::from_mins(5),
            memory_bytes: 2 << 30,
            queries: 4,
            doors: 128,
        }
    }
}

/// What one reader has of the machine, for all purposes together.
#[derive(Debug)]
pub(crate) struct Allowance {
    pub(crate) limits: Limits,
    /// Where the queries take their memory.
    pub(crate) runtime: Arc<RuntimeEnv>,
    places: Arc<Semaphore>,
    /// Turns to have statements read and planned.
    turns: Arc<Semaphore>,
}

impl Allowance {
    pub(crate) fn new(limits: Limits) -> Result<Self, DataFusionError> {
        let runtime = RuntimeEnvBuilder::new().with_memory_limit(limits.memory_bytes, 1.0).build_arc()?;
        let as_many = || Arc::new(Semaphore::new(limits.queries));
        Ok(Self { limits, runtime, places: as_many(), turns: as_many() })
    }

    /// A turn to have a statement read or planned, as many at once as the reader may have queries.
    pub(crate) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.turns).acquire_owned().await.ok()
    }

    /// That a query takes more time than the reader has.
    pub(crate) fn too_long(&self) -> QueryError {
        QueryError::TooMuch {
            what: "the query takes too long",
            limit: format!("{} seconds", self.limits.time.as_secs()),
            advice: "narrow it by a month or an office",
        }
    }
}

/// A place among the queries of a reader, taken as long as anything of the query is left. What the reader may use is counted as
/// long as one is taken.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) allowance: Arc<Allowance>,
    _taken: OwnedSemaphorePermit,
}

impl Place {
    /// Takes a place as soon as there is one; none when there is none for a while. That is no longer than half of the time that
    /// the statement has, so that it is not the time that it is refused for.
    pub(crate) async fn take(allowance: Arc<Allowance>) -> Option<Arc<Self>> {
        let patience = PATIENCE.min(allowance.limits.time / 2);
        let free = Arc::clone(&allowance.places).acquire_owned();
        let taken = timeout(patience, free).await.ok()?.ok()?;
        Some(Arc::new(Self { allowance, _taken: taken }))
    }
}

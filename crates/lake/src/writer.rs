//! The writer of one append: takes batches one by one, rolls files by month and size, commits them at once or not at all.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use deltalake::datafile::writer::{DeltaWriter, WriterConfig};
use deltalake::kernel::{Action, Add};
use deltalake::operations::get_num_idx_cols_and_stats_columns;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::{DeltaTable, Path};
use futures::{StreamExt, TryStreamExt};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::commit::{Committed, commit};
use crate::error::OfTable;
use crate::month::split_by_month;
use crate::schema::{ConformError, check_columns, conform};
use crate::state::{loaded_version, table_schema};
use crate::{AppTransaction, LakeError, WriteLimits, durable};

/// What an append did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The table appended to.
    pub table: String,
    /// The version that holds the rows; any later one holds them too.
    pub version: u64,
    /// Rows added now.
    pub rows: u64,
    /// Files added now.
    pub files: usize,
    /// Whether the application transaction had been committed before, so that nothing was added now.
    pub already_applied: bool,
}

impl Appended {
    pub(crate) fn before(table: &str, version: u64) -> Self {
        Self { table: table.to_owned(), version, rows: 0, files: 0, already_applied: true }
    }
}

/// Writes one append in bounded memory: one open file a month, at most [`WriteLimits::open_months`].
///
/// Nothing is visible before [`LakeWriter::commit`]. [`LakeWriter::abort`] removes what was written; a writer that
/// is dropped, or whose process dies, leaves files that no version names, for `vacuum` to remove.
pub struct LakeWriter {
    pub(crate) name: String,
    pub(crate) table: DeltaTable,
    schema: SchemaRef,
    pub(crate) partition: Option<String>,
    pub(crate) limits: WriteLimits,
    open: BTreeMap<String, OpenMonth>,
    /// Counts writes, to tell which month has waited longest.
    writes: u64,
    pub(crate) closed: Vec<Add>,
    pub(crate) rows: u64,
    pub(crate) failed: bool,
}

impl fmt::Debug for LakeWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LakeWriter")
            .field("table", &self.name)
            .field("rows", &self.rows)
            .field("open_months", &self.open.keys())
            .finish_non_exhaustive()
    }
}

struct OpenMonth {
    writer: DeltaWriter,
    last_write: u64,
}

impl LakeWriter {
    pub(crate) fn new(table: DeltaTable, name: &str, limits: WriteLimits) -> Result<Self, LakeError> {
        let schema = table_schema(&table, name)?;
        let partition = table.snapshot().of_table(name)?.metadata().partition_columns().first().cloned();
        Ok(Self {
            name: name.to_owned(),
            table,
            schema,
            partition,
            limits,
            open: BTreeMap::new(),
            writes: 0,
            closed: Vec::new(),
            rows: 0,
            failed: false,
        })
    }

    /// The schema that batches must have, up to column order and encoding: the stored table's.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Rows written so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes a batch.
    ///
    /// # Errors
    /// [`LakeError::Schema`] and [`LakeError::Month`] refuse the batch and leave the writer as it was. After any
    /// other error nothing can be committed any more.
    pub async fn write(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        check_columns(batch.schema_ref(), &self.schema).of_table(&self.name)?;
        let batch = conform(batch, &self.schema).map_err(|error| match error {
            ConformError::Mismatch(mismatch) => LakeError::Schema { table: self.name.clone(), mismatch },
            ConformError::Arrow(source) => LakeError::Arrow { table: self.name.clone(), source },
        })?;
        let parts = match &self.partition {
            Some(column) => split_by_month(&self.name, column, &batch)?,
            None => BTreeMap::from([(String::new(), batch)]),
        };
        for (month, part) in parts {
            if let Err(error) = self.write_month(month, &part).await {
                self.failed = true;
                return Err(error);
            }
        }
        Ok(())
    }

    async fn write_month(&mut self, month: String, part: &RecordBatch) -> Result<(), LakeError> {
        if !self.open.contains_key(&month) && self.open.len() >= self.limits.open_months {
            self.close_longest_waiting().await?;
        }
        self.writes += 1;
        let last_write = self.writes;
        let open = match self.open.entry(month) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let writer = file_writer(&self.table, &self.name, &self.schema, self.limits)?;
                entry.insert(OpenMonth { writer, last_write })
            }
        };
        open.last_write = last_write;
        open.writer.write(part).await.of_table(&self.name)?;
        self.rows += part.num_rows() as u64;
        Ok(())
    }

    async fn close_longest_waiting(&mut self) -> Result<(), LakeError> {
        let longest =
            self.open.iter().min_by_key(|(_, open)| open.last_write).map(|(month, _)| month.clone());
        if let Some(open) = longest.and_then(|month| self.open.remove(&month)) {
            self.closed.extend(open.writer.close().await.of_table(&self.name)?);
        }
        Ok(())
    }

    /// Closes the files and makes all rows visible as one version, unless the transaction had been committed before.
    ///
    /// # Errors
    /// [`LakeError::WriterFailed`] after a failed write. See [`crate::Lake::append`] for the others.
    pub async fn commit(mut self, transaction: Option<&AppTransaction>) -> Result<Appended, LakeError> {
        if self.failed {
            let table = self.name.clone();
            self.abandon().await;
            return Err(LakeError::WriterFailed { table });
        }
        self.finish_files().await?;
        if self.closed.is_empty() && transaction.is_none() {
            let version = loaded_version(&self.table, &self.name)?;
            return Ok(self.appended(version));
        }
        let actions: Vec<Action> = self.closed.iter().cloned().map(Action::Add).collect();
        let operation = DeltaOperation::Write {
            mode: SaveMode::Append,
            partition_by: self.partition.clone().map(|column| vec![column]),
            predicate: None,
        };
        let attempts = self.limits.commit_attempts;
        match commit(&mut self.table, &self.name, &actions, &operation, transaction, attempts).await? {
            Committed::Now(version) => Ok(self.appended(version)),
            Committed::Before(version) => {
                let applied = Appended::before(&self.name, version);
                self.abandon().await;
                Ok(applied)
            }
        }
    }

    /// Gives up: removes every file written.
    ///
    /// # Errors
    /// When a file could not be finished or removed; `vacuum` removes it later.
    pub async fn abort(mut self) -> Result<(), LakeError> {
        self.finish_files().await?;
        self.remove_files().await
    }

    /// Aborts where another outcome is already certain: files left behind cost space until the next `vacuum`.
    pub(crate) async fn abandon(self) {
        let table = self.name.clone();
        if let Err(error) = self.abort().await {
            tracing::warn!(%error, table, "files of an abandoned append are left for vacuum");
        }
    }

    /// Closes all open files, forces them to disk and gives the actions that would add them.
    pub(crate) async fn finish_files(&mut self) -> Result<&[Add], LakeError> {
        for (_, open) in std::mem::take(&mut self.open) {
            self.closed.extend(open.writer.close().await.of_table(&self.name)?);
        }
        durable::sync_files(&self.table, &self.closed).await?;
        Ok(&self.closed)
    }

    async fn remove_files(self) -> Result<(), LakeError> {
        let paths: Result<Vec<Path>, _> = self.closed.iter().map(|add| Path::parse(&add.path)).collect();
        let paths = paths.map_err(deltalake::DeltaTableError::from).of_table(&self.name)?;
        let locations = futures::stream::iter(paths.into_iter().map(Ok)).boxed();
        self.table.object_store().delete_stream(locations).try_collect::<Vec<_>>().await?;
        Ok(())
    }

    fn appended(&self, version: u64) -> Appended {
        Appended {
            table: self.name.clone(),
            version,
            rows: self.rows,
            files: self.closed.len(),
            already_applied: false,
        }
    }
}

/// A writer for the files of one month.
fn file_writer(
    table: &DeltaTable,
    name: &str,
    schema: &SchemaRef,
    limits: WriteLimits,
) -> Result<DeltaWriter, LakeError> {
    let state = table.snapshot().of_table(name)?;
    let (indexed, statistics) =
        get_num_idx_cols_and_stats_columns(Some(state.table_config()), HashMap::new());
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(limits.row_group_rows))
        .build();
    let config = WriterConfig::new(
        Arc::clone(schema),
        state.metadata().partition_columns().to_vec(),
        Some(properties),
        Some(limits.file_bytes),
        None,
        indexed,
        statistics,
    );
    Ok(DeltaWriter::new(table.object_store(), config))
}

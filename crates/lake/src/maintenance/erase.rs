//! Erasure: rows that must go, and every byte of them.
//!
//! A commit takes the rows out of the newest version. The files that held them, and log entries whose statistics may
//! repeat values of them, stay until [`Lake::purge`] removes both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::logical_expr::Expr;
use datafusion::prelude::lit;
use deltalake::checkpoints::{cleanup_expired_logs_for, create_checkpoint};
use deltalake::kernel::{Action, LogicalFileView};
use deltalake::logstore::get_actions;
use deltalake::logstore::object_store::ObjectStoreExt;
use deltalake::{DeltaTable, DeltaTableError, Path};
use futures::StreamExt;

use super::rewrite::{Rewrite, one_file_after_another};
use crate::error::OfTable;
use crate::read::PinnedTable;
use crate::replace::month_of;
use crate::state::loaded_version;
use crate::{Lake, LakeError, Loaded, TableVersion};

/// Rows that were taken out of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erased {
    /// The table.
    pub table: String,
    /// The first version without the rows.
    pub version: u64,
    /// Rows taken out.
    pub rows: u64,
    /// Files that held them, below the table's folder; they are there until they are purged.
    pub files: Vec<String>,
}

impl From<&Erased> for TableVersion {
    fn from(erased: &Erased) -> Self {
        Self { table: erased.table.clone(), version: erased.version, loaded: Loaded::Nothing }
    }
}

/// What was removed for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purged {
    /// Files removed.
    pub files: usize,
    /// Bytes of them.
    pub bytes: u64,
    /// Snapshots forgotten, since they named them.
    pub snapshots: usize,
    /// Log entries removed.
    pub log_entries: usize,
}

impl Lake {
    /// Takes the rows that meet a condition, as SQL on the table's columns, out of it: files that hold such rows are written
    /// again without them, one commit a month. Rows of which it is not known whether they meet it stay.
    ///
    /// # Errors
    /// [`LakeError::Query`] when the condition is none on the table's columns. [`LakeError::CompactionOverlap`] when a compaction or another erasure of the table was at work; months committed until then
    /// are without the rows, and repeating goes on. [`LakeError::RowsLost`] when a file does not hold the rows that its
    /// log says.
    pub async fn erase(&self, table: &str, condition: &str) -> Result<Erased, LakeError> {
        let handle = self.table(table).await?;
        let version = loaded_version(&handle, table)?;
        let mut erased = Erased { table: table.to_owned(), version, rows: 0, files: Vec::new() };
        let condition = parsed(&handle, table, condition)?;
        let kept = condition.clone().is_not_true();
        for files in held_by(&handle, table, &condition).await?.into_values() {
            let handle = self.table(table).await?;
            let rewrite = Rewrite::of_files(handle, table, &files, Some(&kept), self.limits).await?;
            erased.rows += rewrite.rows_left_out();
            erased.files.extend(files.iter().map(|file| file.path().into_owned()));
            erased.version = rewrite.commit().await?;
        }
        Ok(erased)
    }

    /// Removes the files that held erased rows, those that commits had taken out of the table before, such as compactions, and
    /// that may hold the rows as well, the snapshots that name them, and the log before the first version that a snapshot
    /// names then. Call it when a snapshot with the versions of the erasure is recorded. Readers of older snapshots fail from
    /// then on.
    ///
    /// # Errors
    /// When the store fails; repeating is harmless. [`LakeError::NotErased`] when something is still there.
    pub async fn purge(&self, erased: &Erased) -> Result<Purged, LakeError> {
        let table = erased.table.as_str();
        let mut handle = self.table(table).await?;
        let snapshots = self.forget_before(table, erased.version).await?;
        let store = handle.object_store();
        let mut paths = taken_out(&handle, erased).await?;
        for file in &erased.files {
            paths.insert(Path::parse(file).map_err(DeltaTableError::from).of_table(table)?);
        }
        let (mut files, mut bytes) = (0, 0);
        for path in &paths {
            match store.head(path).await {
                Ok(meta) => bytes += meta.size,
                Err(deltalake::ObjectStoreError::NotFound { .. }) => continue,
                Err(error) => return Err(error.into()),
            }
            store.delete(path).await?;
            files += 1;
        }
        // A load may have come further than what readers see, which has to stay readable.
        let newest = loaded_version(&handle, table)?;
        let first = self.kept_versions(table).await?.first().copied().unwrap_or(newest).min(newest);
        if first < newest {
            handle.load_version(first).await.of_table(table)?;
        }
        create_checkpoint(&handle, None).await.of_table(table)?;
        // Everything older than the checkpoint, however young.
        let log = handle.log_store();
        let log_entries =
            cleanup_expired_logs_for(first, log.as_ref(), i64::MAX, None).await.of_table(table)?;
        for path in &paths {
            if store.head(path).await.is_ok() {
                return Err(LakeError::NotErased { table: table.to_owned(), file: path.to_string() });
            }
        }
        Ok(Purged { files, bytes, snapshots, log_entries })
    }

    /// Forgets the snapshots that name an older version of the table. Returns how many.
    async fn forget_before(&self, table: &str, version: u64) -> Result<usize, LakeError> {
        let mut forgotten = 0;
        for snapshot in self.list_snapshots().await? {
            if snapshot.tables.get(table).is_some_and(|named| *named < version) {
                self.forget(&snapshot).await?;
                forgotten += 1;
            }
        }
        Ok(forgotten)
    }
}

/// Files that commits took out of a table up to the version without erased rows, as far back as its log goes: upkeep removes
/// files before it removes the entries that took them out.
async fn taken_out(handle: &DeltaTable, erased: &Erased) -> Result<BTreeSet<Path>, LakeError> {
    let table = erased.table.as_str();
    let log = handle.log_store();
    let mut paths = BTreeSet::new();
    for version in (0..=erased.version).rev() {
        let Some(bytes) = log.read_commit_entry(version).await.of_table(table)? else { break };
        for action in get_actions(version, &bytes).of_table(table)? {
            if let Action::Remove(removed) = action {
                let path = Path::from_url_path(&removed.path).map_err(DeltaTableError::from);
                paths.insert(path.of_table(table)?);
            }
        }
    }
    Ok(paths)
}

/// A condition on the columns of a table.
fn parsed(handle: &DeltaTable, table: &str, condition: &str) -> Result<Expr, LakeError> {
    let source = PinnedTable::new(handle.clone(), table)?;
    let rows = one_file_after_another().read_table(Arc::new(source)).of_table(table)?;
    rows.parse_sql_expr(condition).of_table(table)
}

/// Files with rows that meet the condition, by month.
async fn held_by(
    handle: &DeltaTable,
    table: &str,
    condition: &Expr,
) -> Result<BTreeMap<String, Vec<LogicalFileView>>, LakeError> {
    let state = handle.snapshot().of_table(table)?;
    let partition = state.metadata().partition_columns().first();
    let session = one_file_after_another();
    let mut held: BTreeMap<String, Vec<LogicalFileView>> = BTreeMap::new();
    for file in state.log_data().iter() {
        let source = PinnedTable::new(handle.clone(), table)?.with_files([file.path().into_owned()]);
        let rows = session.read_table(Arc::new(source)).of_table(table)?;
        let rows = rows.filter(condition.clone()).of_table(table)?;
        let rows = rows.select([lit(true)]).of_table(table)?.limit(0, Some(1)).of_table(table)?;
        let mut rows = rows.execute_stream().await.of_table(table)?;
        while let Some(batch) = rows.next().await {
            if batch.of_table(table)?.num_rows() > 0 {
                let month = partition.and_then(|column| month_of(&file, column)).unwrap_or_default();
                held.entry(month).or_default().push(file);
                break;
            }
        }
    }
    Ok(held)
}

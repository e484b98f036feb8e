//! Erasure: rows that must go, and every byte of them.
//!
//! A commit takes the rows out of the newest version. The files that held them, and log entries whose statistics may
//! repeat values of them, stay until [`Lake::purge`] removes both.

use std::collections::{BTreeMap, BTreeSet, btree_map};
use std::ops::RangeInclusive;
use std::sync::Arc;

use datafusion::logical_expr::Expr;
use datafusion::prelude::lit;
use deltalake::checkpoints::{cleanup_expired_logs_for, create_checkpoint};
use deltalake::kernel::{Action, LogicalFileView};
use deltalake::logstore::get_actions;
use deltalake::logstore::object_store::ObjectStoreExt;
use deltalake::{DeltaTable, DeltaTableError, Path};
use futures::StreamExt;
use serde_json::Value;

use super::rewrite::{Rewrite, is_rewrite, one_file_after_another};
use crate::commit::Told;
use crate::error::OfTable;
use crate::read::PinnedTable;
use crate::replace::month_of;
use crate::state::loaded_version;
use crate::{Lake, LakeError, Loaded, TableVersion, durable};

/// What the log keeps with a commit that took rows out: the number of the order, and how many rows.
const ORDER: &str = "tidegate.order";
const ROWS: &str = "tidegate.rowsErased";

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

/// The files of a table that rows are erased from; by default all of its newest version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErasedFrom {
    /// Those of a version, and what erasures and compactions made of them since. Rows that were loaded after it stay, and rows
    /// that a compaction has joined with such rows.
    pub version: Option<u64>,
    /// Those of months, from the first to the last, like `2026-11`; in a table without months, all.
    pub months: Option<RangeInclusive<String>>,
    /// Number of the order by which they go. The log keeps it with the rows of each month, for [`Lake::erased_by`].
    pub order: Option<i64>,
}

/// An erasure on its way through the months of a table.
pub struct Erasing {
    lake: Lake,
    table: String,
    version: u64,
    kept: Expr,
    months: btree_map::IntoValues<String, Vec<LogicalFileView>>,
    order: Option<i64>,
}

impl Erasing {
    /// The version of the table when the erasure began: one without the rows when there is no month.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Writes the files of the next month again without the rows. None when no month is left.
    ///
    /// # Errors
    /// As [`Lake::erase`].
    pub async fn next_month(&mut self) -> Result<Option<WithoutRows>, LakeError> {
        let Some(files) = self.months.next() else { return Ok(None) };
        let (table, order) = (self.table.clone(), self.order);
        let handle = self.lake.table(&table).await?;
        let rewrite = Rewrite::of_files(handle, &table, &files, Some(&self.kept), self.lake.limits).await?;
        let files = files.iter().map(|file| file.path().into_owned()).collect();
        Ok(Some(WithoutRows { table, rewrite, files, order }))
    }
}

/// Files of a month that are written again without rows, and not yet in the place of those that hold them.
pub struct WithoutRows {
    table: String,
    rewrite: Rewrite,
    files: Vec<String>,
    order: Option<i64>,
}

impl WithoutRows {
    /// Takes the rows out, in one commit.
    ///
    /// # Errors
    /// As [`Lake::erase`].
    pub async fn commit(self) -> Result<Erased, LakeError> {
        let Self { table, rewrite, files, order } = self;
        let rows = rewrite.rows_left_out();
        let told =
            order.map(|order| Told::from([(ORDER.to_owned(), order.into()), (ROWS.to_owned(), rows.into())]));
        let version = rewrite.commit_telling(told.unwrap_or_default()).await?;
        Ok(Erased { table, version, rows, files })
    }

    /// Leaves the rows where they are.
    pub async fn abandon(self) {
        self.rewrite.abandon().await;
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
        let mut erasing = self.erasing(table, condition, &ErasedFrom::default()).await?;
        let (mut version, mut rows, mut files) = (erasing.version(), 0, Vec::new());
        while let Some(month) = erasing.next_month().await? {
            let erased = month.commit().await?;
            version = erased.version;
            rows += erased.rows;
            files.extend(erased.files);
        }
        Ok(Erased { table: table.to_owned(), version, rows, files })
    }

    /// Begins to do the same from some files alone, month by month.
    ///
    /// # Errors
    /// [`LakeError::Query`] when the condition is none on the table's columns; [`LakeError::Delta`] when the log does not go
    /// back to the version whose files are meant.
    pub async fn erasing(
        &self,
        table: &str,
        condition: &str,
        from: &ErasedFrom,
    ) -> Result<Erasing, LakeError> {
        let handle = self.table(table).await?;
        let version = loaded_version(&handle, table)?;
        let condition = parsed(&handle, table, condition)?;
        let months = held_by(&handle, table, &condition, from).await?.into_values();
        let (kept, order) = (condition.is_not_true(), from.order);
        Ok(Erasing { lake: self.clone(), table: table.to_owned(), version, kept, months, order })
    }

    /// How many rows commits after a version took out by an order, as far back as the log goes, and the newest version.
    ///
    /// # Errors
    /// [`LakeError::NoTable`] before the table's first append.
    pub async fn erased_by(&self, table: &str, order: i64, after: u64) -> Result<(u64, u64), LakeError> {
        let handle = self.table(table).await?;
        let newest = loaded_version(&handle, table)?;
        let log = handle.log_store();
        let mut rows = 0;
        for version in after + 1..=newest {
            let Some(bytes) = log.read_commit_entry(version).await.of_table(table)? else { continue };
            let actions = get_actions(version, &bytes).of_table(table)?;
            rows += actions.iter().filter_map(|action| rows_of(action, order)).sum::<u64>();
        }
        Ok((rows, newest))
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
        durable::sync_removed(&handle, &paths).await?;
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

/// Rows that a commit took out by an order, as the log tells it.
fn rows_of(action: &Action, order: i64) -> Option<u64> {
    let Action::CommitInfo(told) = action else { return None };
    let is_of_order = told.info.get(ORDER).and_then(Value::as_i64) == Some(order);
    told.info.get(ROWS).and_then(Value::as_u64).filter(|_| is_of_order)
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

/// Files with rows that were loaded into a table after a version, as they came or written anew since.
async fn loaded_after(handle: &DeltaTable, table: &str, version: u64) -> Result<BTreeSet<String>, LakeError> {
    let newest = loaded_version(handle, table)?;
    let log = handle.log_store();
    let mut loaded: BTreeSet<String> = BTreeSet::new();
    for later in version + 1..=newest {
        let bytes = log.read_commit_entry(later).await.of_table(table)?;
        let bytes = bytes.ok_or(DeltaTableError::InvalidVersion(later)).of_table(table)?;
        let actions = get_actions(later, &bytes).of_table(table)?;
        let is_of_loaded =
            |action: &Action| matches!(action, Action::Remove(removed) if loaded.contains(&removed.path));
        if is_rewrite(&actions) && !actions.iter().any(is_of_loaded) {
            continue;
        }
        loaded.extend(actions.into_iter().filter_map(|action| match action {
            Action::Add(added) => Some(added.path),
            _ => None,
        }));
    }
    Ok(loaded)
}

/// Files with rows that meet the condition, by month.
async fn held_by(
    handle: &DeltaTable,
    table: &str,
    condition: &Expr,
    from: &ErasedFrom,
) -> Result<BTreeMap<String, Vec<LogicalFileView>>, LakeError> {
    let loaded = match from.version {
        Some(version) => loaded_after(handle, table, version).await?,
        None => BTreeSet::new(),
    };
    let state = handle.snapshot().of_table(table)?;
    let partition = state.metadata().partition_columns().first();
    let session = one_file_after_another();
    let mut held: BTreeMap<String, Vec<LogicalFileView>> = BTreeMap::new();
    for file in state.log_data().iter() {
        let month = partition.and_then(|column| month_of(&file, column));
        let is_meant =
            from.months.as_ref().zip(month.as_ref()).is_none_or(|(months, month)| months.contains(month));
        if !is_meant || loaded.contains(&*file.path()) {
            continue;
        }
        let source = PinnedTable::new(handle.clone(), table)?.with_files([file.path().into_owned()]);
        let rows = session.read_table(Arc::new(source)).of_table(table)?;
        let rows = rows.filter(condition.clone()).of_table(table)?;
        let rows = rows.select([lit(true)]).of_table(table)?.limit(0, Some(1)).of_table(table)?;
        let mut rows = rows.execute_stream().await.of_table(table)?;
        while let Some(batch) = rows.next().await {
            if batch.of_table(table)?.num_rows() > 0 {
                held.entry(month.unwrap_or_default()).or_default().push(file);
                break;
            }
        }
    }
    Ok(held)
}

//! Compaction: rewriting the small files of each month into files of about the target size.
//!
//! Delta's own operation is not used: two runs of it at once would both replace the same files and double their
//! rows, since its conflict check looks only at removals that change data. Here every compaction carries an
//! application transaction, so that of two at once the second finds the first in its way and gives up.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::sync::Arc;

use datafusion::prelude::{SessionConfig, SessionContext};
use deltalake::DeltaTable;
use deltalake::kernel::{Action, Add, LogicalFileView};
use deltalake::protocol::DeltaOperation;
use futures::StreamExt;

use crate::commit::commit_as_read;
use crate::error::OfTable;
use crate::lake::loaded_version;
use crate::read::PinnedTable;
use crate::writer::LakeWriter;
use crate::{AppTransaction, Lake, LakeError, WriteLimits};

const APP_ID: &str = "tidegate-compaction";

/// What a compaction did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// The table.
    pub table: String,
    /// Its version afterwards: the same rows as before, for the next snapshot to name.
    pub version: u64,
    /// Small files replaced.
    pub files_removed: usize,
    /// Files they were replaced by.
    pub files_added: usize,
}

impl From<&Compacted> for (String, u64) {
    fn from(compacted: &Compacted) -> Self {
        (compacted.table.clone(), compacted.version)
    }
}

impl Lake {
    /// Rewrites the files of each month that are below three quarters of [`WriteLimits::file_bytes`], where there are at least
    /// two, into files of about that size; one commit a month. Rows stay the same, appends go on meanwhile,
    /// and old versions stay readable until `vacuum`.
    ///
    /// # Errors
    /// [`LakeError::CompactionOverlap`] when another compaction of the table was at work; [`LakeError::RowsLost`]
    /// when a file does not hold the rows that the log says. Months already committed stay compacted.
    pub async fn compact(&self, table: &str) -> Result<Compacted, LakeError> {
        let handle = self.table(table).await?;
        let mut done = Compacted {
            table: table.to_owned(),
            version: loaded_version(&handle, table)?,
            files_removed: 0,
            files_added: 0,
        };
        for (_, files) in small_files(&handle, table, self.limits.file_bytes)? {
            let rewrite = Rewrite::of_files(self.table(table).await?, table, &files, self.limits).await?;
            done.files_added += rewrite.files_added();
            done.files_removed += files.len();
            done.version = rewrite.commit().await?;
        }
        Ok(done)
    }
}

/// Files of one month written anew, and not yet in their place.
struct Rewrite {
    /// The table at the version whose files were read.
    handle: DeltaTable,
    table: String,
    writer: LakeWriter,
    actions: Vec<Action>,
    target_bytes: NonZeroU64,
}

impl Rewrite {
    async fn of_files(
        handle: DeltaTable,
        table: &str,
        files: &[LogicalFileView],
        limits: WriteLimits,
    ) -> Result<Self, LakeError> {
        let mut writer = LakeWriter::new(handle.clone(), table, limits)?;
        if let Err(error) = copy_rows(&handle, table, files, &mut writer).await {
            writer.abandon().await;
            return Err(error);
        }
        let removed = files.iter().map(|file| Action::Remove(file.remove_action(false)));
        let added = writer.finish_files().await?.iter().cloned();
        let added = added.map(|add| Action::Add(Add { data_change: false, ..add }));
        let actions = removed.chain(added).collect();
        Ok(Self { handle, table: table.to_owned(), writer, actions, target_bytes: limits.file_bytes })
    }

    fn files_added(&self) -> usize {
        self.actions.iter().filter(|action| matches!(action, Action::Add(_))).count()
    }

    /// Puts the new files in the place of the old ones. The commit follows from the version that was read, never a
    /// later one: only so does Delta look at every commit since, and find another compaction among them.
    async fn commit(self) -> Result<u64, LakeError> {
        let sequence = loaded_version(&self.handle, &self.table)? as i64;
        let mark = AppTransaction { app_id: APP_ID.to_owned(), sequence };
        let operation =
            DeltaOperation::Optimize { predicate: None, target_size: self.target_bytes.get() as i64 };
        let committed =
            commit_as_read(&self.handle, &self.table, self.actions, operation, Some(&mark)).await?;
        if let Some(version) = committed {
            return Ok(version);
        }
        self.writer.abandon().await;
        Err(LakeError::CompactionOverlap { table: self.table })
    }
}

/// The files worth rewriting, by month and oldest first.
fn small_files(
    handle: &DeltaTable,
    table: &str,
    target_bytes: NonZeroU64,
) -> Result<BTreeMap<String, Vec<LogicalFileView>>, LakeError> {
    // Files just below the target gain nothing; rewriting them again with every run would.
    let small = (target_bytes.get() / 4 * 3).max(1);
    let state = handle.snapshot().of_table(table)?;
    let partition = state.metadata().partition_columns().first();
    let mut months: BTreeMap<String, Vec<LogicalFileView>> = BTreeMap::new();
    for file in state.log_data().iter().filter(|file| (file.size() as u64) < small) {
        let mut values = file.partition_values_map();
        let month = partition.and_then(|column| values.remove(column)).flatten().unwrap_or_default();
        months.entry(month).or_default().push(file);
    }
    months.retain(|_, files| files.len() > 1);
    for files in months.values_mut() {
        files.sort_by_key(|file| (file.modification_time(), file.path().into_owned()));
    }
    Ok(months)
}

async fn copy_rows(
    handle: &DeltaTable,
    table: &str,
    files: &[LogicalFileView],
    writer: &mut LakeWriter,
) -> Result<(), LakeError> {
    let paths = files.iter().map(|file| file.path().into_owned());
    let source = PinnedTable::new(handle.clone(), table)?.with_files(paths);
    // One file after another: compaction is in the background and must not take the machine or its memory.
    let session = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
    let mut rows =
        session.read_table(Arc::new(source)).of_table(table)?.execute_stream().await.of_table(table)?;
    while let Some(batch) = rows.next().await {
        writer.write(&batch.of_table(table)?).await?;
    }
    let expected = files.iter().filter_map(LogicalFileView::num_records).sum::<usize>() as u64;
    if writer.rows() == expected {
        return Ok(());
    }
    Err(LakeError::RowsLost { table: table.to_owned(), expected, read: writer.rows() })
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array, RecordBatch};
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;
    use crate::TableSpec;

    async fn append(lake: &Lake, number: i64) {
        let schema = Schema::new(vec![Field::new("n", DataType::Int64, false)]);
        let spec = TableSpec::try_new("t", &schema, None, &[]).unwrap();
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![number]));
        let row = RecordBatch::try_new(Arc::clone(spec.schema()), vec![numbers]).unwrap();
        lake.append(&spec, [row], None).await.unwrap();
    }

    async fn rewrite(lake: &Lake) -> Rewrite {
        let handle = lake.table("t").await.unwrap();
        let files = small_files(&handle, "t", lake.limits.file_bytes).unwrap().remove("").unwrap();
        Rewrite::of_files(handle, "t", &files, lake.limits).await.unwrap()
    }

    /// Whichever read first and whichever commits first, the loser gives up.
    #[tokio::test]
    async fn overlapping_rewrites_exclude_one_another() {
        for older_commits_first in [true, false] {
            let folder = tempfile::TempDir::new().unwrap();
            let lake = Lake::open(folder.path()).unwrap();
            append(&lake, 1).await;
            append(&lake, 2).await;
            let older = rewrite(&lake).await;
            append(&lake, 3).await;
            let newer = rewrite(&lake).await;
            let (first, second) = if older_commits_first { (older, newer) } else { (newer, older) };
            first.commit().await.unwrap();
            let error = second.commit().await.unwrap_err();
            assert!(matches!(error, LakeError::CompactionOverlap { .. }), "{error}");
        }
    }
}

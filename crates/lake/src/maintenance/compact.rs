//! Compaction: rewriting the small files of each month into files of about the target size.
//!
//! Delta's own operation is not used: two runs of it at once would both replace the same files and double their
//! rows, since its conflict check looks only at removals that change data. Here every compaction carries an
//! application transaction, so that of two at once the second finds its sequence taken and gives up.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::sync::Arc;

use datafusion::prelude::{SessionConfig, SessionContext};
use deltalake::DeltaTable;
use deltalake::kernel::{Action, LogicalFileView};
use deltalake::protocol::DeltaOperation;
use futures::StreamExt;

use crate::commit::{Committed, commit};
use crate::error::OfTable;
use crate::lake::loaded_version;
use crate::read::PinnedTable;
use crate::writer::LakeWriter;
use crate::{AppTransaction, Lake, LakeError};

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
    /// Rewrites the files of each month that are below three quarters of `target_bytes`, where there are at least
    /// two, into files of about `target_bytes`; one commit a month. Rows stay the same, appends go on meanwhile,
    /// and old versions stay readable until `vacuum`.
    ///
    /// # Errors
    /// [`LakeError::CompactionOverlap`] when another compaction of the table was at work; [`LakeError::RowsLost`]
    /// when a file does not hold the rows that the log says. Months already committed stay compacted.
    pub async fn compact(&self, table: &str, target_bytes: NonZeroU64) -> Result<Compacted, LakeError> {
        let handle = self.table(table).await?;
        let mut done = Compacted {
            table: table.to_owned(),
            version: loaded_version(&handle, table)?,
            files_removed: 0,
            files_added: 0,
        };
        for (_, files) in small_files(&handle, table, target_bytes)? {
            let (version, added) = self.rewrite(table, &files, target_bytes).await?;
            done.version = version;
            done.files_removed += files.len();
            done.files_added += added;
        }
        Ok(done)
    }

    /// Replaces the files by their rows written anew; gives the version and the number of new files.
    async fn rewrite(
        &self,
        table: &str,
        files: &[LogicalFileView],
        target_bytes: NonZeroU64,
    ) -> Result<(u64, usize), LakeError> {
        let mut handle = self.table(table).await?;
        let mark =
            AppTransaction { app_id: APP_ID.to_owned(), sequence: loaded_version(&handle, table)? as i64 };
        let mut writer = LakeWriter::new(handle.clone(), table)?.with_target_file_bytes(target_bytes);
        if let Err(error) = copy_rows(&handle, table, files, &mut writer).await {
            writer.abandon().await;
            return Err(error);
        }
        let mut actions: Vec<Action> =
            files.iter().map(|file| Action::Remove(file.remove_action(false))).collect();
        let mut added = 0;
        for add in writer.finish_files().await? {
            let mut add = add.clone();
            add.data_change = false;
            actions.push(Action::Add(add));
            added += 1;
        }
        let operation =
            DeltaOperation::Optimize { predicate: None, target_size: target_bytes.get() as i64 };
        match commit(&mut handle, table, &actions, &operation, Some(&mark)).await? {
            Committed::Now(version) => Ok((version, added)),
            Committed::Before(_) => {
                writer.abandon().await;
                Err(LakeError::CompactionOverlap { table: table.to_owned() })
            }
        }
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
    let mut rows = session.read_table(Arc::new(source)).of_table(table)?.execute_stream().await.of_table(table)?;
    while let Some(batch) = rows.next().await {
        writer.write(&batch.of_table(table)?).await?;
    }
    let expected = files.iter().filter_map(LogicalFileView::num_records).sum::<usize>() as u64;
    if writer.rows() == expected {
        return Ok(());
    }
    Err(LakeError::RowsLost { table: table.to_owned(), expected, read: writer.rows() })
}

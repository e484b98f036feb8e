//! Rewriting files of a month: all their rows, or those that a condition keeps, in files of about the target size.
//!
//! Delta's own operations are not used: two compactions at once would both replace the same files and double their
//! rows, since its conflict check looks only at removals that change data. Here every rewrite carries an application
//! transaction, so that of two at once the second finds the first in its way and gives up.

use std::sync::Arc;

use datafusion::logical_expr::Expr;
use datafusion::prelude::{SessionConfig, SessionContext};
use deltalake::DeltaTable;
use deltalake::kernel::{Action, Add, LogicalFileView};
use deltalake::protocol::DeltaOperation;
use futures::StreamExt;

use crate::commit::{Told, commit_telling};
use crate::error::OfTable;
use crate::read::PinnedTable;
use crate::state::loaded_version;
use crate::writer::LakeWriter;
use crate::{AppTransaction, LakeError, WriteLimits};

const APP_ID: &str = "tidegate-compaction";

/// Files of one month written anew, and not yet in their place.
pub(super) struct Rewrite {
    /// The table at the version whose files were read.
    handle: DeltaTable,
    table: String,
    writer: LakeWriter,
    actions: Vec<Action>,
    operation: DeltaOperation,
    rows_left_out: u64,
}

impl Rewrite {
    /// Writes the rows of files that a condition keeps, or all of them. The condition is never NULL.
    pub(super) async fn of_files(
        handle: DeltaTable,
        table: &str,
        files: &[LogicalFileView],
        kept: Option<&Expr>,
        limits: WriteLimits,
    ) -> Result<Self, LakeError> {
        let mut writer = LakeWriter::new(handle.clone(), table, limits)?;
        let copied = copy_rows(&handle, table, files, kept, &mut writer).await;
        let rows_left_out = match copied {
            Ok(rows) => rows,
            Err(error) => {
                writer.abandon().await;
                return Err(error);
            }
        };
        // What was erased, by which value, is nothing for the log.
        let target_size = limits.file_bytes.get() as i64;
        let (data_change, operation) = if kept.is_some() {
            (true, DeltaOperation::Delete { predicate: None })
        } else {
            (false, DeltaOperation::Optimize { predicate: None, target_size })
        };
        let removed = files.iter().map(|file| Action::Remove(file.remove_action(data_change)));
        let added = writer.finish_files().await?.iter().cloned();
        let added = added.map(|add| Action::Add(Add { data_change, ..add }));
        let actions = removed.chain(added).collect();
        Ok(Self { handle, table: table.to_owned(), writer, actions, operation, rows_left_out })
    }

    pub(super) fn files_added(&self) -> usize {
        self.actions.iter().filter(|action| matches!(action, Action::Add(_))).count()
    }

    /// Rows that the condition did not keep.
    pub(super) fn rows_left_out(&self) -> u64 {
        self.rows_left_out
    }

    /// Puts the new files in the place of the old ones. The commit follows from the version that was read, never a
    /// later one: only so does Delta look at every commit since, and find another rewrite among them.
    pub(super) async fn commit(self) -> Result<u64, LakeError> {
        self.commit_telling(Told::new()).await
    }

    /// The same, with something that the log keeps beside.
    pub(super) async fn commit_telling(self, told: Told) -> Result<u64, LakeError> {
        let Self { handle, table, writer, actions, operation, .. } = self;
        let sequence = loaded_version(&handle, &table)? as i64;
        let mark = AppTransaction { app_id: APP_ID.to_owned(), sequence };
        if let Some(version) = commit_telling(&handle, &table, actions, operation, Some(&mark), told).await? {
            return Ok(version);
        }
        writer.abandon().await;
        Err(LakeError::CompactionOverlap { table })
    }

    /// Leaves the old files in their place.
    pub(super) async fn abandon(self) {
        self.writer.abandon().await;
    }
}

/// Whether a commit put files in the place of others and brought no rows.
pub(super) fn is_rewrite(actions: &[Action]) -> bool {
    actions.iter().any(|action| matches!(action, Action::Txn(mark) if mark.app_id == APP_ID))
}

/// Reads one file after another: upkeep is in the background and must not take the machine or its memory.
pub(super) fn one_file_after_another() -> SessionContext {
    SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1))
}

/// Copies rows. Returns how many were left out.
async fn copy_rows(
    handle: &DeltaTable,
    table: &str,
    files: &[LogicalFileView],
    kept: Option<&Expr>,
    writer: &mut LakeWriter,
) -> Result<u64, LakeError> {
    let paths = files.iter().map(|file| file.path().into_owned());
    let source = PinnedTable::new(handle.clone(), table)?.with_files(paths);
    let all = one_file_after_another().read_table(Arc::new(source)).of_table(table)?;
    let (rows, left_out) = match kept {
        None => (all, 0),
        Some(kept) => {
            let left_out = all.clone().filter(kept.clone().is_not_true()).of_table(table)?;
            let left_out = left_out.count().await.of_table(table)? as u64;
            (all.filter(kept.clone()).of_table(table)?, left_out)
        }
    };
    let mut rows = rows.execute_stream().await.of_table(table)?;
    while let Some(batch) = rows.next().await {
        writer.write(&batch.of_table(table)?).await?;
    }
    let expected = files.iter().filter_map(LogicalFileView::num_records).sum::<usize>() as u64;
    let read = writer.rows() + left_out;
    if read == expected {
        return Ok(left_out);
    }
    Err(LakeError::RowsLost { table: table.to_owned(), expected, read })
}

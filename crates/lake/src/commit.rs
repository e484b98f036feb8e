//! The commit of written files to a table: application transactions, conflicts and durability.

use std::path::PathBuf;

use deltalake::kernel::transaction::{CommitBuilder, CommitConflictError, CommitProperties, TransactionError};
use deltalake::kernel::{Action, Transaction};
use deltalake::protocol::DeltaOperation;
use deltalake::{DeltaTable, DeltaTableError};

use crate::LakeError;
use crate::error::OfTable;
use crate::lake::loaded_version;

/// Rounds of reading the table afresh and trying to commit; within a round Delta retries 15 times by itself.
pub(crate) const DEFAULT_ATTEMPTS: usize = 20;

/// The mark that makes an append happen exactly once.
///
/// Sequences of one application only grow; a commit whose sequence is not above the last committed one of the same
/// application is known to have been applied before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppTransaction {
    /// Who appends: one writer at a time uses an id.
    pub app_id: String,
    /// How far that writer has come, such as the last ledger sequence in the batch.
    pub sequence: i64,
}

/// What a commit came to.
pub(crate) enum Committed {
    /// It is version `.0` of the table.
    Now(u64),
    /// The application transaction had been committed before; the table is at version `.0`.
    Before(u64),
}

/// Commits the actions, after checking the application transaction against the newest version, as often as
/// concurrent commits make it necessary.
pub(crate) async fn commit(
    table: &mut DeltaTable,
    name: &str,
    actions: &[Action],
    operation: &DeltaOperation,
    transaction: Option<&AppTransaction>,
) -> Result<Committed, LakeError> {
    sync_files(table, actions).await?;
    for _ in 0..DEFAULT_ATTEMPTS {
        table.update_state().await.of_table(name)?;
        if let Some(transaction) = transaction
            && last_sequence(table, name, &transaction.app_id).await? >= Some(transaction.sequence)
        {
            return Ok(Committed::Before(loaded_version(table, name)?));
        }
        match try_commit(table, actions.to_vec(), operation.clone(), transaction).await {
            Ok(version) => {
                sync_commit(table, version).await?;
                return Ok(Committed::Now(version));
            }
            Err(error) if is_conflict(&error) => tokio::task::yield_now().await,
            Err(error) => return Err(error).of_table(name),
        }
    }
    Err(LakeError::Contention { table: name.to_owned(), attempts: DEFAULT_ATTEMPTS })
}

async fn try_commit(
    table: &DeltaTable,
    actions: Vec<Action>,
    operation: DeltaOperation,
    transaction: Option<&AppTransaction>,
) -> Result<u64, DeltaTableError> {
    let marks = transaction.map(|mark| Transaction::new(&mark.app_id, mark.sequence)).into_iter().collect();
    let properties = CommitProperties::default().with_application_transactions(marks);
    let committed = CommitBuilder::from(properties)
        .with_actions(actions)
        .build(Some(table.snapshot()?), table.log_store(), operation)
        .into_prepared_commit_future()
        .await?
        .await?;
    let version = committed.version;
    // From here on the commit stands. What follows writes a checkpoint now and then, which only saves readers
    // time; the next one makes up for a checkpoint that failed.
    if let Err(error) = committed.await {
        tracing::warn!(%error, version, table = %table.table_url(), "checkpoint after commit failed");
    }
    Ok(version)
}

/// The last sequence that the application committed to the version the table was read at.
pub(crate) async fn last_sequence(
    table: &DeltaTable,
    name: &str,
    app_id: &str,
) -> Result<Option<i64>, LakeError> {
    let log = table.log_store();
    table.snapshot().of_table(name)?.transaction_version(log.as_ref(), app_id).await.of_table(name)
}

/// Whether the commit lost to a concurrent one and reading the table afresh can help.
pub(crate) fn is_conflict(error: &DeltaTableError) -> bool {
    match error {
        DeltaTableError::VersionAlreadyExists(_) => true,
        DeltaTableError::Transaction { source } => matches!(
            source,
            TransactionError::MaxCommitAttempts(_)
                | TransactionError::VersionAlreadyExists(_)
                | TransactionError::CommitConflict(
                    CommitConflictError::ConcurrentTransaction | CommitConflictError::MetadataChanged
                )
        ),
        _ => false,
    }
}

/// Forces added data files to disk before a commit names them. Object stores other than the local one are durable
/// once a write returns.
async fn sync_files(table: &DeltaTable, actions: &[Action]) -> Result<(), LakeError> {
    let Some(root) = local_root(table) else { return Ok(()) };
    for action in actions {
        if let Action::Add(add) = action {
            let file = root.join(&add.path);
            sync(&file).await?;
            if let Some(folder) = file.parent() {
                sync(folder).await?;
            }
        }
    }
    sync(&root).await
}

async fn sync_commit(table: &DeltaTable, version: u64) -> Result<(), LakeError> {
    let Some(root) = local_root(table) else { return Ok(()) };
    let log = root.join("_delta_log");
    sync(&log.join(format!("{version:020}.json"))).await?;
    sync(&log).await
}

fn local_root(table: &DeltaTable) -> Option<PathBuf> {
    let url = table.table_url();
    (url.scheme() == "file").then(|| url.to_file_path().ok()).flatten()
}

/// Opening a folder for reading and syncing it forces its entries to disk on the systems we run on.
async fn sync(path: &std::path::Path) -> Result<(), LakeError> {
    let failed = |source| LakeError::Sync { path: path.display().to_string(), source };
    tokio::fs::File::open(path).await.map_err(failed)?.sync_all().await.map_err(failed)
}

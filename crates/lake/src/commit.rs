//! The commit of written files to a table: application transactions and conflicts.

use std::collections::BTreeMap;

use deltalake::kernel::transaction::{
    CommitBuilder, CommitConflictError, CommitProperties, TransactionError,
};
use deltalake::kernel::{Action, Transaction};
use deltalake::protocol::DeltaOperation;
use deltalake::{DeltaTable, DeltaTableError};
use serde_json::Value;

use crate::error::OfTable;
use crate::state::loaded_version;
use crate::{LakeError, durable};

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

/// What the log keeps with a commit beside what it did, by name.
pub(crate) type Told = BTreeMap<String, Value>;

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
    attempts: usize,
) -> Result<Committed, LakeError> {
    for _ in 0..attempts {
        table.update_state().await.of_table(name)?;
        if let Some(transaction) = transaction
            && is_applied(table, name, transaction).await?
        {
            return Ok(Committed::Before(loaded_version(table, name)?));
        }
        match commit_as_read(table, name, actions.to_vec(), operation.clone(), transaction).await? {
            Some(version) => return Ok(Committed::Now(version)),
            None => tokio::task::yield_now().await,
        }
    }
    Err(LakeError::Contention { table: name.to_owned(), attempts })
}

/// Commits the actions as following from the version the table was read at: None, and nothing changed, when a commit
/// since then stands in the way (the same application's, or one that changed the schema). Appends do not.
pub(crate) async fn commit_as_read(
    table: &DeltaTable,
    name: &str,
    actions: Vec<Action>,
    operation: DeltaOperation,
    transaction: Option<&AppTransaction>,
) -> Result<Option<u64>, LakeError> {
    commit_telling(table, name, actions, operation, transaction, Told::new()).await
}

/// The same, with something that the log keeps beside.
pub(crate) async fn commit_telling(
    table: &DeltaTable,
    name: &str,
    actions: Vec<Action>,
    operation: DeltaOperation,
    transaction: Option<&AppTransaction>,
    told: Told,
) -> Result<Option<u64>, LakeError> {
    match try_commit(table, actions, operation, transaction, told).await {
        Ok(version) => {
            durable::sync_commit(table, version).await?;
            Ok(Some(version))
        }
        Err(error) if is_conflict(&error) => Ok(None),
        Err(error) => Err(error).of_table(name),
    }
}

async fn try_commit(
    table: &DeltaTable,
    actions: Vec<Action>,
    operation: DeltaOperation,
    transaction: Option<&AppTransaction>,
    told: Told,
) -> Result<u64, DeltaTableError> {
    let marks = transaction.map(|mark| Transaction::new(&mark.app_id, mark.sequence)).into_iter().collect();
    let properties = CommitProperties::default().with_application_transactions(marks).with_metadata(told);
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

/// Whether the transaction, or a later one of its application, is in the version the table was read at.
pub(crate) async fn is_applied(
    table: &DeltaTable,
    name: &str,
    transaction: &AppTransaction,
) -> Result<bool, LakeError> {
    Ok(last_sequence(table, name, &transaction.app_id).await? >= Some(transaction.sequence))
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

//! The history of a table: its commits, as the log tells them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use deltalake::DeltaTable;
use deltalake::kernel::{Action, Remove};
use deltalake::logstore::get_actions;

use crate::error::OfTable;
use crate::state::loaded_version;
use crate::{Lake, LakeError};

/// One commit to a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    /// The version it made.
    pub version: u64,
    /// When, by the clock of the machine that committed; None when the writer did not say.
    pub committed_at: Option<DateTime<Utc>>,
    /// Delta's name for what was done, such as `WRITE` or `OPTIMIZE`; empty when the writer did not say.
    pub operation: String,
    /// Delta's parameters of it.
    pub parameters: BTreeMap<String, String>,
    /// Data files that became part of the table.
    pub files_added: usize,
    /// Data files that ceased to be part of it.
    pub files_removed: usize,
    /// The application sequences it carries.
    pub transactions: BTreeMap<String, i64>,
}

impl Lake {
    /// The newest commits of a table, newest first, at most `limit`, as far back as the log goes.
    ///
    /// # Errors
    /// [`LakeError::NoTable`] before the table's first append.
    pub async fn history(&self, table: &str, limit: usize) -> Result<Vec<Commit>, LakeError> {
        let handle = self.table(table).await?;
        let newest = loaded_version(&handle, table)?;
        let first = (newest + 1).saturating_sub(limit as u64);
        let mut commits = commits_between(&handle, table, first, newest).await?;
        commits.reverse();
        Ok(commits)
    }
}

impl Lake {
    /// Months of a table that commits changed after version `after`, up to version `last`; None when the log does not go
    /// back that far, or the table has no months. What a compaction rewrote is not changed.
    ///
    /// # Errors
    /// [`LakeError::NoTable`] before the table's first append.
    pub async fn changed_months(
        &self,
        table: &str,
        after: u64,
        last: u64,
    ) -> Result<Option<BTreeSet<String>>, LakeError> {
        let handle = self.table(table).await?;
        let partition = handle.snapshot().of_table(table)?.metadata().partition_columns().first().cloned();
        let Some(column) = partition else { return Ok(None) };
        let log = handle.log_store();
        let mut changed = BTreeSet::new();
        for version in after + 1..=last {
            let Some(bytes) = log.read_commit_entry(version).await.of_table(table)? else { return Ok(None) };
            for action in get_actions(version, &bytes).of_table(table)? {
                let mut values = match action {
                    Action::Add(add) if add.data_change => add.partition_values,
                    Action::Remove(Remove { data_change: true, partition_values: Some(values), .. }) => {
                        values
                    }
                    Action::Remove(Remove { data_change: true, partition_values: None, .. }) => {
                        return Ok(None);
                    }
                    _ => continue,
                };
                changed.extend(values.remove(&column).flatten());
            }
        }
        Ok(Some(changed))
    }

    /// Whether commits after a version changed rows of a table, also when the log does not go back that far. What a compaction
    /// rewrote is not changed.
    ///
    /// # Errors
    /// [`LakeError::NoTable`] before the table's first append.
    pub async fn is_changed_since(&self, table: &str, version: u64) -> Result<bool, LakeError> {
        let handle = self.table(table).await?;
        let newest = loaded_version(&handle, table)?;
        let log = handle.log_store();
        let is_change = |action: &Action| match action {
            Action::Add(add) => add.data_change,
            Action::Remove(removed) => removed.data_change,
            _ => false,
        };
        for later in version + 1..=newest {
            let Some(bytes) = log.read_commit_entry(later).await.of_table(table)? else { return Ok(true) };
            if get_actions(later, &bytes).of_table(table)?.iter().any(is_change) {
                return Ok(true);
            }
        }
        // A table that has not come that far is another one of the same name.
        Ok(newest < version)
    }
}

/// The commits of versions `first` to `last`, oldest first, less those already trimmed from the log.
pub(super) async fn commits_between(
    handle: &DeltaTable,
    table: &str,
    first: u64,
    last: u64,
) -> Result<Vec<Commit>, LakeError> {
    let log = handle.log_store();
    let mut commits = Vec::new();
    for version in first..=last {
        if let Some(bytes) = log.read_commit_entry(version).await.of_table(table)? {
            let actions = get_actions(version, &bytes).of_table(table)?;
            commits.push(summarise(version, actions));
        }
    }
    Ok(commits)
}

fn summarise(version: u64, actions: Vec<Action>) -> Commit {
    let mut commit = Commit {
        version,
        committed_at: None,
        operation: String::new(),
        parameters: BTreeMap::new(),
        files_added: 0,
        files_removed: 0,
        transactions: BTreeMap::new(),
    };
    for action in actions {
        match action {
            Action::Add(_) => commit.files_added += 1,
            Action::Remove(_) => commit.files_removed += 1,
            Action::Txn(mark) => {
                commit.transactions.insert(mark.app_id, mark.version);
            }
            Action::CommitInfo(info) => {
                commit.committed_at = info.timestamp.and_then(DateTime::from_timestamp_millis);
                commit.operation = info.operation.unwrap_or_default();
                let parameters = info.operation_parameters.unwrap_or_default().into_iter();
                commit.parameters = parameters.map(|(key, value)| (key, plain(&value))).collect();
            }
            _ => {}
        }
    }
    commit
}

fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

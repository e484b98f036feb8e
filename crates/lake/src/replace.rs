//! Replacing what a table holds: all of it, or whole months. Derived tables are made anew this way.

use std::collections::BTreeSet;

use deltalake::kernel::{Action, LogicalFileView};
use deltalake::protocol::{DeltaOperation, SaveMode};

use crate::commit::commit_as_read;
use crate::error::OfTable;
use crate::state::loaded_version;
use crate::writer::LakeWriter;
use crate::{AppTransaction, LakeError, Loaded, TableVersion};

/// Two replacements at once find one another by it.
const APP_ID: &str = "tidegate-replacement";

/// What is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replace {
    /// Every row.
    Everything,
    /// The rows of these months, like `2026-11`.
    Months(BTreeSet<String>),
}

/// What a replacement did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The table.
    pub table: String,
    /// The version that holds the new rows in the place of the old ones.
    pub version: u64,
    /// Rows written.
    pub rows: u64,
    /// Files that ceased to be part of the table.
    pub files_removed: usize,
}

impl From<&Replaced> for TableVersion {
    fn from(replaced: &Replaced) -> Self {
        let loaded = if replaced.rows > 0 { Loaded::Rows } else { Loaded::Nothing };
        Self { table: replaced.table.clone(), version: replaced.version, loaded }
    }
}

impl LakeWriter {
    /// Closes the files and puts the rows written in the place of what the table held, in one version.
    ///
    /// # Errors
    /// [`LakeError::WriterFailed`] after a failed write; [`LakeError::Month`] when a row is of a month that is not
    /// replaced; [`LakeError::NotPartitioned`] for months of a table without; [`LakeError::Contention`].
    pub async fn replace(mut self, what: &Replace) -> Result<Replaced, LakeError> {
        match self.replaced(what).await {
            Ok(replaced) => Ok(replaced),
            Err(error) => {
                self.abandon().await;
                Err(error)
            }
        }
    }

    async fn replaced(&mut self, what: &Replace) -> Result<Replaced, LakeError> {
        let name = self.name.clone();
        if self.failed {
            return Err(LakeError::WriterFailed { table: name });
        }
        if matches!(what, Replace::Months(_)) && self.partition.is_none() {
            return Err(LakeError::NotPartitioned { table: name });
        }
        self.finish_files().await?;
        self.check_months(what)?;
        let operation = DeltaOperation::Write {
            mode: SaveMode::Overwrite,
            partition_by: self.partition.clone().map(|column| vec![column]),
            predicate: None,
        };
        for _ in 0..self.limits.commit_attempts {
            self.table.update_state().await.of_table(&name)?;
            let removed = self.files_of(what)?;
            let files_removed = removed.len();
            let added = self.closed.iter().cloned().map(Action::Add);
            let actions: Vec<Action> = removed.into_iter().chain(added).collect();
            let sequence = loaded_version(&self.table, &name)? as i64;
            let mark = AppTransaction { app_id: APP_ID.to_owned(), sequence };
            let committed =
                commit_as_read(&self.table, &name, actions, operation.clone(), Some(&mark)).await?;
            if let Some(version) = committed {
                return Ok(Replaced { table: name, version, rows: self.rows, files_removed });
            }
        }
        Err(LakeError::Contention { table: name, attempts: self.limits.commit_attempts })
    }

    /// That no file was written of a month that is not replaced.
    fn check_months(&self, what: &Replace) -> Result<(), LakeError> {
        let (Replace::Months(months), Some(column)) = (what, &self.partition) else { return Ok(()) };
        let of_file = |add: &deltalake::kernel::Add| add.partition_values.get(column).cloned().flatten();
        match self
            .closed
            .iter()
            .map(of_file)
            .find(|month| !month.as_ref().is_some_and(|m| months.contains(m)))
        {
            None => Ok(()),
            Some(value) => Err(LakeError::Month { table: self.name.clone(), column: column.clone(), value }),
        }
    }

    fn files_of(&self, what: &Replace) -> Result<Vec<Action>, LakeError> {
        let state = self.table.snapshot().of_table(&self.name)?;
        let is_replaced = |file: &LogicalFileView| match (what, &self.partition) {
            (Replace::Months(months), Some(column)) => {
                month_of(file, column).is_some_and(|month| months.contains(&month))
            }
            _ => true,
        };
        let log = state.log_data();
        let files = log.iter().filter(is_replaced);
        Ok(files.map(|file| Action::Remove(file.remove_action(true))).collect())
    }
}

/// The month of a data file.
pub(crate) fn month_of(file: &LogicalFileView, column: &str) -> Option<String> {
    file.partition_values_map().remove(column).flatten()
}

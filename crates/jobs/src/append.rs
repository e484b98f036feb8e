//! Appending finished batches, such as a generated country, to the tables of the lake in one go.

use crate::JobError;
use crate::home::Home;
use crate::ingest::writer;
use arrow::array::RecordBatch;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use tidegate_lake::{AppTransaction, LakeWriter};
use tidegate_records::table::Table;

/// An append under way; nothing is visible before [`Appender::commit`].
pub struct Appender<'a> {
    home: &'a Home,
    app_id: String,
    /// By name of the table.
    writers: BTreeMap<&'static str, LakeWriter>,
}

impl<'a> Appender<'a> {
    /// Begins an append under a name; one name is appended once.
    pub fn new(home: &'a Home, name: &str) -> Self {
        Self { home, app_id: format!("append/{name}"), writers: BTreeMap::new() }
    }

    /// Adds rows of a table.
    ///
    /// # Errors
    /// When the batch does not fit the table, or the lake fails.
    pub async fn write(&mut self, table: &'static Table, rows: &RecordBatch) -> Result<(), JobError> {
        let writer = match self.writers.entry(table.name) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(vacant) => vacant.insert(writer(self.home, table).await?),
        };
        Ok(writer.write(rows).await?)
    }

    /// Makes everything visible at once; gives whether anything was new.
    ///
    /// # Errors
    /// When the lake fails.
    pub async fn commit(self) -> Result<bool, JobError> {
        let transaction = AppTransaction { app_id: self.app_id, sequence: 1 };
        let mut versions = Vec::new();
        for writer in self.writers.into_values() {
            versions.push(writer.commit(Some(&transaction)).await?);
        }
        self.home.lake.record_snapshot(self.home.now, versions.iter()).await?;
        Ok(versions.iter().any(|v| !v.already_applied))
    }
}

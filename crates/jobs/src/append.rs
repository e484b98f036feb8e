//! Appending finished batches, such as a generated country, to the tables of the lake in one go.

use crate::answer::Answer;
use crate::home::Home;
use crate::writer::writer;
use crate::{JobError, catalog};
use arrow::array::RecordBatch;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use tidegate_lake::{AppTransaction, LakeError, LakeWriter, Snapshot};
use tidegate_records::table::Table;
use tidegate_records::tables::DECLARATION;

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
        Self { home, app_id: app_id(name), writers: BTreeMap::new() }
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

fn app_id(name: &str) -> String {
    format!("append/{name}")
}

/// Whether an append under a name has brought rows to a table, be it before it broke off.
///
/// # Errors
/// When the lake fails.
pub async fn is_appended(home: &Home, name: &str, table: &Table) -> Result<bool, JobError> {
    match home.lake.last_sequence(table.name, &app_id(name)).await {
        Ok(sequence) => Ok(sequence.is_some()),
        Err(LakeError::NoTable { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// How many declarations a home holds of each load, the most first. A load that broke off counts too: what it left is shown
/// with the next snapshot.
///
/// # Errors
/// When the lake fails.
pub async fn loads_held(home: &Home) -> Result<Vec<(String, u64)>, JobError> {
    let version = match home.lake.table_version(DECLARATION.name).await {
        Ok(version) => version,
        Err(LakeError::NoTable { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut newest = home.snapshot().await?.unwrap_or_else(|| Snapshot {
        version: 0,
        recorded_at: home.now,
        tables: BTreeMap::new(),
        loaded_at: BTreeMap::new(),
    });
    newest.tables.insert(DECLARATION.name.to_owned(), version);
    let platform = home.platform_of(Some(&newest), catalog::read(&home.ledger).await?).await?;
    let sql =
        "SELECT load_id, count(*) AS held FROM declaration GROUP BY load_id ORDER BY held DESC, load_id";
    let answer = Answer::of(&platform, "job generate", sql).await?;
    Ok(answer.texts("load_id")?.into_iter().zip(answer.counts("held")?).collect())
}

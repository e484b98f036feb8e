//! What a run of the program reads, for the audit chain. Every job reads through the platform of its home: that it begins to is
//! entered before the first row, what it read is noted here and entered when whoever started the run ends it.

use crate::JobError;
use arrow::array::{AsArray, RecordBatch};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tidegate_ledger::{Actor, AuditEvent, Door, Ledger, NewAuditEntry, TableRead};
use tidegate_query::Reading;
use tidegate_records::category::Category;
use tidegate_records::tables::{DECLARATION, GOODS_ITEM};

/// What a run has read so far; clones share it.
#[derive(Clone)]
pub struct Run {
    ledger: Ledger,
    noted: Arc<Mutex<Noted>>,
    /// Entry that says that the run began to read.
    begun: Arc<tokio::sync::Mutex<Option<u64>>>,
}

#[derive(Default)]
struct Noted {
    job: String,
    tables: BTreeMap<String, TableRead>,
    subjects: BTreeSet<String>,
    snapshot: Option<u64>,
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").finish_non_exhaustive()
    }
}

impl Run {
    pub(crate) fn new(ledger: &Ledger) -> Self {
        Self { ledger: ledger.clone(), noted: Arc::default(), begun: Arc::default() }
    }

    /// Says what the run is for: the name of its command.
    pub fn is_for(&self, job: &str) {
        job.clone_into(&mut self.noted().job);
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        // Nothing panics while the lock is held, so a poisoned state is still a sound one.
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters that the run begins to read, once; and notes from which state of the tables.
    pub(crate) async fn reads_from(&self, snapshot: Option<u64>, at: DateTime<Utc>) -> Result<(), JobError> {
        let mut begun = self.begun.lock().await;
        self.noted().snapshot = snapshot;
        if begun.is_none() {
            let mut entry = self.entry(at, AuditEvent::Read).await?;
            (entry.detail, entry.snapshot) = ("began".to_owned(), snapshot);
            *begun = self.ledger.append_audit(&[entry.fitted()]).await?.pop();
        }
        Ok(())
    }

    /// An entry of the local owner.
    async fn entry(&self, at: DateTime<Utc>, event: AuditEvent) -> Result<NewAuditEntry, JobError> {
        let actor = Actor::from(&self.ledger.local_owner().await?);
        let purpose = format!("job {}", self.noted().job);
        Ok(NewAuditEntry::new(at, actor, Door::Job, purpose.trim_end(), event))
    }

    /// Notes what a statement reads, and whom it names.
    pub(crate) fn reads(&self, reading: &Reading) {
        let mut noted = self.noted();
        for (table, read) in tables_of(reading) {
            let known = noted.tables.entry(table).or_default();
            known.shown.extend(read.shown);
            known.used.extend(read.used);
        }
        noted.subjects.extend(reading.subjects.keys.iter().cloned());
    }

    /// Notes whom a run is about.
    pub(crate) fn is_about(&self, subject: &str) {
        self.noted().subjects.insert(subject.to_owned());
    }

    /// Notes the parties of rows that a run is about.
    pub(crate) fn is_about_parties_of(&self, rows: &RecordBatch) {
        let definition = |name: &str| {
            [&DECLARATION, &GOODS_ITEM].into_iter().find_map(|table| Some((table, table.column(name)?)))
        };
        let mut noted = self.noted();
        for (field, values) in rows.schema().fields().iter().zip(rows.columns()) {
            let is_party = |(table, column): (_, &tidegate_records::table::Column)| {
                column.category(table) == Category::Party && field.name().ends_with("_id")
            };
            if let (true, Some(keys)) =
                (definition(field.name()).is_some_and(is_party), values.as_string_opt::<i32>())
            {
                noted.subjects.extend(keys.iter().flatten().map(str::to_owned));
            }
        }
    }

    /// Enters into the audit chain what the run read, if it began to read: the end of what was entered then, with why the run
    /// failed where it did. Returns its sequence. What the run read is forgotten then.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn end(&self, at: DateTime<Utc>, failure: Option<&JobError>) -> Result<Option<u64>, JobError> {
        let Some(begun) = self.begun.lock().await.take() else { return Ok(None) };
        let event = if failure.is_some() { AuditEvent::Failed } else { AuditEvent::Finished };
        let mut entry = self.entry(at, event).await?;
        let Noted { tables, subjects, snapshot, .. } = std::mem::take(&mut *self.noted());
        entry.read = Some(begun);
        entry.detail = failure.map_or_else(|| "done".to_owned(), ToString::to_string);
        (entry.tables, entry.subjects, entry.snapshot) = (tables, subjects, snapshot);
        Ok(self.ledger.append_audit(&[entry.fitted()]).await?.pop())
    }
}

/// Tables and columns that a statement reads, as the audit chain has them.
pub(crate) fn tables_of(reading: &Reading) -> impl Iterator<Item = (String, TableRead)> {
    let tables = reading.lineage.tables.iter();
    tables.map(|(table, read)| {
        (table.clone(), TableRead { shown: read.shown.clone(), used: read.used.clone() })
    })
}

//! Loads: one row for each file taken in, opened before the first record and closed with what became of its rows.

use chrono::{DateTime, Utc};

use crate::{Hash256, Ledger, LedgerError, LoadId, PrincipalId, column};

/// What is known when a load starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadStart {
    /// Name of the source file, as given.
    pub source_file_name: String,
    /// Name of the mapping or format it is read with.
    pub mapping_name: String,
    /// Who loads it.
    pub principal: PrincipalId,
    /// When it starts.
    pub started_at: DateTime<Utc>,
}

/// What is known when a load has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadOutcome {
    /// Hash of every byte of the file.
    pub bytes_sha256: Hash256,
    /// Rows (of a table) or messages (of a stream) that were read.
    pub rows_read: u64,
    /// Of these, how many reached the lake.
    pub rows_accepted: u64,
    /// Of these, how many were set aside; together with the accepted ones they make all that were read.
    pub rows_quarantined: u64,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
}

/// One load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// Its number.
    pub id: LoadId,
    /// How it started.
    pub start: LoadStart,
    /// How it ended; none while it runs, or when it was killed.
    pub outcome: Option<LoadOutcome>,
}

type Stored =
    (i64, String, String, i64, i64, Option<Vec<u8>>, Option<i64>, Option<i64>, Option<i64>, Option<i64>);

/// Loads; what follows says which.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT id, source_file_name, mapping_name, principal_id, started_at, bytes_sha256, rows_read,
            rows_accepted, rows_quarantined, finished_at FROM loads ",
            $which
        )
    };
}

impl Load {
    fn from_stored(stored: Stored) -> Result<Self, LedgerError> {
        let (
            id,
            source_file_name,
            mapping_name,
            principal,
            started_at,
            sha256,
            read,
            accepted,
            quarantined,
            at,
        ) = stored;
        let row = column::Row { table: "loads", key: id };
        let outcome = match (sha256, read, accepted, quarantined, at) {
            (None, None, None, None, None) => None,
            (Some(sha256), Some(read), Some(accepted), Some(quarantined), Some(at)) => Some(LoadOutcome {
                bytes_sha256: row.hash(&sha256)?,
                rows_read: row.count(read)?,
                rows_accepted: row.count(accepted)?,
                rows_quarantined: row.count(quarantined)?,
                finished_at: row.time(at)?,
            }),
            _ => return Err(row.damaged("half of its outcome is missing")),
        };
        let started_at = row.time(started_at)?;
        let start =
            LoadStart { source_file_name, mapping_name, principal: PrincipalId(principal), started_at };
        Ok(Self { id: LoadId(id), start, outcome })
    }
}

impl Ledger {
    /// Opens a load.
    ///
    /// # Errors
    /// [`LedgerError::UnknownReference`] for a principal that does not exist; [`LedgerError::Invalid`] for a blank name.
    pub async fn start_load(&self, start: &LoadStart) -> Result<LoadId, LedgerError> {
        column::require_name("the source file name of a load", &start.source_file_name)?;
        column::require_name("the mapping name of a load", &start.mapping_name)?;
        let statement = "INSERT INTO loads (source_file_name, mapping_name, principal_id, started_at)
            VALUES (?, ?, ?, ?) RETURNING id";
        let inserted = sqlx::query_scalar(statement)
            .bind(start.source_file_name.as_str())
            .bind(start.mapping_name.as_str())
            .bind(start.principal.0)
            .bind(column::from_time(start.started_at))
            .fetch_one(self.pool())
            .await;
        inserted.map(LoadId).map_err(LedgerError::inserting("a load", "its principal"))
    }

    /// Closes a load, once.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] unless accepted and quarantined rows make all that were read, since then a row was
    /// lost; [`LedgerError::Unknown`]; [`LedgerError::Already`] when closed before.
    pub async fn finish_load(&self, id: LoadId, outcome: &LoadOutcome) -> Result<(), LedgerError> {
        let read = column::from_count("the number of rows read", outcome.rows_read)?;
        if outcome.rows_accepted.checked_add(outcome.rows_quarantined) != Some(outcome.rows_read) {
            return Err(LedgerError::Invalid {
                what: "the number of rows read",
                found: outcome.rows_read.to_string(),
                right: "the sum of the accepted and the quarantined ones",
            });
        }
        let statement =
            "UPDATE loads SET bytes_sha256 = ?, rows_read = ?, rows_accepted = ?, rows_quarantined = ?,
            finished_at = ? WHERE id = ? AND finished_at IS NULL";
        let done = sqlx::query(statement)
            .bind(outcome.bytes_sha256.as_bytes().as_slice())
            .bind(read)
            .bind(column::from_count("the number of rows accepted", outcome.rows_accepted)?)
            .bind(column::from_count("the number of rows quarantined", outcome.rows_quarantined)?)
            .bind(column::from_time(outcome.finished_at))
            .bind(id.0)
            .execute(self.pool())
            .await?;
        if done.rows_affected() == 1 {
            return Ok(());
        }
        self.load(id).await?;
        Err(LedgerError::Already { what: "load", key: id.to_string(), state: "finished" })
    }

    /// The load with this number.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`].
    pub async fn load(&self, id: LoadId) -> Result<Load, LedgerError> {
        let stored = sqlx::query_as(select!("WHERE id = ?")).bind(id.0).fetch_optional(self.pool()).await?;
        let stored = stored.ok_or_else(|| LedgerError::Unknown { what: "load", key: id.to_string() })?;
        Load::from_stored(stored)
    }

    /// The first finished load of these bytes with this mapping: the same file must not be counted twice.
    ///
    /// # Errors
    /// [`LedgerError::Database`].
    pub async fn load_of(&self, bytes_sha256: Hash256, mapping: &str) -> Result<Option<Load>, LedgerError> {
        let stored =
            sqlx::query_as(select!("WHERE bytes_sha256 = ? AND mapping_name = ? ORDER BY id LIMIT 1"))
                .bind(bytes_sha256.as_bytes().as_slice())
                .bind(mapping)
                .fetch_optional(self.pool())
                .await?;
        stored.map(Load::from_stored).transpose()
    }

    /// Every load, oldest first.
    ///
    /// # Errors
    /// [`LedgerError::Database`].
    pub async fn loads(&self) -> Result<Vec<Load>, LedgerError> {
        let stored: Vec<Stored> = sqlx::query_as(select!("ORDER BY id")).fetch_all(self.pool()).await?;
        stored.into_iter().map(Load::from_stored).collect()
    }
}

//! Erasures: certificates that rows are gone, each with its entry in the audit chain.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::act::Act;
use crate::audit::AuditEvent;
use crate::{ErasureId, ErasureOrderId, Hash256, Ledger, LedgerError, PrincipalId, column};

/// Whose rows were erased.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErasedRows {
    /// Those of the months before one, like `2026-11`.
    Before(String),
    /// Those of a declaration or a party, under a keyed hash of its name.
    Subject(Hash256),
}

/// An erasure to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewErasure {
    /// The table.
    pub table: String,
    /// Whose rows.
    pub of: ErasedRows,
    /// How many rows; of a dataset that was made anew, how many it has since.
    pub rows: u64,
    /// Files that held them and are gone.
    pub files: u64,
    /// Bytes of those files.
    pub bytes: u64,
    /// The first version of the table without the rows.
    pub lake_version: u64,
    /// Whether it is a dataset that was made anew without the rows, of which there may be none left.
    pub is_made_anew: bool,
    /// The order by which it was done; nothing in certificates from before orders were recorded.
    pub order: Option<ErasureOrderId>,
}

/// A recorded erasure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Its number.
    pub id: ErasureId,
    /// What was erased.
    pub erased: NewErasure,
    /// Why.
    pub reason: String,
    /// By whom.
    pub erased_by: PrincipalId,
    /// When.
    pub erased_at: DateTime<Utc>,
}

type Stored =
    (i64, String, Option<String>, Option<Vec<u8>>, i64, i64, i64, i64, String, i64, i64, bool, Option<i64>);

impl Erasure {
    fn from_stored(stored: Stored) -> Result<Self, LedgerError> {
        let (id, table, before, subject, rows, files, bytes, version, reason, by, at, is_made_anew, order) =
            stored;
        let row = column::Row { table: "erasures", key: id };
        let of = match (before, subject) {
            (Some(month), None) => ErasedRows::Before(month),
            (None, Some(subject)) => ErasedRows::Subject(row.hash(&subject)?),
            _ => return Err(row.damaged("it has neither a month nor a subject, or both")),
        };
        Ok(Self {
            id: ErasureId(id),
            erased: NewErasure {
                table,
                of,
                rows: row.count(rows)?,
                files: row.count(files)?,
                bytes: row.count(bytes)?,
                lake_version: row.count(version)?,
                is_made_anew,
                order: order.map(ErasureOrderId),
            },
            reason,
            erased_by: PrincipalId(by),
            erased_at: row.time(at)?,
        })
    }
}

impl Ledger {
    /// Records an erasure that is done. The reason is that of the act.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] for a blank table, and for somebody who may not act.
    pub async fn record_erasure(&self, new: &NewErasure, act: &Act) -> Result<ErasureId, LedgerError> {
        column::require_name("the table of an erasure", &new.table)?;
        let (before, subject, whose) = match &new.of {
            ErasedRows::Before(month) => (Some(month.as_str()), None, format!("of months before {month}")),
            ErasedRows::Subject(hash) => (
                None,
                Some(hash.as_bytes().as_slice()),
                format!("of the declaration or party with keyed hash {hash}"),
            ),
        };
        let mut tx = self.begin_write().await?;
        act.actor(&mut tx).await?;
        let statement =
            "INSERT INTO erasures (table_name, before_month, subject, rows, files, bytes, lake_version,
            reason, erased_by, erased_at, is_made_anew, erasure_order)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id";
        let id: i64 = sqlx::query_scalar(statement)
            .bind(new.table.as_str())
            .bind(before)
            .bind(subject)
            .bind(column::from_count("the rows of an erasure", new.rows)?)
            .bind(column::from_count("the files of an erasure", new.files)?)
            .bind(column::from_count("the bytes of an erasure", new.bytes)?)
            .bind(column::from_count("the version of a table", new.lake_version)?)
            .bind(act.reason.as_str())
            .bind(act.by.0)
            .bind(column::from_time(act.at))
            .bind(new.is_made_anew)
            .bind(new.order.map(|order| order.0))
            .fetch_one(&mut *tx)
            .await?;
        let NewErasure { table, rows, files, bytes, lake_version, .. } = new;
        let what = if new.is_made_anew {
            format!("dataset {table} made anew with {rows} rows, without those {whose}")
        } else {
            format!("{rows} rows of {table} {whose}")
        };
        let detail = format!(
            "erasure {id}: {what}; {files} files of {bytes} bytes removed, \
             version {lake_version} is the first without them"
        );
        act.record(&mut tx, AuditEvent::Erasure, detail).await?;
        tx.commit().await?;
        Ok(ErasureId(id))
    }

    /// Every erasure, the oldest first.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub async fn erasures(&self) -> Result<Vec<Erasure>, LedgerError> {
        let statement =
            "SELECT id, table_name, before_month, subject, rows, files, bytes, lake_version, reason,
            erased_by, erased_at, is_made_anew, erasure_order FROM erasures ORDER BY id";
        let stored: Vec<Stored> = sqlx::query_as(statement).fetch_all(self.pool()).await?;
        stored.into_iter().map(Erasure::from_stored).collect()
    }
}

//! Orders to erase: recorded before anything is erased, and finished when nothing is left, so that one that broke off is known.

use chrono::{DateTime, Utc};

use crate::act::Act;
use crate::{ErasureOrderId, Hash256, Ledger, LedgerError, column};

/// An order to erase that is not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureOrder {
    /// Its number.
    pub id: ErasureOrderId,
    /// The declaration or party, under a keyed hash of its name; nothing stands for what is older than it is kept.
    pub subject: Option<Hash256>,
    /// Whose rows of which tables, and how far it is, as JSON.
    pub plan: String,
    /// Why.
    pub reason: String,
    /// When it was begun.
    pub begun_at: DateTime<Utc>,
}

type Stored = (i64, Option<Vec<u8>>, String, String, i64);

impl ErasureOrder {
    fn from_stored(stored: Stored) -> Result<Self, LedgerError> {
        let (id, subject, plan, reason, begun_at) = stored;
        let row = column::Row { table: "erasure_orders", key: id };
        let subject = subject.map(|subject| row.hash(&subject)).transpose()?;
        Ok(Self { id: ErasureOrderId(id), subject, plan, reason, begun_at: row.time(begun_at)? })
    }
}

impl Ledger {
    /// Records that an erasure begins, before anything is erased. The reason is that of the act.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] for a plan that is no JSON, and for somebody who may not act.
    pub async fn begin_erasure(
        &self,
        subject: Option<Hash256>,
        plan: &str,
        act: &Act,
    ) -> Result<ErasureOrderId, LedgerError> {
        column::require_json("the plan of an erasure", plan)?;
        let mut tx = self.begin_write().await?;
        act.actor(&mut tx).await?;
        let statement = "INSERT INTO erasure_orders (subject, plan, reason, begun_by, begun_at)
            VALUES (?, ?, ?, ?, ?) RETURNING id";
        let id: i64 = sqlx::query_scalar(statement)
            .bind(subject.as_ref().map(|subject| subject.as_bytes().as_slice()))
            .bind(plan)
            .bind(act.reason.as_str())
            .bind(act.by.0)
            .bind(column::from_time(act.at))
            .fetch_one(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(ErasureOrderId(id))
    }

    /// Records how far an erasure is.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] for a plan that is no JSON; [`LedgerError::Already`].
    pub async fn plan_erasure(&self, id: ErasureOrderId, plan: &str) -> Result<(), LedgerError> {
        column::require_json("the plan of an erasure", plan)?;
        let statement = "UPDATE erasure_orders SET plan = ? WHERE id = ? AND finished_at IS NULL";
        let done = sqlx::query(statement).bind(plan).bind(id.0).execute(self.pool()).await?;
        not_finished(id, done.rows_affected())
    }

    /// Records that of an erasure nothing is left to do.
    ///
    /// # Errors
    /// [`LedgerError::Already`].
    pub async fn finish_erasure(&self, id: ErasureOrderId, at: DateTime<Utc>) -> Result<(), LedgerError> {
        let statement = "UPDATE erasure_orders SET finished_at = ? WHERE id = ? AND finished_at IS NULL";
        let done = sqlx::query(statement).bind(column::from_time(at)).bind(id.0).execute(self.pool()).await?;
        not_finished(id, done.rows_affected())
    }

    /// The erasures that were begun and are not finished, the oldest first.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub async fn open_erasures(&self) -> Result<Vec<ErasureOrder>, LedgerError> {
        let statement = "SELECT id, subject, plan, reason, begun_at FROM erasure_orders
            WHERE finished_at IS NULL ORDER BY id";
        let stored: Vec<Stored> = sqlx::query_as(statement).fetch_all(self.pool()).await?;
        stored.into_iter().map(ErasureOrder::from_stored).collect()
    }
}

fn not_finished(id: ErasureOrderId, changed: u64) -> Result<(), LedgerError> {
    if changed == 0 {
        let key = id.to_string();
        return Err(LedgerError::Already { what: "order to erase", key, state: "finished" });
    }
    Ok(())
}

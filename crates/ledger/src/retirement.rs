//! Retirements of datasets: readers do not see one that is retired, until it is restored. Its versions stay.

use chrono::{DateTime, Utc};

use crate::act::Act;
use crate::audit::AuditEvent;
use crate::{Ledger, LedgerError, PrincipalId, column};

/// A retirement that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retirement {
    /// Name of the dataset.
    pub dataset: String,
    /// Why.
    pub reason: String,
    /// Who retired it.
    pub retired_by: PrincipalId,
    /// When.
    pub retired_at: DateTime<Utc>,
}

type Stored = (i64, String, String, i64, i64);

impl Retirement {
    fn from_stored(stored: Stored) -> Result<Self, LedgerError> {
        let (id, dataset, reason, retired_by, retired_at) = stored;
        let row = column::Row { table: "dataset_retirements", key: id };
        let retired_at = row.time(retired_at)?;
        Ok(Self { dataset, reason, retired_by: PrincipalId(retired_by), retired_at })
    }
}

impl Ledger {
    /// Retires a dataset from now on. The reason is that of the act.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] for a blank name, and for somebody who may not act; [`LedgerError::Already`].
    pub async fn retire_dataset(&self, name: &str, act: &Act) -> Result<(), LedgerError> {
        column::require_name("the name of a dataset", name)?;
        let mut tx = self.begin_write().await?;
        act.actor(&mut tx).await?;
        let statement = "INSERT INTO dataset_retirements (name, reason, retired_by, retired_at)
            SELECT ?1, ?2, ?3, ?4
            WHERE NOT EXISTS (SELECT 1 FROM dataset_retirements WHERE name = ?1 AND restored_at IS NULL)";
        let done = sqlx::query(statement)
            .bind(name)
            .bind(act.reason.as_str())
            .bind(act.by.0)
            .bind(column::from_time(act.at))
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            return Err(LedgerError::Already { what: "dataset", key: name.to_owned(), state: "retired" });
        }
        act.record(&mut tx, AuditEvent::Dataset, format!("dataset {name} retired")).await?;
        Ok(tx.commit().await?)
    }

    /// Restores a dataset that is retired: readers see it again, from now on.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`] when it is not retired; [`LedgerError::Invalid`] for somebody who may not act.
    pub async fn restore_dataset(&self, name: &str, act: &Act) -> Result<(), LedgerError> {
        let mut tx = self.begin_write().await?;
        act.actor(&mut tx).await?;
        let statement = "UPDATE dataset_retirements SET restored_at = ?, restored_by = ?, restore_reason = ?
            WHERE name = ? AND restored_at IS NULL";
        let done = sqlx::query(statement)
            .bind(column::from_time(act.at))
            .bind(act.by.0)
            .bind(act.reason.as_str())
            .bind(name)
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            return Err(LedgerError::Unknown { what: "retired dataset", key: name.to_owned() });
        }
        act.record(&mut tx, AuditEvent::Dataset, format!("dataset {name} restored")).await?;
        Ok(tx.commit().await?)
    }

    /// The datasets that are retired, by name.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub async fn retired_datasets(&self) -> Result<Vec<Retirement>, LedgerError> {
        let statement = "SELECT id, name, reason, retired_by, retired_at FROM dataset_retirements
            WHERE restored_at IS NULL ORDER BY name";
        let stored: Vec<Stored> = sqlx::query_as(statement).fetch_all(self.pool()).await?;
        stored.into_iter().map(Retirement::from_stored).collect()
    }
}

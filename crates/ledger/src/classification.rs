//! Classifications: the grade and category of a column that a steward confirmed, and what spoke for them.

use chrono::{DateTime, Utc};

use crate::act::Act;
use crate::audit::AuditEvent;
use crate::{Clearance, Ledger, LedgerError, PrincipalId, column};

/// A classification of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewClassification {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// Its grade.
    pub grade: Clearance,
    /// What it is about.
    pub category: String,
    /// What was found in the column's values; never the values.
    pub evidence: String,
}

/// A classification that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnClassification {
    /// What was confirmed.
    pub classification: NewClassification,
    /// By whom.
    pub confirmed_by: PrincipalId,
    /// When.
    pub confirmed_at: DateTime<Utc>,
}

type Stored = (i64, String, String, String, String, String, i64, i64);

impl ColumnClassification {
    fn from_stored(stored: Stored) -> Result<Self, LedgerError> {
        let (id, table, column, grade, category, evidence, confirmed_by, confirmed_at) = stored;
        let row = column::Row { table: "column_classifications", key: id };
        let grade = grade.parse().map_err(|error: crate::ParseWordError| row.damaged(error.to_string()))?;
        Ok(Self {
            classification: NewClassification { table, column, grade, category, evidence },
            confirmed_by: PrincipalId(confirmed_by),
            confirmed_at: row.time(confirmed_at)?,
        })
    }
}

impl Ledger {
    /// Records what a steward confirms of a column; it holds at once.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] for blank names, and for somebody who may not act.
    pub async fn classify_column(&self, new: &NewClassification, act: &Act) -> Result<(), LedgerError> {
        column::require_name("the table of a column", &new.table)?;
        column::require_name("the column", &new.column)?;
        column::require_name("the category of a column", &new.category)?;
        let mut tx = self.begin_write().await?;
        act.actor(&mut tx).await?;
        let statement = "INSERT INTO column_classifications
            (table_name, column_name, grade, category, evidence, confirmed_by, confirmed_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)";
        sqlx::query(statement)
            .bind(new.table.as_str())
            .bind(new.column.as_str())
            .bind(new.grade.as_str())
            .bind(new.category.as_str())
            .bind(new.evidence.as_str())
            .bind(act.by.0)
            .bind(column::from_time(act.at))
            .execute(&mut *tx)
            .await?;
        let NewClassification { table, column, grade, category, evidence } = new;
        let detail = format!("{table}.{column} is {grade}, {category}: {evidence}");
        act.record(&mut tx, AuditEvent::Policy, detail).await?;
        Ok(tx.commit().await?)
    }

    /// The newest classification of each column that has one.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub async fn classifications(&self) -> Result<Vec<ColumnClassification>, LedgerError> {
        let statement =
            "SELECT id, table_name, column_name, grade, category, evidence, confirmed_by, confirmed_at
            FROM column_classifications
            WHERE id IN (SELECT max(id) FROM column_classifications GROUP BY table_name, column_name)
            ORDER BY table_name, column_name";
        let stored: Vec<Stored> = sqlx::query_as(statement).fetch_all(self.pool()).await?;
        stored.into_iter().map(ColumnClassification::from_stored).collect()
    }
}

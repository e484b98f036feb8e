//! Reading the audit chain: the newest entries that fit, and who read what is about whom.

use chrono::{DateTime, Utc};
use sqlx::{QueryBuilder, Sqlite};

use super::content;
use super::entry::{AuditEntry, AuditEvent};
use super::fault::AuditFault;
use crate::{Ledger, LedgerError, PrincipalId, column};

/// Which entries; all of them by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// By whom.
    pub principal: Option<PrincipalId>,
    /// What happened.
    pub event: Option<AuditEvent>,
    /// About whom: entries that name this key among their subjects.
    pub subject: Option<String>,
    /// From this moment on.
    pub since: Option<DateTime<Utc>>,
    /// Before this moment.
    pub until: Option<DateTime<Utc>>,
    /// Only sequences below this one, to go on behind the last entry that was given.
    pub before: Option<u64>,
}

impl Ledger {
    /// Up to `limit` entries that fit, the newest first.
    ///
    /// # Errors
    /// [`LedgerError::Audit`] for an entry that does not decode.
    pub async fn audit_log(&self, filter: &AuditFilter, limit: u32) -> Result<Vec<AuditEntry>, LedgerError> {
        let mut query =
            QueryBuilder::<Sqlite>::new("SELECT a.sequence, CAST(a.content AS BLOB), a.hash FROM audit a");
        if let Some(key) = &filter.subject {
            query
                .push(" JOIN audit_subject s ON s.sequence = a.sequence AND s.key = ")
                .push_bind(key.clone());
        }
        query.push(" WHERE 1");
        if let Some(principal) = filter.principal {
            query.push(" AND a.principal_id = ").push_bind(principal.0);
        }
        if let Some(event) = filter.event {
            query.push(" AND a.event = ").push_bind(event.as_str());
        }
        if let Some(since) = filter.since {
            query.push(" AND a.at >= ").push_bind(column::from_time(since));
        }
        if let Some(until) = filter.until {
            query.push(" AND a.at < ").push_bind(column::from_time(until));
        }
        if let Some(before) = filter.before {
            query.push(" AND a.sequence < ").push_bind(column::from_count("a sequence", before)?);
        }
        query.push(" ORDER BY a.sequence DESC LIMIT ").push_bind(i64::from(limit));
        let rows: Vec<(i64, Vec<u8>, Vec<u8>)> = query.build_query_as().fetch_all(self.pool()).await?;
        rows.into_iter().map(open).collect()
    }

    /// How many reads may have shown rows of anybody, since they do not say whose rows they read, or not all: those that
    /// finished without a complete list, and those of which no end is known. Who saw the data of one company is told in
    /// full by [`AuditFilter::subject`] only when there are none.
    ///
    /// # Errors
    /// [`LedgerError::Database`].
    pub async fn audit_reads_without_subjects(
        &self,
        since: Option<DateTime<Utc>>,
        until: Option<DateTime<Utc>>,
    ) -> Result<u64, LedgerError> {
        // A read and its end are one.
        let statement = "SELECT count(DISTINCT coalesce(r.read, r.sequence)) FROM audit r
            WHERE r.is_complete = 0 AND r.at >= ? AND r.at < ?
                AND NOT EXISTS (SELECT 1 FROM audit f WHERE f.read = r.sequence AND f.is_complete = 1)";
        let counted: i64 = sqlx::query_scalar(statement)
            .bind(since.map_or(i64::MIN, column::from_time))
            .bind(until.map_or(i64::MAX, column::from_time))
            .fetch_one(self.pool())
            .await?;
        column::Row { table: "audit", key: "reads" }.count(counted)
    }
}

fn open((sequence, json, hash): (i64, Vec<u8>, Vec<u8>)) -> Result<AuditEntry, LedgerError> {
    let row = column::Row { table: "audit", key: sequence };
    let sequence = row.count(sequence)?;
    let (_, entry) = content::from_json(&json).map_err(|what| AuditFault::Malformed { sequence, what })?;
    Ok(AuditEntry { sequence, hash: row.hash(&hash)?, entry })
}

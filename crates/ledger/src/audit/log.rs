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
        let mut query = QueryBuilder::new("SELECT a.sequence, CAST(a.content AS BLOB), a.hash FROM audit a");
        push_filter(&mut query, filter)?;
        query.push(" ORDER BY a.sequence DESC LIMIT ").push_bind(i64::from(limit));
        let rows: Vec<(i64, Vec<u8>, Vec<u8>)> = query.build_query_as().fetch_all(self.pool()).await?;
        rows.into_iter().map(open).collect()
    }

    /// How many entries fit.
    ///
    /// # Errors
    /// [`LedgerError::Database`].
    pub async fn audit_count(&self, filter: &AuditFilter) -> Result<u64, LedgerError> {
        let mut query = QueryBuilder::new("SELECT count(*) FROM audit a");
        push_filter(&mut query, filter)?;
        self.counted(query).await
    }

    /// Reads that may have shown rows of [`AuditFilter::subject`] and do not name it: those that do not say whose rows they
    /// showed, or not all, and those of which no end is known, as far as they read a table that can have rows of a company
    /// or person. `nobodys` are patterns of the names of tables that cannot (`*` stands for any text). Up to `limit` of
    /// them, the newest first, and how many there are. A read and its end are one, and the read is given; of the filter,
    /// `since` and `until` hold for either, and `before` for the read.
    ///
    /// # Errors
    /// [`LedgerError::Audit`] for an entry that does not decode.
    pub async fn audit_possible_reads(
        &self,
        filter: &AuditFilter,
        nobodys: &[String],
        limit: u32,
    ) -> Result<(Vec<AuditEntry>, u64), LedgerError> {
        let mut query = possible_reads("r.sequence, CAST(r.content AS BLOB), r.hash", filter, nobodys);
        query.push(" ORDER BY r.sequence DESC LIMIT ").push_bind(i64::from(limit));
        let rows: Vec<(i64, Vec<u8>, Vec<u8>)> = query.build_query_as().fetch_all(self.pool()).await?;
        let entries = rows.into_iter().map(open).collect::<Result<_, _>>()?;
        Ok((entries, self.counted(possible_reads("count(*)", filter, nobodys)).await?))
    }

    async fn counted(&self, mut query: QueryBuilder<Sqlite>) -> Result<u64, LedgerError> {
        let counted: i64 = query.build_query_scalar().fetch_one(self.pool()).await?;
        column::Row { table: "audit", key: "entries" }.count(counted)
    }
}

fn push_filter(query: &mut QueryBuilder<Sqlite>, filter: &AuditFilter) -> Result<(), LedgerError> {
    if let Some(key) = &filter.subject {
        query.push(" JOIN audit_subject s ON s.sequence = a.sequence AND s.key = ").push_bind(key.clone());
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
    Ok(())
}

/// Reads that may be about a subject, and are not known to be: what is selected of them, `r`.
fn possible_reads(selected: &str, filter: &AuditFilter, nobodys: &[String]) -> QueryBuilder<Sqlite> {
    // A job says at its end what it read; of one without an end nothing is known.
    const TOUCHES: &str = "SELECT 1 FROM audit t, json_each(t.content, '$.tables') n
        WHERE NOT EXISTS (SELECT 1 FROM nobodys WHERE n.key GLOB nobodys.pattern) AND ";
    let mut query = QueryBuilder::new("WITH nobodys (pattern) AS (SELECT value FROM json_each(");
    query.push_bind(serde_json::json!(nobodys).to_string());
    query.push(
        ")), unsure (sequence) AS (
            SELECT DISTINCT coalesce(i.read, i.sequence) FROM audit i
            WHERE i.is_complete = 0
                AND NOT EXISTS (SELECT 1 FROM audit f WHERE f.read = i.sequence AND f.is_complete = 1)
                AND i.at >= ",
    );
    query.push_bind(filter.since.map_or(i64::MIN, column::from_time));
    query.push(" AND i.at < ").push_bind(filter.until.map_or(i64::MAX, column::from_time));
    query.push(format!(
        ") SELECT {selected} FROM unsure JOIN audit r ON r.sequence = unsure.sequence
        WHERE (EXISTS ({TOUCHES} t.sequence = r.sequence) OR EXISTS ({TOUCHES} t.read = r.sequence)
            OR r.content ->> '$.door' = 'job'
                AND NOT EXISTS (SELECT 1 FROM audit f WHERE f.read = r.sequence))"
    ));
    if let Some(before) = filter.before {
        query.push(" AND r.sequence < ").push_bind(i64::try_from(before).unwrap_or(i64::MAX));
    }
    if let Some(key) = &filter.subject {
        query.push(" AND NOT EXISTS (SELECT 1 FROM audit_subject s WHERE s.key = ").push_bind(key.clone());
        query.push(
            " AND (s.sequence = r.sequence
                OR s.sequence IN (SELECT f.sequence FROM audit f WHERE f.read = r.sequence)))",
        );
    }
    query
}

fn open((sequence, json, hash): (i64, Vec<u8>, Vec<u8>)) -> Result<AuditEntry, LedgerError> {
    let row = column::Row { table: "audit", key: sequence };
    let sequence = row.count(sequence)?;
    let (_, entry) = content::from_json(&json).map_err(|what| AuditFault::Malformed { sequence, what })?;
    Ok(AuditEntry { sequence, hash: row.hash(&hash)?, entry })
}

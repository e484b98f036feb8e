//! The gate before a key becomes public: the period is over, its log is signed to the end, every root is closed.
//!
//! An open consignment's draw, and the probability with which it was taken, would tell a trader what to expect.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use crate::ledger::WriteTransaction;
use crate::{Ledger, LedgerError, Period, PrincipalId, StoredPeriodKey, column, stored_key};

/// Commitments looked at in one query.
const PAGE: i64 = 4096;

/// A key to reveal, and what shows that it may be.
#[derive(Debug, Clone)]
pub struct NewReveal<'a> {
    /// The period.
    pub period: Period,
    /// Roots that no inspection, amendment or appeal can touch any more. Every root drawn in the period must be among
    /// them; an empty list proves nothing.
    pub closed: &'a HashSet<String>,
    /// Number of the lake snapshot in which they are closed.
    pub closed_as_of: u64,
    /// Who reveals it.
    pub by: PrincipalId,
    /// When.
    pub at: DateTime<Utc>,
}

impl Ledger {
    /// Records that the key of a period is public, and gives it. No commitment can enter the period any more.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`]; [`LedgerError::Already`] when revealed before; [`LedgerError::NotYet`] before the
    /// period is over or while the end of its log has no signed checkpoint; [`LedgerError::RootsOpen`];
    /// [`LedgerError::UnknownReference`] for an unknown principal.
    pub async fn reveal_period_key(&self, new: &NewReveal<'_>) -> Result<StoredPeriodKey, LedgerError> {
        let period = new.period;
        // The write lock keeps commitments out between the look at the roots and the reveal.
        let mut tx = self.begin_write().await?;
        if stored_key::read(&mut tx, period).await?.revealed.is_some() {
            let key = period.to_string();
            return Err(LedgerError::Already { what: "key for period", key, state: "revealed" });
        }
        let not_yet =
            |needs| LedgerError::NotYet { what: format!("revealing the key of period {period}"), needs };
        if Period::containing(new.at).is_ok_and(|now| now <= period) {
            return Err(not_yet("the period must be over, since further consignments may be drawn in it"));
        }
        if !is_signed_to_the_end(&mut tx, period).await? {
            return Err(not_yet("a checkpoint must be signed at the end of its log first"));
        }
        let closed_roots = require_closed(&mut tx, period, new.closed).await?;
        let statement =
            "UPDATE period_keys SET revealed_at = ?, revealed_by = ?, closed_roots = ?, closed_as_of = ?
            WHERE period = ?";
        let updated = sqlx::query(statement)
            .bind(column::from_time(new.at))
            .bind(new.by.0)
            .bind(column::from_count("a number of roots", closed_roots)?)
            .bind(column::from_count("the number of a snapshot", new.closed_as_of)?)
            .bind(period.to_string())
            .execute(&mut *tx)
            .await;
        updated.map_err(LedgerError::inserting("a reveal", "its principal"))?;
        let key = stored_key::read(&mut tx, period).await?;
        tx.commit().await?;
        Ok(key)
    }
}

async fn is_signed_to_the_end(tx: &mut WriteTransaction, period: Period) -> Result<bool, LedgerError> {
    let statement = "SELECT (SELECT max(count) FROM checkpoints WHERE period = ?1)
        IS (SELECT coalesce(max(sequence), 0) FROM commitments WHERE period = ?1)";
    Ok(sqlx::query_scalar(statement).bind(period.to_string()).fetch_one(&mut **tx).await?)
}

/// The number of different roots of the period, when all of them are closed.
async fn require_closed(
    tx: &mut WriteTransaction,
    period: Period,
    closed: &HashSet<String>,
) -> Result<u64, LedgerError> {
    let (mut roots, mut open, mut first, mut after) = (HashSet::new(), HashSet::new(), None, 0);
    loop {
        let statement = "SELECT sequence, root FROM commitments WHERE period = ? AND sequence > ? ORDER BY sequence LIMIT ?";
        let page: Vec<(i64, String)> = sqlx::query_as(statement)
            .bind(period.to_string())
            .bind(after)
            .bind(PAGE)
            .fetch_all(&mut **tx)
            .await?;
        let Some((last, _)) = page.last() else { break };
        after = *last;
        for (sequence, root) in page {
            if !closed.contains(&root) {
                first.get_or_insert(sequence);
                open.insert(root.clone());
            }
            roots.insert(root);
        }
    }
    match first {
        None => Ok(roots.len() as u64),
        Some(first) => {
            let row = column::Row { table: "commitments", key: period };
            Err(LedgerError::RootsOpen { period, open: open.len() as u64, first: row.count(first)? })
        }
    }
}

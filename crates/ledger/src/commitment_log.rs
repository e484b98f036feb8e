//! The log of commitments: appended in order, read in order, never changed.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use crate::commitment::{COLUMNS, check_limits};
use crate::ledger::WriteTransaction;
use crate::policy_state;
use crate::stored_key::{self, StoredPeriodKey};
use crate::{
    ChainHead, Commitment, Hash256, Ledger, LedgerError, NewCommitment, Period, PolicyStateVersion, column,
};

/// Rows of one INSERT: seventeen values each stay far below `SQLite`'s 32,766, and the cost of a call is shared.
const ROWS_PER_INSERT: usize = 128;

/// The place that a batch of commitments received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppendedCommitments {
    /// Sequence of the first; the others follow in the order given.
    pub first_sequence: u64,
    /// The chain's end after the batch.
    pub head: ChainHead,
}

impl Ledger {
    /// Appends commitments in the order given, all or none, in one transaction.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`] for a period without key or an unknown policy state; [`LedgerError::UnknownReference`]
    /// for an unknown bundle; [`LedgerError::PeriodRevealed`]; [`LedgerError::Invalid`] for a field beyond its limit.
    pub async fn append_commitments(
        &self,
        period: Period,
        new: &[NewCommitment],
    ) -> Result<AppendedCommitments, LedgerError> {
        new.iter().try_for_each(check_limits)?;
        let mut tx = self.begin_write().await?;
        let key = stored_key::read(&mut tx, period).await?;
        if key.revealed.is_some() {
            return Err(LedgerError::PeriodRevealed(period));
        }
        let mut states = BTreeMap::new();
        for commitment in new {
            if let Entry::Vacant(state) = states.entry(commitment.policy_state) {
                state.insert(policy_state::content_hash(&mut tx, commitment.policy_state).await?);
            }
        }
        let mut head = stored_head(&mut tx, &key).await?;
        let first_sequence = head.count + 1;
        for rows in new.chunks(ROWS_PER_INSERT) {
            head = insert(&mut tx, period, head, rows, &states).await?;
        }
        tx.commit().await?;
        Ok(AppendedCommitments { first_sequence, head })
    }

    /// The end of a period's chain as stored.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`] for a period without key.
    pub async fn commitment_head(&self, period: Period) -> Result<ChainHead, LedgerError> {
        let mut tx = self.pool().begin().await?;
        let key = stored_key::read(&mut tx, period).await?;
        stored_head(&mut tx, &key).await
    }

    /// Number of the last close that any commitment is in; 0 when there is none.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub async fn last_close(&self) -> Result<u64, LedgerError> {
        // Along the log of a period, numbers never fall.
        let statement = "SELECT coalesce(max((SELECT close FROM commitments c WHERE c.period = k.period
            ORDER BY sequence DESC LIMIT 1)), 0) FROM period_keys k";
        let found: i64 = sqlx::query_scalar(statement).fetch_one(self.pool()).await?;
        column::Row { table: "commitments", key: "last close" }.count(found)
    }

    /// Up to `limit` commitments of a period with a sequence above `after`, in order.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub async fn commitments(
        &self,
        period: Period,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Commitment>, LedgerError> {
        let after = column::from_count("a sequence", after)?;
        read_page(&mut *self.pool().acquire().await?, period, after, limit).await
    }
}

/// A page of commitments on a connection or inside a transaction.
pub(crate) async fn read_page(
    connection: &mut SqliteConnection,
    period: Period,
    after: i64,
    limit: u32,
) -> Result<Vec<Commitment>, LedgerError> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT ");
    query.push(COLUMNS).push(" FROM commitments WHERE period = ").push_bind(period.to_string());
    query
        .push(" AND sequence > ")
        .push_bind(after)
        .push(" ORDER BY sequence LIMIT ")
        .push_bind(i64::from(limit));
    let rows = query.build().fetch_all(connection).await?;
    rows.iter().map(|row| Commitment::from_row(period, row)).collect()
}

/// The end of the chain on a connection or inside a transaction.
pub(crate) async fn stored_head(
    connection: &mut SqliteConnection,
    key: &StoredPeriodKey,
) -> Result<ChainHead, LedgerError> {
    let statement = "SELECT sequence, hash FROM commitments WHERE period = ? ORDER BY sequence DESC LIMIT 1";
    let last: Option<(i64, Vec<u8>)> =
        sqlx::query_as(statement).bind(key.period.to_string()).fetch_optional(connection).await?;
    let Some((sequence, hash)) = last else { return Ok(key.chain_start()) };
    let row = column::Row { table: "commitments", key: format!("{}/{sequence}", key.period) };
    Ok(ChainHead { count: row.count(sequence)?, hash: row.hash(&hash)? })
}

/// Inserts `rows` behind `head` with one statement, which the connection prepares once for each number of rows.
async fn insert(
    tx: &mut WriteTransaction,
    period: Period,
    mut head: ChainHead,
    rows: &[NewCommitment],
    states: &BTreeMap<PolicyStateVersion, Hash256>,
) -> Result<ChainHead, LedgerError> {
    let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO commitments (");
    insert.push(COLUMNS).push(") ");
    let period_text = period.to_string();
    insert.push_values(rows, |mut values, new| {
        let previous = head;
        head = previous.followed_by(period, new, states[&new.policy_state]);
        values
            .push_bind(period_text.clone())
            .push_bind(head.count as i64)
            .push_bind(new.root.clone())
            .push_bind(new.version)
            .push_bind(new.office.clone())
            .push_bind(new.day.to_string())
            .push_bind(new.close as i64)
            .push_bind(new.list_number as i64)
            .push_bind(i64::from(new.list_rows))
            .push_bind(i64::from(new.waiting))
            .push_bind(i64::from(new.slots_taken))
            .push_bind(new.least_lane.code())
            .push_bind(new.parts.to_bytes().to_vec())
            .push_bind(new.policy_state.0)
            .push_bind(new.bundle.as_bytes().to_vec())
            .push_bind(new.salt.to_vec())
            .push_bind(previous.hash.as_bytes().to_vec())
            .push_bind(head.hash.as_bytes().to_vec());
    });
    let inserted = insert.build().execute(&mut **tx).await;
    inserted.map_err(LedgerError::inserting("a commitment", "its bundle"))?;
    Ok(head)
}

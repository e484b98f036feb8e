//! Commitments: salted, chained records of what decided a draw's probability, made before the draw is known.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use sqlx::{Executor, QueryBuilder, Sqlite};

use crate::ledger::WriteTransaction;
use crate::period_key::{self, StoredPeriodKey};
use crate::policy_state;
use crate::{ChainHead, Hash256, Ledger, LedgerError, Period, PolicyStateVersion, column};

/// Length of a salt; long enough that the committed values cannot be guessed and tried.
pub const SALT_BYTES: usize = 32;

const MAX_ROOT_BYTES: usize = 512;
const MAX_P_PARTS_BYTES: usize = 4096;
/// Rows of one INSERT: nine values each stay far below `SQLite`'s 32,766, and the cost of a call is shared.
const ROWS_PER_INSERT: usize = 128;

/// What is committed for one draw.
#[derive(Clone, PartialEq, Eq)]
pub struct NewCommitment {
    /// Root identity of the consignment, 1 to 512 bytes.
    pub root: String,
    /// The inclusion probability and its parts in the caller's canonical encoding, at most 4096 bytes.
    pub p_parts: Vec<u8>,
    /// Policy state that gave them.
    pub policy_state: PolicyStateVersion,
    /// Bundle that gave them.
    pub bundle: Hash256,
    /// Fresh random bytes.
    pub salt: [u8; SALT_BYTES],
}

/// A commitment in its place.
#[derive(Clone, PartialEq, Eq)]
pub struct Commitment {
    /// The period.
    pub period: Period,
    /// 1, 2, 3 and so on within the period.
    pub sequence: u64,
    /// What is committed.
    pub content: NewCommitment,
    /// Hash of the commitment before it, or the period's first hash.
    pub previous: Hash256,
    /// Its own hash.
    pub hash: Hash256,
}

/// Roots are trader identities and probabilities leak targeting, so neither is shown in a log.
impl fmt::Debug for NewCommitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewCommitment")
            .field("policy_state", &self.policy_state)
            .field("bundle", &self.bundle)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commitment")
            .field("period", &self.period)
            .field("sequence", &self.sequence)
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}

/// The place that a batch of commitments received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppendedCommitments {
    /// Sequence of the first; the others follow in the order given.
    pub first_sequence: u64,
    /// The chain's end after the batch.
    pub head: ChainHead,
}

type Stored = (i64, String, Vec<u8>, i64, Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>);

impl Commitment {
    fn from_stored(period: Period, stored: Stored) -> Result<Self, LedgerError> {
        let (sequence, root, p_parts, policy_state, bundle, salt, previous, hash) = stored;
        let row = column::Row { table: "commitments", key: format!("{period}/{sequence}") };
        Ok(Self {
            period,
            sequence: row.count(sequence)?,
            content: NewCommitment {
                root,
                p_parts,
                policy_state: PolicyStateVersion(policy_state),
                bundle: row.hash(&bundle)?,
                salt: row.bytes(&salt)?,
            },
            previous: row.hash(&previous)?,
            hash: row.hash(&hash)?,
        })
    }
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
        let key = period_key::read(&mut *tx, period).await?;
        if key.revealed_at.is_some() {
            return Err(LedgerError::PeriodRevealed(period));
        }
        let mut states = BTreeMap::new();
        for commitment in new {
            if let Entry::Vacant(state) = states.entry(commitment.policy_state) {
                state.insert(policy_state::content_hash(&mut tx, commitment.policy_state).await?);
            }
        }
        let mut head = stored_head(&mut *tx, &key).await?;
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
        let key = period_key::read(&mut *tx, period).await?;
        stored_head(&mut *tx, &key).await
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
        let statement =
            "SELECT sequence, root, p_parts, policy_state_version, bundle_hash, salt, previous, hash
            FROM commitments WHERE period = ? AND sequence > ? ORDER BY sequence LIMIT ?";
        let stored: Vec<Stored> = sqlx::query_as(statement)
            .bind(period.to_string())
            .bind(column::from_count("a sequence", after)?)
            .bind(i64::from(limit))
            .fetch_all(self.pool())
            .await?;
        stored.into_iter().map(|stored| Commitment::from_stored(period, stored)).collect()
    }
}

fn check_limits(new: &NewCommitment) -> Result<(), LedgerError> {
    let (root, p_parts) = (new.root.len(), new.p_parts.len());
    if !(1..=MAX_ROOT_BYTES).contains(&root) {
        let (what, right) = ("the root of a commitment", "1 to 512 bytes long");
        return Err(LedgerError::Invalid { what, found: format!("{root} bytes long"), right });
    }
    if p_parts > MAX_P_PARTS_BYTES {
        let (what, right) = ("the parts of p of a commitment", "at most 4096 bytes long");
        return Err(LedgerError::Invalid { what, found: format!("{p_parts} bytes long"), right });
    }
    Ok(())
}

async fn stored_head<'c>(
    executor: impl Executor<'c, Database = Sqlite>,
    key: &StoredPeriodKey,
) -> Result<ChainHead, LedgerError> {
    let statement = "SELECT sequence, hash FROM commitments WHERE period = ? ORDER BY sequence DESC LIMIT 1";
    let last: Option<(i64, Vec<u8>)> =
        sqlx::query_as(statement).bind(key.period.to_string()).fetch_optional(executor).await?;
    let Some((sequence, hash)) = last else { return Ok(ChainHead::empty(key)) };
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
    let mut insert = QueryBuilder::<Sqlite>::new(
        "INSERT INTO commitments
        (period, sequence, root, p_parts, policy_state_version, bundle_hash, salt, previous, hash) ",
    );
    let period_text = period.to_string();
    insert.push_values(rows, |mut values, new| {
        let previous = head;
        head = previous.followed_by(period, new, states[&new.policy_state]);
        values
            .push_bind(period_text.clone())
            .push_bind(head.count as i64)
            .push_bind(new.root.clone())
            .push_bind(new.p_parts.clone())
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

//! The checkpoints of a period: signed over what the ledger holds, kept, and compared with it later.

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use crate::history::{LogWalk, Reached, check_checkpoints};
use crate::ledger::WriteTransaction;
use crate::stored_key;
use crate::{
    Checkpoint, Hash256, HistoryFault, Ledger, LedgerError, Period, PublicKey, Signature, SignedCheckpoint,
    SigningKey, column,
};

/// Hashes looked at in one query.
const PAGE: i64 = 4096;

impl Ledger {
    /// Signs how far the log of a period has come, and keeps the checkpoint. One log name and one key sign a period. Clocks of two
    /// programs differ, and one that was wrong is set back: a checkpoint never has a time before the last one.
    ///
    /// The first signature of a handle compares the whole log with all checkpoints. The next ones go on from where the
    /// last one was taken, when it is the newest checkpoint and the commitment there is still the same.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`] for a period without key; [`LedgerError::Invalid`] for another log name or key than
    /// before; [`LedgerError::History`] when the log is not the one that was signed before.
    pub async fn append_checkpoint(
        &self,
        period: Period,
        log: &str,
        key: &SigningKey,
        at: DateTime<Utc>,
    ) -> Result<SignedCheckpoint, LedgerError> {
        column::require_name("the name of a log", log)?;
        // What is signed is what reads back: times rest in microseconds.
        let mut at = column::Row { table: "checkpoints", key: period }.time(column::from_time(at))?;
        let mut tx = self.begin_write().await?;
        let stored = stored_key::read(&mut tx, period).await?;
        let key_commitment = stored.key.commitment(period);
        let before = read(&mut tx, period).await?;
        if let Some(last) = before.last() {
            require_continued(last, log, key)?;
            at = at.max(last.checkpoint.signed_at);
        }
        let known = self.take_signed(period);
        let (mut walk, unchecked) = match (known, before.split_last()) {
            (Some(known), Some((last, checked)))
                if known.is_at(&last.checkpoint) && stands(&mut tx, period, &known).await? =>
            {
                (LogWalk::from(known), &before[checked.len()..])
            }
            _ => (LogWalk::new(stored.chain_start().hash, &before), before.as_slice()),
        };
        walk_all(&mut tx, period, &mut walk).await?;
        walk.check(key_commitment, unchecked)?;
        let (count, head, merkle_root) = walk.end();
        let checkpoint = Checkpoint {
            log: log.to_owned(),
            period,
            count,
            head,
            merkle_root,
            key_commitment,
            signed_at: at,
        };
        let signed = checkpoint.sign(key);
        insert(&mut tx, before.len() as i64 + 1, &signed).await?;
        tx.commit().await?;
        self.keep_signed(period, walk.reached());
        Ok(signed)
    }

    /// Every checkpoint of a period, in the order of signing.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub async fn checkpoints(&self, period: Period) -> Result<Vec<SignedCheckpoint>, LedgerError> {
        read(&mut *self.pool().acquire().await?, period).await
    }

    /// Compares the log of a period with the checkpoints in the ledger and with those that the caller has kept, all
    /// signed by `key`. The hashes are taken as stored; [`Ledger::verify_commitments`] checks that they are right.
    ///
    /// # Errors
    /// [`LedgerError::History`] says what is wrong; [`LedgerError::Unknown`] for a period without key.
    pub async fn verify_checkpoints(
        &self,
        period: Period,
        key: &PublicKey,
        kept: &[SignedCheckpoint],
    ) -> Result<(), LedgerError> {
        let mut tx = self.pool().begin().await?;
        let stored = stored_key::read(&mut tx, period).await?;
        let mut all = read(&mut tx, period).await?;
        all.extend_from_slice(kept);
        check_checkpoints(key, &all)?;
        if let Some(other) = all.iter().find(|signed| signed.checkpoint.period != period) {
            return Err(HistoryFault::OtherLog { count: other.checkpoint.count }.into());
        }
        let mut walk = LogWalk::new(stored.chain_start().hash, &all);
        walk_all(&mut tx, period, &mut walk).await?;
        Ok(walk.check(stored.key.commitment(period), &all)?)
    }
}

/// Whether the log still has the commitment that a place came to.
async fn stands(
    connection: &mut SqliteConnection,
    period: Period,
    known: &Reached,
) -> Result<bool, LedgerError> {
    let (count, head) = known.last();
    if count == 0 {
        return Ok(true);
    }
    let statement = "SELECT hash FROM commitments WHERE period = ? AND sequence = ?";
    let found: Option<Vec<u8>> = sqlx::query_scalar(statement)
        .bind(period.to_string())
        .bind(column::from_count("a sequence", count)?)
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some_and(|found| found == head.as_bytes()))
}

fn require_continued(last: &SignedCheckpoint, log: &str, key: &SigningKey) -> Result<(), LedgerError> {
    let invalid = |what, found, right| Err(LedgerError::Invalid { what, found, right });
    if last.checkpoint.log != log {
        return invalid("the name of a log", format!("{log:?}"), "the one that signed the period before");
    }
    if last.public_key != key.public_key() {
        let found = key.public_key().to_string();
        return invalid("the key of a checkpoint", found, "the one that signed the period before");
    }
    Ok(())
}

/// Goes through every commitment of a period.
pub(crate) async fn walk_all(
    connection: &mut SqliteConnection,
    period: Period,
    walk: &mut LogWalk,
) -> Result<(), LedgerError> {
    let row = column::Row { table: "commitments", key: period };
    loop {
        let statement =
            "SELECT hash FROM commitments WHERE period = ? AND sequence > ? ORDER BY sequence LIMIT ?";
        let page: Vec<Vec<u8>> = sqlx::query_scalar(statement)
            .bind(period.to_string())
            .bind(column::from_count("a sequence", walk.end().0)?)
            .bind(PAGE)
            .fetch_all(&mut *connection)
            .await?;
        if page.is_empty() {
            return Ok(());
        }
        for hash in page {
            walk.step(row.hash(&hash)?);
        }
    }
}

type Stored = (String, i64, Vec<u8>, Vec<u8>, Vec<u8>, i64, Vec<u8>, Vec<u8>);

/// Every checkpoint of a period, in the order of signing.
pub(crate) async fn read(
    connection: &mut SqliteConnection,
    period: Period,
) -> Result<Vec<SignedCheckpoint>, LedgerError> {
    let statement = "SELECT log, count, head, merkle_root, key_commitment, signed_at, public_key, signature
        FROM checkpoints WHERE period = ? ORDER BY number";
    let stored: Vec<Stored> =
        sqlx::query_as(statement).bind(period.to_string()).fetch_all(connection).await?;
    let row = column::Row { table: "checkpoints", key: period };
    let open = |stored: Stored| {
        let (log, count, head, merkle_root, key_commitment, signed_at, public_key, signature) = stored;
        let checkpoint = Checkpoint {
            log,
            period,
            count: row.count(count)?,
            head: row.hash(&head)?,
            merkle_root: row.hash(&merkle_root)?,
            key_commitment: row.hash(&key_commitment)?,
            signed_at: row.time(signed_at)?,
        };
        let (public_key, signature) = (PublicKey(row.bytes(&public_key)?), Signature(row.bytes(&signature)?));
        Ok(SignedCheckpoint { checkpoint, public_key, signature })
    };
    stored.into_iter().map(open).collect()
}

async fn insert(
    tx: &mut WriteTransaction,
    number: i64,
    signed: &SignedCheckpoint,
) -> Result<(), LedgerError> {
    let checkpoint = &signed.checkpoint;
    let hash = |hash: &Hash256| hash.as_bytes().to_vec();
    let statement = "INSERT INTO checkpoints
        (period, number, log, count, head, merkle_root, key_commitment, signed_at, public_key, signature)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sqlx::query(statement)
        .bind(checkpoint.period.to_string())
        .bind(number)
        .bind(checkpoint.log.as_str())
        .bind(column::from_count("a number of commitments", checkpoint.count)?)
        .bind(hash(&checkpoint.head))
        .bind(hash(&checkpoint.merkle_root))
        .bind(hash(&checkpoint.key_commitment))
        .bind(column::from_time(checkpoint.signed_at))
        .bind(signed.public_key.0.to_vec())
        .bind(signed.signature.0.to_vec())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

//! The checkpoints of the audit chain that the ledger keeps: signed, and read.

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use super::checkpoint::{AuditCheckpoint, SignedAuditCheckpoint};
use super::fault::AuditFault;
use super::walk::Walk;
use crate::{Ledger, LedgerError, PublicKey, Signature, SigningKey, column};

impl Ledger {
    /// Checks what was appended since the last checkpoint, signs how far the chain has come, and keeps the checkpoint. Clocks of two
    /// programs differ, and one that was wrong is set back: a checkpoint never has a time before the last one.
    ///
    /// # Errors
    /// [`LedgerError::Audit`] when the chain does not hold, so that nothing wrong is ever signed;
    /// [`LedgerError::Invalid`] for another log name or key than before.
    pub async fn append_audit_checkpoint(
        &self,
        log: &str,
        key: &SigningKey,
        at: DateTime<Utc>,
    ) -> Result<SignedAuditCheckpoint, LedgerError> {
        column::require_name("the name of a log", log)?;
        // What is signed is what reads back: times rest in microseconds.
        let signed_at = column::Row { table: "audit_checkpoints", key: "new" }.time(column::from_time(at))?;
        let mut tx = self.begin_write().await?;
        let last = read(&mut tx, true).await?.pop().transpose()?;
        let mut walk = match &last {
            None => Walk::default(),
            Some(last) => {
                require_continued(last, log, key)?;
                Walk::after(&mut tx, &last.checkpoint).await?
            }
        };
        walk.run(&mut tx, &[]).await??;
        let last = last.map(|last| last.checkpoint);
        let checkpoint = AuditCheckpoint {
            log: log.to_owned(),
            number: last.as_ref().map_or(0, |last| last.number) + 1,
            count: walk.count,
            head: walk.head,
            signed_at: last.map_or(signed_at, |last| signed_at.max(last.signed_at)),
        };
        let signature = key.sign(&checkpoint.to_bytes());
        let signed = SignedAuditCheckpoint { checkpoint, public_key: key.public_key(), signature };
        insert(&mut tx, &signed).await?;
        tx.commit().await?;
        Ok(signed)
    }

    /// Every checkpoint of the audit chain, in the order of signing.
    ///
    /// # Errors
    /// [`LedgerError::Audit`] for one that does not decode.
    pub async fn audit_checkpoints(&self) -> Result<Vec<SignedAuditCheckpoint>, LedgerError> {
        let all = read(&mut *self.pool().acquire().await?, false).await?;
        all.into_iter().map(|signed| signed.map_err(LedgerError::from)).collect()
    }
}

fn require_continued(last: &SignedAuditCheckpoint, log: &str, key: &SigningKey) -> Result<(), LedgerError> {
    let invalid = |what, found, right| Err(LedgerError::Invalid { what, found, right });
    if last.checkpoint.log != log {
        return invalid(
            "the name of a log",
            format!("{log:?}"),
            "the one that signed the audit chain before",
        );
    }
    if last.public_key != key.public_key() {
        let found = key.public_key().to_string();
        return invalid("the key of a checkpoint", found, "the one that signed the audit chain before");
    }
    if !last.is_signed_by(&key.public_key()) {
        let number = last.checkpoint.number as i64;
        return Err(AuditFault::Checkpoint { number, what: "its signature does not hold".to_owned() }.into());
    }
    Ok(())
}

type Stored = (i64, Vec<u8>, i64, Vec<u8>, i64, Vec<u8>, Vec<u8>);

/// Checkpoints in their order, or the last one only. One that does not decode is a fault, not an error.
pub(super) async fn read(
    connection: &mut SqliteConnection,
    only_last: bool,
) -> Result<Vec<Result<SignedAuditCheckpoint, AuditFault>>, LedgerError> {
    let statement = "SELECT number, CAST(log AS BLOB), count, head, signed_at, public_key, signature
        FROM audit_checkpoints
        WHERE ?1 = 0 OR number = (SELECT max(number) FROM audit_checkpoints) ORDER BY number";
    let stored: Vec<Stored> = sqlx::query_as(statement).bind(only_last).fetch_all(connection).await?;
    Ok(stored.into_iter().map(open).collect())
}

fn open(stored: Stored) -> Result<SignedAuditCheckpoint, AuditFault> {
    let (number, log, count, head, signed_at, public_key, signature) = stored;
    let row = column::Row { table: "audit_checkpoints", key: number };
    let open = || -> Result<SignedAuditCheckpoint, LedgerError> {
        let checkpoint = AuditCheckpoint {
            log: String::from_utf8(log).map_err(|error| row.damaged(error.to_string()))?,
            number: row.count(number)?,
            count: row.count(count)?,
            head: row.hash(&head)?,
            signed_at: row.time(signed_at)?,
        };
        let (public_key, signature) = (PublicKey(row.bytes(&public_key)?), Signature(row.bytes(&signature)?));
        Ok(SignedAuditCheckpoint { checkpoint, public_key, signature })
    };
    open().map_err(|error| AuditFault::Checkpoint { number, what: error.to_string() })
}

async fn insert(
    connection: &mut SqliteConnection,
    signed: &SignedAuditCheckpoint,
) -> Result<(), LedgerError> {
    let checkpoint = &signed.checkpoint;
    let statement =
        "INSERT INTO audit_checkpoints (number, log, count, head, signed_at, public_key, signature)
        VALUES (?, ?, ?, ?, ?, ?, ?)";
    sqlx::query(statement)
        .bind(column::from_count("the number of a checkpoint", checkpoint.number)?)
        .bind(checkpoint.log.as_str())
        .bind(column::from_count("a number of entries", checkpoint.count)?)
        .bind(checkpoint.head.as_bytes().as_slice())
        .bind(column::from_time(checkpoint.signed_at))
        .bind(signed.public_key.0.as_slice())
        .bind(signed.signature.0.as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

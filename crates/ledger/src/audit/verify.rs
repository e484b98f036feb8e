//! Verification of the audit chain: every hash again, every checkpoint, and the guards of the file.

use std::collections::BTreeMap;

use sqlx::SqliteConnection;

use super::checkpoint::{AuditCheckpoint, SignedAuditCheckpoint};
use super::checkpoint_log;
use super::fault::AuditFault;
use super::walk::Walk;
use crate::migrate::{self, Difference};
use crate::{Hash256, Ledger, LedgerError, PublicKey, column};

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditVerified {
    /// Entries that follow one another from the first; all of them when there is no fault.
    pub entries: u64,
    /// Hash of the last of them.
    pub head: Hash256,
    /// Checkpoints that hold, in the ledger and of those given.
    pub checkpoints: u64,
    /// Entries up to the newest of these checkpoints: what comes after could be cut without a trace.
    pub signed: u64,
    /// What is wrong, the first place in the chain first. Nothing when all holds.
    pub faults: Vec<AuditFault>,
}

impl Ledger {
    /// Verifies the audit chain against its checkpoints and those that the caller has kept, all signed by `key`: one
    /// state of the file, while others go on writing.
    ///
    /// # Errors
    /// [`LedgerError::Database`] when the file cannot be read at all. What was tampered with is no error.
    pub async fn verify_audit(
        &self,
        key: &PublicKey,
        kept: &[SignedAuditCheckpoint],
    ) -> Result<AuditVerified, LedgerError> {
        let mut tx = self.pool().begin().await?;
        let (signed, checkpoint_faults) = sound_checkpoints(&mut tx, key, kept).await?;
        let mut walk = Walk::default();
        let mut faults = Vec::new();
        if let Err(fault) = walk.run(&mut tx, &signed).await? {
            faults.push(fault);
        } else {
            faults.extend(subjects_of_nothing(&mut tx, walk.count).await?);
            faults.extend(walk.compare(&signed));
        }
        faults.extend(checkpoint_faults);
        faults.extend(shortened(&mut tx).await?);
        faults.extend(schema(&mut tx).await?);
        faults.extend(file(&mut tx).await?);
        Ok(AuditVerified {
            entries: walk.count,
            head: walk.head,
            checkpoints: signed.len() as u64,
            signed: signed.iter().map(|signed| signed.count).max().unwrap_or_default(),
            faults,
        })
    }
}

/// A subject whose entry does not exist.
async fn subjects_of_nothing(
    connection: &mut SqliteConnection,
    count: u64,
) -> Result<Option<AuditFault>, LedgerError> {
    let statement = "SELECT min(sequence) FROM audit_subject WHERE sequence < 1 OR sequence > ?";
    let sequence: Option<i64> = sqlx::query_scalar(statement)
        .bind(column::from_count("a sequence", count)?)
        .fetch_one(connection)
        .await?;
    Ok(sequence.map(|sequence| AuditFault::Subjects { sequence }))
}

/// Checkpoints of the ledger and of the caller that the key signed, and what is wrong with the others.
async fn sound_checkpoints(
    connection: &mut SqliteConnection,
    key: &PublicKey,
    kept: &[SignedAuditCheckpoint],
) -> Result<(Vec<AuditCheckpoint>, Vec<AuditFault>), LedgerError> {
    let (mut sound, mut faults) = (Vec::new(), Vec::new());
    let mut stored = BTreeMap::new();
    for (expected, signed) in (1..).zip(checkpoint_log::read(connection, false).await?) {
        match signed.and_then(|signed| is_sound(signed, key)) {
            Ok(signed) if signed.number == expected => {
                stored.insert(signed.number, signed);
            }
            Ok(_) => {
                faults.push(AuditFault::CheckpointMissing { number: expected });
                break;
            }
            Err(fault) => faults.push(fault),
        }
    }
    for signed in kept {
        match is_sound(signed.clone(), key) {
            Ok(signed) => {
                match stored.get(&signed.number) {
                    None => faults.push(AuditFault::CheckpointMissing { number: signed.number }),
                    Some(other) if *other != signed => {
                        let what = "the one that was kept elsewhere is another".to_owned();
                        faults.push(AuditFault::Checkpoint { number: signed.number as i64, what });
                    }
                    Some(_) => {}
                }
                sound.push(signed);
            }
            Err(fault) => faults.push(fault),
        }
    }
    sound.extend(stored.into_values());
    sound.sort_by_key(|checkpoint| (checkpoint.number, checkpoint.count));
    sound.dedup();
    faults.extend(sound.windows(2).find_map(|pair| falls(&pair[0], &pair[1])));
    Ok((sound, faults))
}

fn is_sound(signed: SignedAuditCheckpoint, key: &PublicKey) -> Result<AuditCheckpoint, AuditFault> {
    if signed.is_signed_by(key) {
        return Ok(signed.checkpoint);
    }
    let what = format!("the key {key} has not signed it");
    Err(AuditFault::Checkpoint { number: signed.checkpoint.number as i64, what })
}

fn falls(before: &AuditCheckpoint, after: &AuditCheckpoint) -> Option<AuditFault> {
    let fault =
        |what: &str| Some(AuditFault::Checkpoint { number: after.number as i64, what: what.to_owned() });
    if before.log != after.log {
        return fault("it is one of another log");
    }
    if after.count < before.count || after.signed_at < before.signed_at {
        return fault("it goes back behind the one before");
    }
    None
}

/// Rows that were cut off at the end by somebody who did not think of the counter that the file keeps.
async fn shortened(connection: &mut SqliteConnection) -> Result<Vec<AuditFault>, LedgerError> {
    let statement = "SELECT
        (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'audit'),
        (SELECT coalesce(max(sequence), 0) FROM audit),
        (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'audit_checkpoints'),
        (SELECT coalesce(max(number), 0) FROM audit_checkpoints)";
    let (reached, found, signed, kept): (i64, i64, i64, i64) =
        sqlx::query_as(statement).fetch_one(connection).await?;
    let pairs = [("audit", reached, found), ("audit_checkpoints", signed, kept)];
    let differing = pairs.into_iter().filter(|(_, reached, found)| reached != found);
    Ok(differing.map(|(table, reached, found)| AuditFault::Shortened { table, reached, found }).collect())
}

/// What differs between the schema of this file, which guards the chain, and the one that this program makes.
async fn schema(connection: &mut SqliteConnection) -> Result<Vec<AuditFault>, LedgerError> {
    let differing = migrate::differences(connection).await?.into_iter();
    Ok(differing.map(|Difference { object, what }| AuditFault::Schema { object, what }).collect())
}

/// What `SQLite` itself finds: pages, constraints, and indexes that do not fit their tables.
async fn file(connection: &mut SqliteConnection) -> Result<Vec<AuditFault>, LedgerError> {
    let mut faults = Vec::new();
    for statement in [
        "PRAGMA integrity_check('audit')",
        "PRAGMA integrity_check('audit_subject')",
        "PRAGMA integrity_check('audit_checkpoints')",
    ] {
        match sqlx::query_scalar::<_, String>(statement).fetch_all(&mut *connection).await {
            Ok(said) => faults.extend(said.into_iter().filter(|line| line != "ok").map(file_fault)),
            // It stops at what it cannot compute, such as a column of a content that is no JSON.
            Err(sqlx::Error::Database(error)) => faults.push(file_fault(error.to_string())),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(faults)
}

fn file_fault(what: String) -> AuditFault {
    AuditFault::File { what }
}

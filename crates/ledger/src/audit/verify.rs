//! Verification of the audit chain: every hash again, every checkpoint, and the guards of the file.

use std::collections::BTreeMap;

use sqlx::SqliteConnection;

use super::checkpoint::{self, AuditCheckpoint, SignedAuditCheckpoint};
use super::fault::AuditFault;
use super::{content, first_hash};
use crate::migrate::{self, Difference};
use crate::{Hash256, Ledger, LedgerError, PublicKey, column};

/// Entries held in memory at once.
const PAGE: i64 = 1_024;

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

/// The chain as it is found, from its beginning or a checkpoint on.
pub(super) struct Walk {
    /// Entries that hold.
    pub(super) count: u64,
    /// Hash of the last of them.
    pub(super) head: Hash256,
    /// Hash after each number of entries that a checkpoint asks for.
    marks: BTreeMap<u64, Hash256>,
}

impl Default for Walk {
    fn default() -> Self {
        Self { count: 0, head: first_hash(), marks: BTreeMap::new() }
    }
}

impl Walk {
    /// Goes on where a checkpoint was signed, if the chain still has that head there.
    pub(super) async fn after(
        connection: &mut SqliteConnection,
        checkpoint: &AuditCheckpoint,
    ) -> Result<Self, LedgerError> {
        let AuditCheckpoint { number, count, head, .. } = *checkpoint;
        if count == 0 {
            return Ok(Self::default());
        }
        let (found, _) = super::append::end(connection).await?;
        if found < count {
            return Err(AuditFault::Truncated { signed: count, found }.into());
        }
        let statement = "SELECT hash FROM audit WHERE sequence = ?";
        let hash: Option<Vec<u8>> = sqlx::query_scalar(statement)
            .bind(column::from_count("a sequence", count)?)
            .fetch_optional(connection)
            .await?;
        if hash.as_deref() != Some(head.as_bytes().as_slice()) {
            return Err(AuditFault::Rewritten { number, count }.into());
        }
        Ok(Self { count, head, marks: BTreeMap::new() })
    }

    /// Walks to the end of the chain or to its first fault, and remembers the heads that the checkpoints ask for.
    pub(super) async fn run(
        &mut self,
        connection: &mut SqliteConnection,
        checkpoints: &[AuditCheckpoint],
    ) -> Result<Result<(), AuditFault>, LedgerError> {
        let mut wanted: Vec<u64> = checkpoints.iter().map(|checkpoint| checkpoint.count).collect();
        wanted.sort_unstable();
        self.mark(&wanted);
        // Sequences below 1 are found too, since the first page begins below them all.
        let mut after =
            if self.count == 0 { i64::MIN } else { column::from_count("a sequence", self.count)? };
        loop {
            let statement = "SELECT sequence, CAST(content AS BLOB), hash FROM audit WHERE sequence > ?
                ORDER BY sequence LIMIT ?";
            let page: Vec<(i64, Vec<u8>, Vec<u8>)> =
                sqlx::query_as(statement).bind(after).bind(PAGE).fetch_all(&mut *connection).await?;
            let (Some(first), Some(last)) = (page.first(), page.last()) else { return Ok(Ok(())) };
            let mut subjects = subjects(connection, first.0, last.0).await?;
            after = last.0;
            for (sequence, json, hash) in page {
                let subjects = subjects.remove(&sequence).unwrap_or_default();
                if let Err(fault) = self.step(sequence, &json, &hash, &subjects) {
                    return Ok(Err(fault));
                }
                self.mark(&wanted);
            }
        }
    }

    fn step(&mut self, found: i64, json: &[u8], hash: &[u8], subjects: &[Vec<u8>]) -> Result<(), AuditFault> {
        let sequence = self.count + 1;
        if u64::try_from(found) != Ok(sequence) {
            return Err(AuditFault::Missing { expected: sequence, found });
        }
        let head = content::hash(self.head, json);
        if hash != head.as_bytes() {
            return Err(AuditFault::Altered { sequence });
        }
        let (said, entry) =
            content::from_json(json).map_err(|what| AuditFault::Malformed { sequence, what })?;
        if said != sequence {
            let what = format!("it says that its sequence is {said}");
            return Err(AuditFault::Malformed { sequence, what });
        }
        if !entry.subjects.iter().map(String::as_bytes).eq(subjects.iter().map(Vec::as_slice)) {
            return Err(AuditFault::Subjects { sequence: found });
        }
        (self.count, self.head) = (sequence, head);
        Ok(())
    }

    fn mark(&mut self, wanted: &[u64]) {
        if wanted.binary_search(&self.count).is_ok() {
            self.marks.insert(self.count, self.head);
        }
    }

    /// Compares a whole walk with the checkpoints that it was run with.
    fn compare(&self, checkpoints: &[AuditCheckpoint]) -> Option<AuditFault> {
        checkpoints.iter().find_map(|checkpoint| {
            let AuditCheckpoint { number, count, head, .. } = *checkpoint;
            match self.marks.get(&count) {
                None => Some(AuditFault::Truncated { signed: count, found: self.count }),
                Some(found) if *found != head => Some(AuditFault::Rewritten { number, count }),
                Some(_) => None,
            }
        })
    }
}

/// Subjects of entries by sequence, each in the order of its bytes. Keys are read as bytes: they may be anything.
async fn subjects(
    connection: &mut SqliteConnection,
    first: i64,
    last: i64,
) -> Result<BTreeMap<i64, Vec<Vec<u8>>>, LedgerError> {
    let statement = "SELECT sequence, CAST(key AS BLOB) FROM audit_subject
        WHERE sequence BETWEEN ? AND ? ORDER BY sequence, key";
    let rows: Vec<(i64, Vec<u8>)> =
        sqlx::query_as(statement).bind(first).bind(last).fetch_all(connection).await?;
    let mut subjects: BTreeMap<i64, Vec<Vec<u8>>> = BTreeMap::new();
    for (sequence, key) in rows {
        subjects.entry(sequence).or_default().push(key);
    }
    Ok(subjects)
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
    for (expected, signed) in (1..).zip(checkpoint::read(connection, false).await?) {
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

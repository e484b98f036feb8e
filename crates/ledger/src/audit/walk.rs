//! A walk along the audit chain: every hash again, and the subjects of every entry.

use std::collections::BTreeMap;

use sqlx::SqliteConnection;

use super::checkpoint::AuditCheckpoint;
use super::content;
use super::fault::AuditFault;
use crate::{Hash256, LedgerError, column};

/// Entries held in memory at once.
const PAGE: i64 = 1_024;

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
        Self { count: 0, head: content::first_hash(), marks: BTreeMap::new() }
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
    pub(super) fn compare(&self, checkpoints: &[AuditCheckpoint]) -> Option<AuditFault> {
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

//! Proofs about the log of a period that show nothing of its content: that a commitment is in it, that it only grew.

use serde::{Deserialize, Serialize};

use crate::{Hash256, Ledger, LedgerError, Period, column, merkle};

/// What shows a trader that the commitment about its consignment is in a log whose checkpoint it has seen. It gives
/// away neither p nor the draw, so that it may be handed out while the period is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InclusionProof {
    /// Sequence of the commitment.
    pub sequence: u64,
    /// Hash of the commitment.
    pub hash: Hash256,
    /// Commitments in the log.
    pub count: u64,
    /// The path to the root, the lowest first (RFC 9162 section 2.1.3).
    pub path: Vec<Hash256>,
}

impl InclusionProof {
    /// Whether it holds for the root of a signed checkpoint of the same count.
    pub fn holds(&self, merkle_root: Hash256) -> bool {
        let leaf = merkle::leaf(self.hash.as_bytes());
        let index = self.sequence.checked_sub(1);
        index.is_some_and(|index| merkle::verify_inclusion(leaf, index, self.count, &self.path, merkle_root))
    }
}

impl Ledger {
    /// The proof that a commitment is in the log as it was at a checkpoint of `count` commitments.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`] for a log that is shorter, or a commitment beyond it.
    pub async fn prove_inclusion(
        &self,
        period: Period,
        sequence: u64,
        count: u64,
    ) -> Result<InclusionProof, LedgerError> {
        let hashes = self.hashes(period, count).await?;
        let leaves = leaves(&hashes);
        let index = sequence.checked_sub(1).and_then(|index| usize::try_from(index).ok());
        let found =
            index.and_then(|index| Some((hashes.get(index)?, merkle::inclusion_proof(&leaves, index)?)));
        let unknown = || LedgerError::Unknown { what: "commitment", key: format!("{period}/{sequence}") };
        let (hash, path) = found.ok_or_else(unknown)?;
        Ok(InclusionProof { sequence, hash: *hash, count, path })
    }

    /// The proof that the log at `new` commitments begins with the log at `old`, to be checked with
    /// [`merkle::verify_consistency`] by somebody who has seen both checkpoints and no row.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`] for a log that is shorter; [`LedgerError::Invalid`] for an `old` of 0, with which every
    /// log begins, or beyond `new`.
    pub async fn prove_growth(
        &self,
        period: Period,
        old: u64,
        new: u64,
    ) -> Result<Vec<Hash256>, LedgerError> {
        let leaves = leaves(&self.hashes(period, new).await?);
        let proof = usize::try_from(old).ok().and_then(|old| merkle::consistency_proof(&leaves, old));
        proof.ok_or_else(|| LedgerError::Invalid {
            what: "the length of the log before",
            found: old.to_string(),
            right: "between 1 and the length after",
        })
    }

    async fn hashes(&self, period: Period, count: u64) -> Result<Vec<Hash256>, LedgerError> {
        let statement = "SELECT hash FROM commitments WHERE period = ? AND sequence <= ? ORDER BY sequence";
        let stored: Vec<Vec<u8>> = sqlx::query_scalar(statement)
            .bind(period.to_string())
            .bind(column::from_count("a number of commitments", count)?)
            .fetch_all(self.pool())
            .await?;
        if (stored.len() as u64) < count {
            return Err(LedgerError::Unknown { what: "commitment", key: format!("{period}/{count}") });
        }
        let row = column::Row { table: "commitments", key: period };
        stored.iter().map(|hash| row.hash(hash)).collect()
    }
}

fn leaves(hashes: &[Hash256]) -> Vec<Hash256> {
    hashes.iter().map(|hash| merkle::leaf(hash.as_bytes())).collect()
}

//! Walks a period's chain of commitments, recomputes every hash and says where it breaks.

use std::collections::BTreeMap;

use crate::{ChainHead, Commitment, Hash256, Ledger, LedgerError, Period, PolicyStateVersion};

/// Commitments held in memory at once.
const PAGE: u32 = 4096;

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainVerdict {
    /// Every hash follows from the stored fields, and the published head, if one was given, lies on the chain.
    Intact(ChainHead),
    /// Something was changed.
    Broken(ChainBreak),
}

/// The first place at which a chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainBreak {
    /// A sequence number is missing: a commitment was deleted.
    #[error("commitment {expected} is missing; {found} stands in its place")]
    Gap {
        /// The sequence that should come.
        expected: u64,
        /// The sequence that came.
        found: u64,
    },
    /// A commitment does not name the hash of the one before it: some were moved, inserted or dropped, or the
    /// period's key was replaced.
    #[error("commitment {sequence} does not follow the one before it")]
    Unlinked {
        /// Where.
        sequence: u64,
    },
    /// The fields of a commitment, or the policy state it names, do not give its hash.
    #[error("commitment {sequence} was altered: its fields or its policy state do not give its hash")]
    Altered {
        /// Where.
        sequence: u64,
    },
    /// The chain is shorter than the published head.
    #[error("the chain ends at commitment {found}, but {published} were published")]
    Truncated {
        /// Commitments in the published head.
        published: u64,
        /// Commitments in the ledger.
        found: u64,
    },
    /// The chain is sound, but is not the one whose head was published.
    #[error("the chain up to commitment {count} is not the published one: it was written again")]
    Rewritten {
        /// Commitments in the published head.
        count: u64,
    },
}

impl Ledger {
    /// Verifies the commitments of a period. A chain alone cannot show that its end was cut off or that all of it
    /// was written again, so an auditor gives the head that was `published` earlier; the chain may have grown since.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`] for a period without key or a policy state that is gone; [`LedgerError::Damaged`] for
    /// a row that does not decode.
    pub async fn verify_commitments(
        &self,
        period: Period,
        published: Option<ChainHead>,
    ) -> Result<ChainVerdict, LedgerError> {
        let mut head = self.period_key(period).await?.chain_start();
        let mut states = BTreeMap::new();
        let mut seen = published.filter(|published| published.count == 0).map(|_| head.hash);
        loop {
            let page = self.commitments(period, head.count, PAGE).await?;
            if page.is_empty() {
                break;
            }
            for commitment in &page {
                let state = self.state_hash(&mut states, commitment.content.policy_state).await?;
                head = match next(head, commitment, state) {
                    Ok(next) => next,
                    Err(broken) => return Ok(ChainVerdict::Broken(broken)),
                };
                if published.is_some_and(|published| published.count == head.count) {
                    seen = Some(head.hash);
                }
            }
        }
        Ok(match (published, seen) {
            (Some(published), None) => {
                ChainVerdict::Broken(ChainBreak::Truncated { published: published.count, found: head.count })
            }
            (Some(published), Some(hash)) if hash != published.hash => {
                ChainVerdict::Broken(ChainBreak::Rewritten { count: published.count })
            }
            _ => ChainVerdict::Intact(head),
        })
    }

    async fn state_hash(
        &self,
        states: &mut BTreeMap<PolicyStateVersion, Hash256>,
        version: PolicyStateVersion,
    ) -> Result<Hash256, LedgerError> {
        if let Some(hash) = states.get(&version) {
            return Ok(*hash);
        }
        let hash = self.policy_state(version).await?.sha256;
        states.insert(version, hash);
        Ok(hash)
    }
}

/// The head after `commitment`, if it stands rightly behind `head`.
fn next(head: ChainHead, commitment: &Commitment, state: Hash256) -> Result<ChainHead, ChainBreak> {
    let sequence = commitment.sequence;
    let next = head.followed_by(commitment.period, &commitment.content, state);
    if sequence != next.count {
        return Err(ChainBreak::Gap { expected: next.count, found: sequence });
    }
    if commitment.previous != head.hash {
        return Err(ChainBreak::Unlinked { sequence });
    }
    if commitment.hash != next.hash {
        return Err(ChainBreak::Altered { sequence });
    }
    Ok(next)
}

//! The hash chain over a period's commitments.
//!
//! The hash of a commitment covers the hash before it, so nothing can be edited, dropped, inserted or moved without
//! changing every later hash; the first follows a hash of the period's key, so the key is fixed as well. The hash
//! also covers the content of the policy state, not its version alone, which would allow the state to be swapped.

use crate::hash::FieldHasher;
use crate::period_key::StoredPeriodKey;
use crate::{Hash256, NewCommitment, Period};

/// The end of a period's chain. Whoever keeps one can later prove that nothing up to it was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainHead {
    /// Number of commitments.
    pub count: u64,
    /// Hash of the last one, or the period's first hash when there is none.
    pub hash: Hash256,
}

impl ChainHead {
    /// The end of an empty chain: a hash over the period and the commitment to its key.
    pub(crate) fn empty(key: &StoredPeriodKey) -> Self {
        let hash = FieldHasher::new("tidegate/commitment-chain/v1")
            .field(key.period.to_string().as_bytes())
            .field(key.key.commitment(key.period).as_bytes())
            .finish();
        Self { count: 0, hash }
    }

    /// The end after `content`, whose policy state has the content hash `state`.
    pub(crate) fn followed_by(self, period: Period, content: &NewCommitment, state: Hash256) -> Self {
        let count = self.count + 1;
        let hash = FieldHasher::new("tidegate/commitment/v1")
            .field(period.to_string().as_bytes())
            .field(&count.to_be_bytes())
            .field(self.hash.as_bytes())
            .field(content.root.as_bytes())
            .field(&content.p_parts)
            .field(&content.policy_state.0.to_be_bytes())
            .field(state.as_bytes())
            .field(content.bundle.as_bytes())
            .field(&content.salt)
            .finish();
        Self { count, hash }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::{PeriodKey, PolicyStateVersion};

    /// Computed with Python's hashlib from the description of the layout, not by this code.
    #[test]
    fn hashes_are_the_documented_ones() {
        let period = "2026-11".parse().unwrap();
        let key = PeriodKey::new([7; 32]);
        let key = StoredPeriodKey { period, key, created_at: DateTime::UNIX_EPOCH, revealed_at: None };
        let content = NewCommitment {
            root: "consignee/house-1".to_owned(),
            p_parts: br#"{"p":0.25}"#.to_vec(),
            policy_state: PolicyStateVersion(3),
            bundle: Hash256::new([9; 32]),
            salt: [5; 32],
        };
        let empty = ChainHead::empty(&key);
        let first = empty.followed_by(period, &content, Hash256::of(br#"{"floor":0.01}"#));
        assert_eq!(
            empty.hash.to_string(),
            "51ae2ec62a6647a4204b32ad098b106bba563d430d874a36835ddd9c1675eb02"
        );
        assert_eq!(
            first.hash.to_string(),
            "f91a671346c387c130aa5ca0986d525a0317da2b8c09c576609fd7b632476da1"
        );
        assert_eq!((empty.count, first.count), (0, 1));
    }
}

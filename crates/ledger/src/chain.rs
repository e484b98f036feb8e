//! The hash chain over a period's commitments.
//!
//! The hash of a commitment covers the hash before it, so nothing can be edited, dropped, inserted or moved without
//! changing every later hash; the first follows a hash of the period's key and of where it comes from, so those are
//! fixed as well. The hash also covers the content of the policy state, not its version alone, which would allow the
//! state to be swapped.

use crate::hash::FieldHasher;
use crate::{Hash256, KeyOrigin, NewCommitment, Period};

/// The end of a period's chain. Whoever keeps one can later prove that nothing up to it was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainHead {
    /// Number of commitments.
    pub count: u64,
    /// Hash of the last one, or the period's first hash when there is none.
    pub hash: Hash256,
}

impl ChainHead {
    /// The end of an empty chain: a hash over the period, the commitment to its key and all that is public of where
    /// the key comes from.
    pub(crate) fn empty(period: Period, key_commitment: Hash256, origin: &KeyOrigin) -> Self {
        let [first, second] = origin.share_commitments;
        let hash = FieldHasher::new("tidegate/commitment-chain/v2")
            .field(period.to_string().as_bytes())
            .field(first.as_bytes())
            .field(second.as_bytes())
            .field(origin.custody.code().as_bytes())
            .field(origin.public_source.as_deref().unwrap_or_default().as_bytes())
            .field(origin.public_value.as_deref().unwrap_or_default())
            .field(key_commitment.as_bytes())
            .finish();
        Self { count: 0, hash }
    }

    /// The end after `content`, whose policy state has the content hash `state`. Slots taken stand in it where there are
    /// some: logs from before they were committed to keep their hashes.
    pub(crate) fn followed_by(self, period: Period, content: &NewCommitment, state: Hash256) -> Self {
        let count = self.count + 1;
        let has_taken = content.slots_taken > 0;
        let tag = if has_taken { "tidegate/commitment/v3" } else { "tidegate/commitment/v2" };
        let mut hash = FieldHasher::new(tag)
            .field(period.to_string().as_bytes())
            .field(&count.to_be_bytes())
            .field(self.hash.as_bytes())
            .field(content.root.as_bytes())
            .field(&content.version.to_be_bytes())
            .field(content.office.as_bytes())
            .field(content.day.to_string().as_bytes())
            .field(&content.close.to_be_bytes())
            .field(&content.list_number.to_be_bytes())
            .field(&u64::from(content.list_rows).to_be_bytes())
            .field(&u64::from(content.waiting).to_be_bytes());
        if has_taken {
            hash = hash.field(&u64::from(content.slots_taken).to_be_bytes());
        }
        let hash = hash
            .field(content.least_lane.code().as_bytes())
            .field(&content.parts.to_bytes())
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
    use super::*;
    use crate::{Custody, DrawParts, Lane, PolicyStateVersion};

    /// Computed with Python's hashlib from the description of the layout, not by this code.
    #[test]
    fn hashes_are_the_documented_ones() {
        let period = "2026-11".parse().unwrap();
        let origin = KeyOrigin {
            share_commitments: [Hash256::new([1; 32]), Hash256::new([2; 32])],
            custody: Custody::TwoPersons,
            public_source: Some("drand 12".to_owned()),
            public_value: Some(b"beacon".to_vec()),
        };
        let parts = DrawParts {
            mandatory: false,
            guaranteed: 0.125,
            floor: 0.01,
            multiplier: 1.0,
            exploration: 0.02,
            ramp: 0.5,
            probability: 0.625,
        };
        let content = NewCommitment {
            root: "root-1".to_owned(),
            version: 2,
            office: "KR-020".to_owned(),
            day: "2026-11-24".parse().unwrap(),
            close: 4,
            list_number: 30,
            list_rows: 12,
            waiting: 2,
            slots_taken: 0,
            least_lane: Lane::Yellow,
            parts,
            policy_state: PolicyStateVersion(3),
            bundle: Hash256::new([9; 32]),
            salt: [5; 32],
        };
        let empty = ChainHead::empty(period, Hash256::new([7; 32]), &origin);
        let first = empty.followed_by(period, &content, Hash256::of(br#"{"floor":0.01}"#));
        assert_eq!(
            empty.hash.to_string(),
            "6e7b648e14669f2215c1492dff67d81c26b98ed7bb26e59a3f1dbff61d10b3a9"
        );
        assert_eq!(
            first.hash.to_string(),
            "43882908e3f3f3aa8a84ed2f4cf534bbfebb5889f9a1214b02f31db5daa50172"
        );
        assert_eq!((empty.count, first.count), (0, 1));
    }
}

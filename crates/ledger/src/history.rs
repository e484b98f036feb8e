//! What checkpoints prove: of each other, and of a log that claims to be the one they were taken from.

use std::collections::BTreeMap;

use crate::{Hash256, PublicKey, SignedCheckpoint, merkle};

/// What a checkpoint proves to be wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryFault {
    /// The key in question did not sign it.
    #[error("the checkpoint of {count} commitments is forged: the key {key} has not signed it")]
    Forged {
        /// Commitments in it.
        count: u64,
        /// The key.
        key: PublicKey,
    },
    /// It is one of another log, period or key of the draws.
    #[error("the checkpoint of {count} commitments is one of another log, period or period key")]
    OtherLog {
        /// Commitments in it.
        count: u64,
    },
    /// A later checkpoint has fewer commitments.
    #[error("the log was rolled back: {before} commitments were signed first, and {after} later")]
    RolledBack {
        /// Commitments signed first.
        before: u64,
        /// Commitments signed later.
        after: u64,
    },
    /// Two histories were signed, or the log is not the one that was signed.
    #[error("the log was forked: it is not the one whose {count} commitments were signed")]
    Forked {
        /// Commitments in the checkpoint.
        count: u64,
    },
    /// The log is shorter than what was signed.
    #[error("the log is cut: {signed} commitments were signed, and it holds {found}")]
    Truncated {
        /// Commitments in the checkpoint.
        signed: u64,
        /// Commitments in the log.
        found: u64,
    },
}

/// Checks checkpoints of one period against a public key and against each other, without the log. Two checkpoints of
/// different length can still belong to two histories: that takes the log, or a consistency proof.
///
/// # Errors
/// The first fault in the order of signing.
pub fn check_checkpoints(key: &PublicKey, checkpoints: &[SignedCheckpoint]) -> Result<(), HistoryFault> {
    for signed in checkpoints {
        if !signed.is_signed_by(key) {
            return Err(HistoryFault::Forged { count: signed.checkpoint.count, key: *key });
        }
    }
    let mut ordered: Vec<_> = checkpoints.iter().map(|signed| &signed.checkpoint).collect();
    ordered.sort_by_key(|checkpoint| (checkpoint.signed_at, checkpoint.count));
    for pair in ordered.windows(2) {
        let (before, after) = (pair[0], pair[1]);
        let log = |c: &crate::Checkpoint| (c.log.clone(), c.period, c.key_commitment);
        if log(before) != log(after) {
            return Err(HistoryFault::OtherLog { count: after.count });
        }
        if after.count < before.count {
            return Err(HistoryFault::RolledBack { before: before.count, after: after.count });
        }
        if after.count == before.count && (after.head, after.merkle_root) != (before.head, before.merkle_root)
        {
            return Err(HistoryFault::Forked { count: after.count });
        }
    }
    Ok(())
}

/// A log as it is found: head of the chain and root of the tree wherever a checkpoint asks for them.
#[derive(Debug)]
pub(crate) struct LogWalk {
    tree: merkle::MerkleTree,
    count: u64,
    head: Hash256,
    /// Head and root after each number of commitments that was asked for.
    marks: BTreeMap<u64, (Hash256, Hash256)>,
    wanted: Vec<u64>,
}

/// A place in a log with the tree up to it.
#[derive(Debug)]
pub(crate) struct Reached {
    tree: merkle::MerkleTree,
    count: u64,
    head: Hash256,
}

impl Reached {
    /// Whether a checkpoint was taken at this place.
    pub(crate) fn is_at(&self, checkpoint: &crate::Checkpoint) -> bool {
        (checkpoint.count, checkpoint.head, checkpoint.merkle_root)
            == (self.count, self.head, self.tree.root())
    }

    /// Sequence and hash of the last commitment before the place.
    pub(crate) fn last(&self) -> (u64, Hash256) {
        (self.count, self.head)
    }
}

impl LogWalk {
    /// Begins at a chain's first hash, to be compared with these checkpoints.
    pub(crate) fn new(start: Hash256, checkpoints: &[SignedCheckpoint]) -> Self {
        let mut wanted: Vec<u64> = checkpoints.iter().map(|signed| signed.checkpoint.count).collect();
        wanted.sort_unstable_by(|a, b| b.cmp(a));
        let (tree, marks) = (merkle::MerkleTree::default(), BTreeMap::new());
        let mut walk = Self { tree, count: 0, head: start, marks, wanted };
        walk.mark();
        walk
    }

    /// Goes on to the next commitment, which has this hash.
    pub(crate) fn step(&mut self, hash: Hash256) {
        self.tree.push(merkle::leaf(hash.as_bytes()));
        (self.count, self.head) = (self.count + 1, hash);
        self.mark();
    }

    fn mark(&mut self) {
        while self.wanted.last().is_some_and(|count| *count == self.count) {
            self.wanted.pop();
            self.marks.insert(self.count, (self.head, self.tree.root()));
        }
    }

    /// The place that the walk has come to, to go on from when more is appended.
    pub(crate) fn reached(self) -> Reached {
        Reached { tree: self.tree, count: self.count, head: self.head }
    }

    /// Goes on from a place that an earlier walk came to, to be compared with the checkpoint taken there.
    pub(crate) fn from(Reached { tree, count, head }: Reached) -> Self {
        let mut walk = Self { tree, count, head, marks: BTreeMap::new(), wanted: vec![count] };
        walk.mark();
        walk
    }

    /// Number of commitments, end of the chain, root of the tree.
    pub(crate) fn end(&self) -> (u64, Hash256, Hash256) {
        (self.count, self.head, self.tree.root())
    }

    /// Compares the whole walk with the checkpoints it was begun with.
    pub(crate) fn check(
        &self,
        key_commitment: Hash256,
        checkpoints: &[SignedCheckpoint],
    ) -> Result<(), HistoryFault> {
        for signed in checkpoints {
            let checkpoint = &signed.checkpoint;
            let count = checkpoint.count;
            if checkpoint.key_commitment != key_commitment {
                return Err(HistoryFault::OtherLog { count });
            }
            match self.marks.get(&count) {
                None => return Err(HistoryFault::Truncated { signed: count, found: self.count }),
                Some(found) if *found != (checkpoint.head, checkpoint.merkle_root) => {
                    return Err(HistoryFault::Forked { count });
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

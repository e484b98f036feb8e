//! Merkle trees over a log (RFC 6962 section 2.1, RFC 9162 section 2.1): SHA-256, a zero byte before a leaf, a one
//! before a node, so that neither can pass for the other. Proofs are lists of hashes, the lowest first.

use sha2::{Digest as _, Sha256};

use crate::Hash256;

/// Hash of a leaf: SHA-256(0x00, data).
pub fn leaf(data: &[u8]) -> Hash256 {
    Hash256::new(Sha256::new().chain_update([0]).chain_update(data).finalize().into())
}

fn node(left: Hash256, right: Hash256) -> Hash256 {
    let hash = Sha256::new().chain_update([1]).chain_update(left.as_bytes()).chain_update(right.as_bytes());
    Hash256::new(hash.finalize().into())
}

/// A tree that grows at its end, held as the roots of its full subtrees; its root is known at any size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MerkleTree {
    size: u64,
    /// Roots of the full subtrees, the greatest first; one for each bit set in `size`.
    peaks: Vec<Hash256>,
}

impl MerkleTree {
    /// Appends the hash of a leaf.
    pub fn push(&mut self, leaf: Hash256) {
        let mut peak = leaf;
        for _ in 0..self.size.trailing_ones() {
            peak = self.peaks.pop().map_or(peak, |left| node(left, peak));
        }
        self.peaks.push(peak);
        self.size += 1;
    }

    /// Its root; that of no leaves is the hash of nothing.
    pub fn root(&self) -> Hash256 {
        let from_right = self.peaks.iter().rev().copied();
        from_right.reduce(|right, left| node(left, right)).unwrap_or_else(|| Hash256::of(b""))
    }
}

/// The root over hashes of leaves.
pub fn root(leaves: &[Hash256]) -> Hash256 {
    let mut tree = MerkleTree::default();
    for leaf in leaves {
        tree.push(*leaf);
    }
    tree.root()
}

/// The greatest power of two below a size of at least two.
const fn split(size: usize) -> usize {
    1 << (usize::BITS - 1 - (size - 1).leading_zeros())
}

/// What shows that the leaf at `index`, from 0, is in the tree; none beyond the leaves (RFC 9162 section 2.1.3.1).
pub fn inclusion_proof(leaves: &[Hash256], index: usize) -> Option<Vec<Hash256>> {
    if index >= leaves.len() {
        return None;
    }
    if leaves.len() == 1 {
        return Some(Vec::new());
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut proof, other) = if index < left.len() {
        (inclusion_proof(left, index)?, right)
    } else {
        (inclusion_proof(right, index - left.len())?, left)
    };
    proof.push(root(other));
    Some(proof)
}

/// Whether `proof` shows that the leaf at `index` is in a tree of `size` leaves with this root (RFC 9162 section
/// 2.1.3.2).
pub fn verify_inclusion(leaf: Hash256, index: u64, size: u64, proof: &[Hash256], root: Hash256) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, leaf);
    for other in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node(*other, hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = node(hash, *other);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && hash == root
}

/// What shows that the first `size` leaves were a tree that only grew; none for 0 and beyond the leaves (RFC 9162
/// section 2.1.4.1).
pub fn consistency_proof(leaves: &[Hash256], size: usize) -> Option<Vec<Hash256>> {
    (1..=leaves.len()).contains(&size).then(|| grown(leaves, size, true))
}

fn grown(leaves: &[Hash256], size: usize, is_old_root: bool) -> Vec<Hash256> {
    if size == leaves.len() {
        return if is_old_root { Vec::new() } else { vec![root(leaves)] };
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut proof, other) = if size <= left.len() {
        (grown(left, size, is_old_root), right)
    } else {
        (grown(right, size - left.len(), false), left)
    };
    proof.push(root(other));
    proof
}

/// Whether `proof` shows that a tree of `old` leaves with root `old_root` grew into one of `new` leaves with root
/// `new_root` (RFC 9162 section 2.1.4.2).
pub fn verify_consistency(
    (old, old_root): (u64, Hash256),
    (new, new_root): (u64, Hash256),
    proof: &[Hash256],
) -> bool {
    if old == 0 || old > new {
        return false;
    }
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    let own = [old_root];
    let mut path = (if old.is_power_of_two() { own.as_slice() } else { &[] }).iter().chain(proof);
    let Some(first) = path.next() else { return false };
    let (mut at, mut last) = (old - 1, new - 1);
    while at & 1 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    let (mut before, mut after) = (*first, *first);
    for other in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            (before, after) = (node(*other, before), node(*other, after));
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            after = node(after, *other);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && before == old_root && after == new_root
}

#[cfg(test)]
mod tests;

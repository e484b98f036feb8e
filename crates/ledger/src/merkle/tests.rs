//! Vectors of the Certificate Transparency reference tests, and proofs of trees of every size.

use proptest::prelude::*;

use super::*;

/// The leaves of the tests of Google's certificate-transparency repository (`merkle_tree_test`).
const LEAVES: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];

fn leaves(count: usize) -> Vec<Hash256> {
    LEAVES[..count].iter().map(|data| leaf(data)).collect()
}

/// Roots by the recursive definition of RFC 6962 section 2.1 in Python:
/// `def mth(d): k = 1 << (len(d)-1).bit_length()-1; return H(b"\1" + mth(d[:k]) + mth(d[k:]))`.
#[test]
fn roots_are_those_of_the_definition() {
    let expected = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    for (count, expected) in expected.iter().enumerate() {
        assert_eq!(root(&leaves(count)).to_string(), *expected, "{count} leaves");
    }
}

/// Also computed with the Python of the definitions.
#[test]
fn proofs_are_those_of_the_definition() {
    let shown = |proof: Option<Vec<Hash256>>| {
        proof.unwrap().iter().map(|hash| hash.to_string()[..16].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        shown(inclusion_proof(&leaves(5), 2)),
        ["07506a85fd9dd2f1", "fac54203e7cc696c", "bc1a0643b12e4d2d"]
    );
    assert_eq!(
        shown(consistency_proof(&leaves(7), 3)),
        ["0298d122906dcfc1", "07506a85fd9dd2f1", "fac54203e7cc696c", "837dbb152e9b0790"]
    );
}

fn numbered(count: usize) -> Vec<Hash256> {
    (0..count).map(|number| leaf(&number.to_be_bytes())).collect()
}

#[test]
fn every_leaf_of_every_small_tree_is_proven_and_no_other() {
    for size in 1..40 {
        let leaves = numbered(size);
        let root = root(&leaves);
        for index in 0..size {
            let proof = inclusion_proof(&leaves, index).unwrap();
            let (at, of) = (index as u64, size as u64);
            assert!(verify_inclusion(leaves[index], at, of, &proof, root), "{index} of {size}");
            assert!(!verify_inclusion(leaf(b"other"), at, of, &proof, root), "{index} of {size}");
            let elsewhere = (0..of).filter(|other| *other != at);
            for other in elsewhere {
                assert!(
                    !verify_inclusion(leaves[index], other, of, &proof, root),
                    "{index} as {other} of {size}"
                );
            }
            let longer = [proof.as_slice(), &[root]].concat();
            assert!(!verify_inclusion(leaves[index], at, of, &longer, root), "{index} of {size}");
        }
        assert_eq!(inclusion_proof(&leaves, size), None);
    }
}

#[test]
fn every_growth_of_every_small_tree_is_proven() {
    let all = numbered(40);
    for new in 1..=all.len() {
        let (leaves, new_root) = (&all[..new], root(&all[..new]));
        for old in 1..=new {
            let (proof, old_root) = (consistency_proof(leaves, old).unwrap(), root(&leaves[..old]));
            let (old, new) = (old as u64, new as u64);
            assert!(verify_consistency((old, old_root), (new, new_root), &proof), "{old} to {new}");
            assert!(!verify_consistency((old, leaf(b"")), (new, new_root), &proof), "{old} to {new}");
            assert!(!verify_consistency((old, old_root), (new, leaf(b"")), &proof), "{old} to {new}");
            assert!(!verify_consistency((new + 1, old_root), (new, new_root), &proof));
        }
        assert_eq!(consistency_proof(leaves, 0), None);
    }
}

proptest! {
    #[test]
    fn a_changed_history_has_no_proof(size in 2..200_usize, changed in any::<prop::sample::Index>(), old in any::<prop::sample::Index>()) {
        let before = numbered(size);
        let old = 1 + old.index(size - 1);
        let mut after = before.clone();
        after[changed.index(old)] = leaf(b"changed");
        let proof = consistency_proof(&after, old).unwrap();
        let (old_end, new_end) = ((old as u64, root(&before[..old])), (size as u64, root(&after)));
        prop_assert!(!verify_consistency(old_end, new_end, &proof));
    }
}

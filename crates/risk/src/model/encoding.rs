//! The canonical bytes of a forest, versions 1 and 2: in the first, margins are added up in f64, in the second in f32. They
//! differ in nothing else, so that what was stored before there was a second keeps its bytes.
//!
//! ```text
//! "TGFO" version:u16 base_score:f64
//! count:u32 { length:u32 utf8 }            feature names
//! count:u32 { count:u32 { node } }         trees
//! node = 0 value:f64 cover:f64                                              leaf
//!      | 1 feature:u32 threshold:f32 left:u32 right:u32 cover:f64           split, missing goes left
//!      | 2 feature:u32 threshold:f32 left:u32 right:u32 cover:f64           split, missing goes right
//! ```

use super::accumulator::Accumulator;
use super::codec::{DecodeError, Reader, header, put_count};
use super::forest::{Forest, MAX_TREES};
use super::matrix::{FeatureNames, MAX_FEATURE_NAME_BYTES, MAX_FEATURES};
use super::tree::{Branch, MAX_NODES, Node, Tree};

const MAGIC: [u8; 4] = *b"TGFO";
/// The version of forests that are added up in f64.
const WIDE: u16 = 1;
/// The version of forests that are added up in f32.
const NARROW: u16 = 2;

const LEAF: u8 = 0;
const SPLIT_MISSING_LEFT: u8 = 1;
const SPLIT_MISSING_RIGHT: u8 = 2;

/// Bytes of the shortest node, a leaf.
const MIN_NODE_BYTES: usize = 1 + 8 + 8;

impl Forest {
    /// The forest's one encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        let version = match self.accumulator() {
            Accumulator::F64 => WIDE,
            Accumulator::F32 => NARROW,
        };
        let mut bytes = header(MAGIC, version);
        bytes.extend(self.base_score().to_le_bytes());
        put_count(&mut bytes, self.features().len());
        for name in self.features().as_slice() {
            put_count(&mut bytes, name.len());
            bytes.extend(name.as_bytes());
        }
        put_count(&mut bytes, self.trees().len());
        for tree in self.trees() {
            put_count(&mut bytes, tree.nodes().len());
            for node in tree.nodes() {
                put_node(&mut bytes, node);
            }
        }
        bytes
    }

    /// Decodes and checks what [`to_bytes`](Self::to_bytes) wrote; any other bytes give an error.
    ///
    /// # Errors
    /// Says where the bytes stop being a forest.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (mut reader, version) = Reader::of_versions(bytes, MAGIC, NARROW)?;
        let accumulator = if version == WIDE { Accumulator::F64 } else { Accumulator::F32 };
        let base_score = reader.f64()?;
        let names = (0..reader.count("features", MAX_FEATURES, 4)?)
            .map(|_| reader.string("bytes of a name", MAX_FEATURE_NAME_BYTES))
            .collect::<Result<_, _>>()?;
        let trees = (0..reader.count("trees", MAX_TREES, 4 + MIN_NODE_BYTES)?)
            .map(|tree| read_tree(&mut reader, tree))
            .collect::<Result<_, _>>()?;
        reader.finish()?;
        Ok(Self::summed_in(accumulator, FeatureNames::new(names)?, base_score, trees)?)
    }
}

fn put_node(bytes: &mut Vec<u8>, node: &Node) {
    match *node {
        Node::Leaf { value, cover } => {
            bytes.push(LEAF);
            bytes.extend(value.to_le_bytes());
            bytes.extend(cover.to_le_bytes());
        }
        Node::Split { feature, threshold, missing, left, right, cover } => {
            bytes.push(match missing {
                Branch::Left => SPLIT_MISSING_LEFT,
                Branch::Right => SPLIT_MISSING_RIGHT,
            });
            bytes.extend(feature.to_le_bytes());
            bytes.extend(threshold.to_le_bytes());
            bytes.extend(left.to_le_bytes());
            bytes.extend(right.to_le_bytes());
            bytes.extend(cover.to_le_bytes());
        }
    }
}

fn read_tree(reader: &mut Reader<'_>, tree: usize) -> Result<Tree, DecodeError> {
    let nodes = (0..reader.count("nodes", MAX_NODES, MIN_NODE_BYTES)?)
        .map(|_| read_node(reader))
        .collect::<Result<_, _>>()?;
    Tree::new(nodes).map_err(|error| DecodeError::Tree { tree, error })
}

fn read_node(reader: &mut Reader<'_>) -> Result<Node, DecodeError> {
    let missing = match reader.u8()? {
        LEAF => return Ok(Node::Leaf { value: reader.f64()?, cover: reader.f64()? }),
        SPLIT_MISSING_LEFT => Branch::Left,
        SPLIT_MISSING_RIGHT => Branch::Right,
        found => return Err(reader.unknown_tag("node", found)),
    };
    Ok(Node::Split {
        feature: reader.u32()?,
        threshold: reader.f32()?,
        missing,
        left: reader.u32()?,
        right: reader.u32()?,
        cover: reader.f64()?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{any_forest, feature_names, leaf, narrowed, split};
    use super::*;
    use proptest::prelude::*;

    fn stump() -> Forest {
        let nodes = vec![split(0, 1.5, Branch::Right, 1, 2), leaf(-1.0), leaf(0.0)];
        Forest::new(feature_names(1), 0.25, vec![Tree::new(nodes).unwrap()]).unwrap()
    }

    /// The encoding of version 1, written out by hand: a change here makes every stored model unreadable.
    #[test]
    fn version_1_is_what_it_was() {
        let mut expected = b"TGFO\x01\x00".to_vec();
        expected.extend([0, 0, 0, 0, 0, 0, 0xd0, 0x3f]); // base score 0.25
        expected.extend([1, 0, 0, 0, 2, 0, 0, 0, b'f', b'0']);
        expected.extend([1, 0, 0, 0, 3, 0, 0, 0]); // one tree of three nodes
        expected.extend([2, 0, 0, 0, 0, 0, 0, 0xc0, 0x3f, 1, 0, 0, 0, 2, 0, 0, 0]); // missing goes right
        expected.extend([0, 0, 0, 0, 0, 0, 0xf0, 0x3f]); // cover 1
        expected.extend([0, 0, 0, 0, 0, 0, 0, 0xf0, 0xbf, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
        expected.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
        assert_eq!(stump().to_bytes(), expected);
        assert_eq!(Forest::from_bytes(&expected).unwrap(), stump());
    }

    /// The encoding of version 2 is that of version 1 but for its number.
    #[test]
    fn version_2_is_what_it_was() {
        let narrow = narrowed(&stump());
        let mut expected = stump().to_bytes();
        expected[4] = 2;
        assert_eq!(narrow.to_bytes(), expected);
        let decoded = Forest::from_bytes(&expected).unwrap();
        assert_eq!(decoded.accumulator(), Accumulator::F32);
        assert!(decoded == narrow && decoded != stump());
    }

    #[test]
    fn errors_say_what_is_wrong_and_where() {
        let bytes = stump().to_bytes();
        let message = |bytes: &[u8]| Forest::from_bytes(bytes).unwrap_err().to_string();
        assert_eq!(message(&bytes[..90]), "the bytes end at 90; 8 more are needed at 83");
        assert_eq!(message(&[b'x'; 9]).split(';').next().unwrap(), "the bytes begin with [78, 78, 78, 78]");
        let mut newer = bytes.clone();
        newer[4] = 3;
        assert_eq!(message(&newer), "the encoding has version 3; this program reads versions 1 to 2");
        let mut narrow = bytes.clone();
        narrow[4..14].copy_from_slice(&[2, 0, 0x9a, 0x99, 0x99, 0x99, 0x99, 0x99, 0xb9, 0x3f]);
        assert_eq!(
            message(&narrow),
            "the base score is 0.1; a forest that adds up in f32 has values of f32 only"
        );
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(matches!(Forest::from_bytes(&longer), Err(DecodeError::TrailingBytes { .. })));
        let mut many = bytes.clone();
        many[14..18].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(message(&many), "4294967295 features at 14; at most 65536 are allowed");
        let mut tag = bytes;
        tag[32] = 9;
        assert_eq!(message(&tag), "9 at 32 is no kind of node");
    }

    proptest! {
        #[test]
        fn bytes_round_trip(forest in any_forest(5, 12), narrow in any::<bool>()) {
            let forest = if narrow { narrowed(&forest) } else { forest };
            let bytes = forest.to_bytes();
            let decoded = Forest::from_bytes(&bytes).unwrap();
            prop_assert_eq!(&decoded, &forest);
            prop_assert_eq!(decoded.to_bytes(), bytes);
        }

        #[test]
        fn random_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..300), headed in any::<bool>(), version in 0..4_u16) {
            let mut bytes = if headed { header(MAGIC, version) } else { Vec::new() };
            bytes.extend(body);
            if let Ok(forest) = Forest::from_bytes(&bytes) {
                prop_assert_eq!(forest.to_bytes(), bytes);
            }
        }

        #[test]
        fn mutated_bytes_give_an_error_or_another_canonical_forest(
            forest in prop_oneof![any_forest(3, 6), any_forest(3, 6).prop_map(|forest| narrowed(&forest))],
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
        ) {
            let mut bytes = forest.to_bytes();
            for (place, value) in edits {
                let place = place.index(bytes.len());
                bytes[place] = value;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            if let Ok(decoded) = Forest::from_bytes(&bytes) {
                prop_assert_eq!(decoded.to_bytes(), bytes);
                let row = vec![0.5; decoded.features().len()];
                prop_assert!(decoded.margin(&row).unwrap().is_finite());
            }
        }
    }
}

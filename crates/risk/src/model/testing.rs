//! Builders and strategies that the model's tests share.

use proptest::prelude::*;

use super::{Accumulator, Branch, FeatureNames, Forest, Node, Tree};

/// Features named `f0`, `f1`, ...
pub(super) fn feature_names(count: usize) -> FeatureNames {
    FeatureNames::new((0..count).map(|feature| format!("f{feature}")).collect()).unwrap()
}

/// A leaf of cover 1.
pub(super) fn leaf(value: f64) -> Node {
    Node::Leaf { value, cover: 1.0 }
}

/// A split of cover 1.
pub(super) fn split(feature: u32, threshold: f32, missing: Branch, left: u32, right: u32) -> Node {
    Node::Split { feature, threshold, missing, left, right, cover: 1.0 }
}

/// What one step of growing a random tree draws: which leaf to split, on what, and the children's content.
type Growth = (usize, u32, f32, bool, [f64; 2], [f64; 2]);

fn growth(features: u32, threshold: impl Strategy<Value = f32>) -> impl Strategy<Value = Growth> {
    let value = -2.0..2.0_f64;
    let cover = prop_oneof![4 => 0.01..100.0_f64, 1 => Just(0.0)];
    (
        // The first leaf makes complete trees, the last one chains.
        prop_oneof![any::<usize>(), Just(0), Just(usize::MAX)],
        0..features,
        threshold,
        any::<bool>(),
        [value.clone(), value],
        [cover.clone(), cover],
    )
}

fn grow(steps: Vec<Growth>) -> Tree {
    let mut nodes = vec![leaf(0.5)];
    for (pick, feature, threshold, missing_left, values, covers) in steps {
        let leaves: Vec<usize> =
            (0..nodes.len()).filter(|&node| matches!(nodes[node], Node::Leaf { .. })).collect();
        let target = leaves[if pick == usize::MAX { leaves.len() - 1 } else { pick % leaves.len() }];
        let left = nodes.len() as u32;
        nodes[target] = Node::Split {
            feature,
            threshold,
            missing: if missing_left { Branch::Left } else { Branch::Right },
            left,
            right: left + 1,
            cover: nodes[target].cover(),
        };
        for (value, cover) in values.into_iter().zip(covers) {
            nodes.push(Node::Leaf { value, cover });
        }
    }
    Tree::new(nodes).unwrap()
}

/// Random forests of up to four trees with up to `splits` splits each.
pub(super) fn any_forest(features: u32, splits: usize) -> impl Strategy<Value = Forest> {
    any_forest_of(features, splits, -1.0..1.0_f32)
}

/// The same with thresholds of choice.
pub(super) fn any_forest_of(
    features: u32,
    splits: usize,
    threshold: impl Strategy<Value = f32>,
) -> impl Strategy<Value = Forest> {
    let tree = prop::collection::vec(growth(features, threshold), 0..=splits).prop_map(grow);
    (-2.0..2.0_f64, prop::collection::vec(tree, 0..4)).prop_map(move |(base_score, trees)| {
        Forest::new(feature_names(features as usize), base_score, trees).unwrap()
    })
}

/// The forest with base score and leaf values rounded to f32, added up in f32.
pub(super) fn narrowed(forest: &Forest) -> Forest {
    let narrow = |value: f64| f64::from(value as f32);
    let node = |node: &Node| match *node {
        Node::Leaf { value, cover } => Node::Leaf { value: narrow(value), cover },
        split @ Node::Split { .. } => split,
    };
    let tree = |tree: &Tree| Tree::new(tree.nodes().iter().map(node).collect()).unwrap();
    let trees = forest.trees().iter().map(tree).collect();
    let (names, base_score) = (forest.features().clone(), narrow(forest.base_score()));
    Forest::summed_in(Accumulator::F32, names, base_score, trees).unwrap()
}

/// Random rows around the thresholds of [`any_forest`], some values missing or infinite.
pub(super) fn any_row(features: u32) -> impl Strategy<Value = Vec<f32>> {
    let value = prop_oneof![6 => -1.5..1.5_f32, 2 => Just(f32::NAN), 1 => Just(f32::INFINITY)];
    prop::collection::vec(value, features as usize)
}

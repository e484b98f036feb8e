//! Walking: rows one by one, where there are too few for a block or a tree is too large for pieces.

use super::super::tree::{Node, Tree};
use super::bins::MISSING;
use super::conditions::{Condition, Thresholds};

/// A tree over bins for walking without branches: every walk takes as many steps, and a leaf leads to itself.
pub(super) struct WalkedTree {
    steps: usize,
    nodes: Vec<WalkedNode>,
    /// By node: what its leaf adds, in log-odds; 0 for a split.
    values: Vec<f64>,
}

/// Goes to `left`, or one further if what the node looks at is above its limit.
#[derive(Clone, Copy)]
struct WalkedNode {
    left: u32,
    /// What is looked at, and in the lowest byte the limit. Three bytes suffice: a column needs a feature of its own or
    /// 254 thresholds, and the 2^31 splits that it would take to have too many columns fit no memory.
    looked_at: u32,
}

/// A row's bins as walks look at them: each bin, then the same turned by one, so that the bin of a missing value is below
/// all others.
pub(super) fn turned(bins: impl Iterator<Item = u8>) -> Vec<u8> {
    bins.flat_map(|bin| [bin, bin.wrapping_add(1)]).collect()
}

impl WalkedNode {
    fn split(condition: Condition, left: usize) -> Self {
        let turn = u32::from(condition.missing_left);
        let place = 2 * condition.column as u32 + turn;
        Self { left: left as u32, looked_at: place << 8 | (u32::from(condition.cut) + turn) }
    }

    fn leaf(place: usize) -> Self {
        Self { left: place as u32, looked_at: MISSING.into() }
    }
}

impl WalkedTree {
    pub(super) fn new(tree: &Tree, thresholds: &Thresholds) -> Self {
        // Level by level, so that the nodes that every walk meets stand together.
        let mut order = vec![0_usize];
        let (mut nodes, mut values) = (Vec::new(), Vec::new());
        while let Some(&position) = order.get(nodes.len()) {
            match tree.nodes()[position] {
                Node::Leaf { value, .. } => {
                    nodes.push(WalkedNode::leaf(nodes.len()));
                    values.push(value);
                }
                Node::Split { feature, threshold, missing, left, right, .. } => {
                    let condition = thresholds.condition(feature, threshold, missing);
                    nodes.push(WalkedNode::split(condition, order.len()));
                    values.push(0.0);
                    order.extend([left as usize, right as usize]);
                }
            }
        }
        Self { steps: tree.depth(), nodes, values }
    }

    /// The value of the leaf a row ends in; `turned(place)` gives the row's [`turned`] bins.
    #[inline(always)]
    pub(super) fn leaf_value(&self, turned: impl Fn(usize) -> u8) -> f64 {
        let mut place = 0;
        for _ in 0..self.steps {
            let WalkedNode { left, looked_at } = self.nodes[place];
            place = left as usize + usize::from(turned((looked_at >> 8) as usize) > looked_at as u8);
        }
        self.values[place]
    }
}

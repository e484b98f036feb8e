//! Pieces: a tree cut into parts of at most six splits from their root, as few as possible.
//!
//! A row comes to exactly one leaf, which belongs to one piece; every other piece adds [`NOTHING`] for it. So the sum stays
//! that of the trees, in their order, to the last bit.

use super::super::tree::{Node, Tree};
use super::conditions::{Condition, Thresholds};
use super::plane::{LEAVES, NOTHING};

/// Most splits from the root of a piece to a leaf.
pub(super) const MAX_DEPTH: usize = 6;

/// Most splits of a piece.
pub(super) const SPLITS: usize = LEAVES - 1;

/// A part of a tree.
pub(super) struct Piece<C> {
    /// Splits from the root to the deepest leaf.
    pub(super) depth: usize,
    /// The condition of each split: those of level k begin at 2^k - 1, and bit m of the place within a level says whether
    /// the way there goes right at level m.
    pub(super) splits: [Option<C>; SPLITS],
    /// Leaf values by number, in log-odds; bit m of a number says whether the way there goes right at level m.
    pub(super) leaves: [f64; LEAVES],
    /// Which way to go at each split above the root; `true` is right.
    pub(super) way: Vec<(C, bool)>,
}

/// Cuts a tree into pieces; `None` if it takes more than `most`.
pub(super) fn cut(tree: &Tree, thresholds: &Thresholds, most: u32) -> Option<Vec<Piece<Condition>>> {
    let nodes = tree.nodes();
    let costs = costs(nodes);
    if costs[0].apart > most {
        return None;
    }
    let mut cutter = Cutter { nodes, costs, thresholds, pieces: Vec::new() };
    cutter.cut_apart(0, &mut Vec::new());
    Some(cutter.pieces)
}

/// How many pieces the part of a tree below a node takes.
#[derive(Clone, Copy)]
struct Cost {
    /// Beside the piece that goes on at the node, by the depth that the piece has there.
    continued: [u32; MAX_DEPTH + 1],
    /// When no piece goes on there.
    apart: u32,
}

/// The least costs of all nodes. Children come after their parent, so going backwards meets them first.
fn costs(nodes: &[Node]) -> Vec<Cost> {
    let mut costs = vec![Cost { continued: [0; MAX_DEPTH + 1], apart: 1 }; nodes.len()];
    for (position, node) in nodes.iter().enumerate().rev() {
        if let Node::Split { left, right, .. } = *node {
            let (left, right) = (costs[left as usize], costs[right as usize]);
            let through = |depth: usize| left.continued[depth + 1] + right.continued[depth + 1];
            let apart = (1 + through(0)).min(left.apart + right.apart);
            let mut continued = [apart; MAX_DEPTH + 1];
            for (depth, cost) in continued.iter_mut().enumerate().take(MAX_DEPTH) {
                *cost = through(depth).min(apart);
            }
            costs[position] = Cost { continued, apart };
        }
    }
    costs
}

struct Cutter<'a> {
    nodes: &'a [Node],
    costs: Vec<Cost>,
    thresholds: &'a Thresholds,
    pieces: Vec<Piece<Condition>>,
}

impl Cutter<'_> {
    /// Makes pieces of what is below a node, where no piece goes on. `way` leads to the node.
    fn cut_apart(&mut self, position: usize, way: &mut Vec<(Condition, bool)>) {
        if let Some((condition, [left, right])) = self.split(position)
            && self.costs[left].apart + self.costs[right].apart == self.costs[position].apart
        {
            for (child, goes_right) in [(left, false), (right, true)] {
                way.push((condition, goes_right));
                self.cut_apart(child, way);
                way.pop();
            }
            return;
        }
        let mut piece =
            Piece { depth: 0, splits: [None; SPLITS], leaves: [NOTHING; LEAVES], way: way.clone() };
        let mut exits = Vec::new();
        self.fill(&mut piece, position, 0, 0, &mut exits);
        self.pieces.push(piece);
        for (exit, steps) in exits {
            let above = way.len();
            way.extend(steps);
            self.cut_apart(exit, way);
            way.truncate(above);
        }
    }

    /// Lets a piece go on at a node, `depth` splits below its root; `number` has the way there as bits. `exits` collects
    /// where the piece ends before the tree does, with the ways there from its root.
    fn fill(
        &self,
        piece: &mut Piece<Condition>,
        position: usize,
        depth: usize,
        number: usize,
        exits: &mut Vec<(usize, Vec<(Condition, bool)>)>,
    ) {
        piece.depth = piece.depth.max(depth);
        match self.nodes[position] {
            Node::Leaf { value, .. } => {
                // Bits of the levels below a leaf say nothing.
                piece.leaves.iter_mut().skip(number).step_by(1 << depth).for_each(|leaf| *leaf = value);
            }
            Node::Split { .. } if self.ends(position, depth) => {
                let step = |level: usize| {
                    let place = (1 << level) - 1 + number % (1 << level);
                    piece.splits[place].map(|condition| (condition, number >> level & 1 == 1))
                };
                exits.push((position, (0..depth).filter_map(step).collect()));
            }
            Node::Split { feature, threshold, missing, left, right, .. } => {
                let condition = self.thresholds.condition(feature, threshold, missing);
                piece.splits[(1 << depth) - 1 + number] = Some(condition);
                self.fill(piece, left as usize, depth + 1, number, exits);
                self.fill(piece, right as usize, depth + 1, number | 1 << depth, exits);
            }
        }
    }

    /// Whether a piece that has come to a split ends there.
    fn ends(&self, position: usize, depth: usize) -> bool {
        depth > 0 && self.costs[position].continued[depth] == self.costs[position].apart
    }

    fn split(&self, position: usize) -> Option<(Condition, [usize; 2])> {
        match self.nodes[position] {
            Node::Leaf { .. } => None,
            Node::Split { feature, threshold, missing, left, right, .. } => {
                let condition = self.thresholds.condition(feature, threshold, missing);
                Some((condition, [left as usize, right as usize]))
            }
        }
    }
}

//! The plan: a forest compiled for evaluation over bins.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::accumulator::Accumulator;
use super::super::tree::Tree;
use super::bins::BinColumn;
use super::conditions::{Condition, Thresholds};
use super::pieces::{Piece, SPLITS, cut};
use super::plane::{LeafValues, Plane};
use super::walk::WalkedTree;

/// Most pieces of one tree; a tree that takes more is walked row by row, which is then faster.
const MAX_PIECES: u32 = 16;

/// Planes of one group of trees: half a megabyte, so that they stay in a processor's second cache.
pub(super) const GROUP_PLANES: usize = 8_192;

/// The planes of a group; a plane has one bit for each row, set where the row meets the condition.
pub(super) type GroupPlanes = [Plane; GROUP_PLANES];

/// Everything that evaluation reads.
pub(super) struct Plan {
    pub(super) accumulator: Accumulator,
    pub(super) base_score: f64,
    /// What the features are binned by.
    pub(super) columns: Arc<[BinColumn]>,
    /// The trees for walking, in order.
    pub(super) walked: Vec<WalkedTree>,
    /// The trees for blocks, in order.
    pub(super) groups: Vec<Group>,
}

/// Consecutive trees that share the planes of their conditions.
pub(super) struct Group {
    /// What is asked of each column; the planes follow one another in this order.
    pub(super) questions: Vec<Questions>,
    /// What is added up, in order.
    pub(super) terms: Vec<Term>,
}

/// The conditions on one bin column: first those that a missing value meets, then those that it does not.
pub(super) struct Questions {
    pub(super) column: usize,
    pub(super) missing_right: Vec<u8>,
    pub(super) missing_left: Vec<u8>,
}

/// What adds to a block's margins.
pub(super) enum Term {
    /// A piece of a tree, over planes.
    Piece(Box<PlannedPiece>),
    /// A tree to walk, by its position.
    Walked(usize),
}

/// A [`Piece`] whose conditions are the places of planes. Splits that the piece lacks name a plane all the same: both ways
/// lead to the same value.
pub(super) struct PlannedPiece {
    pub(super) depth: usize,
    /// Whether all splits of a level ask the same, as in symmetric trees.
    pub(super) symmetric: bool,
    pub(super) splits: [u16; SPLITS],
    pub(super) leaves: LeafValues,
    pub(super) way: Vec<(u16, bool)>,
}

impl Plan {
    pub(super) fn new(accumulator: Accumulator, base_score: f64, trees: &[Tree]) -> Self {
        let thresholds = Thresholds::new(trees);
        let walked = trees.iter().map(|tree| WalkedTree::new(tree, &thresholds)).collect();
        let mut groups = Vec::new();
        let mut group = Gathered::default();
        for (position, tree) in trees.iter().enumerate() {
            let pieces = cut(tree, &thresholds, MAX_PIECES);
            let asked: BTreeSet<Condition> = pieces.iter().flatten().flat_map(conditions).collect();
            if group.asked.len() + asked.difference(&group.asked).count() > GROUP_PLANES {
                groups.push(std::mem::take(&mut group).plan(accumulator));
            }
            group.asked.extend(asked);
            group.trees.push((position, pieces));
        }
        groups.push(group.plan(accumulator));
        Self { accumulator, base_score, columns: thresholds.columns().into(), walked, groups }
    }

    /// The margin of one row of [`turned`](super::walk::turned) bins.
    pub(super) fn walk(&self, turned: &[u8]) -> f64 {
        let leaf_value = |tree: &WalkedTree| tree.leaf_value(|place| turned[place]);
        self.accumulator.sum(self.base_score, self.walked.iter().map(leaf_value))
    }
}

/// A group that is being gathered.
#[derive(Default)]
struct Gathered {
    asked: BTreeSet<Condition>,
    /// Positions and pieces of trees; none if the tree is walked.
    trees: Vec<(usize, Option<Vec<Piece<Condition>>>)>,
}

impl Gathered {
    fn plan(self, accumulator: Accumulator) -> Group {
        let asked: Vec<Condition> = self.asked.into_iter().collect();
        let place = |condition: &Condition| asked.partition_point(|other| other < condition) as u16;
        let planned = |piece: &Piece<Condition>| {
            Term::Piece(Box::new(PlannedPiece {
                depth: piece.depth,
                symmetric: (0..piece.depth)
                    .all(|level| is_alike(&piece.splits[(1 << level) - 1..][..1 << level])),
                splits: piece.splits.map(|condition| condition.as_ref().map_or(0, place)),
                leaves: LeafValues::new(&piece.leaves, accumulator),
                way: piece.way.iter().map(|(condition, right)| (place(condition), *right)).collect(),
            }))
        };
        let mut terms = Vec::new();
        for (position, pieces) in &self.trees {
            match pieces {
                None => terms.push(Term::Walked(*position)),
                Some(pieces) => terms.extend(pieces.iter().map(planned)),
            }
        }
        Group { questions: questions(&asked), terms }
    }
}

fn conditions(piece: &Piece<Condition>) -> impl Iterator<Item = Condition> {
    piece.splits.iter().flatten().copied().chain(piece.way.iter().map(|(condition, _)| *condition))
}

/// Whether every split is there and asks the same.
fn is_alike(level: &[Option<Condition>]) -> bool {
    level.iter().all(|split| split.is_some() && *split == level[0])
}

/// Conditions in order, by column.
fn questions(asked: &[Condition]) -> Vec<Questions> {
    let of_column = |conditions: &[Condition]| {
        let cuts = |missing_left| {
            let chosen = conditions.iter().filter(|condition| condition.missing_left == missing_left);
            chosen.map(|condition| condition.cut).collect()
        };
        let column = conditions.first().map_or(0, |condition| condition.column);
        Questions { column, missing_right: cuts(false), missing_left: cuts(true) }
    };
    asked.chunk_by(|one, other| one.column == other.column).map(of_column).collect()
}

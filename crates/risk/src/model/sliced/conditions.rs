//! Conditions: what splits ask of bins, each but once for all trees of a group.

use std::collections::BTreeMap;

use super::super::tree::{Branch, Node, Tree};
use super::bins::{BinColumn, MAX_EDGES};

/// What a split asks: whether the bin of a column is above a cut, so that the row goes right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Condition {
    /// Position of the bin column.
    pub(super) column: usize,
    /// Whether a missing value goes left; it goes right by itself, since its bin is above every cut.
    pub(super) missing_left: bool,
    /// Place of the threshold in the column.
    pub(super) cut: u8,
}

/// The distinct thresholds of every feature, and the bin columns that they make.
pub(super) struct Thresholds {
    /// By feature: ascending distinct thresholds, and the position of the first of their columns.
    by_feature: BTreeMap<u32, (Vec<f32>, usize)>,
}

impl Thresholds {
    /// Gathers the thresholds of all splits.
    pub(super) fn new(trees: &[Tree]) -> Self {
        let mut by_feature: BTreeMap<u32, (Vec<f32>, usize)> = BTreeMap::new();
        for node in trees.iter().flat_map(Tree::nodes) {
            if let Node::Split { feature, threshold, .. } = *node {
                by_feature.entry(feature).or_default().0.push(threshold);
            }
        }
        let mut columns = 0;
        for (thresholds, first) in by_feature.values_mut() {
            thresholds.sort_unstable_by(f32::total_cmp);
            // Equal by value, so that 0.0 and -0.0 are one threshold, as they are to a comparison.
            thresholds.dedup();
            *first = columns;
            columns += thresholds.len().div_ceil(MAX_EDGES);
        }
        Self { by_feature }
    }

    /// The bin columns, by feature.
    pub(super) fn columns(&self) -> Vec<BinColumn> {
        let columns = |(feature, (thresholds, _)): (&u32, &(Vec<f32>, usize))| {
            let feature = *feature as usize;
            thresholds
                .chunks(MAX_EDGES)
                .map(|thresholds| BinColumn::new(feature, thresholds))
                .collect::<Vec<_>>()
        };
        self.by_feature.iter().flat_map(columns).collect()
    }

    /// The condition of a split on one of the thresholds.
    pub(super) fn condition(&self, feature: u32, threshold: f32, missing: Branch) -> Condition {
        let (place, first) = match self.by_feature.get(&feature) {
            None => (0, 0),
            Some((thresholds, first)) => (thresholds.partition_point(|t| *t < threshold), *first),
        };
        Condition {
            column: first + place / MAX_EDGES,
            missing_left: missing == Branch::Left,
            cut: (place % MAX_EDGES) as u8,
        }
    }
}

//! Assembly: a library's nodes with their decisions, as a tree of splits by `<`.
//!
//! A decision with several bounds becomes a balanced tree of splits, below which the parts of its left and right side stand as
//! often as they have ranges. Each copy gets an equal share of the part's cover, so that the shares of the sides, and with
//! them Shapley values, stay those of the one decision.

use thiserror::Error;

use super::super::tree::{Branch, MAX_DEPTH, MAX_NODES, Node, Tree, TreeError};
use super::decision::{Decision, other};

/// A node of a library.
#[derive(Debug, Clone)]
pub(super) enum Part {
    Leaf {
        /// In log-odds.
        value: f64,
        cover: f64,
    },
    Split {
        /// Position in the model's own list.
        feature: u32,
        decision: Decision,
        /// Positions of the parts on the left and on the right.
        children: [usize; 2],
        cover: f64,
    },
}

/// Why parts are not a tree.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum AssemblyError {
    /// A child does not exist.
    #[error("a child is node {child}; there are {nodes}, counted from 0")]
    Child {
        /// The child.
        child: usize,
        /// Nodes of the tree.
        nodes: usize,
    },
    /// The tree is too deep, or goes in a circle.
    #[error(
        "it is more than {MAX_DEPTH} splits deep, sets of categories written as splits; train with less depth"
    )]
    Depth,
    /// The tree is too large.
    #[error(
        "it has more than {MAX_NODES} nodes, sets of categories written as splits; train with fewer categories"
    )]
    Size,
    /// A number is out of range.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

/// Makes a tree of parts, of which the first is the root.
pub(super) fn assemble(parts: &[Part]) -> Result<Tree, AssemblyError> {
    let mut assembly = Assembly { parts, nodes: vec![EMPTY] };
    assembly.put(0, 0, 1.0, 0)?;
    Ok(Tree::new(assembly.nodes)?)
}

/// What stands at a place until its node is known.
const EMPTY: Node = Node::Leaf { value: 0.0, cover: 0.0 };

struct Assembly<'a> {
    parts: &'a [Part],
    nodes: Vec<Node>,
}

/// A decision at work.
struct Spread<'a> {
    feature: u32,
    decision: &'a Decision,
    children: [usize; 2],
    /// Share of the cover that each copy of a child gets.
    shares: [f64; 2],
    /// The range that what is missing goes with.
    missing_range: usize,
}

impl Assembly<'_> {
    /// Puts a part with a share of its cover at a place, `depth` splits below the root.
    fn put(&mut self, place: usize, part: usize, share: f64, depth: usize) -> Result<(), AssemblyError> {
        if depth > MAX_DEPTH {
            return Err(AssemblyError::Depth);
        }
        let nodes = self.parts.len();
        let content = self.parts.get(part).ok_or(AssemblyError::Child { child: part, nodes })?;
        match content {
            Part::Leaf { value, cover } => {
                self.nodes[place] = Node::Leaf { value: *value, cover: cover * share };
                Ok(())
            }
            Part::Split { feature, decision, children, cover } => {
                let (feature, children) = (*feature, *children);
                let ranges = decision.bounds().len() + 1;
                if ranges == 1 {
                    let spread = Spread { feature, decision, children, shares: [share; 2], missing_range: 0 };
                    return self.put_one_way(place, &spread, cover * share, depth);
                }
                let missing_range = usize::from(decision.way(0) != decision.missing());
                let of_first = ranges.div_ceil(2) as f64;
                let [left, right] = match decision.way(0) {
                    Branch::Left => [of_first, ranges as f64 - of_first],
                    Branch::Right => [ranges as f64 - of_first, of_first],
                };
                let shares = [share / left, share / right];
                let spread = Spread { feature, decision, children, shares, missing_range };
                self.spread(place, &spread, 0, ranges, depth)
            }
        }
    }

    /// All values go one way; only what is missing may go the other.
    fn put_one_way(
        &mut self,
        place: usize,
        spread: &Spread<'_>,
        cover: f64,
        depth: usize,
    ) -> Result<(), AssemblyError> {
        let Spread { feature, decision, children, shares: [share, _], .. } = *spread;
        let way = decision.way(0);
        if decision.missing() == way {
            // It counts as a split all the same, so that a circle of such parts has an end.
            return self.put(place, child(children, way), share, depth + 1);
        }
        // Nothing is below -inf, so all values go right, whichever part that is.
        let (threshold, missing) = (f32::NEG_INFINITY, Branch::Left);
        let left = self.split(place, feature, threshold, missing, cover, depth)?;
        self.put(left, child(children, other(way)), share, depth + 1)?;
        self.put(left + 1, child(children, way), share, depth + 1)
    }

    /// Puts the ranges `first..end` of a decision at a place.
    fn spread(
        &mut self,
        place: usize,
        spread: &Spread<'_>,
        first: usize,
        end: usize,
        depth: usize,
    ) -> Result<(), AssemblyError> {
        let side = |range| usize::from(spread.decision.way(range) == Branch::Right);
        if end - first == 1 {
            let side = side(first);
            return self.put(place, spread.children[side], spread.shares[side], depth);
        }
        let middle = usize::midpoint(first, end);
        let threshold = spread.decision.bounds()[middle - 1];
        let missing = if spread.missing_range < middle { Branch::Left } else { Branch::Right };
        let cover =
            (first..end).map(|range| self.cover(spread.children[side(range)]) * spread.shares[side(range)]);
        let cover = cover.sum();
        let left = self.split(place, spread.feature, threshold, missing, cover, depth)?;
        self.spread(left, spread, first, middle, depth + 1)?;
        self.spread(left + 1, spread, middle, end, depth + 1)
    }

    /// Puts a split at a place and makes room for its children; gives the place of the left one.
    fn split(
        &mut self,
        place: usize,
        feature: u32,
        threshold: f32,
        missing: Branch,
        cover: f64,
        depth: usize,
    ) -> Result<usize, AssemblyError> {
        if depth == MAX_DEPTH {
            return Err(AssemblyError::Depth);
        }
        let left = self.nodes.len();
        if left + 2 > MAX_NODES {
            return Err(AssemblyError::Size);
        }
        self.nodes.extend([EMPTY, EMPTY]);
        let (left_child, right) = (left as u32, left as u32 + 1);
        self.nodes[place] = Node::Split { feature, threshold, missing, left: left_child, right, cover };
        Ok(left)
    }

    fn cover(&self, part: usize) -> f64 {
        match self.parts.get(part) {
            Some(Part::Leaf { cover, .. } | Part::Split { cover, .. }) => *cover,
            None => 0.0,
        }
    }
}

fn child(children: [usize; 2], way: Branch) -> usize {
    children[usize::from(way == Branch::Right)]
}

#[cfg(test)]
mod tests {
    use super::super::decision::left_if;
    use super::*;

    fn leaf(value: f64, cover: f64) -> Part {
        Part::Leaf { value, cover }
    }

    fn split(decision: Decision, children: [usize; 2]) -> Part {
        Part::Split { feature: 0, decision, children, cover: 12.0 }
    }

    fn decision(bounds: &[f32], is_left: fn(f32) -> bool, missing: Branch) -> Decision {
        Decision::new(bounds.to_vec(), |value| left_if(is_left(value)), missing)
    }

    #[test]
    fn a_set_of_categories_becomes_ranges_that_share_the_cover() {
        let in_set = |value: f32| (1.0..2.0).contains(&value) || (4.0..6.0).contains(&value);
        for missing in [Branch::Left, Branch::Right] {
            let decision = decision(&[1.0, 2.0, 4.0, 5.0, 6.0], in_set, missing);
            let tree = assemble(&[split(decision, [1, 2]), leaf(-1.0, 8.0), leaf(1.0, 3.0)]).unwrap();
            for tenth in -5..80_i16 {
                let value = f32::from(tenth) / 10.0;
                let expected = if in_set(value) { -1.0 } else { 1.0 };
                assert_eq!(tree.leaf_value(|_| value).to_bits(), f64::to_bits(expected), "{value}");
            }
            let expected: f64 = if missing == Branch::Left { -1.0 } else { 1.0 };
            assert_eq!(tree.leaf_value(|_| f32::NAN).to_bits(), expected.to_bits());
            let leaves = tree.nodes().iter().filter(|node| matches!(node, Node::Leaf { .. }));
            let mut covers: Vec<u64> = leaves.map(|leaf| leaf.cover().to_bits()).collect();
            covers.sort_unstable();
            // 3 over three ranges, 8 over two.
            assert_eq!(covers, [1.0, 1.0, 1.0, 4.0, 4.0].map(f64::to_bits));
        }
    }

    #[test]
    fn only_what_is_missing_can_go_another_way() {
        for (is_left, missing) in [(true, Branch::Left), (true, Branch::Right), (false, Branch::Left)] {
            let rule = if is_left { |_: f32| true } else { |_: f32| false };
            let tree =
                assemble(&[split(decision(&[], rule, missing), [2, 1]), leaf(1.0, 1.0), leaf(-1.0, 1.0)]);
            let tree = tree.unwrap();
            let expected = |left: bool| f64::to_bits(if left { -1.0 } else { 1.0 });
            for value in [f32::NEG_INFINITY, 0.0, f32::INFINITY] {
                assert_eq!(tree.leaf_value(|_| value).to_bits(), expected(is_left));
            }
            assert_eq!(tree.leaf_value(|_| f32::NAN).to_bits(), expected(missing == Branch::Left));
        }
    }

    #[test]
    fn what_is_no_tree_or_grows_too_large_is_refused() {
        let less = || Decision::less(0.0, Branch::Left);
        let circle = [split(less(), [0, 1]), leaf(0.0, 1.0)];
        assert_eq!(assemble(&circle), Err(AssemblyError::Depth));
        let one_way = decision(&[], |_| true, Branch::Left);
        assert_eq!(assemble(&[split(one_way, [0, 1]), leaf(0.0, 1.0)]), Err(AssemblyError::Depth));
        assert_eq!(assemble(&[split(less(), [1, 7])]), Err(AssemblyError::Child { child: 1, nodes: 1 }));
        let numbers: Vec<f32> = (0..2_000_u16).map(f32::from).collect();
        let even = |value: f32| (value as u32).is_multiple_of(2);
        let mut parts: Vec<Part> = (0..2)
            .map(|level| split(decision(&numbers, even, Branch::Left), [level + 1, level + 1]))
            .collect();
        parts.push(leaf(0.0, 1.0));
        assert_eq!(assemble(&parts), Err(AssemblyError::Size));
        let huge = assemble(&[leaf(1e9, 1.0)]).unwrap_err().to_string();
        assert!(huge.contains("leaf value 1000000000"), "{huge}");
    }
}

//! The tree: nodes in their plain form, checked once, and the one rule by which a split sends a value on.

use thiserror::Error;

/// Most nodes in one tree.
pub(crate) const MAX_NODES: usize = 1 << 20;

/// Most splits from root to leaf: walking and explaining a tree may recurse this deep.
pub(crate) const MAX_DEPTH: usize = 64;

/// Largest leaf value or base score, in log-odds: a margin of 40 is already certainty in f64, and a bound keeps
/// every sum finite.
pub(crate) const MAX_LEAF: f64 = 1e6;

/// A way out of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Branch {
    /// Towards the smaller values.
    Left,
    /// Towards the threshold and the larger values.
    Right,
}

/// One node of a tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Node {
    /// Sends a row on: a missing value to `missing`, a value `< threshold` left, any other right.
    Split {
        /// Position of the feature that is looked at.
        feature: u32,
        /// What the value is compared with; never NaN, infinite only if a library's f64 was out of range.
        threshold: f32,
        /// Where a missing (NaN) value goes.
        missing: Branch,
        /// Position of the left child, after this node.
        left: u32,
        /// Position of the right child, after this node.
        right: u32,
        /// Sum of the training rows' second derivatives that came here, at least 0.
        cover: f64,
    },
    /// Ends a walk.
    Leaf {
        /// What the tree adds to the margin, in log-odds, learning rate included.
        value: f64,
        /// Sum of the training rows' second derivatives that came here, at least 0.
        cover: f64,
    },
}

impl Node {
    /// Sum of the training rows' second derivatives that came here.
    pub fn cover(&self) -> f64 {
        match *self {
            Self::Split { cover, .. } | Self::Leaf { cover, .. } => cover,
        }
    }
}

/// Why nodes are not a tree.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum TreeError {
    /// A tree without nodes, or with more than the limit.
    #[error("a tree has {found} nodes; it must have 1 to {MAX_NODES}")]
    NodeCount {
        /// How many were given.
        found: usize,
    },
    /// A child does not come after its parent, or does not exist.
    #[error("node {node} has child {child} among {nodes} nodes; a child comes after its parent")]
    Child {
        /// The parent.
        node: usize,
        /// The child it names.
        child: u32,
        /// Nodes in the tree.
        nodes: usize,
    },
    /// A node has no parent or several, so that the nodes form no tree.
    #[error("node {node} has {parents} parents; every node but the first has exactly one")]
    Parents {
        /// The node.
        node: usize,
        /// How many splits name it.
        parents: u32,
    },
    /// A tree is too deep.
    #[error("node {node} is {depth} splits below the root; at most {MAX_DEPTH} are allowed")]
    Depth {
        /// The node.
        node: usize,
        /// Its depth.
        depth: usize,
    },
    /// A number in a node is out of its range.
    #[error("node {node} has {what} {value}, which is out of range")]
    Value {
        /// The node.
        node: usize,
        /// Which number.
        what: &'static str,
        /// Its value.
        value: f64,
    },
}

/// One regression tree: node 0 is the root, children come after their parent, each node has one parent.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    nodes: Vec<Node>,
    depth: usize,
}

impl Tree {
    /// Checks that nodes form a tree and that their numbers are in range.
    ///
    /// # Errors
    /// Says which node is wrong and why.
    pub fn new(nodes: Vec<Node>) -> Result<Self, TreeError> {
        if nodes.is_empty() || nodes.len() > MAX_NODES {
            return Err(TreeError::NodeCount { found: nodes.len() });
        }
        for (index, node) in nodes.iter().enumerate() {
            check_numbers(index, node)?;
        }
        let depth = check_shape(&nodes)?;
        Ok(Self { nodes, depth })
    }

    /// The nodes, root first.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Splits on the longest way from root to leaf, 0 for a lone leaf.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The same tree over features in other places.
    pub(super) fn with_features(&self, place: impl Fn(usize) -> u32) -> Self {
        let placed = |node: &Node| match *node {
            Node::Split { feature, threshold, missing, left, right, cover } => {
                Node::Split { feature: place(feature as usize), threshold, missing, left, right, cover }
            }
            leaf @ Node::Leaf { .. } => leaf,
        };
        Self { nodes: self.nodes.iter().map(placed).collect(), depth: self.depth }
    }

    /// The value of the leaf a row ends in; `value(feature)` gives the row's value of a feature.
    pub(super) fn leaf_value(&self, value: impl Fn(usize) -> f32) -> f64 {
        let mut position = 0;
        loop {
            match self.nodes[position] {
                Node::Leaf { value, .. } => return value,
                Node::Split { feature, threshold, missing, left, right, .. } => {
                    position = match branch(value(feature as usize), threshold, missing) {
                        Branch::Left => left as usize,
                        Branch::Right => right as usize,
                    };
                }
            }
        }
    }
}

/// Where a split sends a value: the one rule that evaluation and explanation share.
pub(super) fn branch(value: f32, threshold: f32, missing: Branch) -> Branch {
    if value.is_nan() {
        missing
    } else if value < threshold {
        Branch::Left
    } else {
        Branch::Right
    }
}

fn check_numbers(node: usize, content: &Node) -> Result<(), TreeError> {
    let out_of_range = |what, value| Err(TreeError::Value { node, what, value });
    let cover = content.cover();
    if !(cover.is_finite() && cover >= 0.0) {
        return out_of_range("cover", cover);
    }
    match *content {
        Node::Split { threshold, .. } if threshold.is_nan() => out_of_range("threshold", threshold.into()),
        Node::Leaf { value, .. } if !is_sane(value) => out_of_range("leaf value", value),
        _ => Ok(()),
    }
}

pub(super) fn is_sane(log_odds: f64) -> bool {
    // NaN fails the comparison, as it should.
    log_odds.abs() <= MAX_LEAF
}

/// Checks children, parents and depth, and gives the greatest depth. One pass suffices because children come
/// after their parent; unique parents rule out shared sub-trees, which would take exponential time to explain.
fn check_shape(nodes: &[Node]) -> Result<usize, TreeError> {
    let mut parents = vec![0_u32; nodes.len()];
    let mut depths = vec![0_usize; nodes.len()];
    for (node, content) in nodes.iter().enumerate() {
        if node > 0 && parents[node] != 1 {
            return Err(TreeError::Parents { node, parents: parents[node] });
        }
        if depths[node] > MAX_DEPTH {
            return Err(TreeError::Depth { node, depth: depths[node] });
        }
        if let Node::Split { left, right, .. } = *content {
            for child in [left, right] {
                let position = child as usize;
                if position <= node || position >= nodes.len() {
                    return Err(TreeError::Child { node, child, nodes: nodes.len() });
                }
                parents[position] += 1;
                depths[position] = depths[node] + 1;
            }
        }
    }
    Ok(depths.into_iter().max().unwrap_or(0))
}

/// The shares in which training rows went left and right. They come from the children alone, so that they sum to
/// 1 even where a library's covers do not add up; halves if no row came here.
pub(super) fn cover_shares(left: &Node, right: &Node) -> (f64, f64) {
    let total = left.cover() + right.cover();
    if total > 0.0 { (left.cover() / total, right.cover() / total) } else { (0.5, 0.5) }
}

/// The cover-weighted mean of a tree's leaves. Children come after their parent, so going backwards meets
/// them first.
pub(super) fn mean_value(nodes: &[Node]) -> f64 {
    let mut means = vec![0.0; nodes.len()];
    for (position, node) in nodes.iter().enumerate().rev() {
        means[position] = match *node {
            Node::Leaf { value, .. } => value,
            Node::Split { left, right, .. } => {
                let (left, right) = (left as usize, right as usize);
                let (left_share, right_share) = cover_shares(&nodes[left], &nodes[right]);
                left_share * means[left] + right_share * means[right]
            }
        };
    }
    means[0]
}

#[cfg(test)]
mod tests {
    use super::super::testing::{leaf, split};
    use super::*;

    #[test]
    fn nodes_that_are_no_tree_are_refused() {
        let backwards = vec![split(0, 0.0, Branch::Left, 0, 1), leaf(0.0)];
        assert!(matches!(Tree::new(backwards), Err(TreeError::Child { node: 0, child: 0, .. })));
        let shared = vec![split(0, 0.0, Branch::Left, 1, 1), leaf(0.0)];
        assert!(matches!(Tree::new(shared), Err(TreeError::Parents { node: 1, parents: 2 })));
        let orphan = vec![leaf(0.0), leaf(0.0)];
        assert!(matches!(Tree::new(orphan), Err(TreeError::Parents { node: 1, parents: 0 })));
        assert!(matches!(Tree::new(vec![]), Err(TreeError::NodeCount { found: 0 })));
        let mut chain: Vec<Node> = Vec::new();
        for level in 0..65 {
            chain.push(split(0, 0.0, Branch::Left, 2 * level + 1, 2 * level + 2));
            chain.push(leaf(0.0));
        }
        chain.push(leaf(0.0));
        // Children of the split at 2k are the leaf at 2k + 1 and the next split at 2k + 2.
        assert!(matches!(Tree::new(chain), Err(TreeError::Depth { depth: 65, .. })));
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert!(Tree::new(vec![leaf(f64::NAN)]).is_err());
        assert!(Tree::new(vec![leaf(1e7)]).is_err());
        assert!(Tree::new(vec![Node::Leaf { value: 0.0, cover: -1.0 }]).is_err());
        let nan_threshold = vec![split(0, f32::NAN, Branch::Left, 1, 2), leaf(0.0), leaf(0.0)];
        assert!(matches!(Tree::new(nan_threshold), Err(TreeError::Value { what: "threshold", .. })));
    }
}

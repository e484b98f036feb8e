//! Exact TreeSHAP: how much each feature moved a row's margin away from the training rows' mean.
//!
//! The game is the path-dependent one of Lundberg, Erion and Lee, "Consistent individualized feature attribution
//! for tree ensembles" (2018), and Lundberg et al., Nature Machine Intelligence 2 (2020): a split on a feature
//! outside the coalition sends the row both ways, in the proportion of the children's covers.
//!
//! For one leaf of value v whose path has the features i, let `o_i` be 1 if the row takes the path's branches
//! at all splits on i and else 0, and `z_i` the product of the cover shares there. A coalition S reaches the
//! leaf with weight prod(S) `o_i` * prod(not S) `z_i`, and Owen's multilinear extension (Management Science
//! 18, 1972) gives the Shapley value as
//!
//! ```text
//! phi_i = v (o_i - z_i) integral from 0 to 1 of prod(j != i) (t o_j + (1 - t) z_j) dt
//! ```
//!
//! The integrand is a polynomial in t of degree below the depth of the path, so Gauss-Legendre quadrature is
//! exact. The published algorithm finds the same number by extending and unwinding a polynomial, where
//! unwinding subtracts and loses digits on deep paths; here everything under the integral is positive.

use super::forest::{FeatureMismatch, Forest};
use super::quadrature::{Point, gauss_legendre};
use super::tree::{Branch, Node, Tree, branch};

/// What a margin is made of: `bias + values.sum() = margin`, up to rounding.
#[derive(Debug, Clone, PartialEq)]
pub struct Contributions {
    /// The cover-weighted mean margin, in log-odds.
    pub bias: f64,
    /// What each feature added to it, in log-odds, in feature order.
    pub values: Vec<f64>,
}

impl Forest {
    /// The exact Shapley contributions of a row's features to its margin.
    ///
    /// # Errors
    /// If the row has not as many values as the model has features.
    pub fn contributions(&self, row: &[f32]) -> Result<Contributions, FeatureMismatch> {
        self.check_row(row)?;
        let depth = self.trees().iter().map(Tree::depth).max().unwrap_or(0);
        let mut walk = Walk {
            row,
            rule: gauss_legendre(depth.saturating_sub(1)),
            path: Vec::with_capacity(depth),
            values: vec![0.0; row.len()],
        };
        for tree in self.trees() {
            walk.descend(tree.nodes(), 0);
        }
        Ok(Contributions { bias: self.mean, values: walk.values })
    }
}

/// The cover-weighted mean margin of trees, in log-odds: f64, whatever margins are added up in.
pub(super) fn mean_margin(base_score: f64, trees: &[Tree]) -> f64 {
    trees.iter().fold(base_score, |mean, tree| mean + mean_value(tree.nodes()))
}

/// The shares in which training rows went left and right. They come from the children alone, so that they sum to
/// 1 even where a library's covers do not add up; halves if no row came here.
fn cover_shares(left: &Node, right: &Node) -> (f64, f64) {
    let total = left.cover() + right.cover();
    if total > 0.0 { (left.cover() / total, right.cover() / total) } else { (0.5, 0.5) }
}

/// The cover-weighted mean of a tree's leaves. Children come after their parent, so going backwards meets
/// them first.
fn mean_value(nodes: &[Node]) -> f64 {
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

/// A feature on the way from the root.
#[derive(Clone, Copy)]
struct Step {
    feature: usize,
    /// `o`: 1 if the row takes this way at every split on the feature, else 0.
    taken: f64,
    /// `z`: the share of training rows that takes it.
    share: f64,
}

/// A walk over all leaves of a tree that remembers the way, one step per distinct feature.
struct Walk<'a> {
    row: &'a [f32],
    rule: Vec<Point>,
    path: Vec<Step>,
    values: Vec<f64>,
}

impl Walk<'_> {
    fn descend(&mut self, nodes: &[Node], position: usize) {
        match nodes[position] {
            Node::Leaf { value, .. } => self.credit_leaf(value),
            Node::Split { feature, threshold, missing, left, right, .. } => {
                let feature = feature as usize;
                let (left, right) = (left as usize, right as usize);
                let (left_share, right_share) = cover_shares(&nodes[left], &nodes[right]);
                let goes_left = branch(self.row[feature], threshold, missing) == Branch::Left;
                self.step(nodes, left, Step { feature, taken: f64::from(goes_left), share: left_share });
                self.step(nodes, right, Step { feature, taken: f64::from(!goes_left), share: right_share });
            }
        }
    }

    /// Takes one step, visits what lies beyond, and takes it back.
    fn step(&mut self, nodes: &[Node], child: usize, step: Step) {
        let known = self.path.iter().position(|earlier| earlier.feature == step.feature);
        let before = known.map(|place| self.path[place]);
        let merged = before.map_or(step, |earlier| Step {
            feature: step.feature,
            taken: earlier.taken * step.taken,
            share: earlier.share * step.share,
        });
        // A way that neither the row nor any training row takes weighs nothing in any coalition.
        if merged.taken + merged.share <= 0.0 {
            return;
        }
        match known {
            Some(place) => self.path[place] = merged,
            None => self.path.push(merged),
        }
        self.descend(nodes, child);
        match known.zip(before) {
            Some((place, earlier)) => self.path[place] = earlier,
            None => {
                self.path.pop();
            }
        }
    }

    fn credit_leaf(&mut self, value: f64) {
        for &Point { place, weight } in &self.rule {
            let factor = |step: &Step| place * step.taken + (1.0 - place) * step.share;
            // Every factor is positive, as the place lies inside (0, 1): dividing one out is safe.
            let product = self.path.iter().fold(value * weight, |product, step| product * factor(step));
            for step in &self.path {
                self.values[step.feature] += (step.taken - step.share) * (product / factor(step));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{any_forest, any_row, feature_names};
    use super::*;
    use proptest::prelude::*;

    /// Mean margin of a tree when only the coalition's features (bits of `known`) are known: the definition.
    fn coalition_value(nodes: &[Node], position: usize, row: &[f32], known: u32) -> f64 {
        match nodes[position] {
            Node::Leaf { value, .. } => value,
            Node::Split { feature, threshold, missing, left, right, .. } => {
                let (left, right) = (left as usize, right as usize);
                let value = |child| coalition_value(nodes, child, row, known);
                if known >> feature & 1 == 0 {
                    let (left_share, right_share) = cover_shares(&nodes[left], &nodes[right]);
                    return left_share * value(left) + right_share * value(right);
                }
                match branch(row[feature as usize], threshold, missing) {
                    Branch::Left => value(left),
                    Branch::Right => value(right),
                }
            }
        }
    }

    /// Shapley's formula over all coalitions.
    fn brute_force(forest: &Forest, row: &[f32]) -> Vec<f64> {
        let features = row.len() as u32;
        let factorial = |n: u32| (1..=n).map(f64::from).product::<f64>();
        let mut values = vec![0.0; row.len()];
        for (feature, value) in values.iter_mut().enumerate() {
            for coalition in (0..1_u32 << features).filter(|coalition| coalition >> feature & 1 == 0) {
                let size = coalition.count_ones();
                let weight = factorial(size) * factorial(features - size - 1) / factorial(features);
                for tree in forest.trees() {
                    let with = coalition_value(tree.nodes(), 0, row, coalition | 1 << feature);
                    let without = coalition_value(tree.nodes(), 0, row, coalition);
                    *value += weight * (with - without);
                }
            }
        }
        values
    }

    proptest! {
        #[test]
        fn contributions_are_the_shapley_values(forest in any_forest(5, 14), row in any_row(5)) {
            let fast = forest.contributions(&row).unwrap();
            for (fast, slow) in fast.values.iter().zip(brute_force(&forest, &row)) {
                prop_assert!((fast - slow).abs() < 1e-12, "{} {}", fast, slow);
            }
        }

        #[test]
        fn contributions_sum_to_the_margin(forest in any_forest(30, 45), row in any_row(30)) {
            let explained = forest.contributions(&row).unwrap();
            let margin = forest.margin(&row).unwrap();
            let sum = explained.bias + explained.values.iter().sum::<f64>();
            let scale = explained.values.iter().map(|value| value.abs()).sum::<f64>() + margin.abs();
            prop_assert!((sum - margin).abs() <= 1e-9 * scale, "{} {}", sum, margin);
        }
    }

    /// A chain of 60 splits on 60 features with a rare way out at each (cover 1 against 99), as leaf-wise
    /// growth makes them. Expected: extending and unwinding in Python's exact fractions; the same algorithm
    /// in f64 is off by as much as 5e-4 here.
    #[test]
    fn a_deep_path_keeps_its_digits() {
        let mut nodes = Vec::new();
        for feature in 0..60 {
            nodes.push(Node::Split {
                feature,
                threshold: 0.0,
                missing: Branch::Left,
                left: 2 * feature + 1,
                right: 2 * feature + 2,
                cover: 99.0,
            });
            nodes.push(Node::Leaf { value: f64::from(feature) / 60.0, cover: 1.0 });
        }
        nodes.push(Node::Leaf { value: 1.0, cover: 99.0 });
        let forest = Forest::new(feature_names(60), 0.0, vec![Tree::new(nodes).unwrap()]).unwrap();
        let explained = forest.contributions(&[1.0; 60]).unwrap();
        for (feature, exact) in [
            (0, 0.008_696_483_112_359_85),
            (30, 0.004_037_523_531_901_222),
            (59, 0.000_125_789_821_558_121_8),
        ] {
            let error = (explained.values[feature] / exact - 1.0).abs();
            assert!(error < 1e-13, "feature {feature} is off by {error:e}");
        }
        let sum: f64 = explained.values.iter().sum();
        assert!((sum - 0.252_808_459_944_756_4).abs() < 1e-14, "{sum}");
    }

    #[test]
    fn one_split_is_credited_with_all_of_the_difference() {
        let nodes = vec![
            Node::Split { feature: 1, threshold: 0.0, missing: Branch::Left, left: 1, right: 2, cover: 4.0 },
            Node::Leaf { value: 2.0, cover: 3.0 },
            Node::Leaf { value: -2.0, cover: 1.0 },
        ];
        let forest = Forest::new(feature_names(2), 0.5, vec![Tree::new(nodes).unwrap()]).unwrap();
        // Mean: 0.5 + (3 * 2 - 2) / 4 = 1.5. A missing value goes left, to 2.5 in all.
        let explained = forest.contributions(&[0.0, f32::NAN]).unwrap();
        assert!((explained.bias - 1.5).abs() < 1e-15);
        assert_eq!(explained.values[0].to_bits(), 0.0_f64.to_bits());
        assert!((explained.values[1] - 1.0).abs() < 1e-15);
        assert!(forest.contributions(&[0.0]).is_err());
    }
}

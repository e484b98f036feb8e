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
//!
//! With `f_i = t o_i + (1 - t) z_i`, all leaves below a branch on i have in common what they are credited with there: the
//! product D of the factors above it, times E, the sum over those leaves of value and factors below it. D goes down the tree
//! and E comes up, so that a tree costs what it has of nodes, not of nodes on the ways to its leaves (as in Yu et al., "Linear
//! tree shap", Advances in Neural Information Processing Systems 35, 2022). Where a feature is split on again further down, the leaves there are credited at that
//! branch, with both splits' o and z multiplied, and left out above.

use super::forest::{FeatureMismatch, Forest};
use super::quadrature::{Point, gauss_legendre};
use super::tree::{Branch, Node, Tree, branch, cover_shares};

/// What a margin is made of: `bias + values.sum() = margin`, up to rounding.
#[derive(Debug, Clone, PartialEq)]
pub struct Contributions {
    /// The cover-weighted mean margin, in log-odds.
    pub bias: f64,
    /// What each feature added to it, in log-odds, in feature order.
    pub values: Vec<f64>,
}

/// Rows whose walks go together: the same operations on each, in the same order, however many there are.
const LANES: usize = 8;

impl Forest {
    /// The exact Shapley contributions of each row's features to its margin.
    ///
    /// # Errors
    /// If a row has not as many values as the model has features.
    pub fn contributions<R: AsRef<[f32]>>(&self, rows: &[R]) -> Result<Vec<Contributions>, FeatureMismatch> {
        let rows: Vec<&[f32]> = rows.iter().map(AsRef::as_ref).collect();
        rows.iter().try_for_each(|row| self.check_row(row))?;
        let (blocks, rest) = rows.as_chunks::<LANES>();
        let blocks = blocks.iter().flat_map(|rows| self.explain(*rows));
        Ok(blocks.chain(rest.iter().flat_map(|row| self.explain([*row]))).collect())
    }

    fn explain<const N: usize>(&self, rows: [&[f32]; N]) -> [Contributions; N] {
        let depth = self.trees().iter().map(Tree::depth).max().unwrap_or(0);
        let rule = gauss_legendre(depth.saturating_sub(1));
        let mut walk = Walk {
            nodes: &[],
            splits: Vec::new(),
            place: 0.0,
            path: Vec::with_capacity(depth),
            values: vec![[0.0; N]; self.features().len()],
        };
        for tree in self.trees() {
            walk.nodes = tree.nodes();
            walk.splits.clear();
            walk.splits.extend(walk.nodes.iter().map(|node| Split::of(node, walk.nodes, &rows)));
            for &Point { place, weight } in &rule {
                walk.place = place;
                walk.descend(0, [weight; N]);
            }
        }
        let of_row = |row: usize| walk.values.iter().map(|values| values[row]).collect();
        std::array::from_fn(|row| Contributions { bias: self.mean, values: of_row(row) })
    }
}

/// A number for each row.
type Lanes<const N: usize> = [f64; N];

fn lanes<const N: usize>(of: impl FnMut(usize) -> f64) -> Lanes<N> {
    std::array::from_fn(of)
}

/// What a node does, whatever the place of the integral; a leaf sends nobody on.
struct Split<const N: usize> {
    /// 1 for each row that is sent left, else 0.
    goes_left: Lanes<N>,
    /// Shares of the training rows that went left and right.
    shares: (f64, f64),
}

impl<const N: usize> Split<N> {
    fn of(node: &Node, nodes: &[Node], rows: &[&[f32]; N]) -> Self {
        let Node::Split { feature, threshold, missing, left, right, .. } = *node else {
            return Self { goes_left: [0.0; N], shares: (0.0, 0.0) };
        };
        let is_left = |row: &[f32]| branch(row[feature as usize], threshold, missing) == Branch::Left;
        Self {
            goes_left: rows.map(|row| f64::from(is_left(row))),
            shares: cover_shares(&nodes[left as usize], &nodes[right as usize]),
        }
    }
}

/// A feature on the way from the root.
#[derive(Clone, Copy)]
struct Step<const N: usize> {
    feature: usize,
    /// `o`: 1 if the row takes this way at every split on the feature, else 0.
    taken: Lanes<N>,
    /// `z`: the share of training rows that takes it.
    share: f64,
    /// The part of D times E that is credited further down.
    below: Lanes<N>,
}

impl<const N: usize> Step<N> {
    fn factors(&self, place: f64) -> Lanes<N> {
        lanes(|row| place * self.taken[row] + (1.0 - place) * self.share)
    }
}

/// A walk over all leaves of a tree, at one place of the integral, that remembers the way: one step per distinct feature.
struct Walk<'a, const N: usize> {
    nodes: &'a [Node],
    /// By node.
    splits: Vec<Split<N>>,
    place: f64,
    path: Vec<Step<N>>,
    /// By feature.
    values: Vec<Lanes<N>>,
}

impl<const N: usize> Walk<'_, N> {
    /// Takes D of a node down, credits the branches below it, and gives E of the node.
    fn descend(&mut self, position: usize, above: Lanes<N>) -> Lanes<N> {
        match self.nodes[position] {
            Node::Leaf { value, .. } => [value; N],
            Node::Split { feature, left, right, .. } => {
                let feature = feature as usize;
                let (left, right) = (left as usize, right as usize);
                let Split { goes_left, shares: (left_share, right_share) } = self.splits[position];
                let below = [0.0; N];
                let to_left = Step { feature, taken: goes_left, share: left_share, below };
                let from_left = self.step(left, to_left, above);
                let goes_right = lanes(|row| 1.0 - goes_left[row]);
                let to_right = Step { feature, taken: goes_right, share: right_share, below };
                let from_right = self.step(right, to_right, above);
                lanes(|row| from_left[row] + from_right[row])
            }
        }
    }

    /// Takes a step, visits what lies beyond, credits it and takes it back; gives what comes up, the step's factor in it.
    fn step(&mut self, child: usize, step: Step<N>, above: Lanes<N>) -> Lanes<N> {
        if let Some(known) = self.path.iter().position(|earlier| earlier.feature == step.feature) {
            return self.step_again(child, known, step, above);
        }
        let factors = step.factors(self.place);
        self.path.push(step);
        let sum = self.descend(child, lanes(|row| above[row] * factors[row]));
        let below = self.path.pop().map_or([0.0; N], |step| step.below);
        let values = &mut self.values[step.feature];
        for row in 0..N {
            values[row] += (step.taken[row] - step.share) * (above[row] * sum[row] - below[row]);
        }
        lanes(|row| factors[row] * sum[row])
    }

    /// The same where the feature has a place on the way: the new step stands for both, and the factor of the one before is
    /// taken out of what is above. It is 0 where neither the row nor any training row came here; so is all that follows.
    fn step_again(&mut self, child: usize, known: usize, step: Step<N>, above: Lanes<N>) -> Lanes<N> {
        let earlier = self.path[known];
        let taken = lanes(|row| earlier.taken[row] * step.taken[row]);
        let both = Step { taken, share: earlier.share * step.share, ..step };
        let (before, factors) = (earlier.factors(self.place), both.factors(self.place));
        let inverse: Lanes<N> = lanes(|row| if before[row] > 0.0 { before[row].recip() } else { 0.0 });
        let others: Lanes<N> = lanes(|row| above[row] * inverse[row]);
        self.path[known] = both;
        let sum = self.descend(child, lanes(|row| others[row] * factors[row]));
        let below = self.path[known].below;
        let up: Lanes<N> = lanes(|row| factors[row] * inverse[row] * sum[row]);
        self.path[known] = Step { below: lanes(|row| earlier.below[row] + others[row] * up[row]), ..earlier };
        let values = &mut self.values[step.feature];
        for row in 0..N {
            values[row] += (both.taken[row] - both.share) * (others[row] * sum[row] - below[row]);
        }
        up
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

    fn one(forest: &Forest, row: &[f32]) -> Contributions {
        forest.contributions(&[row]).unwrap().remove(0)
    }

    proptest! {
        /// A decision is explained with others of its day, and again alone.
        #[test]
        fn rows_are_explained_together_as_each_alone(
            forest in any_forest(6, 30), rows in proptest::collection::vec(any_row(6), 0..20),
        ) {
            let bits = |explained: &Contributions| -> Vec<u64> {
                explained.values.iter().map(|value| value.to_bits()).collect()
            };
            let together: Vec<_> = forest.contributions(&rows).unwrap().iter().map(bits).collect();
            let alone: Vec<_> = rows.iter().map(|row| bits(&one(&forest, row))).collect();
            prop_assert_eq!(together, alone);
        }

        #[test]
        fn contributions_are_the_shapley_values(forest in any_forest(5, 14), row in any_row(5)) {
            let fast = one(&forest, &row);
            for (fast, slow) in fast.values.iter().zip(brute_force(&forest, &row)) {
                prop_assert!((fast - slow).abs() < 1e-12, "{} {}", fast, slow);
            }
        }

        #[test]
        fn contributions_sum_to_the_margin(forest in any_forest(30, 45), row in any_row(30)) {
            let explained = one(&forest, &row);
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
        let explained = one(&forest, &[1.0; 60]);
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
        let explained = one(&forest, &[0.0, f32::NAN]);
        assert!((explained.bias - 1.5).abs() < 1e-15);
        assert_eq!(explained.values[0].to_bits(), 0.0_f64.to_bits());
        assert!((explained.values[1] - 1.0).abs() < 1e-15);
        assert!(forest.contributions(&[[0.0]]).is_err());
    }
}

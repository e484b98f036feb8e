//! Decisions: where a split of any library sends each f32, as bounds at which the way changes.
//!
//! A library may compare by `<` or `<=`, in f32 or f64, look categories up in a set, or take zeros for missing. On f32 each
//! of these is a rule that is constant between a few bounds, and `x < bound` is what a [`Node`](super::super::Node) asks.

use super::super::threshold::deciding_threshold;
use super::super::tree::Branch;

/// Where each value goes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Decision {
    /// Ascending and distinct by value, without -inf and NaN: at each the way changes.
    bounds: Vec<f32>,
    /// The way of what is below all bounds.
    first: Branch,
    /// The way of what is missing.
    missing: Branch,
}

impl Decision {
    /// The decision of a rule that is constant from each bound to the next; NaN among the bounds is passed over.
    pub(super) fn new(mut bounds: Vec<f32>, rule: impl Fn(f32) -> Branch, missing: Branch) -> Self {
        // Below -inf there is nothing.
        bounds.retain(|bound| *bound > f32::NEG_INFINITY);
        bounds.sort_unstable_by(f32::total_cmp);
        // 0.0 and -0.0 are one bound, as they are to a comparison.
        bounds.dedup();
        let first = rule(f32::NEG_INFINITY);
        let mut way = first;
        bounds.retain(|bound| std::mem::replace(&mut way, rule(*bound)) != way);
        Self { bounds, first, missing }
    }

    /// `x < threshold` goes left.
    pub(super) fn less(threshold: f32, missing: Branch) -> Self {
        Self::new(vec![threshold], |value| left_if(value < threshold), missing)
    }

    /// `x > border` goes right.
    pub(super) fn above(border: f32, missing: Branch) -> Self {
        Self::new(vec![border.next_up()], |value| left_if(value <= border), missing)
    }

    /// Bounds, ascending.
    pub(super) fn bounds(&self) -> &[f32] {
        &self.bounds
    }

    /// The way from bound `range - 1` to bound `range`.
    pub(super) fn way(&self, range: usize) -> Branch {
        if range.is_multiple_of(2) { self.first } else { other(self.first) }
    }

    /// The way of what is missing.
    pub(super) fn missing(&self) -> Branch {
        self.missing
    }
}

/// The bounds of a rule that depends on whether f32 are `<= limit`: they are below the one bound.
pub(super) fn bound_of_at_most(limit: f64) -> f32 {
    deciding_threshold(limit.next_up())
}

/// The bounds of the values whose whole part is a category: at least `category`, below the next.
pub(super) fn bounds_of_category(category: u32) -> [f32; 2] {
    let category = f64::from(category);
    [deciding_threshold(category), deciding_threshold(category + 1.0)]
}

pub(super) fn left_if(condition: bool) -> Branch {
    if condition { Branch::Left } else { Branch::Right }
}

pub(super) fn other(branch: Branch) -> Branch {
    left_if(branch == Branch::Right)
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;
    use proptest::prelude::*;

    /// Where a decision sends a value.
    pub(in super::super) fn sends(decision: &Decision, value: f32) -> Branch {
        if value.is_nan() {
            return decision.missing;
        }
        decision.way(decision.bounds.partition_point(|bound| *bound <= value))
    }

    /// Checks a decision against its rule at its bounds, their neighbours, what comparisons treat specially, and a value.
    pub(in super::super) fn check(decision: &Decision, value: f32, rule: impl Fn(f32) -> Branch) {
        let near = decision.bounds.iter().flat_map(|bound| [bound.next_down(), *bound, bound.next_up()]);
        let tiny = f32::from_bits(1);
        let fixed = [0.0, -0.0, tiny, -tiny, f32::MIN_POSITIVE, f32::MAX, f32::MIN, f32::INFINITY];
        for value in near.chain(fixed).chain([f32::NEG_INFINITY, value, value.next_up(), value.next_down()]) {
            if !value.is_nan() {
                assert_eq!(sends(decision, value), rule(value), "{value:e} by {decision:?}");
            }
        }
    }

    /// Any f64, and those at and beside f32.
    pub(in super::super) fn any_limit() -> impl Strategy<Value = f64> {
        let narrow = || any::<u32>().prop_map(|bits| f64::from(f32::from_bits(bits)));
        prop_oneof![
            any::<u64>().prop_map(f64::from_bits),
            narrow(),
            narrow().prop_map(f64::next_up),
            narrow().prop_map(f64::next_down),
            prop::sample::select(vec![0.0, -0.0, 1e-300, -1e-300, 1e300, -1e300, 1e-35, -1e-35, 3e-36]),
            Just(f64::INFINITY),
            Just(f64::NEG_INFINITY),
        ]
        .prop_filter("a limit is a number", |limit| !limit.is_nan())
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{any_limit, check};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn at_most_in_f64_is_below_a_bound_in_f32(limit in any_limit(), bits in any::<u32>()) {
            let rule = |value: f32| left_if(f64::from(value) <= limit);
            let decision = Decision::new(vec![bound_of_at_most(limit)], rule, Branch::Left);
            check(&decision, f32::from_bits(bits), rule);
        }

        #[test]
        fn above_a_border_is_not_below_the_next(border in any::<u32>(), bits in any::<u32>()) {
            let border = f32::from_bits(border);
            prop_assume!(!border.is_nan());
            let rule = |value: f32| left_if(value <= border);
            check(&Decision::above(border, Branch::Left), f32::from_bits(bits), rule);
            let rule = |value: f32| left_if(value < border);
            check(&Decision::less(border, Branch::Left), f32::from_bits(bits), rule);
        }
    }

    #[test]
    fn bounds_that_change_nothing_are_left_out() {
        let rule = |value: f32| left_if((1.0..3.0).contains(&value));
        let bounds = vec![3.0, f32::NEG_INFINITY, 0.0, 1.0, -0.0, 2.0, 1.0];
        let decision = Decision::new(bounds, rule, Branch::Right);
        assert_eq!(decision.bounds(), [1.0, 3.0]);
        assert_eq!([0, 1, 2].map(|range| decision.way(range)), [Branch::Right, Branch::Left, Branch::Right]);
        let nowhere = Decision::less(f32::NEG_INFINITY, Branch::Left);
        assert_eq!((nowhere.bounds(), nowhere.way(0)), ([].as_slice(), Branch::Right));
    }

    #[test]
    fn categories_beyond_f32_share_no_value() {
        assert_eq!(bounds_of_category(3).map(f32::to_bits), [3.0, 4.0].map(f32::to_bits));
        // No f32 lies at 2^24 + 1.
        let [from, to] = bounds_of_category((1 << 24) + 1);
        assert_eq!(from.to_bits(), to.to_bits());
    }
}

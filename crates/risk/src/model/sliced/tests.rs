//! Every evaluator against the definition, bit for bit, with every instruction set that the machine has.

use proptest::prelude::*;

use super::super::testing::{any_forest_of, feature_names, leaf, narrowed, split};
use super::super::tree::{Branch, Node, Tree};
use super::super::{FeatureMatrix, FeatureMismatch, Forest};
use super::InstructionSet;
use super::plan::Term;

const FEATURES: usize = 3;

/// Numbers of rows around what is walked, a block and a chunk.
const SIZES: [usize; 6] = [0, 1, 7, 64, 512, 8_192];

/// Thresholds that repeat, and the values of rows: the same, their neighbours, and what comparisons treat specially.
const SPECIAL: [f32; 9] =
    [f32::NEG_INFINITY, f32::MIN, -1.5, -0.0, 0.0, f32::MIN_POSITIVE, 0.5, 1.0, f32::INFINITY];

fn any_threshold() -> impl Strategy<Value = f32> {
    prop_oneof![2 => prop::sample::select(SPECIAL.to_vec()), 1 => -2.0..2.0_f32]
}

fn any_value() -> impl Strategy<Value = f32> {
    let special = || prop::sample::select(SPECIAL.to_vec());
    prop_oneof![
        4 => special(),
        1 => special().prop_map(f32::next_up),
        1 => special().prop_map(f32::next_down),
        2 => -2.0..2.0_f32,
        2 => Just(f32::NAN),
    ]
}

/// Compares on the first rows of a pool that is gone through again and again, in sizes of choice; the forest adds up in f64,
/// then the same rounded to f32 in f32.
fn check(forest: &Forest, pool: &[Vec<f32>], sizes: &[usize]) {
    check_sums(forest, pool, sizes);
    check_sums(&narrowed(forest), pool, sizes);
}

fn check_sums(forest: &Forest, pool: &[Vec<f32>], sizes: &[usize]) {
    let expected: Vec<u64> = pool.iter().map(|row| forest.reference_margin(row).unwrap().to_bits()).collect();
    for instructions in InstructionSet::available() {
        let forest = forest.clone().with_instructions(instructions);
        for &size in sizes {
            let rows = || pool.iter().cycle().take(size);
            let column = |feature: usize| rows().map(|row| row[feature]).collect();
            let columns = (0..forest.features().len()).map(column).collect();
            let matrix = FeatureMatrix::new(forest.features().clone(), columns).unwrap();
            let expected: Vec<u64> = expected.iter().copied().cycle().take(size).collect();
            let raw = |margins: Vec<f64>| margins.into_iter().map(f64::to_bits).collect::<Vec<_>>();
            let name = instructions.name();
            assert_eq!(raw(forest.margins(&matrix).unwrap()), expected, "{size} rows, {name}");
            let bins = forest.bins(&matrix).unwrap();
            assert_eq!(bins.rows(), size);
            assert_eq!(raw(forest.margins_of_bins(&bins).unwrap()), expected, "{size} rows of bins, {name}");
        }
    }
    let single: Vec<u64> = pool.iter().map(|row| forest.margin(row).unwrap().to_bits()).collect();
    assert_eq!(single, expected, "one by one");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn every_evaluator_equals_the_definition(
        forest in any_forest_of(FEATURES as u32, 90, any_threshold()),
        pool in prop::collection::vec(prop::collection::vec(any_value(), FEATURES), 97),
    ) {
        check(&forest, &pool, &SIZES);
    }
}

/// A complete tree whose thresholds and leaf values all differ from those of other seeds.
fn complete_tree(depth: usize, seed: usize) -> Tree {
    let splits = (1 << depth) - 1;
    let node = |place: usize| {
        let value = (place * 7_919 + seed * 104_729) % 10_007;
        if place < splits {
            let missing = if value.is_multiple_of(2) { Branch::Left } else { Branch::Right };
            let threshold = (value as f32 + seed as f32 / 512.0) / 10_007.0;
            split((value % FEATURES) as u32, threshold, missing, 2 * place as u32 + 1, 2 * place as u32 + 2)
        } else {
            leaf(value as f64 / 3.0)
        }
    };
    Tree::new((0..=2 * splits).map(node).collect()).unwrap()
}

fn spread_rows() -> Vec<Vec<f32>> {
    let value = |place: usize| {
        if place.is_multiple_of(11) { f32::NAN } else { (place * 7_907 % 10_007) as f32 / 10_007.0 }
    };
    (0..600).map(|row| (0..FEATURES).map(|feature| value(row * FEATURES + feature)).collect()).collect()
}

#[test]
fn trees_of_any_depth_come_out() {
    for depth in 0..=11 {
        let trees = (0..3).map(|seed| complete_tree(depth, seed)).collect();
        check(&Forest::new(feature_names(FEATURES), 0.1, trees).unwrap(), &spread_rows(), &[600]);
    }
}

#[test]
fn a_chain_of_the_greatest_depth_comes_out() {
    let step = |level: u32| {
        let missing = if level.is_multiple_of(3) { Branch::Left } else { Branch::Right };
        [leaf(f64::from(level)), split(level % 3, level as f32 / 64.0, missing, 2 * level + 1, 2 * level + 2)]
    };
    let mut nodes: Vec<Node> = (0..64).flat_map(step).skip(1).collect();
    nodes.extend([leaf(-1.0), leaf(64.5)]);
    let tree = Tree::new(nodes).unwrap();
    assert_eq!(tree.depth(), 64);
    check(&Forest::new(feature_names(FEATURES), 0.1, vec![tree]).unwrap(), &spread_rows(), &[600]);
}

/// A symmetric tree: one condition for all splits of a level.
fn symmetric_tree(depth: usize, seed: usize) -> Tree {
    let splits = (1 << depth) - 1;
    let node = |place: usize| {
        let level = (place + 1).ilog2() as usize;
        let value = (level * 7_919 + seed * 104_729) % 10_007;
        if place < splits {
            let missing = if value.is_multiple_of(2) { Branch::Left } else { Branch::Right };
            let threshold = value as f32 / 10_007.0;
            split((value % FEATURES) as u32, threshold, missing, 2 * place as u32 + 1, 2 * place as u32 + 2)
        } else {
            leaf(((place * 6_007 + seed) % 10_007) as f64 / 3.0)
        }
    };
    Tree::new((0..=2 * splits).map(node).collect()).unwrap()
}

#[test]
fn symmetric_trees_of_any_depth_come_out() {
    for depth in 0..=11 {
        let mut trees: Vec<Tree> = (0..3).map(|seed| symmetric_tree(depth, seed)).collect();
        trees.push(complete_tree(depth, 3));
        let forest = Forest::new(feature_names(FEATURES), 0.1, trees).unwrap();
        let terms = forest.sliced.plan.groups.iter().flat_map(|group| &group.terms);
        let symmetric = terms.filter(|term| matches!(term, Term::Piece(piece) if piece.symmetric)).count();
        let is_expected = match depth {
            // Every tree of at most one condition is symmetric.
            0..=1 => symmetric == 4,
            2..=6 => symmetric == 3,
            // Cut into pieces, or too deep for that and walked.
            7..=10 => symmetric > 3,
            _ => symmetric == 0,
        };
        assert!(is_expected, "{symmetric} at depth {depth}");
        check(&forest, &spread_rows(), &[600]);
    }
}

#[test]
fn more_conditions_than_planes_make_groups() {
    let trees: Vec<Tree> = (0..300).map(|seed| complete_tree(6, seed)).collect();
    let forest = Forest::new(feature_names(FEATURES), -0.5, trees).unwrap();
    assert!(forest.sliced.plan.groups.len() > 1, "{} groups", forest.sliced.plan.groups.len());
    assert!(forest.sliced.plan.columns.len() > FEATURES, "thresholds that one byte cannot tell apart");
    check(&forest, &spread_rows(), &[600]);
}

#[test]
fn a_sum_of_negative_zeros_stays_negative() {
    let nothing = || Tree::new(vec![split(0, 0.0, Branch::Left, 1, 2), leaf(-0.0), leaf(-0.0)]).unwrap();
    let forest = Forest::new(feature_names(1), -0.0, vec![nothing(), nothing()]).unwrap();
    check(&forest, &[vec![1.0], vec![-1.0]], &[1, 64]);
    assert_eq!(forest.margin(&[1.0]).unwrap().to_bits(), (-0.0_f64).to_bits());
}

#[test]
fn bins_of_another_model_are_refused() {
    let forest = |depth| Forest::new(feature_names(FEATURES), 0.0, vec![complete_tree(depth, 1)]).unwrap();
    let matrix = FeatureMatrix::new(feature_names(FEATURES), vec![vec![0.5]; FEATURES]).unwrap();
    let bins = forest(2).bins(&matrix).unwrap();
    assert_eq!(forest(2).margins_of_bins(&bins), Err(FeatureMismatch::Bins));
}

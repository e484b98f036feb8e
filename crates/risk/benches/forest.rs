//! How fast a forest is evaluated with each instruction set that the machine has, on complete trees of depth 6 over 100
//! features: rows from f32, rows from bins, and one row.
#![expect(clippy::unwrap_used, reason = "a bench stops at what it did not expect")]

use divan::Bencher;
use divan::counter::ItemsCount;
use tidegate_risk::model::{Branch, FeatureMatrix, FeatureNames, Forest, InstructionSet, Node, Tree};

const FEATURES: usize = 100;
const ROWS: usize = 65_536;
const DEPTH: u32 = 6;
/// Thresholds that a feature can have, as many as 256 bins leave.
const THRESHOLDS: usize = 255;

/// Numbers of trees, each with the place of an instruction set among those that the machine has.
const CASES: [(usize, usize); 6] = [(100, 0), (100, 1), (100, 2), (500, 0), (500, 1), (500, 2)];

fn main() {
    divan::main();
}

/// A number below `range` that place and purpose give (multiplicative hashing, Knuth, The Art of Computer Programming 3).
fn draw(place: usize, purpose: u64, range: usize) -> usize {
    let mixed = (place as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (purpose << 32);
    (mixed.wrapping_mul(0xD6E8_FEB8_6659_FD93) >> 33) as usize % range
}

fn names() -> FeatureNames {
    FeatureNames::new((0..FEATURES).map(|feature| format!("f{feature}")).collect()).unwrap()
}

fn tree(number: usize) -> Tree {
    let splits = (1 << DEPTH) - 1;
    let node = |place: usize| {
        let seed = number * 1_000 + place;
        if place >= splits {
            return Node::Leaf { value: draw(seed, 1, 1_000) as f64 / 999.0 - 0.5, cover: 1.0 };
        }
        Node::Split {
            feature: draw(seed, 2, FEATURES) as u32,
            threshold: (1 + draw(seed, 3, THRESHOLDS)) as f32,
            missing: if draw(seed, 4, 2) == 0 { Branch::Left } else { Branch::Right },
            left: 2 * place as u32 + 1,
            right: 2 * place as u32 + 2,
            cover: 1.0,
        }
    };
    Tree::new((0..=2 * splits).map(node).collect()).unwrap()
}

/// A forest for the instruction set at a place; `None` if the machine has fewer.
fn forest((trees, instructions): (usize, usize)) -> Option<Forest> {
    let instructions = *InstructionSet::available().get(instructions)?;
    let forest = Forest::new(names(), 0.0, (0..trees).map(tree).collect()).unwrap();
    Some(forest.with_instructions(instructions))
}

/// One value in twenty is missing.
fn matrix() -> FeatureMatrix {
    let value = |seed| match draw(seed, 5, 20) {
        0 => f32::NAN,
        _ => draw(seed, 6, 2_560) as f32 / 10.0,
    };
    let column = |feature: usize| (0..ROWS).map(|row| value(feature * ROWS + row)).collect();
    FeatureMatrix::new(names(), (0..FEATURES).map(column).collect()).unwrap()
}

#[divan::bench(args = CASES)]
fn from_f32(bencher: Bencher, case: (usize, usize)) {
    let Some(forest) = forest(case) else { return };
    let matrix = matrix();
    bencher.counter(ItemsCount::new(ROWS)).bench(|| forest.margins(&matrix).unwrap());
}

#[divan::bench(args = CASES)]
fn from_bins(bencher: Bencher, case: (usize, usize)) {
    let Some(forest) = forest(case) else { return };
    let bins = forest.bins(&matrix()).unwrap();
    bencher.counter(ItemsCount::new(ROWS)).bench(|| forest.margins_of_bins(&bins).unwrap());
}

#[divan::bench(args = [100, 500])]
fn one_row(bencher: Bencher, trees: usize) {
    let Some(forest) = forest((trees, 0)) else { return };
    let row = matrix().row(7).unwrap();
    bencher.bench(|| forest.margin(&row).unwrap());
}

//! Real models: margins to the last bit, probabilities and contributions, on a grid of what comparisons could get wrong.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tidegate_risk::model::{FeatureMatrix, FeatureNames, Forest, ImportedModel, Node};

use crate::python::{python, run};

/// Pinned: the test is about their arithmetic, not about tomorrow's releases.
const LIBRARIES: &str = include_str!("../libraries.txt");

const FEATURES: usize = 6;
const ROWS: usize = 12_000;

/// Rows whose contributions are compared.
const EXPLAINED: usize = 12;

/// Numbers of each row that Python gives: margin, probability, contributions.
const EXPECTED: usize = 2 + FEATURES;

#[test]
fn margins_equal_those_of_the_library_to_the_last_bit() {
    let folder = TempDir::new().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models.py");
    let python = python("model-libraries", &LIBRARIES.lines().collect::<Vec<_>>());
    let ask = |job| run(python.to_str().unwrap(), &[script, job, folder.path().to_str().unwrap()]);
    let files: Vec<PathBuf> = ask("train").lines().map(|name| folder.path().join(name)).collect();
    assert!(files.len() > 20, "{files:?}");
    let models: Vec<(PathBuf, ImportedModel, Forest)> = files.into_iter().map(imported).collect();
    for (file, _, forest) in &models {
        let is_xgboost = file.file_name().unwrap().to_string_lossy().starts_with("xgboost");
        let bytes: Vec<u8> =
            grid(forest, !is_xgboost).iter().flatten().flat_map(|v| v.to_le_bytes()).collect();
        fs::write(file.with_extension("rows"), bytes).unwrap();
    }
    ask("predict");
    let mut report = String::new();
    for (file, model, forest) in &models {
        let differences = differences(file, model, forest);
        if !differences.is_empty() {
            writeln!(report, "{}: {}", file.file_name().unwrap().display(), differences.join("; ")).unwrap();
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

/// A model over features in another order than its own.
fn imported(file: PathBuf) -> (PathBuf, ImportedModel, Forest) {
    let name = |feature| format!("feature_{feature}");
    let names = FeatureNames::new((0..FEATURES).rev().map(name).collect()).unwrap();
    let model = ImportedModel::read(&fs::read(&file).unwrap());
    let model = model.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let forest = model.forest(&names, false).unwrap();
    (file, model, forest)
}

/// A number below `range` that place and purpose give (multiplicative hashing, Knuth, The Art of Computer Programming 3).
fn draw(place: usize, purpose: u64, range: usize) -> usize {
    let mixed = (place as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (purpose << 32);
    (mixed.wrapping_mul(0xD6E8_FEB8_6659_FD93) >> 33) as usize % range
}

/// Rows in the model's order of features: thresholds and their neighbours, what comparisons treat specially, and others.
fn grid(forest: &Forest, with_infinities: bool) -> Vec<[f32; FEATURES]> {
    let tiny = f32::from_bits(1);
    let mut special =
        vec![f32::NAN, 0.0, -0.0, tiny, -tiny, f32::MIN_POSITIVE, 1e-35, -1e-35, -0.5, 1e30, -1e30];
    special.extend([1e-35_f32.next_up(), -(1e-35_f32.next_up()), 2_147_483_648.0]);
    if with_infinities {
        special.extend([f32::INFINITY, f32::NEG_INFINITY]);
    }
    let mut thresholds: [BTreeSet<u32>; FEATURES] = Default::default();
    for node in forest.trees().iter().flat_map(tidegate_risk::model::Tree::nodes) {
        if let Node::Split { feature, threshold, .. } = *node
            && threshold.is_finite()
        {
            // The set has the features in reverse.
            thresholds[FEATURES - 1 - feature as usize].insert(threshold.to_bits());
        }
    }
    let thresholds = thresholds.map(|bits| bits.into_iter().map(f32::from_bits).collect::<Vec<_>>());
    let value = |row: usize, feature: usize| {
        let (place, near) = (row * FEATURES + feature, &thresholds[feature]);
        match draw(place, 1, 10) {
            0..=1 => special[draw(place, 2, special.len())],
            2..=6 if !near.is_empty() => {
                let threshold = near[draw(place, 3, near.len())];
                [threshold.next_down(), threshold, threshold.next_up()][draw(place, 4, 3)]
            }
            7 => draw(place, 5, 50) as f32,
            _ => draw(place, 6, 1 << 20) as f32 / f32::from(1_u16 << 15) / 5.0 - 3.2,
        }
    };
    (0..ROWS).map(|row| std::array::from_fn(|feature| value(row, feature))).collect()
}

fn differences(file: &Path, model: &ImportedModel, forest: &Forest) -> Vec<String> {
    let rows = fs::read(file.with_extension("rows")).unwrap();
    let values: Vec<f32> = rows.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    let expected = fs::read(file.with_extension("expected")).unwrap();
    let expected: Vec<f64> =
        expected.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
    let expected = expected.as_chunks::<EXPECTED>().0;
    assert_eq!((expected.len(), values.len()), (ROWS, ROWS * FEATURES));
    let of_feature = |feature: usize| values.iter().skip(feature).step_by(FEATURES).copied().collect();
    let columns = (0..FEATURES).rev().map(of_feature).collect();
    let matrix = FeatureMatrix::new(forest.features().clone(), columns).unwrap();
    let margins = forest.margins(&matrix).unwrap();
    let link = model.link().unwrap();
    let (mut found, mut worst) = (Vec::new(), [0.0_f64; 2]);
    let mut margins_apart = 0;
    for (row, (margin, [theirs, probability, contributions @ ..])) in margins.iter().zip(expected).enumerate()
    {
        if margin.to_bits() != theirs.to_bits() {
            margins_apart += 1;
            if margins_apart == 1 {
                found.push(format!(
                    "row {row} {:?}: {margin:e}, expected {theirs:e}",
                    matrix.row(row).unwrap()
                ));
            }
        }
        worst[0] = worst[0].max((link.probability(*margin) - probability).abs());
        if row < EXPLAINED {
            let ours = forest.contributions(&[matrix.row(row).unwrap()]).unwrap().remove(0).values;
            let apart = ours.iter().rev().zip(contributions).map(|(ours, theirs)| (ours - theirs).abs());
            worst[1] = apart.filter(|apart| !apart.is_nan()).fold(worst[1], f64::max);
        }
    }
    if margins_apart > 0 {
        found.push(format!("{margins_apart} of {ROWS} margins differ"));
    }
    if worst[0] > 1e-6 {
        found.push(format!("probabilities differ by up to {:e}", worst[0]));
    }
    if worst[1] > 1e-4 {
        found.push(format!("contributions differ by up to {:e}", worst[1]));
    }
    found
}

//! Twenty-four records with ties on which reference values were computed once, outside this project.
//!
//! Drawn with numpy (seed 20261124): scores from Beta(1.2, 2.5) rounded to 5 %, labels Bernoulli of the score,
//! weights 1 to 4, revenue of findings in steps of 50. Each test names the function that gave its numbers.

use super::sample::Sample;

/// Score in per cent, label, weight, revenue.
pub(crate) const RECORDS: [(u8, bool, u8, u16); 24] = [
    (60, false, 4, 0),
    (45, false, 4, 0),
    (70, true, 1, 0),
    (60, true, 1, 900),
    (10, false, 3, 0),
    (35, false, 4, 0),
    (20, false, 2, 0),
    (70, false, 4, 0),
    (90, true, 2, 400),
    (5, false, 4, 0),
    (60, true, 4, 900),
    (75, false, 2, 0),
    (20, true, 3, 50),
    (60, true, 3, 400),
    (25, false, 1, 0),
    (15, false, 3, 0),
    (30, true, 1, 850),
    (25, false, 2, 0),
    (75, true, 4, 350),
    (45, false, 4, 0),
    (20, true, 1, 50),
    (5, false, 3, 0),
    (60, false, 2, 0),
    (40, true, 1, 600),
];

/// The records with their scores as probabilities, and their revenue; with or without their weights.
pub(super) fn reference_sample(weighted: bool) -> Sample {
    let probabilities = RECORDS.map(|record| f64::from(record.0) / 100.0);
    let sample = Sample::new(&probabilities, &RECORDS.map(|record| record.1))
        .and_then(|sample| sample.with_probabilities(&probabilities))
        .and_then(|sample| sample.with_revenue(&RECORDS.map(|record| f64::from(record.3))))
        .unwrap();
    if weighted { sample.with_weights(&RECORDS.map(|record| f64::from(record.2))).unwrap() } else { sample }
}

/// Asserts that a measure is defined and equal but for rounding.
pub(super) fn assert_near(measure: Option<f64>, expected: f64) {
    let measure = measure.unwrap();
    assert!((measure - expected).abs() < 1e-12, "{measure} is not {expected}");
}

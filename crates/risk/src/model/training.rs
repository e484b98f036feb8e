//! Training: the one place that knows the boosting library, `forust-ml` 0.8.
//!
//! The same rows, labels, weights and parameters give the same forest whatever the number of threads. They
//! need not give the same forest on another platform, as the library takes `exp` from the platform's
//! mathematics; what decides is the forest's bytes, and those decide alike everywhere.

use std::collections::HashMap;

use forust_ml::constraints::Constraint;
use forust_ml::sampler::SampleMethod;
use forust_ml::{GradientBooster, Matrix};

use super::forest::Forest;
use super::matrix::{FeatureMatrix, FeatureNames};
use super::parameters::{Monotone, TrainingParameters};
use super::threshold::deciding_threshold;
use super::training_error::TrainingError;
use super::tree::{Branch, MAX_NODES, Node, Tree};

/// Trains boosted trees on log-loss; `labels` say which rows were true findings, `weights` default to 1.
///
/// Missing values are tried on both sides of every split and go where the gain is larger. The matrix is
/// copied to f64 (exactly) for the library: 8 bytes a value, for the time of the call.
///
/// # Errors
/// If lengths, weights, values or parameters are out of range, or only one kind of label has weight.
pub fn train(
    matrix: &FeatureMatrix,
    labels: &[bool],
    weights: Option<&[f64]>,
    parameters: &TrainingParameters,
) -> Result<Forest, TrainingError> {
    let weights = check_rows(matrix, labels, weights)?;
    let booster = fit(booster(parameters, matrix.names())?, matrix, labels, &weights)?;
    forest(&booster, matrix.names())
}

/// Checks the rows and gives their weights.
fn check_rows(
    matrix: &FeatureMatrix,
    labels: &[bool],
    weights: Option<&[f64]>,
) -> Result<Vec<f64>, TrainingError> {
    let rows = matrix.rows();
    let lengths = [("labels", labels.len()), ("weights", weights.map_or(rows, <[f64]>::len))];
    if let Some((what, found)) = lengths.into_iter().find(|&(_, found)| found != rows) {
        return Err(TrainingError::Length { what, rows, found });
    }
    let weights = weights.map_or_else(|| vec![1.0; rows], <[f64]>::to_vec);
    if let Some(row) = weights.iter().position(|weight| !(weight.is_finite() && *weight >= 0.0)) {
        return Err(TrainingError::Weight { row, value: weights[row] });
    }
    let has_label =
        |wanted| labels.iter().zip(&weights).any(|(&label, &weight)| label == wanted && weight > 0.0);
    if !(has_label(true) && has_label(false)) {
        return Err(TrainingError::OneClass);
    }
    for (name, column) in matrix.names().as_slice().iter().zip(matrix.columns()) {
        if let Some(row) = column.iter().position(|value| value.is_infinite()) {
            return Err(TrainingError::InfiniteValue { feature: name.clone(), row, value: column[row] });
        }
    }
    Ok(weights)
}

/// A library booster with checked parameters.
fn booster(parameters: &TrainingParameters, names: &FeatureNames) -> Result<GradientBooster, TrainingError> {
    parameters.check(names.len())?;
    let mut constraints = HashMap::new();
    for (name, direction) in &parameters.monotone {
        let position =
            names.position(name).ok_or_else(|| TrainingError::UnknownFeature { name: name.clone() })?;
        let constraint = match direction {
            Monotone::Increasing => Constraint::Positive,
            Monotone::Decreasing => Constraint::Negative,
        };
        constraints.insert(position, constraint);
    }
    let mut booster = GradientBooster::default();
    booster.iterations = parameters.trees;
    booster.max_depth = parameters.depth;
    booster.learning_rate = parameters.learning_rate;
    booster.l2 = parameters.l2;
    booster.min_leaf_weight = parameters.min_child_weight;
    booster.subsample = parameters.subsample;
    booster.sample_method =
        if parameters.subsample < 1.0 { SampleMethod::Random } else { SampleMethod::None };
    booster.colsample_bytree = parameters.column_sample;
    booster.nbins = parameters.max_bins;
    booster.seed = parameters.seed;
    // A tree within the forest's limit has at most half as many leaves as nodes.
    booster.max_leaves = MAX_NODES / 2;
    booster.monotone_constraints = Some(constraints);
    Ok(booster)
}

fn fit(
    mut booster: GradientBooster,
    matrix: &FeatureMatrix,
    labels: &[bool],
    weights: &[f64],
) -> Result<GradientBooster, TrainingError> {
    let labels: Vec<f64> = labels.iter().copied().map(f64::from).collect();
    // The library can do this too, but with the platform's logarithm.
    let total: f64 = weights.iter().sum();
    let positives: f64 = labels.iter().zip(weights).map(|(label, weight)| label * weight).sum();
    booster.base_score = libm::log(positives / (total - positives));
    booster.initialize_base_score = false;
    let values = to_f64(matrix);
    let data = Matrix::new(&values, matrix.rows(), matrix.names().len());
    booster.fit(&data, &labels, weights, None)?;
    Ok(booster)
}

/// The matrix in the library's layout, column after column.
fn to_f64(matrix: &FeatureMatrix) -> Vec<f64> {
    matrix.columns().iter().flatten().copied().map(f64::from).collect()
}

/// The library's trees in our form. Leaf values are f32 there; their exact f64 is kept, as the library adds
/// them in f64.
fn forest(booster: &GradientBooster, names: &FeatureNames) -> Result<Forest, TrainingError> {
    let mut trees = Vec::with_capacity(booster.trees.len());
    for (index, tree) in booster.trees.iter().enumerate() {
        let nodes = tree.nodes.iter().map(|node| {
            // Sums of differences may come out a rounding error below 0.
            let cover = f64::from(node.hessian_sum).max(0.0);
            if node.is_leaf {
                return Node::Leaf { value: node.weight_value.into(), cover };
            }
            Node::Split {
                feature: node.split_feature as u32,
                threshold: deciding_threshold(node.split_value),
                missing: if node.missing_node == node.left_child { Branch::Left } else { Branch::Right },
                left: node.left_child as u32,
                right: node.right_child as u32,
                cover,
            }
        });
        let nodes = nodes.collect();
        trees.push(Tree::new(nodes).map_err(|error| TrainingError::Tree { tree: index, error })?);
    }
    Ok(Forest::new(names.clone(), booster.base_score, trees)?)
}

#[cfg(test)]
mod tests {
    use super::super::testing::feature_names;
    use super::*;
    use proptest::prelude::*;

    /// Rows whose label depends on two of four features, one with missing values; from a small congruential
    /// generator, so that the test needs no other source of numbers.
    fn planted(rows: usize, seed: u64) -> (FeatureMatrix, Vec<bool>) {
        let mut state = seed;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / 16_777_216.0
        };
        let mut columns = vec![Vec::new(); 4];
        let mut labels = Vec::new();
        for _ in 0..rows {
            let values = [uniform(), uniform(), uniform() * 1e6, (uniform() * 5.0).floor()];
            let hidden = uniform() < 0.2;
            labels.push(uniform() < if hidden { 0.5 } else { values[0] * 0.8 } * (values[1] + 0.2));
            for (column, value) in columns.iter_mut().zip(values) {
                column.push(value);
            }
            if hidden && let Some(last) = columns[0].last_mut() {
                *last = f32::NAN;
            }
        }
        (FeatureMatrix::new(feature_names(4), columns).unwrap(), labels)
    }

    fn small(seed: u64) -> TrainingParameters {
        TrainingParameters { trees: 20, depth: 4, learning_rate: 0.3, seed, ..TrainingParameters::default() }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        /// Equal to the last bit: the library, too, starts at the base score and adds f32 leaf values to an
        /// f64 in tree order, and its thresholds are values of the f32 columns.
        #[test]
        fn margins_equal_those_of_the_library(seed in any::<u64>(), sampled in any::<bool>(), depth in 1..8_usize) {
            let (matrix, labels) = planted(400, seed);
            let mut parameters = TrainingParameters { depth, min_child_weight: 0.0, ..small(seed) };
            if sampled {
                parameters.subsample = 0.6;
                parameters.column_sample = 0.5;
            }
            let weights = vec![1.0; matrix.rows()];
            let library = fit(booster(&parameters, matrix.names()).unwrap(), &matrix, &labels, &weights).unwrap();
            let forest = forest(&library, matrix.names()).unwrap();
            let (unseen, _) = planted(300, seed ^ 1);
            let values = to_f64(&unseen);
            let expected = library.predict(&Matrix::new(&values, unseen.rows(), 4), false);
            for (ours, theirs) in forest.margins(&unseen).unwrap().iter().zip(expected) {
                prop_assert_eq!(ours.to_bits(), theirs.to_bits());
            }
        }
    }

    #[test]
    fn training_finds_the_planted_pattern() {
        let (matrix, labels) = planted(4_000, 1);
        let forest = train(&matrix, &labels, None, &small(0)).unwrap();
        let (unseen, truth) = planted(4_000, 2);
        let margins = forest.margins(&unseen).unwrap();
        let mean = |wanted: bool| {
            let of: Vec<f64> =
                margins.iter().zip(&truth).filter(|(_, label)| **label == wanted).map(|(m, _)| *m).collect();
            of.iter().sum::<f64>() / of.len() as f64
        };
        assert!(mean(true) > mean(false) + 0.5);
    }

    #[test]
    fn threads_do_not_change_the_forest_but_the_seed_does() {
        // More rows than the library's blocks of 16,384, so that it does split the work.
        let (matrix, labels) = planted(40_000, 3);
        let weights = vec![1.0; matrix.rows()];
        let bytes = |threads, seed| {
            let parameters = TrainingParameters { trees: 5, subsample: 0.5, ..small(seed) };
            let mut booster = booster(&parameters, matrix.names()).unwrap();
            booster.num_threads = Some(threads);
            let trained = fit(booster, &matrix, &labels, &weights).unwrap();
            forest(&trained, matrix.names()).unwrap().to_bytes()
        };
        assert_eq!(bytes(1, 7), bytes(3, 7));
        assert_ne!(bytes(1, 7), bytes(1, 8));
    }

    #[test]
    fn a_monotone_feature_moves_the_margin_one_way() {
        let (matrix, labels) = planted(2_000, 4);
        let mut parameters = small(0);
        parameters.monotone.insert("f0".to_owned(), Monotone::Decreasing);
        let forest = train(&matrix, &labels, None, &parameters).unwrap();
        for other in 0..20_u8 {
            let row = |step: u8| [f32::from(step) / 50.0, f32::from(other) / 20.0, 5e5, 2.0];
            let margins: Vec<f64> = (0..=50).map(|step| forest.margin(&row(step)).unwrap()).collect();
            assert!(margins.windows(2).all(|pair| pair[1] <= pair[0]));
        }
    }

    #[test]
    fn a_weight_of_zero_takes_a_row_out() {
        let columns = vec![vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]];
        let matrix = FeatureMatrix::new(feature_names(1), columns).unwrap();
        let labels = [false, false, false, false, true, true, true, true];
        let parameters = TrainingParameters { trees: 1, min_child_weight: 0.0, ..small(0) };
        let weights = [1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0];
        let forest = train(&matrix, &labels, Some(&weights), &parameters).unwrap();
        let cover: f64 = forest.trees()[0].nodes()[0].cover();
        // Six rows of probability 1/2, each with second derivative 1/4.
        assert!((cover - 1.5).abs() < 1e-6);
    }

    #[test]
    fn bad_input_is_refused() {
        let matrix = |values: Vec<f32>| FeatureMatrix::new(feature_names(1), vec![values]).unwrap();
        let two = matrix(vec![0.0, 1.0]);
        let labels = [false, true];
        let message = |result: Result<Forest, TrainingError>| result.unwrap_err().to_string();
        let default = TrainingParameters::default();
        assert_eq!(
            message(train(&two, &[true], None, &default)),
            "1 labels for 2 rows; there must be one for each"
        );
        assert_eq!(
            message(train(&two, &labels, Some(&[1.0, f64::NAN]), &default)),
            "the weight of row 1 is NaN; a weight is finite and at least 0"
        );
        assert!(matches!(train(&two, &[true, true], None, &default), Err(TrainingError::OneClass)));
        assert_eq!(
            message(train(&matrix(vec![0.0, f32::INFINITY]), &labels, None, &default)),
            "feature `f0` is inf in row 1; a value is finite, or NaN where it is missing"
        );
        let none = TrainingParameters { column_sample: 0.5, ..default.clone() };
        assert_eq!(
            message(train(&two, &labels, None, &none)),
            "parameter `column_sample` is 0.5; it must be above 0, at most 1, and enough for one feature"
        );
        let unknown =
            TrainingParameters { monotone: [("x".to_owned(), Monotone::Increasing)].into(), ..default };
        assert_eq!(
            message(train(&two, &labels, None, &unknown)),
            "parameter `monotone` names `x`, which is no feature of the matrix"
        );
    }

    #[test]
    fn a_feature_that_is_always_missing_is_never_split_on() {
        let (matrix, labels) = planted(300, 5);
        let mut columns = matrix.columns().to_vec();
        columns[3] = vec![f32::NAN; matrix.rows()];
        let matrix = FeatureMatrix::new(feature_names(4), columns).unwrap();
        let forest = train(&matrix, &labels, None, &small(0)).unwrap();
        let splits = forest.trees().iter().flat_map(Tree::nodes);
        assert!(splits.into_iter().all(|node| !matches!(node, Node::Split { feature: 3, .. })));
    }
}

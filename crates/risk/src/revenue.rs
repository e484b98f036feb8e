//! What an inspection is expected to bring, learnt from what inspections brought.
//!
//! The duty at the declared rate is a poor guide to what a finding brings: a false origin evades duties that the declared
//! one does not carry, and a false code is chosen because little is charged on it. So a forest of its own learns it.
//!
//! It is trained on the same rows with log-loss, findings weighted by their recovered amount over the mean m of the
//! amounts, others by 1. At each x the weighted loss is least where the odds are those of the weights,
//!
//! `e^margin = E[r / m; found | x] / P(not found | x)`, hence `E[r | x] = m e^margin (1 - p(x))`
//!
//! with p the calibrated probability of a finding (weights that turn a classifier into an estimate of a weighted mean:
//! Elkan 2001, The Foundations of Cost-Sensitive Learning, IJCAI). `ln m` is added to the base score, so that the forest is
//! the whole of it. Amounts have long tails: those above the quantile [`LIMIT`] count as that quantile, which leaves out what
//! cannot be learnt from a few (winsorised means: Tukey 1962, Annals of Mathematical Statistics 33).

use crate::model::{FeatureMatrix, FeatureMismatch, Forest, ForestError};

/// Quantile of the recovered amounts above which they count as the quantile.
const LIMIT: f64 = 0.99;

/// Weights of rows with a result, by whether something was found and what it brought, and the mean m of the amounts. None
/// when nothing was recovered.
pub(crate) fn weights(found: impl Iterator<Item = (bool, u64)> + Clone) -> Option<(Vec<f64>, f64)> {
    let mut amounts: Vec<u64> = found.clone().filter(|(found, _)| *found).map(|(_, amount)| amount).collect();
    amounts.sort_unstable();
    let limit = *amounts.get((amounts.len().saturating_sub(1) as f64 * LIMIT) as usize)?;
    let total: f64 = amounts.iter().map(|amount| (*amount).min(limit) as f64).sum();
    let mean = total / amounts.len() as f64;
    let weight = |(found, amount): (bool, u64)| if found { amount.min(limit) as f64 / mean } else { 1.0 };
    (mean > 0.0).then(|| (found.map(weight).collect(), mean))
}

/// The forest whose odds are in units of the mean, with the mean in its base score.
pub(crate) fn scaled(forest: &Forest, mean: f64) -> Result<Forest, ForestError> {
    let base_score = forest.base_score() + libm::log(mean);
    Forest::new(forest.features().clone(), base_score, forest.trees().to_vec())
}

/// Revenue that inspecting each row is expected to bring: `e^margin (1 - p)`.
pub(crate) fn expected(
    forest: &Forest,
    features: &FeatureMatrix,
    probabilities: &[f64],
) -> Result<Vec<f64>, FeatureMismatch> {
    let margins = forest.margins(features)?;
    Ok(margins.iter().zip(probabilities).map(|(margin, p)| libm::exp(*margin) * (1.0 - p)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FeatureNames, TrainingParameters, train};

    #[test]
    fn weights_are_amounts_over_their_mean_and_a_huge_one_counts_as_the_quantile() {
        let rows = [(true, 100), (false, 0), (true, 300), (true, 0)];
        let (found, mean) = weights(rows.into_iter()).unwrap();
        // Of three amounts the one at position floor(2 x 0.99) = 1 is the limit: 0, 100, 300 count as 0, 100, 100.
        assert!((mean - 200.0 / 3.0).abs() < 1e-9, "{mean}");
        assert!(found.iter().zip([1.5, 1.0, 1.5, 0.0]).all(|(a, b)| (a - b).abs() < 1e-9), "{found:?}");
        assert_eq!(weights([(false, 0), (true, 0)].into_iter()), None, "nothing was recovered");
        assert_eq!(weights(std::iter::empty()), None);
    }

    /// Two kinds of goods: the one is found false in half of the cases and brings 1,000, the other in a tenth and brings
    /// 40,000. Expected are 500 and 4,000.
    #[test]
    fn what_is_expected_is_probability_times_amount() {
        let rows = 4_000_usize;
        let dear = |row: usize| row.is_multiple_of(2);
        let found =
            |row: usize| if dear(row) { (row / 2).is_multiple_of(10) } else { (row / 2).is_multiple_of(2) };
        let amount = |row: usize| match (found(row), dear(row)) {
            (false, _) => 0,
            (true, true) => 40_000,
            (true, false) => 1_000,
        };
        let column: Vec<f32> = (0..rows).map(|row| f32::from(u8::from(dear(row)))).collect();
        let names = FeatureNames::new(vec!["dear".to_owned()]).unwrap();
        let matrix = FeatureMatrix::new(names, vec![column]).unwrap();
        let (weights, mean) = weights((0..rows).map(|row| (found(row), amount(row)))).unwrap();
        let labels: Vec<bool> = (0..rows).map(found).collect();
        let forest = train(&matrix, &labels, Some(&weights), &TrainingParameters::default()).unwrap();
        let forest = scaled(&forest, mean).unwrap();
        let p: Vec<f64> = (0..rows).map(|row| if dear(row) { 0.1 } else { 0.5 }).collect();
        let revenue = expected(&forest, &matrix, &p).unwrap();
        assert!((revenue[0] / 4_000.0 - 1.0).abs() < 0.05, "{}", revenue[0]);
        assert!((revenue[1] / 500.0 - 1.0).abs() < 0.05, "{}", revenue[1]);
    }
}

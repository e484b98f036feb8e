//! A simple outcome model, cross-fitted forward in time: what records like this one brought before.

use crate::selection::Lane;
use std::collections::BTreeMap;

/// An inspection whose result is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Example {
    /// Epoch in which the result came in.
    pub known_in: u32,
    /// Assigned lane.
    pub lane: Lane,
    /// What the model is told of the record: its score.
    pub score: f64,
    /// y of the [`Measure`](super::Measure).
    pub value: f64,
}

/// Examples by score that a prediction stands on, at least where there are as many.
const BIN_SIZE: usize = 100;
/// Examples that the mean of the lane counts for in each bin.
const PRIOR_SIZE: f64 = 20.0;

/// Mean values of bins of the score, for each epoch and lane.
#[derive(Debug, Clone, PartialEq)]
pub struct ForwardOutcomeModel {
    fitted: BTreeMap<(u32, Lane), Bins>,
}

#[derive(Debug, Clone, PartialEq)]
struct Bins {
    /// Greatest score of each bin but the last.
    edges: Vec<f64>,
    means: Vec<f64>,
}

impl ForwardOutcomeModel {
    /// Fits the model of each of `epochs` on the results that came in before it began, so that no label of an epoch, and
    /// no draw, touches a prediction for it (cross-fitting forward in time: Hadad et al., PNAS 118, 2021). Means are drawn
    /// towards the mean of the lane: `(sum y + k mean) / (n + k)`.
    pub fn fit(examples: &[Example], epochs: std::ops::Range<u32>) -> Self {
        let mut fitted = BTreeMap::new();
        for epoch in epochs {
            let mut lanes: BTreeMap<Lane, Vec<(f64, f64)>> = BTreeMap::new();
            for example in examples.iter().filter(|e| e.known_in < epoch) {
                lanes.entry(example.lane).or_default().push((example.score, example.value));
            }
            fitted.extend(lanes.into_iter().map(|(lane, examples)| ((epoch, lane), Bins::new(examples))));
        }
        Self { fitted }
    }

    /// m(lane, score) in an epoch; 0 where nothing is known before it.
    pub fn predict(&self, epoch: u32, lane: Lane, score: f64) -> f64 {
        self.fitted
            .get(&(epoch, lane))
            .map_or(0.0, |bins| bins.means[bins.edges.partition_point(|e| *e < score)])
    }
}

impl Bins {
    fn new(mut examples: Vec<(f64, f64)>) -> Self {
        examples.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let sum = |part: &[(f64, f64)]| part.iter().map(|e| e.1).sum::<f64>();
        let overall = sum(&examples) / examples.len() as f64;
        let (mut edges, mut means, mut rest) = (Vec::new(), Vec::new(), examples.as_slice());
        while !rest.is_empty() {
            let last = BIN_SIZE.min(rest.len()) - 1;
            // Equal scores stay together, and what is left over is no bin of its own.
            let end = last + rest[last..].partition_point(|e| e.0 <= rest[last].0);
            let end = if rest.len() - end < BIN_SIZE { rest.len() } else { end };
            let bin = &rest[..end];
            means.push((sum(bin) + PRIOR_SIZE * overall) / (bin.len() as f64 + PRIOR_SIZE));
            rest = &rest[end..];
            if !rest.is_empty() {
                edges.push(bin[bin.len() - 1].0);
            }
        }
        Self { edges, means }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimation::coverage::Noise;

    fn examples() -> Vec<Example> {
        let noise = Noise::new(5);
        let example = |i: u64| {
            let score = noise.uniform("score", i);
            let value = f64::from(u8::from(noise.uniform("found", i) < score * score));
            let lane = if i.is_multiple_of(3) { Lane::Orange } else { Lane::Red };
            Example { known_in: (i / 500) as u32, lane, score, value }
        };
        (0..2_000).map(example).collect()
    }

    #[test]
    fn means_rise_as_the_data_do() {
        let model = ForwardOutcomeModel::fit(&examples(), 0..4);
        for score in [0.1, 0.5, 0.9] {
            let found = model.predict(3, Lane::Red, score);
            // A bin of 100 and a prior of 20 towards a third.
            assert!((found - score * score).abs() < 0.16, "{found} at {score}");
        }
        assert_eq!(model.predict(0, Lane::Red, 0.5).to_bits(), 0, "nothing was known");
        assert_eq!(model.predict(3, Lane::Blue, 0.5).to_bits(), 0);
    }

    /// SELECTION 6: altering the labels of an epoch changes no prediction for it, nor for any before.
    #[test]
    fn no_label_touches_a_prediction_of_its_own_epoch() {
        let (before, mut altered) = (examples(), examples());
        for example in altered.iter_mut().filter(|e| e.known_in >= 2) {
            example.value = 1.0 - example.value;
        }
        let [before, after] = [before, altered].map(|examples| ForwardOutcomeModel::fit(&examples, 0..4));
        let predictions = |model: &ForwardOutcomeModel, epoch| -> Vec<u64> {
            let at = |i: u32| model.predict(epoch, Lane::Red, f64::from(i) / 50.0).to_bits();
            (0..50).map(at).collect()
        };
        for epoch in 0..=2 {
            assert_eq!(predictions(&before, epoch), predictions(&after, epoch), "{epoch}");
        }
        assert_ne!(predictions(&before, 3), predictions(&after, 3));
    }
}

//! The bootstrap: how far a measure would move if other records had come, by drawing from these with replacement.

use serde::{Deserialize, Serialize};

use super::random::SplitMix64;
use super::sample::{EvaluationError, Sample};

/// Most resamples; more digits of an interval's ends than these give mean nothing.
const MAX_RESAMPLES: u32 = 100_000;

/// How to resample.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bootstrap {
    /// Number of resamples, 1 to 100,000.
    pub resamples: u32,
    /// Share of the resamples that lie inside an interval, in (0, 1).
    pub confidence: f64,
    /// Seed of the draws.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { resamples: 500, confidence: 0.95, seed: 0 }
    }
}

/// Ends of a percentile interval (Efron, The Annals of Statistics 7, 1979).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A measure with its bootstrap interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The measure on the sample itself.
    pub value: f64,
    /// Its interval over the resamples on which it is defined; `None` if it is defined on none.
    pub interval: Option<Interval>,
    /// The number of resamples on which it is defined.
    pub resamples: u32,
}

impl Bootstrap {
    /// Measures a sample and its resamples; gives one estimate per measure, `None` where the sample itself
    /// has none.
    ///
    /// A resample draws as many records as there are, with replacement; if the sample has clusters, as many
    /// whole clusters as there are. A record drawn twice weighs twice. `measures` must give equally many
    /// measures each time.
    ///
    /// # Errors
    /// If the number of resamples or the confidence is out of range.
    pub fn estimate(
        &self,
        sample: &Sample,
        measures: impl Fn(&Sample) -> Vec<Option<f64>>,
    ) -> Result<Vec<Option<Estimate>>, EvaluationError> {
        self.check()?;
        let values = measures(sample);
        let mut resampled: Vec<Vec<f64>> = vec![Vec::new(); values.len()];
        let mut generator = SplitMix64::new(self.seed);
        let mut resample = sample.clone();
        for _ in 0..self.resamples {
            draw_weights(sample, &mut generator, &mut resample.weights);
            for (results, result) in resampled.iter_mut().zip(measures(&resample)) {
                results.extend(result);
            }
        }
        let estimates = values.into_iter().zip(resampled).map(|(value, mut results)| {
            let value = value?;
            results.sort_by(f64::total_cmp);
            let tail = (1.0 - self.confidence) / 2.0;
            let interval = percentile(&results, tail)
                .zip(percentile(&results, 1.0 - tail))
                .map(|(low, high)| Interval { low, high });
            Some(Estimate { value, interval, resamples: results.len() as u32 })
        });
        Ok(estimates.collect())
    }

    fn check(&self) -> Result<(), EvaluationError> {
        if !(1..=MAX_RESAMPLES).contains(&self.resamples) {
            let (name, value) = ("resamples", f64::from(self.resamples));
            return Err(EvaluationError::Option { name, value, expected: "1 to 100000" });
        }
        if !(self.confidence > 0.0 && self.confidence < 1.0) {
            let (name, value) = ("confidence", self.confidence);
            return Err(EvaluationError::Option { name, value, expected: "above 0 and below 1" });
        }
        Ok(())
    }
}

/// Draws a resample as weights: each record's own, times how often it or its cluster was drawn.
fn draw_weights(sample: &Sample, generator: &mut SplitMix64, weights: &mut [f64]) {
    let units = sample.clusters.as_ref().map_or(sample.records(), |clusters| clusters.count);
    let mut times = vec![0_u32; units];
    for _ in 0..units {
        times[generator.below(units)] += 1;
    }
    for (rank, (weight, own)) in weights.iter_mut().zip(&sample.weights).enumerate() {
        let unit = sample.clusters.as_ref().map_or(rank, |clusters| clusters.of[rank]);
        *weight = own * f64::from(times[unit]);
    }
}

/// The value at a share of a sorted list, on the line between neighbours: definition 7 of Hyndman and Fan,
/// The American Statistician 50, 1996, which is numpy's default.
fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * sorted.len().checked_sub(1)? as f64;
    let below = sorted[place as usize];
    let above = sorted.get(place as usize + 1).unwrap_or(&below);
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_near, reference_sample};
    use super::*;

    fn finding_rate(sample: &Sample) -> Vec<Option<f64>> {
        vec![sample.at_fraction(1.0).unwrap().precision]
    }

    fn interval(bootstrap: &Bootstrap, sample: &Sample) -> Interval {
        bootstrap.estimate(sample, finding_rate).unwrap()[0].unwrap().interval.unwrap()
    }

    /// 400 records, 100 of them findings: the rate's standard error is sqrt(0.25 * 0.75 / 400) = 0.02165.
    fn quarter() -> Sample {
        let scores: Vec<f64> = (0..400).map(f64::from).collect();
        let labels: Vec<bool> = (0..400).map(|record| record % 4 == 0).collect();
        Sample::new(&scores, &labels).unwrap()
    }

    #[test]
    fn percentiles_equal_numpys() {
        // numpy.percentile([1, 2, 4, 8], [0, 25, 50, 97.5, 100])
        let expected = [(0.0, 1.0), (0.25, 1.75), (0.5, 3.0), (0.975, 7.7), (1.0, 8.0)];
        for (share, value) in expected {
            assert_near(percentile(&[1.0, 2.0, 4.0, 8.0], share), value);
        }
        assert_eq!(percentile(&[], 0.5), None);
    }

    #[test]
    fn an_interval_has_the_width_theory_gives() {
        let Interval { low, high } =
            interval(&Bootstrap { resamples: 4_000, ..Bootstrap::default() }, &quarter());
        assert!((low - (0.25 - 1.96 * 0.021_65)).abs() < 0.005, "{low}");
        assert!((high - (0.25 + 1.96 * 0.021_65)).abs() < 0.005, "{high}");
    }

    #[test]
    fn clusters_of_like_records_widen_the_interval() {
        let bootstrap = Bootstrap::default();
        // 16 records of one label to a cluster leave 25 independent ones: four times the standard error.
        let scores: Vec<f64> = (0..400).map(f64::from).collect();
        let labels: Vec<bool> = (0..400).map(|record| record / 16 % 4 == 0).collect();
        let clusters: Vec<u64> = (0..400).map(|record| record / 16).collect();
        let sample = Sample::new(&scores, &labels).unwrap();
        let single = interval(&bootstrap, &sample);
        let clustered = interval(&bootstrap, &sample.with_clusters(&clusters).unwrap());
        let ratio = (clustered.high - clustered.low) / (single.high - single.low);
        assert!((3.0..5.0).contains(&ratio), "{ratio}");
    }

    #[test]
    fn one_seed_one_interval() {
        let of = |seed| interval(&Bootstrap { seed, ..Bootstrap::default() }, &quarter());
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn resamples_without_a_measure_are_counted_out() {
        // One finding in three records: a resample misses it with probability (2/3)^3 = 0.296.
        let sample = Sample::new(&[0.3, 0.2, 0.1], &[true, false, false]).unwrap();
        let estimates = Bootstrap::default()
            .estimate(&sample, |sample| vec![sample.average_precision(), sample.brier()])
            .unwrap();
        let estimate = estimates[0].unwrap();
        assert!((300..400).contains(&estimate.resamples), "{estimate:?}");
        assert_eq!(estimates[1], None);
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let sample = reference_sample(false);
        for wrong in [
            Bootstrap { resamples: 0, ..Bootstrap::default() },
            Bootstrap { confidence: 1.0, ..Bootstrap::default() },
            Bootstrap { confidence: f64::NAN, ..Bootstrap::default() },
        ] {
            assert!(wrong.estimate(&sample, finding_rate).is_err(), "{wrong:?}");
        }
    }
}

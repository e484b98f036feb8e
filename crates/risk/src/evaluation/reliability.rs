//! Measures of probabilities: do records given a probability of 30 % turn out findings three times in ten?

use serde::{Deserialize, Serialize};

use super::sample::{Probabilities, Sample};

const BINS: usize = 10;

/// How probabilities are sorted into ten bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binning {
    /// [0, 0.1), [0.1, 0.2), ... [0.9, 1].
    EqualWidth,
    /// A tenth of the weight each. Records of one probability stay together, in the bin where their middle
    /// falls, so that bins are equal only as far as ties allow, and some may be empty.
    EqualCount,
}

/// The records of one bin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Least probability in the bin.
    pub lowest: f64,
    /// Greatest probability in the bin.
    pub highest: f64,
    /// Weight of its records (their number, if all weigh 1).
    pub weight: f64,
    /// Mean probability given.
    pub mean_probability: f64,
    /// Share that were true findings.
    pub finding_rate: f64,
}

impl Sample {
    /// The bins that hold any weight, in order of rising probability; `None` without probabilities.
    pub fn reliability(&self, binning: Binning) -> Option<Vec<ReliabilityBin>> {
        let probabilities = self.probabilities.as_ref()?;
        let bin_of = match binning {
            Binning::EqualWidth => equal_width(probabilities),
            Binning::EqualCount => self.equal_count(probabilities),
        };
        let mut bins: [Option<Sums>; BINS] = [None; BINS];
        for &rank in &probabilities.rising {
            if self.weights[rank] > 0.0 {
                let probability = probabilities.values[rank];
                let sums = bins[bin_of[rank]].get_or_insert_with(|| Sums::starting_at(probability));
                sums.add(probability, self.labels[rank], self.weights[rank]);
            }
        }
        Some(bins.into_iter().flatten().map(Sums::into_bin).collect())
    }

    /// Expected calibration error: the weighted mean gap between mean probability and finding rate over the bins
    /// (Naeini, Cooper and Hauskrecht, AAAI 2015). `None` without probabilities or weight.
    pub fn calibration_error(&self, binning: Binning) -> Option<f64> {
        let bins = self.reliability(binning)?;
        let total: f64 = bins.iter().map(|bin| bin.weight).sum();
        let gap = |bin: &ReliabilityBin| bin.weight * (bin.mean_probability - bin.finding_rate).abs();
        (total > 0.0).then(|| bins.iter().map(gap).sum::<f64>() / total)
    }

    /// Brier score: mean squared difference between probability and outcome. `None` without probabilities or
    /// weight.
    pub fn brier(&self) -> Option<f64> {
        self.mean_loss(|probability, label| {
            let difference = probability - f64::from(label);
            difference * difference
        })
    }

    /// Log loss in nats. Probabilities are kept 2^-52 off 0 and 1, as in scikit-learn, so that one wrong
    /// certainty costs 36 nats and not infinity. `None` without probabilities or weight.
    pub fn log_loss(&self) -> Option<f64> {
        self.mean_loss(|probability, label| {
            let probability = probability.clamp(f64::EPSILON, 1.0 - f64::EPSILON);
            -libm::log(if label { probability } else { 1.0 - probability })
        })
    }

    fn mean_loss(&self, loss: impl Fn(f64, bool) -> f64) -> Option<f64> {
        let probabilities = &self.probabilities.as_ref()?.values;
        let records = probabilities.iter().zip(&self.labels).zip(&self.weights);
        let sum: f64 =
            records.map(|((&probability, &label), weight)| weight * loss(probability, label)).sum();
        let total = self.total_weight();
        (total > 0.0).then(|| sum / total)
    }

    /// The bin of each rank, by where the middle of its probability's weight falls.
    fn equal_count(&self, probabilities: &Probabilities) -> Vec<usize> {
        let total = self.total_weight();
        let mut bin_of = vec![0; self.records()];
        let mut below = 0.0;
        let (rising, values) = (&probabilities.rising, &probabilities.values);
        for tie in rising.chunk_by(|&a, &b| values[a] >= values[b]) {
            let weight: f64 = tie.iter().map(|&rank| self.weights[rank]).sum();
            let bin = bin_at((below + weight / 2.0) / total);
            for &rank in tie {
                bin_of[rank] = bin;
            }
            below += weight;
        }
        bin_of
    }
}

fn equal_width(probabilities: &Probabilities) -> Vec<usize> {
    probabilities.values.iter().map(|&probability| bin_at(probability)).collect()
}

/// The bin of a share between 0 and 1; 1 itself belongs to the last.
fn bin_at(share: f64) -> usize {
    ((share * BINS as f64) as usize).min(BINS - 1)
}

/// Running sums of one bin; records come in order of rising probability.
#[derive(Clone, Copy)]
struct Sums {
    lowest: f64,
    highest: f64,
    weight: f64,
    probability: f64,
    findings: f64,
}

impl Sums {
    fn starting_at(lowest: f64) -> Self {
        Self { lowest, highest: lowest, weight: 0.0, probability: 0.0, findings: 0.0 }
    }

    fn add(&mut self, probability: f64, label: bool, weight: f64) {
        self.highest = probability;
        self.weight += weight;
        self.probability += weight * probability;
        self.findings += weight * f64::from(label);
    }

    fn into_bin(self) -> ReliabilityBin {
        ReliabilityBin {
            lowest: self.lowest,
            highest: self.highest,
            weight: self.weight,
            mean_probability: self.probability / self.weight,
            finding_rate: self.findings / self.weight,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_near, reference_sample};
    use super::*;
    use proptest::prelude::*;

    /// scikit-learn 1.9.1, `brier_score_loss` and `log_loss` on the records of `testing`, without and with
    /// `sample_weight`.
    #[test]
    fn losses_equal_scikit_learns() {
        assert_near(reference_sample(false).brier(), 0.219_791_666_666_666_7);
        assert_near(reference_sample(true).brier(), 0.202_976_190_476_190_5);
        assert_near(reference_sample(false).log_loss(), 0.618_317_210_056_704_6);
        assert_near(reference_sample(true).log_loss(), 0.578_203_510_452_263_3);
    }

    /// The same records through numpy 2.4.6: sum over bins of |sum of weight * (probability - label)| / total
    /// weight, with bin = min(floor(10 * share), 9).
    #[test]
    fn calibration_errors_equal_numpys() {
        let (plain, weighted) = (reference_sample(false), reference_sample(true));
        assert_near(plain.calibration_error(Binning::EqualWidth), 0.120_833_333_333_333_35);
        assert_near(weighted.calibration_error(Binning::EqualWidth), 0.165_873_015_873_015_87);
        assert_near(plain.calibration_error(Binning::EqualCount), 0.1625);
        assert_near(weighted.calibration_error(Binning::EqualCount), 0.202_380_952_380_952_4);
    }

    /// By hand: 0.95 and 1 share the last bin, of which one is a finding.
    #[test]
    fn a_bin_says_what_was_given_and_what_came() {
        let sample = Sample::new(&[0.1, 0.95, 1.0], &[false, true, false]).unwrap();
        let sample = sample.with_probabilities(&[0.1, 0.95, 1.0]).unwrap();
        let bins = sample.reliability(Binning::EqualWidth).unwrap();
        assert_eq!(bins.len(), 2);
        assert_near(Some(bins[1].lowest), 0.95);
        assert_near(Some(bins[1].highest), 1.0);
        assert_near(Some(bins[1].weight), 2.0);
        assert_near(Some(bins[1].mean_probability), 0.975);
        assert_near(Some(bins[1].finding_rate), 0.5);
        assert_near(sample.calibration_error(Binning::EqualWidth), (0.1 + 2.0 * 0.475) / 3.0);
        // 1 given to what was no finding: -ln(2^-52) nats.
        assert_near(sample.log_loss(), (-0.9_f64.ln() - 0.95_f64.ln() + 52.0 * 2.0_f64.ln()) / 3.0);
    }

    #[test]
    fn without_probabilities_there_is_nothing_to_say() {
        let sample = Sample::new(&[0.1, 0.9], &[false, true]).unwrap();
        assert_eq!((sample.brier(), sample.log_loss()), (None, None));
        assert_eq!(sample.reliability(Binning::EqualCount), None);
        assert_eq!(sample.calibration_error(Binning::EqualCount), None);
    }

    proptest! {
        #[test]
        fn bins_partition_the_records(
            records in prop::collection::vec((0..=40_u8, any::<bool>()), 1..120),
            equal_count in any::<bool>(),
        ) {
            let probabilities: Vec<f64> = records.iter().map(|record| f64::from(record.0) / 40.0).collect();
            let labels: Vec<bool> = records.iter().map(|record| record.1).collect();
            let sample =
                Sample::new(&probabilities, &labels).unwrap().with_probabilities(&probabilities).unwrap();
            let binning = if equal_count { Binning::EqualCount } else { Binning::EqualWidth };
            let bins = sample.reliability(binning).unwrap();
            prop_assert_eq!(bins.iter().map(|bin| bin.weight).sum::<f64>() as usize, records.len());
            prop_assert!(bins.windows(2).all(|pair| pair[0].highest < pair[1].lowest));
            prop_assert!(bins.iter().all(|bin| bin.lowest <= bin.highest));
        }
    }
}

//! Measures of the whole ranking: area under the ROC curve and average precision.

use super::sample::Sample;

impl Sample {
    /// Area under the ROC curve: the probability that a random true finding outranks a random other record, a tie
    /// counting half (Hanley and `McNeil`, Radiology 143, 1982). `None` if only one kind of label has weight.
    pub fn auc(&self) -> Option<f64> {
        let (mut positives_above, mut negatives_above, mut pairs) = (0.0, 0.0, 0.0);
        for (positives, negatives) in self.tied_weights() {
            pairs += negatives * (positives_above + positives / 2.0);
            positives_above += positives;
            negatives_above += negatives;
        }
        (positives_above > 0.0 && negatives_above > 0.0).then(|| pairs / (positives_above * negatives_above))
    }

    /// Average precision: the precision at each distinct score, weighted by the recall gained there; no
    /// interpolation, as in scikit-learn's `average_precision_score`. `None` if no true finding has weight.
    pub fn average_precision(&self) -> Option<f64> {
        let (mut positives_above, mut weight_above, mut sum) = (0.0, 0.0, 0.0);
        for (positives, negatives) in self.tied_weights() {
            positives_above += positives;
            weight_above += positives + negatives;
            if positives > 0.0 {
                sum += positives * (positives_above / weight_above);
            }
        }
        (positives_above > 0.0).then(|| sum / positives_above)
    }

    /// Weight of the true findings and of the other records at each distinct score, highest first.
    fn tied_weights(&self) -> impl Iterator<Item = (f64, f64)> {
        self.ties().map(|tie| {
            let mut sums = (0.0, 0.0);
            for rank in tie {
                if self.labels[rank] {
                    sums.0 += self.weights[rank];
                } else {
                    sums.1 += self.weights[rank];
                }
            }
            sums
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_near, reference_sample};
    use super::*;
    use proptest::prelude::*;

    /// scikit-learn 1.9.1, `roc_auc_score` and `average_precision_score` on the records of `testing`, without and
    /// with `sample_weight`.
    #[test]
    fn measures_equal_scikit_learns() {
        let plain = reference_sample(false);
        assert_near(plain.auc(), 0.692_857_142_857_142_8);
        assert_near(plain.average_precision(), 0.613_846_153_846_153_8);
        let weighted = reference_sample(true);
        assert_near(weighted.auc(), 0.732_426_303_854_875_3);
        assert_near(weighted.average_precision(), 0.596_284_979_699_613_8);
    }

    /// By hand: of 2 * 2 pairs the finding at 0.9 wins 2, the one at 0.5 wins one and ties one: 3.5 / 4. Average
    /// precision: 1/2 * 1/1 + 1/2 * 2/3.
    #[test]
    fn a_tie_counts_half() {
        let sample = Sample::new(&[0.9, 0.5, 0.5, 0.1], &[true, true, false, false]).unwrap();
        assert_near(sample.auc(), 0.875);
        assert_near(sample.average_precision(), 5.0 / 6.0);
    }

    #[test]
    fn one_kind_of_label_has_no_area() {
        let only_findings = Sample::new(&[0.1, 0.2], &[true, true]).unwrap();
        assert_eq!(only_findings.auc(), None);
        assert_near(only_findings.average_precision(), 1.0);
        let none = Sample::new(&[0.1], &[false]).unwrap();
        assert_eq!((none.auc(), none.average_precision()), (None, None));
    }

    fn any_records() -> impl Strategy<Value = Vec<(f64, bool, f64)>> {
        let score = (-20..20_i32).prop_map(|tenths| f64::from(tenths) / 10.0);
        prop::collection::vec((score, any::<bool>(), 0.1..3.0_f64), 1..60)
    }

    fn ranked(records: &[(f64, bool, f64)], score: impl Fn(f64) -> f64) -> Sample {
        let scores: Vec<f64> = records.iter().map(|record| score(record.0)).collect();
        let labels: Vec<bool> = records.iter().map(|record| record.1).collect();
        let weights: Vec<f64> = records.iter().map(|record| record.2).collect();
        Sample::new(&scores, &labels).unwrap().with_weights(&weights).unwrap()
    }

    proptest! {
        #[test]
        fn a_rising_map_changes_nothing(records in any_records()) {
            let (plain, mapped) = (ranked(&records, |score| score), ranked(&records, |score| score.exp() - 3.0));
            prop_assert_eq!(plain.auc().map(f64::to_bits), mapped.auc().map(f64::to_bits));
            prop_assert_eq!(
                plain.average_precision().map(f64::to_bits),
                mapped.average_precision().map(f64::to_bits)
            );
        }

        #[test]
        fn turning_the_ranking_round_gives_the_complement(records in any_records()) {
            let (plain, turned) = (ranked(&records, |score| score), ranked(&records, |score| -score));
            prop_assert_eq!(plain.auc().is_some(), turned.auc().is_some());
            if let Some((plain, turned)) = plain.auc().zip(turned.auc()) {
                prop_assert!((plain + turned - 1.0).abs() < 1e-12);
            }
        }

        #[test]
        fn area_is_the_share_of_pairs_in_order(records in any_records()) {
            let (mut won, mut all) = (0.0, 0.0);
            for finding in records.iter().filter(|record| record.1) {
                for other in records.iter().filter(|record| !record.1) {
                    let wins = if finding.0 > other.0 { 1.0 } else if finding.0 < other.0 { 0.0 } else { 0.5 };
                    won += wins * finding.2 * other.2;
                    all += finding.2 * other.2;
                }
            }
            match ranked(&records, |score| score).auc() {
                Some(auc) => prop_assert!((auc - won / all).abs() < 1e-12),
                None => prop_assert!(all <= 0.0),
            }
        }
    }
}

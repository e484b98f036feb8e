//! Measures at an inspection capacity: what inspecting the best-ranked share of records finds.

use serde::{Deserialize, Serialize};

use super::sample::{EvaluationError, Sample};

/// What inspecting the best-ranked `fraction` of records finds.
///
/// The capacity is exactly `fraction` of the records' weight, without rounding. Where it cuts through records
/// of one score, each of them counts with the share of them that fits: the expectation over all ways to break
/// the tie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AtFraction {
    /// Share of the records that are inspected, in (0, 1].
    pub fraction: f64,
    /// Weight of the records inspected (their number, if all weigh 1).
    pub inspected: f64,
    /// Weight of the true findings among them.
    pub hits: f64,
    /// Precision, also called hit rate: hits per inspection.
    pub precision: Option<f64>,
    /// Recall: hits per true finding.
    pub recall: Option<f64>,
    /// Share of the revenue of all true findings that the hits bring; `None` if revenue is unknown or 0.
    pub revenue_captured: Option<f64>,
}

impl Sample {
    /// Measures the best-ranked `fraction` of the records.
    ///
    /// # Errors
    /// If the fraction is not in (0, 1].
    pub fn at_fraction(&self, fraction: f64) -> Result<AtFraction, EvaluationError> {
        if !(fraction > 0.0 && fraction <= 1.0) {
            let (name, expected) = ("fraction", "above 0 and at most 1");
            return Err(EvaluationError::Option { name, value: fraction, expected });
        }
        let capacity = fraction * self.total_weight();
        let (mut left, mut hits, mut findings) = (capacity, 0.0, 0.0);
        let (mut captured, mut revenue) = (0.0, 0.0);
        for tie in self.ties() {
            let (mut tied_weight, mut tied_findings, mut tied_revenue) = (0.0, 0.0, 0.0);
            for rank in tie {
                tied_weight += self.weights[rank];
                if self.labels[rank] {
                    tied_findings += self.weights[rank];
                    let value = self.revenue.as_ref().map_or(0.0, |revenue| revenue[rank]);
                    tied_revenue += self.weights[rank] * value;
                }
            }
            let share = if tied_weight <= left { 1.0 } else { left / tied_weight };
            left -= share * tied_weight;
            hits += share * tied_findings;
            captured += share * tied_revenue;
            findings += tied_findings;
            revenue += tied_revenue;
        }
        let ratio = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        Ok(AtFraction {
            fraction,
            inspected: capacity,
            hits,
            precision: ratio(hits, capacity),
            recall: ratio(hits, findings),
            revenue_captured: ratio(captured, revenue),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_near, reference_sample};
    use super::*;

    /// By hand, on the 24 records of `testing` without weights. 25 % are 6 records: 0.90 (finding, 400), the
    /// two at 0.75 (one finding, 350), the two at 0.70 (one finding, 0), and one of the five at 0.60, three
    /// of which are findings worth 2,200 together. Hits: 3 + 3/5 of 10 findings; revenue: 750 + 2,200/5 of
    /// 4,500.
    #[test]
    fn a_cut_through_a_tie_counts_its_expectation() {
        let found = reference_sample(false).at_fraction(0.25).unwrap();
        assert_near(Some(found.inspected), 6.0);
        assert_near(Some(found.hits), 3.6);
        assert_near(found.precision, 0.6);
        assert_near(found.recall, 0.36);
        assert_near(found.revenue_captured, 1_190.0 / 4_500.0);
    }

    /// By hand: of weight 2 + 1 + 1 half is 2, which the best record fills alone.
    #[test]
    fn a_weight_is_a_number_of_records() {
        let sample = Sample::new(&[0.9, 0.5, 0.1], &[true, false, true]).unwrap();
        let found = sample.with_weights(&[2.0, 1.0, 1.0]).unwrap().at_fraction(0.5).unwrap();
        assert_near(found.precision, 1.0);
        assert_near(found.recall, 2.0 / 3.0);
        assert_eq!(found.revenue_captured, None);
    }

    #[test]
    fn everything_finds_everything() {
        let found = reference_sample(true).at_fraction(1.0).unwrap();
        assert_near(found.recall, 1.0);
        assert_near(found.revenue_captured, 1.0);
        assert_near(Some(found.hits), 21.0);
    }

    #[test]
    fn the_undefined_and_the_impossible() {
        let nothing_to_find = Sample::new(&[0.3, 0.2], &[false, false]).unwrap();
        let found = nothing_to_find.at_fraction(0.5).unwrap();
        assert_near(found.precision, 0.0);
        assert_eq!((found.recall, found.revenue_captured), (None, None));
        for fraction in [0.0, -0.1, 1.1, f64::NAN] {
            assert!(nothing_to_find.at_fraction(fraction).is_err(), "{fraction}");
        }
    }
}

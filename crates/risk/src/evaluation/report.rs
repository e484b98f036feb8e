//! The report: all measures of a sample in one serialisable value.

use serde::{Deserialize, Serialize};

use super::bootstrap::{Bootstrap, Estimate};
use super::reliability::{Binning, ReliabilityBin};
use super::sample::{EvaluationError, Sample};

/// What to report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluationOptions {
    /// Shares of records that might be inspected, each in (0, 1].
    pub fractions: Vec<f64>,
    /// How intervals are made.
    pub bootstrap: Bootstrap,
}

impl Default for EvaluationOptions {
    fn default() -> Self {
        Self { fractions: vec![0.01, 0.05, 0.1], bootstrap: Bootstrap::default() }
    }
}

/// How well scores find what inspections found. Undefined measures are `None`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Number of records.
    pub records: usize,
    /// Number of true findings among them.
    pub findings: usize,
    /// Area under the ROC curve.
    pub auc: Option<Estimate>,
    /// Average precision.
    pub average_precision: Option<Estimate>,
    /// What each inspection capacity finds.
    pub at_fractions: Vec<AtFractionEstimate>,
    /// Quality of the probabilities, if there are any.
    pub calibration: Option<CalibrationQuality>,
    /// Whether whole clusters of records were drawn for the intervals.
    pub clustered: bool,
    /// How the intervals were made.
    pub bootstrap: Bootstrap,
}

/// What inspecting the best-ranked `fraction` of records finds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AtFractionEstimate {
    /// Share of the records that are inspected.
    pub fraction: f64,
    /// Weight of the records inspected (their number, if all weigh 1).
    pub inspected: f64,
    /// Weight of the true findings among them, in expectation over ties.
    pub hits: f64,
    /// Precision, also called hit rate.
    pub precision: Option<Estimate>,
    /// Recall.
    pub recall: Option<Estimate>,
    /// Share of the revenue of all true findings.
    pub revenue_captured: Option<Estimate>,
}

/// Quality of probabilities.
///
/// The calibration errors have no interval: resampling adds noise to every bin, and an absolute gap turns noise
/// into error, so a percentile interval would lie above the truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationQuality {
    /// Mean squared difference between probability and outcome.
    pub brier: Option<Estimate>,
    /// Log loss in nats.
    pub log_loss: Option<Estimate>,
    /// Expected calibration error over ten bins of equal width.
    pub equal_width_error: Option<f64>,
    /// Expected calibration error over ten bins of equal count.
    pub equal_count_error: Option<f64>,
    /// The bins of equal width that hold records.
    pub reliability: Vec<ReliabilityBin>,
}

/// Measures a sample in every way its columns allow.
///
/// # Errors
/// If a fraction or a bootstrap setting is out of range.
pub fn evaluate(sample: &Sample, options: &EvaluationOptions) -> Result<Evaluation, EvaluationError> {
    let points = options
        .fractions
        .iter()
        .map(|&fraction| sample.at_fraction(fraction))
        .collect::<Result<Vec<_>, _>>()?;
    let estimates = options.bootstrap.estimate(sample, |sample| measures(sample, &options.fractions))?;
    let mut estimates = estimates.into_iter();
    // In the order of `measures`.
    let mut next = || estimates.next().flatten();
    let (auc, average_precision, brier, log_loss) = (next(), next(), next(), next());
    let at_fractions = points
        .iter()
        .map(|point| AtFractionEstimate {
            fraction: point.fraction,
            inspected: point.inspected,
            hits: point.hits,
            precision: next(),
            recall: next(),
            revenue_captured: next(),
        })
        .collect();
    let calibration = sample.reliability(Binning::EqualWidth).map(|reliability| CalibrationQuality {
        brier,
        log_loss,
        equal_width_error: sample.calibration_error(Binning::EqualWidth),
        equal_count_error: sample.calibration_error(Binning::EqualCount),
        reliability,
    });
    Ok(Evaluation {
        records: sample.records(),
        findings: sample.findings(),
        auc,
        average_precision,
        at_fractions,
        calibration,
        clustered: sample.clusters.is_some(),
        bootstrap: options.bootstrap,
    })
}

/// The measures that get an interval: four of the whole sample, then three per fraction.
fn measures(sample: &Sample, fractions: &[f64]) -> Vec<Option<f64>> {
    let mut measures = vec![sample.auc(), sample.average_precision(), sample.brier(), sample.log_loss()];
    for &fraction in fractions {
        let found = sample.at_fraction(fraction).ok();
        measures.push(found.and_then(|found| found.precision));
        measures.push(found.and_then(|found| found.recall));
        measures.push(found.and_then(|found| found.revenue_captured));
    }
    measures
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_near, reference_sample};
    use super::*;

    #[test]
    fn every_measure_stands_in_its_own_place() {
        let sample = reference_sample(true);
        let options = EvaluationOptions { fractions: vec![0.1, 0.5], ..EvaluationOptions::default() };
        let report = evaluate(&sample, &options).unwrap();
        let value = |estimate: Option<Estimate>| estimate.map(|estimate| estimate.value);
        assert_eq!((report.records, report.findings, report.clustered), (24, 10, false));
        assert_eq!(value(report.auc), sample.auc());
        assert_eq!(value(report.average_precision), sample.average_precision());
        for (reported, fraction) in report.at_fractions.iter().zip([0.1, 0.5]) {
            let found = sample.at_fraction(fraction).unwrap();
            assert_eq!(value(reported.precision), found.precision);
            assert_eq!(value(reported.recall), found.recall);
            assert_eq!(value(reported.revenue_captured), found.revenue_captured);
            assert_near(Some(reported.hits), found.hits);
        }
        let calibration = report.calibration.unwrap();
        assert_eq!(value(calibration.brier), sample.brier());
        assert_eq!(value(calibration.log_loss), sample.log_loss());
        assert_eq!(calibration.equal_count_error, sample.calibration_error(Binning::EqualCount));
        let interval = report.auc.unwrap().interval.unwrap();
        assert!(interval.low < report.auc.unwrap().value && report.auc.unwrap().value < interval.high);
    }

    #[test]
    fn a_report_is_deterministic_and_survives_json() {
        let clusters: Vec<u64> = (0..24).map(|record| record / 2).collect();
        let sample = reference_sample(false).with_clusters(&clusters).unwrap();
        let report = evaluate(&sample, &EvaluationOptions::default()).unwrap();
        assert!(report.clustered);
        let json = serde_json::to_string(&report).unwrap();
        let again = evaluate(&sample, &EvaluationOptions::default()).unwrap();
        assert_eq!(json, serde_json::to_string(&again).unwrap());
        let parsed: Evaluation = serde_json::from_str(&json).unwrap();
        assert_eq!(parsed.at_fractions.len(), 3);
    }

    #[test]
    fn undefined_measures_are_null_and_wrong_fractions_refused() {
        let sample = Sample::new(&[0.1, 0.2], &[true, true]).unwrap();
        let json = serde_json::to_value(evaluate(&sample, &EvaluationOptions::default()).unwrap()).unwrap();
        assert!(json["auc"].is_null() && json["calibration"].is_null());
        let options = EvaluationOptions { fractions: vec![2.0], ..EvaluationOptions::default() };
        assert_eq!(
            evaluate(&sample, &options).unwrap_err().to_string(),
            "`fraction` is 2; it must be above 0 and at most 1"
        );
    }
}

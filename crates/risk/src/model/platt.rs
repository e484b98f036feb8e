//! Platt scaling: a sigmoid of the margin, fitted by maximum likelihood.
//!
//! Platt (1999) with his smoothed targets, solved by the damped Newton method of Lin, Lin and Weng, "A note
//! on Platt's probabilistic outputs for support vector machines", Machine Learning 68 (2007). Margins are
//! standardised for the fit, so that one tolerance suits every scale.

use super::calibration_error::CalibrationError;
use super::calibration_record::Record;
use super::forest::logistic;

const MAX_STEPS: usize = 100;

/// Gradient per unit of weight at which the fit has arrived; Newton's method reaches it in a few steps.
const TOLERANCE: f64 = 1e-10;

/// Gradient that is still good enough when rounding stops the descent.
const STALLED_TOLERANCE: f64 = 1e-6;

/// Halvings of a step before the descent counts as stalled.
const MAX_HALVINGS: i32 = 30;

/// Share of the predicted decrease that a step must bring (Armijo's rule).
const SUFFICIENT_DECREASE: f64 = 1e-4;

/// Keeps the Newton matrix positive definite where all rows are certain.
const RIDGE: f64 = 1e-12;

/// A standardised record with its smoothed target; weights sum to 1.
struct Point {
    x: f64,
    target: f64,
    weight: f64,
}

/// Slope and intercept of the sigmoid, for checked records with both labels.
pub(super) fn fit(records: &[Record]) -> Result<(f64, f64), CalibrationError> {
    let total: f64 = records.iter().map(|record| record.weight).sum();
    let mean = records.iter().map(|record| record.weight / total * record.margin).sum::<f64>();
    let variance =
        records.iter().map(|record| record.weight / total * (record.margin - mean).powi(2)).sum::<f64>();
    if variance <= 0.0 {
        return Err(CalibrationError::NotIncreasing { slope: 0.0 });
    }
    let deviation = variance.sqrt();
    let positives: f64 = records.iter().filter(|record| record.label).map(|record| record.weight).sum();
    let high = (positives + 1.0) / (positives + 2.0);
    let low = 1.0 / (total - positives + 2.0);
    let points: Vec<Point> = records
        .iter()
        .map(|record| Point {
            x: (record.margin - mean) / deviation,
            target: if record.label { high } else { low },
            weight: record.weight / total,
        })
        .collect();
    let base_rate = (positives + 1.0) / (total + 2.0);
    let start = [0.0, libm::log(base_rate / (1.0 - base_rate))];
    let [slope, intercept] = minimise(&points, start)?;
    if slope <= 0.0 {
        return Err(CalibrationError::NotIncreasing { slope: slope / deviation });
    }
    Ok((slope / deviation, intercept - slope * mean / deviation))
}

/// Newton's method with halved steps on the cross-entropy, over slope and intercept.
fn minimise(points: &[Point], start: [f64; 2]) -> Result<[f64; 2], CalibrationError> {
    let mut at = start;
    let mut loss = cross_entropy(points, at);
    let mut gradient_size = f64::INFINITY;
    for _ in 0..MAX_STEPS {
        let Derivatives { gradient: [g0, g1], hessian: [h00, h01, h11] } = derivatives(points, at);
        gradient_size = g0.abs().max(g1.abs());
        if gradient_size < TOLERANCE {
            return Ok(at);
        }
        let determinant = h00 * h11 - h01 * h01;
        let step = [-(h11 * g0 - h01 * g1) / determinant, -(h00 * g1 - h01 * g0) / determinant];
        let slope = g0 * step[0] + g1 * step[1];
        let improved = (0..MAX_HALVINGS).find_map(|halvings| {
            let scale = 0.5_f64.powi(halvings);
            let there = [at[0] + scale * step[0], at[1] + scale * step[1]];
            let loss_there = cross_entropy(points, there);
            (loss_there < loss + SUFFICIENT_DECREASE * scale * slope).then_some((there, loss_there))
        });
        match improved {
            Some((there, loss_there)) => (at, loss) = (there, loss_there),
            None if gradient_size < STALLED_TOLERANCE => return Ok(at),
            None => break,
        }
    }
    Err(CalibrationError::NotConverged { gradient: gradient_size, steps: MAX_STEPS })
}

/// Mean cross-entropy, in the form that does not overflow.
fn cross_entropy(points: &[Point], [slope, intercept]: [f64; 2]) -> f64 {
    points
        .iter()
        .map(|point| {
            let z = slope * point.x + intercept;
            // -t ln p - (1 - t) ln(1 - p) = max(z, 0) - t z + ln(1 + e^-|z|)
            point.weight * (z.max(0.0) - point.target * z + libm::log1p(libm::exp(-z.abs())))
        })
        .sum()
}

struct Derivatives {
    gradient: [f64; 2],
    /// Upper triangle.
    hessian: [f64; 3],
}

fn derivatives(points: &[Point], [slope, intercept]: [f64; 2]) -> Derivatives {
    let (mut gradient, mut hessian) = ([0.0; 2], [RIDGE, 0.0, RIDGE]);
    for point in points {
        let probability = logistic(slope * point.x + intercept);
        let error = point.weight * (probability - point.target);
        let curvature = point.weight * probability * (1.0 - probability);
        gradient[0] += error * point.x;
        gradient[1] += error;
        hessian[0] += curvature * point.x * point.x;
        hessian[1] += curvature * point.x;
        hessian[2] += curvature;
    }
    Derivatives { gradient, hessian }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::testing::RECORDS;

    fn records(list: &[(f64, bool, f64)]) -> Vec<Record> {
        list.iter().map(|&(margin, label, weight)| Record { margin, label, weight }).collect()
    }

    /// By hand: with one margin per side and smoothed targets 3/4 and 1/4 the sigmoid passes through both, so
    /// slope * 2 + intercept = ln 3 and intercept = -ln 3.
    #[test]
    fn two_margins_are_met_exactly() {
        let list = [(0.0, false, 1.0), (0.0, false, 1.0), (2.0, true, 1.0), (2.0, true, 1.0)];
        let (slope, intercept) = fit(&records(&list)).unwrap();
        let log_3 = 3.0_f64.ln();
        assert!((slope - log_3).abs() < 1e-9 && (intercept + log_3).abs() < 1e-9, "{slope} {intercept}");
    }

    #[test]
    fn a_weight_is_a_number_of_records() {
        let weighted =
            fit(&records(&[(0.0, false, 2.0), (1.0, true, 1.0), (2.0, false, 1.0), (3.0, true, 3.0)]));
        let repeated: Vec<(f64, bool, f64)> =
            [(0.0, false, 2), (1.0, true, 1), (2.0, false, 1), (3.0, true, 3)]
                .into_iter()
                .flat_map(|(margin, label, times)| vec![(margin, label, 1.0); times])
                .collect();
        let (weighted, repeated) = (weighted.unwrap(), fit(&records(&repeated)).unwrap());
        assert!((weighted.0 - repeated.0).abs() < 1e-9 && (weighted.1 - repeated.1).abs() < 1e-9);
    }

    #[test]
    fn falling_or_flat_margins_are_refused() {
        let falling = [(0.0, true, 1.0), (1.0, true, 1.0), (2.0, false, 1.0), (3.0, false, 1.0)];
        assert!(
            matches!(fit(&records(&falling)), Err(CalibrationError::NotIncreasing { slope }) if slope < 0.0)
        );
        let flat = [(1.0, true, 1.0), (1.0, false, 1.0)];
        assert!(matches!(fit(&records(&flat)), Err(CalibrationError::NotIncreasing { .. })));
    }

    /// scikit-learn 1.9.1, `_sigmoid_calibration` on the records of `evaluation::testing` at their log-odds
    /// rounded to two places, signs turned; its optimiser stops at about seven digits.
    #[test]
    fn sigmoids_equal_scikit_learns() {
        for (weighted, slope, intercept) in
            [(false, 0.550_271_844_4, -0.136_138_262_3), (true, 0.711_547_145_5, -0.520_258_382_7)]
        {
            let records = RECORDS.map(|(percent, label, weight, _)| {
                let probability = f64::from(percent) / 100.0;
                let margin = (100.0 * (probability / (1.0 - probability)).ln()).round() / 100.0;
                Record { margin, label, weight: if weighted { weight.into() } else { 1.0 } }
            });
            let fitted = fit(&records).unwrap();
            assert!((fitted.0 - slope).abs() < 1e-6 && (fitted.1 - intercept).abs() < 1e-6, "{fitted:?}");
        }
    }
}

//! The records that a calibration is fitted on, checked.

use super::calibration_error::{CalibrationError, MAX_MARGIN};

/// A record that a calibration is fitted on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    pub(super) margin: f64,
    pub(super) label: bool,
    pub(super) weight: f64,
}

/// Checks the input of a fit and drops records without weight.
pub(super) fn check_records(
    margins: &[f64],
    labels: &[bool],
    weights: Option<&[f64]>,
) -> Result<Vec<Record>, CalibrationError> {
    let expected = margins.len();
    let lengths = [("labels", labels.len()), ("weights", weights.map_or(expected, <[f64]>::len))];
    if let Some((what, found)) = lengths.into_iter().find(|&(_, found)| found != expected) {
        return Err(CalibrationError::Length { what, expected, found });
    }
    let mut records = Vec::with_capacity(expected);
    for (row, (&margin, &label)) in margins.iter().zip(labels).enumerate() {
        let weight = weights.map_or(1.0, |weights| weights[row]);
        if margin.is_nan() || margin.abs() > MAX_MARGIN {
            return Err(CalibrationError::Margin { row, value: margin });
        }
        if !(weight.is_finite() && weight >= 0.0) {
            return Err(CalibrationError::Weight { row, value: weight });
        }
        if weight > 0.0 {
            records.push(Record { margin, label, weight });
        }
    }
    if records.iter().all(|record| record.label) || records.iter().all(|record| !record.label) {
        return Err(CalibrationError::OneClass);
    }
    Ok(records)
}

//! Why a calibration cannot be fitted or decoded.

use thiserror::Error;

/// Largest margin, in log-odds, that a calibration may be fitted on or hold; a forest's own bounds keep below it.
pub(super) const MAX_MARGIN: f64 = 1e12;

/// Why a calibration cannot be fitted or decoded.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum CalibrationError {
    /// Margins, labels and weights differ in number.
    #[error("{found} {what} for {expected} margins; there must be one for each")]
    Length {
        /// What there is too little or too much of.
        what: &'static str,
        /// Number of margins.
        expected: usize,
        /// Number of the others.
        found: usize,
    },
    /// A margin is not a number one can fit on.
    #[error("the margin of row {row} is {value}; it must lie within {MAX_MARGIN:e} of 0")]
    Margin {
        /// The row, from 0.
        row: usize,
        /// Its margin.
        value: f64,
    },
    /// A weight is negative or not finite.
    #[error("the weight of row {row} is {value}; a weight is finite and at least 0")]
    Weight {
        /// The row, from 0.
        row: usize,
        /// Its weight.
        value: f64,
    },
    /// There is nothing to tell apart.
    #[error("all rows with weight have the same label; a calibration needs both kinds")]
    OneClass,
    /// The probability does not rise with the margin.
    #[error(
        "the fitted slope is {slope}; margins that do not rise with the label cannot be calibrated by Platt scaling"
    )]
    NotIncreasing {
        /// The fitted slope.
        slope: f64,
    },
    /// Newton's method did not arrive.
    #[error("Platt scaling did not converge: the gradient is still {gradient:e} after {steps} steps")]
    NotConverged {
        /// What is left of the gradient, per unit of weight.
        gradient: f64,
        /// Steps taken.
        steps: usize,
    },
    /// Encoded knots are not a strictly increasing map.
    #[error("knot {knot} is no number in range or not above the one before")]
    Knots {
        /// The knot, from 0.
        knot: usize,
    },
    /// There is no knot.
    #[error("an isotonic map needs at least one knot")]
    NoKnots,
    /// Encoded Platt parameters are out of range.
    #[error("slope {slope} and intercept {intercept} are no map; both are finite and the slope is positive")]
    Parameters {
        /// The slope.
        slope: f64,
        /// The intercept.
        intercept: f64,
    },
}

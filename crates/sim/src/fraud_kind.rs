//! The kinds of fraud: how tempting each is, and when in the year.

use std::f64::consts::TAU;

/// A kind of fraud by its means; concealment is any of them by a new importer in a downgraded one's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Undervaluation,
    Misclassification,
    FalseOrigin,
    Quantity,
    Splitting,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] =
        [Self::Undervaluation, Self::Misclassification, Self::FalseOrigin, Self::Quantity, Self::Splitting];

    /// Name in the ground truth.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Undervaluation => "undervaluation",
            Self::Misclassification => "misclassification",
            Self::FalseOrigin => "false-origin",
            Self::Quantity => "quantity",
            Self::Splitting => "splitting",
        }
    }

    pub(crate) fn base(self) -> f64 {
        match self {
            Self::Undervaluation => 1.0,
            Self::Misclassification => 2.0,
            Self::FalseOrigin => 1.4,
            Self::Quantity => 0.45,
            Self::Splitting => 0.35,
        }
    }

    /// Rise and fall over the year: `exp(a cos(2 pi (t - phase)) + slope (t - 1/2))`.
    pub(crate) fn wave(self, phase: f64) -> f64 {
        let (peak, slope) = match self {
            Self::Undervaluation => (0.1, -0.7),
            Self::Misclassification => (0.55, 0.5),
            Self::FalseOrigin => (0.8, 0.9),
            Self::Quantity => (0.3, -0.2),
            Self::Splitting => (0.9, 0.4),
        };
        libm::exp(0.45 * libm::cos(TAU * (phase - peak)) + slope * (phase - 0.5))
    }
}

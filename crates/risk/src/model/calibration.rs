//! The calibration: a strictly increasing map from margin (log-odds) to probability.

use super::calibration_error::{CalibrationError, MAX_MARGIN};
use super::calibration_record::check_records;
use super::codec::{DecodeError, Reader, header, put_count};
use super::forest::logistic;
use super::isotonic::Knot;

const MAGIC: [u8; 4] = *b"TGCA";
const VERSION: u16 = 1;

const ISOTONIC: u8 = 0;
const PLATT: u8 = 1;

/// Most knots of an isotonic map.
const MAX_KNOTS: usize = 1 << 20;

/// How fast the odds go on moving beyond the outermost knots: by a thousandth per unit of margin. Too little to
/// matter as a probability (1 % over ten units), enough to keep margins in order.
const TAIL_SLOPE: f64 = 1e-3;

/// A strictly increasing map from margin to probability, so that ranking by either is the same.
///
/// Strict up to rounding: the order of two margins is never reversed; margins closer than about 1e-10 may get
/// equal probabilities. No finite margin gives exactly 0 or 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration(Map);

#[derive(Debug, Clone, PartialEq)]
enum Map {
    /// Straight lines between knots, and a slow approach to 0 and 1 beyond them.
    Isotonic(Vec<Knot>),
    /// `logistic(slope * margin + intercept)`.
    Platt { slope: f64, intercept: f64 },
}

impl Calibration {
    /// Fits an isotonic map by pooling adjacent violators; weights default to 1.
    ///
    /// Ties are pooled first, one pseudo-record of the base rate at either end keeps probabilities off 0 and
    /// 1, and the centres of the pooled blocks are joined by straight lines.
    ///
    /// # Errors
    /// If lengths differ, a margin or weight is out of range, or only one kind of label has weight.
    pub fn fit_isotonic(
        margins: &[f64],
        labels: &[bool],
        weights: Option<&[f64]>,
    ) -> Result<Self, CalibrationError> {
        let records = check_records(margins, labels, weights)?;
        Self::from_knots(super::isotonic::fit(records))
    }

    /// Fits Platt's sigmoid with his smoothed targets; weights default to 1.
    ///
    /// # Errors
    /// As [`fit_isotonic`](Self::fit_isotonic), and if the sigmoid would not rise.
    pub fn fit_platt(
        margins: &[f64],
        labels: &[bool],
        weights: Option<&[f64]>,
    ) -> Result<Self, CalibrationError> {
        let records = check_records(margins, labels, weights)?;
        let (slope, intercept) = super::platt::fit(&records)?;
        Self::from_platt(slope, intercept)
    }

    /// `logistic(slope * margin)`: a model's own way to probabilities, fitted on nothing. The slope is 1 where margins are
    /// log-odds.
    ///
    /// # Errors
    /// If the slope is not finite and positive.
    pub fn link(slope: f64) -> Result<Self, CalibrationError> {
        Self::from_platt(slope, 0.0)
    }

    fn from_knots(knots: Vec<Knot>) -> Result<Self, CalibrationError> {
        if knots.is_empty() {
            return Err(CalibrationError::NoKnots);
        }
        let mut before = Knot { margin: f64::NEG_INFINITY, probability: 0.0 };
        for (index, &knot) in knots.iter().enumerate() {
            let rises = knot.margin > before.margin && knot.probability > before.probability;
            if !(rises && knot.margin.abs() <= MAX_MARGIN && knot.probability < 1.0) {
                return Err(CalibrationError::Knots { knot: index });
            }
            before = knot;
        }
        Ok(Self(Map::Isotonic(knots)))
    }

    fn from_platt(slope: f64, intercept: f64) -> Result<Self, CalibrationError> {
        if slope.is_finite() && slope > 0.0 && intercept.is_finite() {
            Ok(Self(Map::Platt { slope, intercept }))
        } else {
            Err(CalibrationError::Parameters { slope, intercept })
        }
    }

    /// The probability that a margin (log-odds) stands for; NaN for NaN.
    pub fn probability(&self, margin: f64) -> f64 {
        let probability = match &self.0 {
            Map::Isotonic(knots) => interpolate(knots, margin),
            Map::Platt { slope, intercept } => logistic(slope * margin + intercept),
        };
        probability.clamp(f64::MIN_POSITIVE, 1.0_f64.next_down())
    }

    /// The calibration's one encoding, version 1: `"TGCA" version:u16`, then `0 count:u32 { margin:f64
    /// probability:f64 }` or `1 slope:f64 intercept:f64`, little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = header(MAGIC, VERSION);
        match &self.0 {
            Map::Isotonic(knots) => {
                bytes.push(ISOTONIC);
                put_count(&mut bytes, knots.len());
                for knot in knots {
                    bytes.extend(knot.margin.to_le_bytes());
                    bytes.extend(knot.probability.to_le_bytes());
                }
            }
            Map::Platt { slope, intercept } => {
                bytes.push(PLATT);
                bytes.extend(slope.to_le_bytes());
                bytes.extend(intercept.to_le_bytes());
            }
        }
        bytes
    }

    /// Decodes and checks what [`to_bytes`](Self::to_bytes) wrote; any other bytes give an error.
    ///
    /// # Errors
    /// Says where the bytes stop being a calibration.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, MAGIC, VERSION)?;
        let calibration = match reader.u8()? {
            ISOTONIC => {
                let knots = (0..reader.count("knots", MAX_KNOTS, 16)?)
                    .map(|_| Ok(Knot { margin: reader.f64()?, probability: reader.f64()? }))
                    .collect::<Result<_, DecodeError>>()?;
                Self::from_knots(knots)?
            }
            PLATT => Self::from_platt(reader.f64()?, reader.f64()?)?,
            found => return Err(reader.unknown_tag("calibration", found)),
        };
        reader.finish()?;
        Ok(calibration)
    }
}

/// A line between the two knots around a margin; beyond the outermost knots the odds go on slowly.
///
/// Each step below is one correctly rounded, monotone operation on the margin, so the whole is monotone as well;
/// `min` and `max` see to it where two pieces meet.
fn interpolate(knots: &[Knot], margin: f64) -> f64 {
    let above = knots.partition_point(|knot| knot.margin <= margin);
    if above == 0 {
        let first = knots[0];
        return first.probability / (1.0 + TAIL_SLOPE * (first.margin - margin));
    }
    let low = knots[above - 1];
    if let Some(high) = knots.get(above) {
        let way = (margin - low.margin) / (high.margin - low.margin);
        (low.probability + (high.probability - low.probability) * way).min(high.probability)
    } else {
        let rest = (1.0 - low.probability) / (1.0 + TAIL_SLOPE * (margin - low.margin));
        (1.0 - rest).max(low.probability)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_records() -> impl Strategy<Value = (Vec<f64>, Vec<bool>, Vec<f64>)> {
        // Rounded margins, so that ties are common.
        let record = (-40..40_i32, any::<bool>(), prop_oneof![Just(0.0), 0.1..5.0_f64]);
        prop::collection::vec(record, 2..80).prop_map(|records| {
            let margins = records.iter().map(|record| f64::from(record.0) / 10.0).collect();
            let labels = records.iter().map(|record| record.1).collect();
            (margins, labels, records.iter().map(|record| record.2).collect())
        })
    }

    fn any_margin() -> impl Strategy<Value = f64> {
        prop_oneof![
            8 => -6.0..6.0_f64,
            1 => any::<f64>().prop_filter("finite", |margin| margin.is_finite()),
            1 => (-40..40_i32).prop_map(|tenths| f64::from(tenths) / 10.0),
        ]
    }

    proptest! {
        #[test]
        fn every_map_is_increasing_inside_0_and_1_and_round_trips(
            (margins, labels, weights) in any_records(),
            platt in any::<bool>(),
            mut probes in prop::collection::vec(any_margin(), 2..60),
        ) {
            let fit = if platt { Calibration::fit_platt } else { Calibration::fit_isotonic };
            let Ok(calibration) = fit(&margins, &labels, Some(&weights)) else {
                // One class, or a falling sigmoid: nothing to look at.
                return Ok(());
            };
            probes.sort_by(f64::total_cmp);
            let probabilities: Vec<f64> = probes.iter().map(|&probe| calibration.probability(probe)).collect();
            for (pair, probe) in probabilities.windows(2).zip(probes.windows(2)) {
                prop_assert!(pair[0] <= pair[1]);
                let apart = probe[1] - probe[0] > 1e-6 && probe[0].abs() < 6.0 && probe[1].abs() < 6.0;
                prop_assert!(platt || !apart || pair[0] < pair[1], "{probe:?} {pair:?}");
            }
            prop_assert!(probabilities.iter().all(|&p| 0.0 < p && p < 1.0));
            let bytes = calibration.to_bytes();
            let decoded = Calibration::from_bytes(&bytes).unwrap();
            prop_assert_eq!(&decoded, &calibration);
            prop_assert_eq!(decoded.to_bytes(), bytes);
        }

        #[test]
        fn any_bytes_give_an_error_or_a_canonical_map(
            body in prop::collection::vec(any::<u8>(), 0..60),
            kind in 0..3_u8,
        ) {
            let mut bytes = header(MAGIC, VERSION);
            bytes.push(kind);
            bytes.extend(body);
            if let Ok(calibration) = Calibration::from_bytes(&bytes) {
                prop_assert_eq!(calibration.to_bytes(), bytes);
                prop_assert!(!calibration.probability(0.5).is_nan());
            }
        }
    }

    #[test]
    fn knots_must_rise() {
        let knots = |list: &[(f64, f64)]| {
            Calibration::from_knots(
                list.iter().map(|&(margin, probability)| Knot { margin, probability }).collect(),
            )
        };
        assert!(knots(&[(-1.0, 0.2), (1.0, 0.7)]).is_ok());
        assert_eq!(knots(&[]), Err(CalibrationError::NoKnots));
        assert_eq!(knots(&[(-1.0, 0.2), (-1.0, 0.7)]), Err(CalibrationError::Knots { knot: 1 }));
        assert_eq!(knots(&[(-1.0, 0.2), (1.0, 0.2)]), Err(CalibrationError::Knots { knot: 1 }));
        assert_eq!(knots(&[(-1.0, 0.0)]), Err(CalibrationError::Knots { knot: 0 }));
        assert_eq!(knots(&[(-1.0, f64::NAN)]), Err(CalibrationError::Knots { knot: 0 }));
        assert_eq!(knots(&[(f64::INFINITY, 0.5)]), Err(CalibrationError::Knots { knot: 0 }));
    }

    #[test]
    fn between_knots_lies_a_line_and_beyond_them_a_slow_tail() {
        let knots = vec![Knot { margin: -1.0, probability: 0.2 }, Knot { margin: 1.0, probability: 0.6 }];
        let calibration = Calibration::from_knots(knots).unwrap();
        for (margin, probability) in
            [(-1.0, 0.2), (0.0, 0.4), (0.5, 0.5), (1.0, 0.6), (-11.0, 0.2 / 1.01), (11.0, 1.0 - 0.4 / 1.01)]
        {
            assert!((calibration.probability(margin) - probability).abs() < 1e-15, "at {margin}");
        }
        assert!(calibration.probability(f64::NAN).is_nan());
    }

    #[test]
    fn bad_records_are_refused() {
        let fit = Calibration::fit_isotonic;
        assert_eq!(
            fit(&[0.0], &[], None),
            Err(CalibrationError::Length { what: "labels", expected: 1, found: 0 })
        );
        assert!(matches!(fit(&[f64::NAN], &[true], None), Err(CalibrationError::Margin { row: 0, .. })));
        assert_eq!(
            fit(&[0.0], &[true], Some(&[-1.0])),
            Err(CalibrationError::Weight { row: 0, value: -1.0 })
        );
        assert_eq!(fit(&[0.0, 1.0], &[true, false], Some(&[1.0, 0.0])), Err(CalibrationError::OneClass));
    }
}

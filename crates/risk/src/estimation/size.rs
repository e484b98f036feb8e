//! How much evidence there is and how much a claim needs.

use super::normal::Z;
use super::refusal::{MIN_EFFECTIVE_FINDINGS, MIN_EFFECTIVE_SIZE, Refusal};
use super::sum::canonical_sum;

/// Kish's effective size, `(sum w)^2 / sum w^2`: as many records of equal weight tell as much (Kish, Survey Sampling,
/// 1965, section 11.7). 0 without weight.
pub fn kish_effective_size(weights: &[f64]) -> f64 {
    let squares = canonical_sum(weights.iter().map(|w| w * w));
    if squares > 0.0 { canonical_sum(weights.iter().copied()).powi(2) / squares } else { 0.0 }
}

/// Random inspections that estimate a prevalence `q` in (0, 1] with a relative error `error` at 95 %:
/// `n = (1.96 / eps)^2 (1 - q) / q`, from the binomial variance `q (1 - q) / n`; rounded up.
pub fn floor_size(prevalence: f64, error: f64) -> f64 {
    ((Z / error).powi(2) * (1.0 - prevalence) / prevalence).ceil()
}

/// f = n / N of a reporting cell with `inspected` floor inspections of `records`.
///
/// # Errors
/// When a prevalence like `prevalence` is not known to a relative error of `error` there: report a coarser cell.
pub fn reporting_cell(inspected: usize, records: usize, prevalence: f64, error: f64) -> Result<f64, Refusal> {
    let required = floor_size(prevalence, error);
    if (inspected as f64) < required {
        return Err(Refusal::CellTooFine { inspected, records, error, required });
    }
    Ok(inspected as f64 / records as f64)
}

/// Whether weights are many enough: of all known inspections, and of those with a finding; one weight for each root.
///
/// # Errors
/// When the effective size or the effective number of findings is below its least.
pub(super) fn check_evidence(known: &[f64], found: &[f64]) -> Result<(), Refusal> {
    let effective = kish_effective_size(known);
    if effective < MIN_EFFECTIVE_SIZE {
        return Err(Refusal::EffectiveSize { known: known.len(), effective });
    }
    let effective = kish_effective_size(found);
    if effective < MIN_EFFECTIVE_FINDINGS {
        return Err(Refusal::EffectiveFindings { found: found.len(), effective });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floors_are_as_large_as_the_specification_says() {
        assert_eq!(floor_size(0.02, 0.25) as u32, 3_012);
        assert_eq!(floor_size(0.005, 0.25) as u32, 12_232);
    }

    #[test]
    fn a_cell_too_fine_is_refused_with_its_numbers() {
        assert_eq!(reporting_cell(4_000, 400_000, 0.02, 0.25), Ok(0.01));
        assert_eq!(
            reporting_cell(150, 30_000, 0.02, 0.25).unwrap_err().to_string(),
            "the cell has 150 floor inspections of 30000 records (f = 0.50 %); a relative error of 25 % needs 3012: \
             report a coarser cell"
        );
    }

    #[test]
    fn equal_weights_count_fully_and_one_heavy_one_counts_alone() {
        assert!((kish_effective_size(&[3.0; 40]) - 40.0).abs() < 1e-12);
        assert!(kish_effective_size(&[1e6, 1.0, 1.0]) < 1.001);
        assert_eq!(kish_effective_size(&[]).to_bits(), 0);
    }
}

//! Explaining the score of one declaration of an input.

use crate::JobError;
use crate::columns::integers;
use crate::input::Input;
use crate::progress::Progress;
use crate::score::assess_input;
use tidegate_risk::bundle::Bundle;
use tidegate_risk::explain::Reason;

/// Why a goods item has its score.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Explanation {
    /// Number of the goods item.
    pub goods_item: i64,
    /// Calibrated probability that an inspection finds a discrepancy.
    pub probability: f64,
    /// Duty and tax that an inspection is expected to bring, where the bundle has learnt it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_revenue: Option<f64>,
    /// Features that moved it most, the strongest first.
    pub reasons: Vec<Reason>,
}

/// Explains every goods item of a declaration of an input.
///
/// # Errors
/// When a file cannot be read or the declaration is in none.
pub fn explain(
    bundle: &Bundle,
    input: &Input,
    declaration_id: &str,
    limit: usize,
    progress: &mut dyn Progress,
) -> Result<Vec<Explanation>, JobError> {
    let mut explanations = Vec::new();
    assess_input(bundle, input, progress, |batch| {
        let numbers = integers(&batch.assessment.prepared.batch, "goods_item_seq")?;
        let rows: Vec<usize> = (0..batch.ids.len()).filter(|row| batch.ids[*row] == declaration_id).collect();
        let contributions = bundle.contributions(&batch.assessment, &rows)?;
        for (row, contributions) in rows.into_iter().zip(&contributions) {
            explanations.push(Explanation {
                goods_item: numbers.value(row),
                probability: batch.assessment.probabilities[row],
                expected_revenue: batch.assessment.revenue.as_ref().map(|revenue| revenue[row]),
                reasons: bundle.reasons(&batch.assessment, row, contributions, limit),
            });
        }
        Ok(())
    })?;
    if explanations.is_empty() {
        let files: Vec<String> = input.files().iter().map(|f| f.display().to_string()).collect();
        let message =
            format!("declaration {declaration_id} is not in {}, or could not be read", files.join(", "));
        return Err(JobError::Missing(message));
    }
    Ok(explanations)
}

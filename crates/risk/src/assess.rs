//! Assessment: what a bundle says of records, the same for one record and for a year of them.

use crate::bundle::Bundle;
use crate::features::{ForestChoice, Looked, PrepareError, Prepared};
use crate::model::{FeatureMatrix, FeatureMatrixError, FeatureMismatch};
use arrow::array::RecordBatch;

/// Why records cannot be assessed; never because of what one of them holds.
#[derive(Debug, thiserror::Error)]
pub enum AssessError {
    /// The records lack something.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// The features do not form a matrix.
    #[error(transparent)]
    Matrix(#[from] FeatureMatrixError),
    /// The forest reads other features.
    #[error(transparent)]
    Mismatch(#[from] FeatureMismatch),
}

/// What a bundle says of the records of a batch, one entry for each row.
#[derive(Debug)]
pub struct Assessment {
    /// Columns, keys and measures of the records.
    pub prepared: Prepared,
    /// What the profiles knew.
    pub looked: Looked,
    /// Features of the forest that decides.
    pub features: FeatureMatrix,
    /// Log-odds of a discrepancy.
    pub margins: Vec<f64>,
    /// Calibrated probability that an inspection finds a discrepancy.
    pub probabilities: Vec<f64>,
}

impl Bundle {
    /// Assesses records that have `accepted_at` and the columns of [`crate::features::FeatureSet::inputs`].
    ///
    /// # Errors
    /// When a column is missing or has another type.
    pub fn assess(&self, records: &RecordBatch) -> Result<Assessment, AssessError> {
        let prepared = self.set.prepare(records)?;
        let looked = self.set.look_up(&prepared, &self.profiles);
        let features = self.set.features(&prepared, &looked, ForestChoice::Decision)?;
        let margins = self.forest.margins(&features)?;
        let probabilities = margins.iter().map(|m| self.calibration.probability(*m)).collect();
        Ok(Assessment { prepared, looked, features, margins, probabilities })
    }

    /// Probabilities of the ablation for assessed records, when the bundle has one. They are not calibrated.
    ///
    /// # Errors
    /// When the features do not fit the forest.
    pub fn ablation(&self, assessment: &Assessment) -> Result<Option<Vec<f64>>, AssessError> {
        let Some(forest) = &self.ablation else { return Ok(None) };
        let features = self.set.features(&assessment.prepared, &assessment.looked, ForestChoice::Ablation)?;
        Ok(Some(forest.margins(&features)?))
    }
}

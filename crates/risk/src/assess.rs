//! Assessment: what a bundle says of records, the same for one record and for a year of them.

use crate::bundle::Bundle;
use crate::expr::EvaluateError;
use crate::features::{ForestChoice, Looked, PrepareError, Prepared};
use crate::model::{FeatureMatrix, FeatureMatrixError, FeatureMismatch};
use crate::rules::Conditions;
use arrow::array::{ArrayRef, Float32Array, Float64Array, RecordBatch};
use arrow::datatypes::Schema;
use std::sync::Arc;

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
    /// The condition of a rule cannot be evaluated.
    #[error("rules: {0}")]
    Rules(#[from] EvaluateError),
    /// Arrow refuses the rows that rules see.
    #[error("the rows that rules see do not form a batch: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
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
    /// What the rules say.
    pub conditions: Conditions,
    /// Probability raised by the weights of the item rules that hit.
    pub scores: Vec<f64>,
    /// What inspecting it is expected to bring, where that was learnt.
    pub revenue: Option<Vec<f64>>,
}

impl Bundle {
    /// Assesses records that have `accepted_at` and the columns of [`Bundle::inputs`].
    ///
    /// # Errors
    /// When a column is missing or has another type.
    pub fn assess(&self, records: &RecordBatch) -> Result<Assessment, AssessError> {
        let prepared = self.set.prepare(records)?;
        let looked = self.set.look_up(&prepared, &self.profiles);
        let features = self.set.features(&prepared, &looked, ForestChoice::Decision)?;
        let margins = self.forest.margins(&features)?;
        let probabilities: Vec<f64> = margins.iter().map(|m| self.calibration.probability(*m)).collect();
        let rows = self.rule_rows(&prepared.batch, &features, &probabilities)?;
        let conditions = self.rules.evaluate(&rows, &prepared.days)?;
        let score = |(row, p): (usize, &f64)| conditions.item_score(&self.rules, row, *p, None);
        let scores = probabilities.iter().enumerate().map(score).collect();
        let revenue = match &self.revenue {
            None => None,
            Some(forest) => Some(crate::revenue::expected(forest, &features, &probabilities)?),
        };
        Ok(Assessment { prepared, looked, features, margins, probabilities, conditions, scores, revenue })
    }

    /// Columns of a record that the bundle reads, sorted; `accepted_at` is among them.
    pub fn inputs(&self) -> Vec<String> {
        let mut names = self.set.inputs();
        let computed = |name: &String| {
            self.set.computed_columns().any(|(computed, _)| computed == name)
                || name == crate::rules::PROBABILITY
                || self.set.read_by(ForestChoice::Decision).any(|f| &f.name == name)
        };
        // A feature with the name of a column of the record is that column, which the set then reads itself.
        names.extend(self.rules.inputs().into_iter().filter(|name| !computed(name)));
        names.push("accepted_at".to_owned());
        names.sort();
        names.dedup();
        names
    }

    /// The columns that rules read, by [`crate::rules::rule_row_schema`].
    fn rule_rows(
        &self,
        batch: &RecordBatch,
        features: &FeatureMatrix,
        probabilities: &[f64],
    ) -> Result<RecordBatch, AssessError> {
        let mut fields = batch.schema().fields().iter().cloned().collect::<Vec<_>>();
        let mut columns = batch.columns().to_vec();
        for name in self.rules.inputs() {
            if batch.column_by_name(&name).is_some() {
                continue;
            }
            let feature = features.names().as_slice().iter().position(|f| *f == name);
            let values: ArrayRef = match feature {
                Some(position) => Arc::new(Float32Array::from(features.columns()[position].clone())),
                None if name == crate::rules::PROBABILITY => {
                    Arc::new(Float64Array::from(probabilities.to_vec()))
                }
                None => return Err(PrepareError::MissingColumn(name).into()),
            };
            fields.push(Arc::new(arrow::datatypes::Field::new(name, values.data_type().clone(), true)));
            columns.push(values);
        }
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
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

//! A batch made ready: computed columns, keys, measures and days.

use super::day::day_of;
use super::key::{ProfileKey, hash_rows};
use super::set::FeatureSet;
use crate::expr::EvaluateError;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float32Type, Float64Type, Schema, TimestampMicrosecondType};
use std::sync::Arc;

/// Why a batch cannot be prepared; never because of what a row holds.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// A column that the set reads is missing.
    #[error("the records lack the column `{0}`, which the feature set reads")]
    MissingColumn(String),
    /// An expression cannot be evaluated on the batch.
    #[error("expression on the records: {0}")]
    Evaluate(#[from] EvaluateError),
    /// A column has a type that cannot be a key or a number.
    #[error("column `{column}` has the type {data_type}, which cannot be {wanted}")]
    Type {
        /// Name of the column.
        column: String,
        /// Its type.
        data_type: DataType,
        /// What it should be.
        wanted: &'static str,
    },
    /// Arrow refuses the batch.
    #[error("the records do not form a batch: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// A record has no moment of acceptance.
    #[error("record {row} has no accepted_at; every look-up is as of that day")]
    NoDay {
        /// Row of the batch, from 0.
        row: usize,
    },
}

/// A batch with everything the look-ups and the expressions need, one entry for each row.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The records with the computed columns.
    pub batch: RecordBatch,
    /// Day of acceptance, in days since 1970-01-01 UTC.
    pub days: Vec<i32>,
    /// Key of each profile, by position of the profile.
    pub keys: Vec<Vec<ProfileKey>>,
    /// Which goods: equal for records of equal goods.
    pub goods: Vec<ProfileKey>,
    /// What each profile of values measures, by position of the profile; NaN where there is nothing to measure.
    pub measures: Vec<Option<Vec<f64>>>,
    /// Values of the features that are expressions, by position; NaN where NULL.
    pub columns: Vec<Vec<f32>>,
    /// Revenue at stake; 0 where NULL.
    pub revenue: Vec<f64>,
}

impl Prepared {
    /// The first rows alone.
    #[must_use]
    pub fn first(&self, rows: usize) -> Self {
        let keys = |of: &Vec<ProfileKey>| of[..rows].to_vec();
        Self {
            batch: self.batch.slice(0, rows),
            days: self.days[..rows].to_vec(),
            keys: self.keys.iter().map(keys).collect(),
            goods: keys(&self.goods),
            measures: self.measures.iter().map(|m| m.as_ref().map(|m| m[..rows].to_vec())).collect(),
            columns: self.columns.iter().map(|c| c[..rows].to_vec()).collect(),
            revenue: self.revenue[..rows].to_vec(),
        }
    }
}

impl FeatureSet {
    /// Computes what the set needs from records; they must have `accepted_at` and the columns of
    /// [`FeatureSet::inputs`].
    ///
    /// # Errors
    /// When a column is missing or has another type, or a record has no day.
    pub fn prepare(&self, records: &RecordBatch) -> Result<Prepared, PrepareError> {
        let batch = self.with_derived(records)?;
        let rows = batch.num_rows();
        let hash = |names: &[String]| -> Result<Vec<ProfileKey>, PrepareError> {
            let columns = names.iter().map(|n| column(&batch, n)).collect::<Result<Vec<_>, _>>()?;
            hash_rows(&columns, rows, self.secret.as_ref()).map_err(|data_type| PrepareError::Type {
                column: names.join(", "),
                data_type,
                wanted: "a key",
            })
        };
        let measure =
            |e: &crate::expr::Expression| Ok::<_, PrepareError>(floats(&e.evaluate(&batch)?, f64::NAN));
        let mut columns = Vec::new();
        for expression in &self.columns {
            let value = cast(&expression.evaluate(&batch)?, &DataType::Float32)?;
            let value = value.as_primitive::<Float32Type>();
            columns
                .push((0..rows).map(|i| if value.is_valid(i) { value.value(i) } else { f32::NAN }).collect());
        }
        let revenue = floats(&self.revenue.evaluate(&batch)?, 0.0);
        Ok(Prepared {
            days: days(&batch)?,
            keys: self.profiles.iter().map(|p| hash(&p.key)).collect::<Result<_, _>>()?,
            goods: hash(&self.goods)?,
            measures: self
                .profiles
                .iter()
                .map(|p| p.measure.as_ref().map(measure).transpose())
                .collect::<Result<_, _>>()?,
            columns,
            revenue,
            batch,
        })
    }

    fn with_derived(&self, records: &RecordBatch) -> Result<RecordBatch, PrepareError> {
        let mut batch = records.clone();
        for (name, expression) in &self.derived {
            let value = expression.evaluate(&batch)?;
            let mut fields: Vec<Field> = batch.schema().fields().iter().map(|f| f.as_ref().clone()).collect();
            fields.push(Field::new(name, value.data_type().clone(), true));
            let mut arrays = batch.columns().to_vec();
            arrays.push(value);
            batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?;
        }
        Ok(batch)
    }
}

fn column(batch: &RecordBatch, name: &str) -> Result<ArrayRef, PrepareError> {
    batch.column_by_name(name).cloned().ok_or_else(|| PrepareError::MissingColumn(name.to_owned()))
}

fn days(batch: &RecordBatch) -> Result<Vec<i32>, PrepareError> {
    let accepted = column(batch, "accepted_at")?;
    let Some(accepted) = accepted.as_primitive_opt::<TimestampMicrosecondType>() else {
        let data_type = accepted.data_type().clone();
        return Err(PrepareError::Type { column: "accepted_at".to_owned(), data_type, wanted: "a moment" });
    };
    if accepted.null_count() > 0 {
        let row = (0..accepted.len()).find(|i| accepted.is_null(*i)).unwrap_or(0);
        return Err(PrepareError::NoDay { row });
    }
    Ok(accepted.values().iter().map(|micros| day_of(*micros)).collect())
}

fn floats(array: &ArrayRef, missing: f64) -> Vec<f64> {
    let values = array.as_primitive::<Float64Type>();
    (0..values.len()).map(|i| if values.is_valid(i) { values.value(i) } else { missing }).collect()
}

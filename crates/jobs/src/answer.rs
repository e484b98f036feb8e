//! Answers to queries as columns of plain values.

use crate::JobError;
use crate::columns::column;
use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use tidegate_query::{Bundles, Platform, Principal};

/// The whole answer to a query.
pub(crate) struct Answer {
    batch: RecordBatch,
}

impl Answer {
    /// Asks as the local owner, for a purpose.
    pub(crate) async fn of(platform: &Platform, purpose: &str, sql: &str) -> Result<Self, JobError> {
        Self::assessed(platform, purpose, sql, &Bundles::new()).await
    }

    /// The same for a statement that assesses.
    pub(crate) async fn assessed(
        platform: &Platform,
        purpose: &str,
        sql: &str,
        bundles: &Bundles,
    ) -> Result<Self, JobError> {
        let plan = platform.plan_with(&Principal::LocalOwner, purpose, sql, bundles, None).await?;
        let schema = plan.schema();
        Ok(Self { batch: concat_batches(&schema, &plan.collect().await?)? })
    }

    pub(crate) fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    /// The rows themselves.
    pub(crate) fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    /// The first column.
    pub(crate) fn first(&self) -> Result<ArrayRef, JobError> {
        self.batch
            .columns()
            .first()
            .cloned()
            .ok_or_else(|| JobError::Missing("an answer without columns".to_owned()))
    }

    pub(crate) fn column(&self, name: &str) -> Result<ArrayRef, JobError> {
        column(&self.batch, name)
    }

    /// Texts; an empty one where there is none.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, JobError> {
        let texts = cast(&self.column(name)?, &DataType::Utf8)?;
        Ok(texts.as_string::<i32>().iter().map(|t| t.unwrap_or_default().to_owned()).collect())
    }

    /// Counts; 0 where there is none.
    pub(crate) fn counts(&self, name: &str) -> Result<Vec<u64>, JobError> {
        let counts = cast(&self.column(name)?, &DataType::Int64)?;
        let counts = counts.as_primitive::<Int64Type>().iter();
        Ok(counts.map(|c| c.unwrap_or_default().max(0).unsigned_abs()).collect())
    }

    /// Whole numbers; 0 where there is none.
    pub(crate) fn integers(&self, name: &str) -> Result<Vec<i64>, JobError> {
        let numbers = cast(&self.column(name)?, &DataType::Int64)?;
        Ok(numbers.as_primitive::<Int64Type>().iter().map(Option::unwrap_or_default).collect())
    }

    /// Numbers; 0 where there is none.
    pub(crate) fn reals(&self, name: &str) -> Result<Vec<f64>, JobError> {
        let reals = cast(&self.column(name)?, &DataType::Float64)?;
        Ok(reals.as_primitive::<Float64Type>().iter().map(Option::unwrap_or_default).collect())
    }
}

//! Grades of traders as a run knew them: from what had been loaded when it began.

use crate::JobError;
use crate::columns::moments;
use crate::decide::{GRADE_COLUMNS, Grades};
use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use tidegate_query::{Platform, Principal};

/// The rows of `enterprise`.
pub(super) struct Register {
    rows: Vec<RecordBatch>,
    /// How many of them the last run knew that was asked for, and the grades that it knew.
    last: Option<(usize, Arc<Grades>)>,
}

impl Register {
    pub(super) async fn read(platform: &Platform) -> Result<Self, JobError> {
        let sql = format!("SELECT {GRADE_COLUMNS} FROM enterprise");
        let rows = platform.plan_for(&Principal::LocalOwner, "job replay", &sql).await?.collect().await?;
        Ok(Self { rows, last: None })
    }

    /// The grades that a run knew that began at a moment. Of a row that does not say when it was loaded, nothing says that
    /// it came late.
    pub(super) fn at(&mut self, moment: DateTime<Utc>) -> Result<Arc<Grades>, JobError> {
        let known = |batch: &RecordBatch| {
            let loaded = moments(batch, "loaded_at")?;
            let is_known = |at: Option<i64>| Some(at.is_none_or(|at| at <= moment.timestamp_micros()));
            let known: BooleanArray = loaded.iter().map(is_known).collect();
            Ok(filter_record_batch(batch, &known)?)
        };
        let rows = self.rows.iter().map(known).collect::<Result<Vec<_>, JobError>>()?;
        // A run that began later knows all that an earlier one knew.
        let count = rows.iter().map(RecordBatch::num_rows).sum();
        if let Some((last, grades)) = &self.last
            && *last == count
        {
            return Ok(Arc::clone(grades));
        }
        let grades = Arc::new(Grades::of(&rows)?);
        self.last = Some((count, Arc::clone(&grades)));
        Ok(grades)
    }
}

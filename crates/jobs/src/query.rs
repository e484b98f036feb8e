//! One statement of the local owner.

use crate::{Home, JobError};
use arrow::array::RecordBatch;
use tidegate_query::Principal;

/// Answers one statement of the local owner on the newest state of the tables.
///
/// # Errors
/// When the statement is refused or fails.
pub async fn query(home: &Home, purpose: &str, sql: &str) -> Result<Vec<RecordBatch>, JobError> {
    let (platform, owner) = (home.platform().await?, Principal::LocalOwner);
    let mut question = platform.question(&owner, purpose, sql).await?;
    let bundles = home.bundles(question.bundle_names()).await?;
    let plan = platform.plan(question, &bundles, None).await?;
    let schema = plan.schema();
    let mut batches = plan.collect().await?;
    if batches.is_empty() {
        batches.push(RecordBatch::new_empty(schema));
    }
    Ok(batches)
}

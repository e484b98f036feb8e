//! What statements about rows that go or stay share.

use crate::JobError;
use crate::answer::Answer;
use tidegate_query::{Platform, literal};
use tidegate_records::table::Table;

/// What every read is for.
pub(super) const PURPOSE: &str = "job retention";
/// The column that says which declaration a row belongs to.
pub(super) const DECLARATION_ID: &str = "declaration_id";

/// The condition that a column has one of some values.
pub(super) fn among<'a>(column: &str, values: impl IntoIterator<Item = &'a String>) -> String {
    let values = values.into_iter().map(|value| literal(value)).collect::<Vec<_>>();
    format!("{column} IN ({})", values.join(", "))
}

/// The condition that a row is of a month before another one.
pub(super) fn before(month: &str) -> String {
    format!("month < {}", literal(month))
}

/// How many rows of a table meet a condition.
pub(super) async fn count(platform: &Platform, table: &Table, condition: &str) -> Result<u64, JobError> {
    let sql = format!("SELECT count(*) AS rows FROM {} WHERE {condition}", table.name);
    let rows = Answer::of(platform, PURPOSE, &sql).await?.counts("rows")?;
    Ok(rows.first().copied().unwrap_or_default())
}

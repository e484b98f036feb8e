//! What statements about rows that go or stay share.

use crate::JobError;
use crate::answer::Answer;
use tidegate_query::{Platform, literal};
use tidegate_records::table::Table;
use tidegate_records::tables::QUARANTINE;

/// What every read is for.
pub(super) const PURPOSE: &str = "job retention";
/// The column that says which declaration a row belongs to.
pub(super) const DECLARATION_ID: &str = "declaration_id";
/// The column that says which enterprise a row of a register is of.
pub(super) const ENTERPRISE_ID: &str = "enterprise_id";

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

/// What names the rows of a table that belong to a declaration or, in registers, to an enterprise.
pub(super) fn row_name(table: &Table) -> &'static str {
    match table.name {
        name if name == QUARANTINE.name => "concat(load_id, '/', CAST(source_row AS VARCHAR))",
        _ if is_register(table) => ENTERPRISE_ID,
        _ => DECLARATION_ID,
    }
}

/// Whether rows of a table are of a declaration or an enterprise.
pub(super) fn is_of_subjects(table: &Table) -> bool {
    is_register(table) || table.column(DECLARATION_ID).is_some()
}

pub(super) fn is_register(table: &Table) -> bool {
    table.column(DECLARATION_ID).is_none() && table.column(ENTERPRISE_ID).is_some()
}

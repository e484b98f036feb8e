//! Results of inspections by declaration: what was recorded, when, and what it brought.

use crate::JobError;
use crate::answer::Answer;
use crate::decide::between;
use chrono::NaiveDate;
use std::collections::HashMap;
use tidegate_query::Platform;
use tidegate_records::table::Table;
use tidegate_records::tables::INSPECTION;
use tidegate_risk::estimation::Finding;

/// A condition on inspections: that something was found out. What was withdrawn before it is neither conform nor a discrepancy.
pub(crate) const HAS_RESULT: &str = "result_code IN ('conform', 'discrepancy')";

/// The result of a declaration: of all of its inspections together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InspectionResult {
    pub finding: Finding,
    /// Day of the last record.
    pub recorded_on: Option<NaiveDate>,
}

/// Results of the first versions accepted on the days, by declaration.
pub(crate) async fn read(
    platform: &Platform,
    purpose: &str,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<HashMap<String, InspectionResult>, JobError> {
    of_table(platform, purpose, &INSPECTION, from, to).await
}

/// The same of a table that has the columns of `inspection`.
pub(crate) async fn of_table(
    platform: &Platform,
    purpose: &str,
    table: &Table,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<HashMap<String, InspectionResult>, JobError> {
    let table = table.name;
    let days = between("d.accepted_at", from, to);
    let sql = format!(
        "WITH of_days AS (SELECT i.declaration_id, i.result_code, i.recorded_at, i.findings FROM {table} i \
         JOIN declaration d ON d.month = i.month AND d.declaration_id = i.declaration_id \
         WHERE d.version_number = 1 AND i.{HAS_RESULT} AND {days}), \
         amount AS (SELECT declaration_id, sum(f['revenue_amount']) AS revenue FROM \
         (SELECT declaration_id, unnest(findings) AS f FROM of_days) GROUP BY declaration_id) \
         SELECT o.declaration_id, max(CASE WHEN o.result_code = 'discrepancy' THEN 1 ELSE 0 END) AS found, \
         max(a.revenue) AS revenue, CAST(max(o.recorded_at) AS DATE) AS recorded_on \
         FROM of_days o LEFT JOIN amount a ON a.declaration_id = o.declaration_id GROUP BY o.declaration_id"
    );
    let answer = Answer::of(platform, purpose, &sql).await?;
    let (ids, found) = (answer.texts("declaration_id")?, answer.counts("found")?);
    let (revenue, recorded) = (answer.reals("revenue")?, answer.texts("recorded_on")?);
    let result = |row: usize| InspectionResult {
        finding: Finding { found: found[row] > 0, revenue: revenue[row].max(0.0) },
        recorded_on: recorded[row].parse().ok(),
    };
    Ok(ids.iter().enumerate().map(|(row, id)| (id.clone(), result(row))).collect())
}

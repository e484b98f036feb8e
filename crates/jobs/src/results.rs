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

/// The order in which the newest of several results of one goods item, or of a declaration as a whole, comes first: what it says
/// to be recovered takes the place of what the others said.
pub(crate) const NEWEST_FIRST: &str =
    "recorded_at DESC NULLS LAST, loaded_at DESC NULLS LAST, load_id DESC, source_row DESC";

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
        "WITH of_days AS (SELECT i.declaration_id, i.goods_item_seq, i.result_code, i.recorded_at, i.findings, i.loaded_at, \
         i.load_id, i.source_row FROM {table} i \
         JOIN declaration d ON d.month = i.month AND d.declaration_id = i.declaration_id \
         WHERE d.version_number = 1 AND i.{HAS_RESULT} AND {days}), \
         placed AS (SELECT declaration_id, findings, row_number() OVER (PARTITION BY declaration_id, goods_item_seq \
         ORDER BY {NEWEST_FIRST}) AS place FROM of_days), \
         amount AS (SELECT declaration_id, sum(f['revenue_amount']) AS revenue FROM \
         (SELECT declaration_id, unnest(findings) AS f FROM placed WHERE place = 1) GROUP BY declaration_id) \
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

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Utc};
    use tidegate_records::columnar::{RowKey, TableBuilder};
    use tidegate_records::model::{Declaration, Inspection, InspectionFinding};
    use tidegate_records::tables::DECLARATION;
    use tidegate_records::value::{Amount, Decimal};

    fn at(day: u32) -> DateTime<Utc> {
        format!("2025-11-{day:02}T00:00:00Z").parse().unwrap()
    }

    fn key(load_id: &'static str) -> RowKey<'static> {
        RowKey { month: "2025-11", declaration_id: "A", version_number: 1, load_id, source_row: 1 }
    }

    /// A result of the only declaration: goods item, day of the record, and what is to be recovered where something was found.
    type Told = (Option<u32>, u32, Option<i64>);

    /// Results of loads of the names given, which began on days one after the other.
    async fn recovered(loads: &[(&'static str, &[Told])]) -> f64 {
        let mut declarations = TableBuilder::new(&DECLARATION).unwrap();
        let declaration = Declaration { acceptance_date_time: Some(at(1)), ..Declaration::default() };
        declarations.push(key("declarations"), &declaration).unwrap();
        let mut batches = Vec::new();
        for (day, &(load, told)) in (20_u32..).zip(loads) {
            let mut results = TableBuilder::new(&INSPECTION).unwrap().loaded_at(at(day));
            for (item, recorded_on, amount) in told {
                let revenue = |amount: i64| Some(Amount { value: Decimal::from(amount), currency: None });
                let finding =
                    |amount: i64| InspectionFinding { revenue_amount: revenue(amount), ..Default::default() };
                let result = Inspection {
                    goods_item_numeric: *item,
                    recorded_date_time: Some(at(*recorded_on)),
                    result_code: Some(if amount.is_some() { "discrepancy" } else { "conform" }.into()),
                    finding: amount.map(finding).into_iter().collect(),
                    ..Inspection::default()
                };
                results.push(key(load), &result).unwrap();
            }
            batches.push(results.finish().unwrap());
        }
        let results = arrow::compute::concat_batches(&INSPECTION.schema(), &batches).unwrap();
        let tables = vec![("declaration", declarations.finish().unwrap()), ("inspection", results)];
        let platform = Platform::in_memory(tables, None).unwrap();
        let day = at(1).date_naive();
        let result = read(&platform, "a test", day, day).await.unwrap()["A"];
        assert!(result.finding.found, "what any of them found counts");
        result.finding.revenue
    }

    /// Two goods items, and what holds for all of them.
    const FIRST: &[Told] = &[(Some(1), 10, Some(1_000)), (Some(2), 10, Some(50)), (None, 10, Some(7))];

    /// What is recovered when other results come after the first; the names of the loads run the other way.
    async fn then(later: &[Told]) -> u64 {
        recovered(&[("z", FIRST), ("a", later)]).await.round() as u64
    }

    #[tokio::test]
    async fn of_several_results_of_one_item_the_newest_says_what_is_recovered() {
        assert_eq!(then(&[]).await, 1_057);
        assert_eq!(then(FIRST).await, 1_057, "sent again");
        assert_eq!(then(&[(Some(1), 12, Some(600))]).await, 657, "corrected");
        assert_eq!(then(&[(Some(1), 10, Some(600))]).await, 657, "corrected under its moment");
        assert_eq!(then(&[(Some(1), 9, Some(600))]).await, 1_057, "of before");
        assert_eq!(then(&[(Some(2), 12, None)]).await, 1_007, "taken back");
    }
}

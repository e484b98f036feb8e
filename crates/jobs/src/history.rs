//! Reads the records that can be learnt from, through the one door.

use crate::JobError;
use crate::columns::{integers, moments, reals, text};
use crate::home::Home;
use crate::results::{HAS_RESULT, NEWEST_FIRST};
use arrow::array::{Array, RecordBatch};
use arrow::compute::concat_batches;
use chrono::NaiveDate;
use tidegate_query::{DECLARATION_ITEM, Principal};
use tidegate_risk::features::{FeatureSet, Outcome, day_of};
use twox_hash::XxHash3_128;

/// Records of the lake with what became of them.
pub(crate) struct History {
    pub records: RecordBatch,
    pub names: Vec<u64>,
    pub outcomes: Vec<Option<Outcome>>,
}

/// All goods items of first versions, as they stood when inspection was decided, with the columns that a feature set
/// reads, and the results of their inspections: of the item where it was recorded for one, otherwise of the
/// declaration. Nothing accepted or recorded after the day `until` is in it.
pub(crate) async fn read(
    home: &Home,
    set: &FeatureSet,
    until: Option<NaiveDate>,
) -> Result<History, JobError> {
    let mut columns = set.inputs();
    for needed in ["accepted_at", "declaration_id", "goods_item_seq"] {
        if !columns.iter().any(|c| c == needed) {
            columns.push(needed.to_owned());
        }
    }
    let listed: Vec<String> = columns.iter().map(|c| format!("r.\"{c}\"")).collect();
    let by = |column: &str| {
        until.map_or(String::new(), |day| format!("AND {column} < DATE '{day}' + INTERVAL '1 day'"))
    };
    // An item may have been inspected more than once: what any of the inspections found counts, and is known with the last.
    let results = |of: &str, keys: &str| {
        format!(
            "(SELECT {keys}, max(recorded_at) AS recorded_at, CASE WHEN bool_or(result_code = 'discrepancy') \
             THEN 'discrepancy' ELSE 'conform' END AS result_code FROM inspection WHERE goods_item_seq {of} AND {HAS_RESULT} {} GROUP BY {keys})",
            by("recorded_at")
        )
    };
    let (recovered, amounts) = recovered(set, &by("recorded_at"));
    let sql = format!(
        "SELECT {}, coalesce(i.recorded_at, d.recorded_at) AS recorded_at, {recovered} AS recovered, \
         coalesce(i.result_code, d.result_code) AS result_code FROM {DECLARATION_ITEM} r \
         LEFT JOIN {} i ON i.month = r.month AND i.declaration_id = r.declaration_id \
         AND i.goods_item_seq = r.goods_item_seq \
         LEFT JOIN {} d ON d.month = r.month AND d.declaration_id = r.declaration_id {amounts}\
         WHERE r.version_number = 1 {}",
        listed.join(", "),
        results("IS NOT NULL", "month, declaration_id, goods_item_seq"),
        results("IS NULL", "month, declaration_id"),
        by("r.accepted_at")
    );
    let platform = home.platform().await?;
    let plan = platform.plan_for(&Principal::LocalOwner, "job learn", &sql).await?;
    let schema = plan.schema();
    let batches = plan.collect().await?;
    let records = concat_batches(&schema, &batches)?;
    Ok(History { names: names(&records)?, outcomes: outcomes(&records)?, records })
}

/// What inspections brought an item, as an expression with the joins that it needs: what was last recorded for the item,
/// otherwise its share of what was last recorded for the declaration; 0 where the set never learns from it.
fn recovered(set: &FeatureSet, by_recorded: &str) -> (&'static str, String) {
    if set.least_recoveries.is_none() {
        return ("0.0", String::new());
    }
    let amounts = |of: &str, keys: &str| {
        format!(
            "(SELECT {keys}, sum(f['revenue_amount']) AS revenue FROM (SELECT {keys}, unnest(findings) AS f FROM \
             (SELECT {keys}, findings, row_number() OVER (PARTITION BY {keys} ORDER BY {NEWEST_FIRST}) AS place \
             FROM inspection WHERE goods_item_seq {of} AND {HAS_RESULT} {by_recorded}) WHERE place = 1) GROUP BY {keys})"
        )
    };
    let of_item = amounts("IS NOT NULL", "month, declaration_id, goods_item_seq");
    let of_declaration = amounts("IS NULL", "month, declaration_id");
    let joins = format!(
        "LEFT JOIN {of_item} ai ON ai.month = r.month AND ai.declaration_id = r.declaration_id \
         AND ai.goods_item_seq = r.goods_item_seq \
         LEFT JOIN {of_declaration} ad ON ad.month = r.month AND ad.declaration_id = r.declaration_id "
    );
    let amount = "coalesce(CAST(ai.revenue AS DOUBLE), \
                  CAST(ad.revenue AS DOUBLE) / greatest(coalesce(r.goods_item_count, 1), 1), 0.0)";
    (amount, joins)
}

/// A hash that names each record, from its declaration and item number.
pub(crate) fn names(records: &RecordBatch) -> Result<Vec<u64>, JobError> {
    let (ids, items) = (text(records, "declaration_id")?, integers(records, "goods_item_seq")?);
    let name = |row: usize| {
        let name = format!("{}\u{0}{}", items.value(row), ids.value(row));
        XxHash3_128::oneshot(name.as_bytes()) as u64
    };
    Ok((0..records.num_rows()).map(name).collect())
}

fn outcomes(records: &RecordBatch) -> Result<Vec<Option<Outcome>>, JobError> {
    let (recorded, results) = (moments(records, "recorded_at")?, text(records, "result_code")?);
    let amounts = reals(records, "recovered")?;
    let outcome = |row: usize| {
        (recorded.is_valid(row) && results.is_valid(row)).then(|| Outcome {
            recorded_day: day_of(recorded.value(row)),
            discrepancy: results.value(row) == "discrepancy",
            recovered: whole(amounts.value(row)),
        })
    };
    Ok((0..records.num_rows()).map(outcome).collect())
}

/// An amount in whole units; the cast takes what is negative for 0.
pub(crate) fn whole(amount: f64) -> u64 {
    amount.round() as u64
}

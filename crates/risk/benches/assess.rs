//! How fast a bundle assesses records: features, look-ups in profiles, forest, calibration and rules, on the shipped
//! national content and rows made here.
#![expect(clippy::unwrap_used, reason = "a bench stops at what it did not expect")]

use arrow::array::{
    ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field};
use divan::Bencher;
use divan::counter::ItemsCount;
use std::sync::Arc;
use tidegate_records::tables::item_row_schema;
use tidegate_risk::bundle::Bundle;
use tidegate_risk::features::{FeatureSet, Outcome};
use tidegate_risk::learn::{Ingredients, LabelledRecords, learn};
use tidegate_risk::rules::{RuleSet, rule_row_schema};
use tidegate_risk::selection::SelectionPolicy;

const FEATURES: &str = include_str!("../../../features/national.toml");
const RULES: &str = include_str!("../../../rules/national.toml");
const SELECTION: &str = include_str!("../../../selection/default.toml");
const ROWS: usize = 20_000;
const DAYS: i64 = 365;
const DAY_MICROS: i64 = 86_400_000_000;
const FIRST_DAY: i64 = 20_089;

fn main() {
    divan::main();
}

/// A value below `range` that row and column give (multiplicative hashing, Knuth, The Art of Computer Programming 3).
fn draw(row: usize, column: usize, range: i64) -> i64 {
    let place = (row as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = place ^ (column as u64 + 1).wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
    ((mixed.wrapping_mul(0xD6E8_FEB8_6659_FD93) >> 33) % range as u64) as i64
}

fn day(row: usize) -> i64 {
    FIRST_DAY + row as i64 * DAYS / ROWS as i64
}

fn values(field: &Field, column: usize) -> ArrayRef {
    match (field.name().as_str(), field.data_type()) {
        ("accepted_at", _) => {
            let moments = (0..ROWS).map(|row| day(row) * DAY_MICROS + 3_600_000_000);
            Arc::new(TimestampMicrosecondArray::from_iter_values(moments).with_timezone("UTC"))
        }
        (_, DataType::Timestamp(..)) => {
            let moments = (0..ROWS).map(|row| (day(row) - draw(row, column, 30)) * DAY_MICROS);
            Arc::new(TimestampMicrosecondArray::from_iter_values(moments).with_timezone("UTC"))
        }
        ("commodity_hs6", _) => {
            let codes = (0..ROWS).map(|row| format!("{:06}", 10_100 + draw(row, column, 500) * 1_700));
            Arc::new(StringArray::from_iter_values(codes))
        }
        (_, DataType::Utf8) => Arc::new(StringArray::from_iter_values(
            (0..ROWS).map(|row| format!("C{}", draw(row, column, 200))),
        )),
        (_, DataType::Int64) => {
            Arc::new(Int64Array::from_iter_values((0..ROWS).map(|row| 1 + draw(row, column, 20))))
        }
        (_, DataType::Decimal128(digits, scale)) => {
            let values = (0..ROWS).map(|row| i128::from(1 + draw(row, column, 1_000_000)) * 1_000);
            let values = Decimal128Array::from_iter_values(values);
            Arc::new(values.with_precision_and_scale(*digits, *scale).unwrap())
        }
        (name, other) => panic!("no values for {name}: {other}"),
    }
}

fn records() -> RecordBatch {
    let schema = item_row_schema();
    let columns = schema.fields().iter().enumerate().map(|(i, field)| values(field, i)).collect();
    RecordBatch::try_new(schema, columns).unwrap()
}

/// One record in four has a result, and one result in five found a discrepancy.
fn bundle(records: &RecordBatch) -> Bundle {
    let set = FeatureSet::parse("national.toml", FEATURES, &item_row_schema()).unwrap();
    let rules = RuleSet::parse("national.toml", RULES, &rule_row_schema(&set, &item_row_schema())).unwrap();
    let selection = SelectionPolicy::parse("default.toml", SELECTION).unwrap();
    let prepared = set.prepare(records).unwrap();
    let names: Vec<u64> = (0..ROWS as u64).collect();
    let outcome =
        |row| Outcome { recorded_day: day(row) as i32 + 3, discrepancy: draw(row, 99, 5) == 0, recovered: 0 };
    let outcomes: Vec<Option<Outcome>> =
        (0..ROWS).map(|row| (draw(row, 98, 4) == 0).then(|| outcome(row))).collect();
    let labelled = LabelledRecords { prepared: &prepared, names: &names, outcomes: &outcomes };
    learn(Ingredients { set, rules, selection }, &labelled, &mut |_, _, _| ()).unwrap().bundle
}

#[divan::bench(args = [1, 64, 8_192])]
fn assess(bencher: Bencher, rows: usize) {
    let records = records();
    let bundle = bundle(&records);
    let batch = records.slice(ROWS - rows, rows);
    bencher
        .counter(ItemsCount::new(rows))
        .bench(|| bundle.assess(&batch).unwrap().probabilities.iter().sum::<f64>());
}

#[divan::bench]
fn explain_one_record(bencher: Bencher) {
    let records = records();
    let bundle = bundle(&records);
    let assessment = bundle.assess(&records.slice(ROWS - 1, 1)).unwrap();
    bencher.counter(ItemsCount::new(1_usize)).bench(|| {
        let contributions = bundle.contributions(&assessment, &[0]).unwrap();
        bundle.reasons(&assessment, 0, &contributions[0], 6)
    });
}

#[divan::bench]
fn contributions_of_400_records(bencher: Bencher) {
    let records = records();
    let bundle = bundle(&records);
    let assessment = bundle.assess(&records.slice(ROWS - 400, 400)).unwrap();
    let rows: Vec<usize> = (0..400).collect();
    bencher.counter(ItemsCount::new(400_usize)).bench(|| bundle.contributions(&assessment, &rows).unwrap());
}

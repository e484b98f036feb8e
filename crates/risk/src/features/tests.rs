//! The laws of features: no look into the future, no trace of order or batch size.

use super::{FeatureSet, ForestChoice, History, Outcome, Profiles};
use crate::model::FeatureMatrix;
use arrow::array::{Decimal128Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use proptest::prelude::*;
use std::sync::Arc;

const SET: &str = r#"
name = "test"
description = "every kind of profile and statistic"
goods = ["hs", "price"]
revenue = "price"
initial_rate = 0.1
[training]
[[derive]]
name = "chapter"
sql = "left(hs, 2)"
[[profile]]
name = "all"
title = "all"
key = []
[[profile]]
name = "chapter"
title = "chapter {chapter}"
key = ["chapter"]
parent = "all"
strength = 5
once_per_goods = true
[[profile]]
name = "hs"
title = "HS {hs}"
key = ["hs"]
parent = "chapter"
strength = 2
[[profile]]
name = "price"
title = "HS {hs}"
key = ["hs"]
measure = "ln(price)"
[[profile]]
name = "price_once"
title = "HS {hs}"
key = ["chapter"]
measure = "ln(price)"
once_per_goods = true
[[feature]]
name = "price"
sql = "price"
[[feature]]
name = "rate_chapter"
profile = "chapter"
statistic = "rate"
[[feature]]
name = "rate_hs"
profile = "hs"
statistic = "rate"
[[feature]]
name = "inspected"
profile = "hs"
statistic = "inspected"
[[feature]]
name = "found"
profile = "hs"
statistic = "discrepancies"
[[feature]]
name = "distance"
profile = "price"
statistic = "distance"
[[feature]]
name = "deviation"
profile = "price_once"
statistic = "deviation"
[[feature]]
name = "seen"
profile = "price_once"
statistic = "seen"
"#;

/// A record of the test: day of acceptance, code, price in thousandths, days until a result, and the result.
#[derive(Debug, Clone)]
struct Record {
    day: i32,
    hs: u8,
    price: i128,
    outcome: Option<Outcome>,
}

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("accepted_at", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
        Field::new("hs", DataType::Utf8, true),
        Field::new("price", DataType::Decimal128(19, 3), true),
    ]))
}

fn batch(records: &[Record]) -> RecordBatch {
    let micros = records.iter().map(|r| i64::from(r.day) * 86_400_000_000 + 3_600_000_000);
    let prices = Decimal128Array::from_iter_values(records.iter().map(|r| r.price));
    let columns: Vec<arrow::array::ArrayRef> = vec![
        Arc::new(TimestampMicrosecondArray::from_iter_values(micros).with_timezone("UTC")),
        Arc::new(StringArray::from_iter_values(
            records.iter().map(|r| format!("{:04}", u32::from(r.hs) * 37)),
        )),
        Arc::new(prices.with_precision_and_scale(19, 3).unwrap()),
    ];
    RecordBatch::try_new(schema(), columns).unwrap()
}

fn set() -> FeatureSet {
    FeatureSet::parse("test.toml", SET, &schema()).unwrap()
}

fn profiles(set: &FeatureSet, records: &[Record], names: &[u64]) -> Profiles {
    let mut history = History::new(set);
    let outcomes: Vec<_> = records.iter().map(|r| r.outcome).collect();
    history.add(&set.prepare(&batch(records)).unwrap(), names, &outcomes);
    history.finish()
}

fn features(set: &FeatureSet, profiles: &Profiles, records: &[Record]) -> FeatureMatrix {
    let prepared = set.prepare(&batch(records)).unwrap();
    set.features(&prepared, &set.look_up(&prepared, profiles), ForestChoice::Decision).unwrap()
}

fn bits(matrix: &FeatureMatrix, row: usize) -> Vec<u32> {
    matrix.row(row).unwrap().iter().map(|v| v.to_bits()).collect()
}

fn records() -> impl Strategy<Value = Vec<Record>> {
    let record = (0..60_i32, 0..6_u8, 1..40_i128, prop::option::of((0..20_i32, any::<bool>())));
    let record = record.prop_map(|(day, hs, price, result)| Record {
        day,
        hs,
        price: price * 250,
        outcome: result.map(|(delay, discrepancy)| Outcome {
            recorded_day: day + delay,
            discrepancy,
            recovered: 0,
        }),
    });
    prop::collection::vec(record, 1..120)
}

proptest! {
    /// No feature of a record changes when records and results that came on its day or later are taken away.
    #[test]
    fn nothing_leaks_from_the_future(records in records(), at in any::<prop::sample::Index>()) {
        let set = set();
        let names: Vec<u64> = (0..records.len() as u64).collect();
        let row = at.index(records.len());
        let day = records[row].day;
        let with_future = features(&set, &profiles(&set, &records, &names), &records);
        let past: Vec<(Record, u64)> = records.iter().cloned().zip(names).filter(|(r, _)| r.day < day).map(|(mut r, n)| {
            r.outcome = r.outcome.filter(|o| o.recorded_day < day);
            (r, n)
        }).collect();
        let (past, names): (Vec<Record>, Vec<u64>) = past.into_iter().unzip();
        let without = features(&set, &profiles(&set, &past, &names), &records[row..=row]);
        prop_assert_eq!(bits(&with_future, row), bits(&without, 0));
    }

    /// Neither the order of history nor the size of batches leaves a trace.
    #[test]
    fn order_and_batch_size_do_not_matter(records in records()) {
        let set = set();
        let names: Vec<u64> = (0..records.len() as u64).collect();
        let expected = profiles(&set, &records, &names);
        let reversed: Vec<Record> = records.iter().rev().cloned().collect();
        let reversed_names: Vec<u64> = names.iter().rev().copied().collect();
        prop_assert_eq!(&profiles(&set, &reversed, &reversed_names), &expected);
        let whole = features(&set, &expected, &records);
        for size in [1, 7] {
            for (index, chunk) in records.chunks(size).enumerate() {
                let part = features(&set, &expected, chunk);
                for row in 0..chunk.len() {
                    prop_assert_eq!(bits(&part, row), bits(&whole, index * size + row));
                }
            }
        }
    }

    /// Profiles survive their bytes, and their bytes are one.
    #[test]
    fn profiles_read_back_from_their_bytes(records in records()) {
        let set = set();
        let names: Vec<u64> = (0..records.len() as u64).collect();
        let profiles = profiles(&set, &records, &names);
        let bytes = profiles.to_bytes();
        let back = Profiles::from_bytes(&bytes).unwrap();
        prop_assert_eq!(&back, &profiles);
        prop_assert_eq!(back.to_bytes(), bytes);
    }

    /// Bytes from outside are refused, never a panic.
    #[test]
    fn any_bytes_are_read_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Profiles::from_bytes(&bytes);
        let good = profiles(&set(), &[Record { day: 1, hs: 1, price: 1000, outcome: None }], &[1]).to_bytes();
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte ^= good[i % good.len()];
        }
        let _ = Profiles::from_bytes(&bytes);
    }
}

#[test]
fn a_rate_starts_from_its_parent() {
    let set = set();
    let result = |day, discrepancy| Some(Outcome { recorded_day: day, discrepancy, recovered: 0 });
    let records = vec![
        Record { day: 1, hs: 1, price: 1000, outcome: result(1, true) },
        Record { day: 1, hs: 1, price: 2000, outcome: result(2, false) },
        Record { day: 3, hs: 1, price: 1000, outcome: None },
        Record { day: 3, hs: 2, price: 1000, outcome: None },
    ];
    let matrix = features(&set, &profiles(&set, &records, &[1, 2, 3, 4]), &records);
    let rate = |name: &str, row: usize| matrix.columns()[matrix.names().position(name).unwrap()][row];
    let all = (1.0 + 0.1) / (2.0 + 1.0);
    let chapter = (1.0 + 5.0 * all) / (2.0 + 5.0);
    assert_eq!(rate("rate_chapter", 2).to_bits(), (chapter as f32).to_bits());
    assert_eq!(rate("rate_hs", 2).to_bits(), (((1.0 + 2.0 * chapter) / 4.0) as f32).to_bits());
    assert_eq!(
        rate("rate_hs", 3).to_bits(),
        (chapter as f32).to_bits(),
        "HS 0074 shares chapter 00 and has no results"
    );
    assert_eq!(rate("inspected", 0).to_bits(), 0.0_f32.to_bits(), "nothing was recorded before day 1");
}

#[test]
fn a_mistake_in_a_set_names_its_line() {
    let refuse = |from: &str, to: &str| {
        FeatureSet::parse("t.toml", &SET.replacen(from, to, 1), &schema()).unwrap_err().to_string()
    };
    let error = refuse("sql = \"price\"", "sql = \"prize\"");
    assert!(error.contains("t.toml:41:8") && error.contains("price"), "{error}");
    assert!(refuse("parent = \"chapter\"", "parent = \"price\"").contains("no profile of results"));
    assert!(refuse("key = [\"hs\"]", "key = [\"hz\"]").contains("`hz`"));
    assert!(refuse("sql = \"price\"", "sql = \"price\"\nunit = \"{hz}\"").contains("`hz`"));
    assert!(refuse("statistic = \"distance\"", "statistic = \"rate\"").contains("statistic"));
    assert!(refuse("[training]", "[training]\ntreees = 3").contains("treees"));
}

#[test]
fn the_currency_of_an_amount_is_read_with_it() {
    let mut fields: Vec<Field> = schema().fields().iter().map(|field| field.as_ref().clone()).collect();
    fields.push(Field::new("currency", DataType::Utf8, true));
    let set = |text: &str| FeatureSet::parse("test", text, &Arc::new(Schema::new(fields.clone()))).unwrap();
    assert_eq!(set(SET).inputs(), ["hs", "price"]);
    let unit = "sql = \"price\"\nunit = \"{currency}\"";
    assert_eq!(set(&SET.replacen("sql = \"price\"", unit, 1)).inputs(), ["currency", "hs", "price"]);
}

#[test]
fn the_more_is_at_stake_the_higher_the_priority() {
    let with = SET.replace("initial_rate = 0.1", "finding_worth = 1000.0\ninitial_rate = 0.1");
    let set = |text: &str| FeatureSet::parse("test", text, &schema()).unwrap();
    let (plain, set) = (set(SET), set(&with));
    let grid: Vec<f64> = (0..=20).map(|i| f64::from(i) / 20.0).collect();
    for score in &grid {
        assert_eq!(plain.priority(*score, 5e6).to_bits(), score.to_bits());
        assert!((set.priority(*score, 0.0) - score).abs() < 1e-12);
        let mut before = 0.0;
        for stake in grid.iter().map(|g| 20_000.0 * g) {
            let priority = set.priority(*score, stake);
            assert!((0.0..=1.0).contains(&priority) && priority >= before, "{score} {stake}");
            before = priority;
        }
    }
    for stake in [0.0, 500.0, 1e7] {
        let priorities: Vec<f64> = grid.iter().map(|score| set.priority(*score, stake)).collect();
        assert!(priorities.is_sorted(), "{stake}");
    }
    // Expected findings and revenue at the price of a finding: 0.001 (1 + 3000 / 1000).
    assert!((set.priority(0.001, 3_000.0) - 0.004).abs() < 1e-5);
    for score in &grid {
        assert_eq!(plain.priority_of_revenue(*score, 5e6).to_bits(), score.to_bits());
        let priorities: Vec<f64> =
            grid.iter().map(|g| set.priority_of_revenue(*score, 20_000.0 * g)).collect();
        assert!((priorities[0] - score).abs() < 1e-12);
        assert!(priorities.is_sorted() && priorities.iter().all(|p| (0.0..=1.0).contains(p)), "{score}");
    }
    // The same where what is expected is score times stake: 0.001 + 3 / 1000.
    assert!((set.priority_of_revenue(0.001, 3.0) - 0.004).abs() < 1e-5);
    let refused = SET.replace("initial_rate = 0.1", "least_recoveries = 1\ninitial_rate = 0.1");
    let error = FeatureSet::parse("test", &refused, &schema()).unwrap_err().to_string();
    assert!(error.contains("least_recoveries"), "{error}");
    let refused = SET.replace("initial_rate = 0.1", "finding_worth = -1.0\ninitial_rate = 0.1");
    let error = FeatureSet::parse("test", &refused, &schema()).unwrap_err().to_string();
    assert!(error.contains("finding_worth"), "{error}");
}

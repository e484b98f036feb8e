//! What expressions promise, promise by promise.

mod refusals;
mod semantics;

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMillisecondArray,
};
use arrow::datatypes::SchemaRef;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::{Expected, Expression, Location, compile};

/// Four declarations: an ordinary one, one with zeros, one with extremes, one with nothing filled in.
pub(super) fn batch() -> RecordBatch {
    let columns: [(&str, ArrayRef); 9] = [
        ("commodity_hs6", Arc::new(StringArray::from(vec![Some("010121"), Some(""), Some("中国 %_"), None]))),
        ("origin_country_code", Arc::new(StringArray::from(vec![Some("CN"), Some("VN"), Some("CN"), None]))),
        ("net_mass_kg", Arc::new(Float64Array::from(vec![Some(2.5), Some(0.0), Some(f64::MAX), None]))),
        ("quantity", Arc::new(Int64Array::from(vec![Some(3), Some(0), Some(i64::MAX), None]))),
        ("customs_value_amount", decimals(&[Some(12_345), Some(0), Some(10_i128.pow(18) - 1), None], 18, 2)),
        ("duty_amount", decimals(&[Some(1_234_500), Some(1), Some(-1), None], 18, 4)),
        ("declared_on", Arc::new(Date32Array::from(vec![Some(19_754), Some(0), Some(i32::MAX), None]))),
        (
            "accepted_at",
            Arc::new(
                TimestampMillisecondArray::from(vec![
                    Some(1_706_790_896_789),
                    Some(-1),
                    Some(i64::MAX),
                    None,
                ])
                .with_timezone("Asia/Shanghai"),
            ),
        ),
        ("is_aeo", Arc::new(BooleanArray::from(vec![Some(true), Some(false), Some(false), None]))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap()
}

fn decimals(values: &[Option<i128>], precision: u8, scale: i8) -> ArrayRef {
    let array = Decimal128Array::from(values.to_vec());
    Arc::new(array.with_precision_and_scale(precision, scale).unwrap())
}

pub(super) fn here() -> Location {
    Location { file: "rules/price.toml".into(), line: 10, column: 13 }
}

fn schema() -> SchemaRef {
    batch().schema()
}

fn compiled(sql: &str) -> Expression {
    compile(sql, &schema(), Expected::Any, &here()).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The results of an expression for the four declarations, NULL as `-`.
fn results(sql: &str) -> String {
    let array = compiled(sql).evaluate(&batch()).unwrap();
    let options = FormatOptions::new().with_null("-");
    let formatter = ArrayFormatter::try_new(&array, &options).unwrap();
    (0..array.len()).map(|row| formatter.value(row).to_string()).collect::<Vec<_>>().join(" ")
}

fn refusal(sql: &str) -> String {
    refusal_as(sql, Expected::Any)
}

fn refusal_as(sql: &str, expected: Expected) -> String {
    match compile(sql, &schema(), expected, &here()) {
        Ok(expression) => panic!("{sql} was taken as {}", expression.canonical()),
        Err(error) => error.to_string(),
    }
}

//! Reads the columns of batches that tests look at.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Decimal128Type, Int64Type, Schema, TimestampMicrosecondType};
use std::sync::Arc;
use tidegate_sim::{Chunk, Configuration, Generator};

/// All chunks of a country.
pub fn chunks(configuration: Configuration) -> Vec<Chunk> {
    Generator::new(configuration).unwrap().chunks().collect::<Result<_, _>>().unwrap()
}

/// Values of a text column; absent ones are empty.
pub fn texts<'a>(batch: &'a RecordBatch, name: &str) -> Vec<&'a str> {
    let array = batch.column_by_name(name).unwrap().as_string::<i32>();
    (0..array.len()).map(|row| if array.is_null(row) { "" } else { array.value(row) }).collect()
}

/// Values of a count column; absent ones are 0.
pub fn counts(batch: &RecordBatch, name: &str) -> Vec<i64> {
    let array = batch.column_by_name(name).unwrap().as_primitive::<Int64Type>();
    (0..array.len()).map(|row| if array.is_null(row) { 0 } else { array.value(row) }).collect()
}

/// Values of a decimal column as integers of its scale; absent ones are 0.
pub fn decimals(batch: &RecordBatch, name: &str) -> Vec<i128> {
    let array = batch.column_by_name(name).unwrap().as_primitive::<Decimal128Type>();
    (0..array.len()).map(|row| if array.is_null(row) { 0 } else { array.value(row) }).collect()
}

/// Values of a moment column in microseconds.
pub fn moments(batch: &RecordBatch, name: &str) -> Vec<i64> {
    batch.column_by_name(name).unwrap().as_primitive::<TimestampMicrosecondType>().values().to_vec()
}

/// The batch with the types and values it has, but without the descriptions in its schema.
pub fn plain(batch: &RecordBatch) -> RecordBatch {
    let fields = batch
        .schema()
        .fields()
        .iter()
        .map(|f| f.as_ref().clone().with_metadata([].into()))
        .collect::<Vec<_>>();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), batch.columns().to_vec()).unwrap()
}

/// The batches of a chunk, by name.
pub fn batches(chunk: &Chunk) -> [(&'static str, &RecordBatch); 4] {
    [
        ("declaration", &chunk.declarations),
        ("goods_item", &chunk.goods_items),
        ("inspection", &chunk.inspections),
        ("truth", &chunk.truth),
    ]
}

//! Whether two answers are the same.

use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type};

/// How far apart two sums of the same numbers may be, as a part of their size.
const TOLERANCE: f64 = 1e-12;

#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Text(Option<String>),
    Number(f64),
}

/// In what an answer differs from the expected one, as multisets of rows; nothing when they are the same.
pub fn difference(answer: &[RecordBatch], expected: &[RecordBatch]) -> Option<String> {
    let (answer, expected) = (rows(answer), rows(expected));
    let is_same = answer.len() == expected.len() && answer.iter().zip(&expected).all(|(a, b)| same_row(a, b));
    (!is_same).then(|| format!("answer: {answer:?}\ncopies: {expected:?}"))
}

fn rows(batches: &[RecordBatch]) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    for batch in batches {
        for i in 0..batch.num_rows() {
            rows.push(batch.columns().iter().map(|column| cell(column, i)).collect::<Vec<_>>());
        }
    }
    rows.sort_by_key(|row| format!("{:?}", row.iter().map(rounded).collect::<Vec<_>>()));
    rows
}

fn cell(column: &dyn Array, i: usize) -> Cell {
    if column.data_type() == &DataType::Float64 && column.is_valid(i) {
        return Cell::Number(column.as_primitive::<Float64Type>().value(i));
    }
    let text = cast(&column.slice(i, 1), &DataType::Utf8).unwrap();
    Cell::Text(text.is_valid(0).then(|| text.as_string::<i32>().value(0).to_owned()))
}

/// Coarse enough that numbers within the tolerance sort alike.
fn rounded(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => format!("{text:?}"),
        Cell::Number(number) => format!("{number:.9e}"),
    }
}

fn same_row(a: &[Cell], b: &[Cell]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|pair| match pair {
            (Cell::Number(a), Cell::Number(b)) => {
                a.to_bits() == b.to_bits()
                    || (a.is_nan() && b.is_nan())
                    || (a - b).abs() <= TOLERANCE * a.abs().max(b.abs())
            }
            (a, b) => a == b,
        })
}

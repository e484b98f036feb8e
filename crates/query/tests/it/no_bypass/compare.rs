//! Whether two answers are the same, and what an error may tell.

use super::copy::Copies;
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::error::DataFusionError;
use tidegate_query::QueryError;

pub enum Outcome {
    Same {
        rows: usize,
    },
    BothFailed,
    /// The copies failed where the platform, which may evaluate less, did not.
    CopyFailed,
}

/// How far apart two sums of the same numbers may be, as a part of their size.
const TOLERANCE: f64 = 1e-12;

#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Text(Option<String>),
    Number(f64),
}

pub fn compare(
    answer: &Result<Vec<RecordBatch>, QueryError>,
    expected: &Result<Vec<RecordBatch>, DataFusionError>,
    copy_can_fail: bool,
    copies: &Copies,
) -> Result<Outcome, String> {
    match (answer, expected) {
        (Ok(answer), Ok(expected)) => {
            let (answer, expected) = (rows(answer), rows(expected));
            let is_same =
                answer.len() == expected.len() && answer.iter().zip(&expected).all(|(a, b)| same_row(a, b));
            if is_same {
                Ok(Outcome::Same { rows: answer.len() })
            } else {
                Err(format!("answer: {answer:?}\ncopies: {expected:?}"))
            }
        }
        (Ok(_), Err(_)) => Ok(Outcome::CopyFailed),
        (Err(error), Ok(expected)) if !copy_can_fail => {
            Err(format!("it fails: {error}\ncopies: {:?}", rows(expected)))
        }
        (Err(error), _) => {
            let text = error.to_string();
            // The country's secrets begin with `leak:`: an error may name those that are shown.
            for secret in text.split("leak:").skip(1) {
                let secret: String = secret.chars().take_while(char::is_ascii_digit).collect();
                if !copies.shows(&format!("leak:{secret}")) {
                    return Err(format!("the error tells of a hidden row: {text}"));
                }
            }
            Ok(Outcome::BothFailed)
        }
    }
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

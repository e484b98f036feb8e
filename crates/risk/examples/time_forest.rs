//! Times the evaluation of a forest on one thread: `time_forest MODEL COLUMNS ROWS REPEATS`, behind `bench/forest_peers.py`.
//!
//! MODEL is a file that can be imported, whose features have no names; COLUMNS holds f32, little-endian, column after column.
//! Prints tab-separated lines: what, instructions, least processor seconds of REPEATS, and the first margins.
#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::error::Error;
use std::{env, fs, hint, iter};

use tidegate_risk::model::{FeatureMatrix, FeatureNames, Forest, ImportedModel, InstructionSet};

/// Rows that are scored one by one.
const SINGLE_ROWS: usize = 2_000;

/// Margins that are printed, for comparison.
const SHOWN: usize = 1_000;

/// A measurement is at least so long, since Linux brings a thread's time up to date every few milliseconds.
const LEAST_SECONDS: f64 = 0.3;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [model, columns, rows, repeats] = &arguments[..] else {
        println!("usage: time_forest MODEL COLUMNS ROWS REPEATS");
        return Ok(());
    };
    let (rows, repeats): (usize, usize) = (rows.parse()?, repeats.parse()?);
    let model = ImportedModel::read(&fs::read(model)?)?;
    let bytes = fs::read(columns)?;
    let values = |column: &[u8]| column.as_chunks::<4>().0.iter().map(|v| f32::from_le_bytes(*v)).collect();
    let columns: Vec<Vec<f32>> = bytes.chunks(4 * rows).map(values).collect();
    let names = FeatureNames::new((0..columns.len()).map(|feature| format!("f{feature}")).collect())?;
    let forest = model.forest(&names, true)?;
    let matrix = FeatureMatrix::new(forest.features().clone(), columns)?;
    for instructions in InstructionSet::available() {
        time(&forest.clone().with_instructions(instructions), &matrix, instructions.name(), repeats)?;
    }
    for margin in forest.margins(&matrix)?.iter().take(SHOWN) {
        println!("margin\t\t{margin}");
    }
    Ok(())
}

fn time(forest: &Forest, matrix: &FeatureMatrix, instructions: &str, repeats: usize) -> Outcome<()> {
    let bins = forest.bins(matrix)?;
    let rows: Vec<Vec<f32>> = (0..SINGLE_ROWS).map_while(|row| matrix.row(row)).collect();
    let shown = [
        ("f32", least(repeats, || forest.margins(matrix))?),
        ("bins", least(repeats, || forest.margins_of_bins(&bins))?),
        ("row", least(repeats, || rows.iter().map(|row| forest.margin(row)).collect())? / rows.len() as f64),
    ];
    for (what, seconds) in shown {
        println!("{what}\t{instructions}\t{seconds}");
    }
    Ok(())
}

/// The least processor time that some work took, in seconds: of `repeats` measurements of at least [`LEAST_SECONDS`].
fn least<E: Error + 'static>(repeats: usize, work: impl Fn() -> Result<Vec<f64>, E>) -> Outcome<f64> {
    let measure = || {
        let before = processor_seconds()?;
        for times in 1.. {
            hint::black_box(work()?);
            let seconds = processor_seconds()? - before;
            if seconds >= LEAST_SECONDS {
                return Ok(seconds / f64::from(times));
            }
        }
        Err("work that takes no time".into())
    };
    iter::repeat_with(measure)
        .take(repeats)
        .try_fold(f64::INFINITY, |least, seconds: Outcome<f64>| Ok(least.min(seconds?)))
}

/// Processor time of this thread, as Linux counts it, in seconds: other work on the machine is not in it.
fn processor_seconds() -> Outcome<f64> {
    let nanoseconds = fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(nanoseconds.split_whitespace().next().ok_or("no time")?.parse::<f64>()? * 1e-9)
}

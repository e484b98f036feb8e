//! Times training: `time_training COLUMNS LABELS ROWS TREES`, behind `bench/training_peers.py`.
//!
//! COLUMNS holds f32, little-endian, column after column; LABELS a byte for each row, 0 or 1. Prints wall-clock seconds,
//! processor seconds and greatest resident memory in MB, separated by tabs, and the log-loss of the rows that were learnt from.
#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::error::Error;
use std::time::Instant;
use std::{env, fs};

use tidegate_risk::model::{FeatureMatrix, FeatureNames, TrainingParameters, logistic, train};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [columns, labels, rows, trees] = &arguments[..] else {
        println!("usage: time_training COLUMNS LABELS ROWS TREES");
        return Ok(());
    };
    let (rows, trees): (usize, usize) = (rows.parse()?, trees.parse()?);
    let bytes = fs::read(columns)?;
    let values = |column: &[u8]| column.as_chunks::<4>().0.iter().map(|v| f32::from_le_bytes(*v)).collect();
    let columns: Vec<Vec<f32>> = bytes.chunks(4 * rows).map(values).collect();
    drop(bytes);
    let labels: Vec<bool> = fs::read(labels)?.into_iter().map(|label| label == 1).collect();
    let names = FeatureNames::new((0..columns.len()).map(|feature| format!("f{feature}")).collect())?;
    let matrix = FeatureMatrix::new(names, columns)?;
    let parameters =
        TrainingParameters { trees, depth: 6, learning_rate: 0.1, ..TrainingParameters::default() };
    let (start, before) = (Instant::now(), processor_seconds()?);
    let forest = train(&matrix, &labels, None, &parameters)?;
    let (wall, processor) = (start.elapsed().as_secs_f64(), processor_seconds()? - before);
    let loss = |(margin, label): (&f64, &bool)| {
        let p = logistic(*margin).clamp(1e-12, 1.0 - 1e-12);
        -if *label { p.ln() } else { (1.0 - p).ln() }
    };
    let losses: f64 = forest.margins(&matrix)?.iter().zip(&labels).map(loss).sum();
    println!("{wall}\t{processor}\t{}\t{}", greatest_memory()?, losses / rows as f64);
    Ok(())
}

/// Processor time of all threads of this process, in seconds.
fn processor_seconds() -> Outcome<f64> {
    let mut nanoseconds = 0;
    for task in fs::read_dir("/proc/self/task")? {
        let task = fs::read_to_string(task?.path().join("schedstat"))?;
        nanoseconds += task.split(' ').next().ok_or("no time")?.parse::<u64>()?;
    }
    Ok(nanoseconds as f64 / 1e9)
}

fn greatest_memory() -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
}

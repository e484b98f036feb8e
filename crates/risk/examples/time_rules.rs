//! Times the evaluation of many conditions: `time_rules CONDITIONS PARQUET THREADS REPEATS`, behind `bench/rules_peers.py`.
//!
//! CONDITIONS holds one condition a line. Prints tab-separated lines: processor and wall-clock seconds of the fastest of
//! REPEATS (`together`: as rules are evaluated; `alone`: one after the other), and how many rows each condition is true for.
#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::error::Error;
use std::fs::File;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use std::{env, fs, thread};

use arrow::array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tidegate_risk::expr::{Expected, Expression, ExpressionSet, Location, compile};

/// Rows of a batch.
const BATCH_ROWS: usize = 65_536;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Rows that each condition is true for.
type Counts = Vec<usize>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [conditions, rows, threads, repeats] = &arguments[..] else {
        println!("usage: time_rules CONDITIONS PARQUET THREADS REPEATS");
        return Ok(());
    };
    let (threads, repeats): (usize, usize) = (threads.parse()?, repeats.parse()?);
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(rows)?)?.with_batch_size(BATCH_ROWS);
    let batches = reader.build()?.collect::<Result<Vec<RecordBatch>, _>>()?;
    let schema = batches.first().ok_or("no rows")?.schema();
    let text = fs::read_to_string(conditions)?;
    let compiled = text.lines().enumerate().map(|(line, sql)| {
        let at = Location { file: conditions.as_str().into(), line: line as u32 + 1, column: 1 };
        compile(sql, &schema, Expected::Boolean, &at)
    });
    let expressions = compiled.collect::<Result<Vec<Expression>, _>>()?;
    let set = ExpressionSet::new(&expressions)?;
    let together = |batch: &RecordBatch, counts: &mut Counts| {
        Ok(set.evaluate(batch, |_, results| {
            for (position, count) in counts.iter_mut().enumerate() {
                *count += set.hits(position, results)?.rows.true_count();
            }
            Ok(())
        })?)
    };
    let alone = |batch: &RecordBatch, counts: &mut Counts| {
        for (expression, count) in expressions.iter().zip(counts) {
            *count += expression.evaluate_condition(batch)?.rows.true_count();
        }
        Ok(())
    };
    let counts = time("together", &batches, (threads, repeats, expressions.len()), together)?;
    time("alone", &batches, (threads, 1, expressions.len()), alone)?;
    for count in counts {
        println!("count\t{count}");
    }
    Ok(())
}

/// Times some work on all batches, handed out to threads one by one.
fn time(
    what: &str,
    batches: &[RecordBatch],
    (threads, repeats, conditions): (usize, usize, usize),
    work: impl Fn(&RecordBatch, &mut Counts) -> Outcome<()> + Sync,
) -> Outcome<Counts> {
    let (mut least, mut counted) = ((f64::INFINITY, f64::INFINITY), Vec::new());
    for _ in 0..repeats {
        let (start, next) = (Instant::now(), AtomicUsize::new(0));
        let one = || -> Outcome<(f64, Counts)> {
            let mut counts = vec![0; conditions];
            while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                work(batch, &mut counts)?;
            }
            Ok((processor_seconds()?, counts))
        };
        let (mut seconds, mut total) = (0.0, vec![0; conditions]);
        thread::scope(|scope| -> Outcome<()> {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
            for thread in running {
                let (of_thread, counts) = thread.join().map_err(|_| "a thread stopped")??;
                seconds += of_thread;
                total.iter_mut().zip(counts).for_each(|(total, count)| *total += count);
            }
            Ok(())
        })?;
        least = (least.0.min(seconds), least.1.min(start.elapsed().as_secs_f64()));
        counted = total;
    }
    println!("{what}\t{}\t{}", least.0, least.1);
    Ok(counted)
}

/// Processor time of this thread, as Linux counts it, in seconds: other work on the machine is not in it.
fn processor_seconds() -> Outcome<f64> {
    let nanoseconds = fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(nanoseconds.split_whitespace().next().ok_or("no time")?.parse::<f64>()? * 1e-9)
}

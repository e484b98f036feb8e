//! The same configuration gives the same bytes, whatever the threads and the order of chunks.

use crate::columns::{batches, chunks, plain};
use arrow::array::RecordBatch;
use arrow::ipc::writer::StreamWriter;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use tidegate_sim::{CHUNK_DECLARATIONS, Chunk, Configuration, Generator, SimulationError, generate};

/// Digest of a tiny country. It changes when the generator does, but also with the columns of the tables and with
/// Arrow's stream format: find out which before writing a new one.
const GOLDEN: &str = "c776c65a4777026c9e9be71925d82b333833e1a840f17be66062fa0dc64b4adb";

fn digest<'a>(batches: impl Iterator<Item = &'a RecordBatch>) -> String {
    let mut hash = Sha256::new();
    for batch in batches {
        let batch = plain(batch);
        let mut bytes = Vec::new();
        let mut writer = StreamWriter::try_new(&mut bytes, &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        hash.update(&bytes);
    }
    let mut text = String::new();
    for byte in hash.finalize() {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

fn digest_of(chunks: &[Chunk]) -> String {
    digest(chunks.iter().flat_map(|c| batches(c).map(|(_, batch)| batch)))
}

#[test]
fn a_tiny_country_is_what_it_was() {
    let generator = Generator::new(Configuration::new(1, 2026, 200)).unwrap();
    let chunks: Vec<Chunk> = generator.chunks().collect::<Result<_, _>>().unwrap();
    let enterprises: Vec<RecordBatch> = generator.enterprises().collect::<Result<_, _>>().unwrap();
    let tables = chunks.iter().flat_map(|c| batches(c).map(|(_, batch)| batch));
    let generated: Vec<RecordBatch> = tables.chain(&enterprises).map(never_loaded).collect();
    assert_eq!(digest(generated.iter()), GOLDEN);
}

/// The batch without the moment of its load, which is absent in every row: the generator loads nothing.
fn never_loaded(batch: &RecordBatch) -> RecordBatch {
    let mut batch = batch.clone();
    if let Ok(position) = batch.schema().index_of("loaded_at") {
        assert_eq!(batch.remove_column(position).null_count(), batch.num_rows());
    }
    batch
}

#[test]
fn threads_and_chunk_order_change_nothing() {
    let configuration = Configuration::new(5, 2026, 3 * CHUNK_DECLARATIONS + 100);
    let whole = digest_of(&chunks(configuration.clone()));
    for threads in [1, 2, 4, 7] {
        let mut delivered = Vec::new();
        generate(&configuration, threads, |chunk| {
            delivered.push(chunk);
            Ok::<(), SimulationError>(())
        })
        .unwrap();
        assert!(delivered.iter().map(|c| c.number).eq(0..4));
        assert_eq!(digest_of(&delivered), whole, "{threads} threads");
    }
    let generator = Generator::new(configuration).unwrap();
    let mut backwards: Vec<Chunk> = (0..4).rev().map(|number| generator.chunk(number).unwrap()).collect();
    backwards.reverse();
    assert_eq!(digest_of(&backwards), whole);
    assert_eq!(generator.chunk(4).unwrap().declarations.num_rows(), 0);
}

#[test]
fn the_first_error_of_the_receiver_ends_the_run() {
    let configuration = Configuration::new(5, 2026, 6 * CHUNK_DECLARATIONS);
    let mut seen = 0;
    let stopped = generate(&configuration, 3, |chunk| {
        seen += 1;
        if chunk.number == 1 { Err(SimulationError::ThreadEnded(99)) } else { Ok(()) }
    });
    assert!(matches!(stopped, Err(SimulationError::ThreadEnded(99))));
    assert_eq!(seen, 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_chunk_is_a_function_of_configuration_and_number(seed in any::<u64>(), year in 2022..=2027, extra in 1..400_u64) {
        let configuration = Configuration::new(seed, year, CHUNK_DECLARATIONS + extra);
        let first = Generator::new(configuration.clone()).unwrap().chunk(1).unwrap();
        let again = Generator::new(configuration.clone()).unwrap();
        let after_all: Vec<Chunk> = again.chunks().collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(&first, &after_all[1]);
        let other = Generator::new(Configuration { seed: seed.wrapping_add(1), ..configuration }).unwrap();
        prop_assert_ne!(first.declarations, other.chunk(1).unwrap().declarations);
    }
}

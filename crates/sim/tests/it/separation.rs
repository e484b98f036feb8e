//! The ground truth leaves no trace in the other tables but the deceit itself.

use crate::columns::{chunks, counts, plain, texts};
use arrow::array::{Array, AsArray, RecordBatch};
use std::collections::{BTreeMap, BTreeSet};
use tidegate_records::tables;
use tidegate_sim::{Chunk, Configuration, truth_schema};

/// Rows of the tables of each declaration, but for the row numbers, as one-row batches.
fn rows(chunks: &[Chunk], batch: fn(&Chunk) -> &RecordBatch) -> BTreeMap<String, Vec<RecordBatch>> {
    let mut rows: BTreeMap<String, Vec<RecordBatch>> = BTreeMap::new();
    for chunk in chunks {
        let batch = plain(batch(chunk));
        let ids = texts(&batch, "declaration_id");
        for (row, id) in ids.iter().enumerate() {
            rows.entry((*id).to_owned()).or_default().push(batch.slice(row, 1));
        }
    }
    rows
}

#[test]
fn declarations_without_truth_are_those_of_a_country_without_fraud() {
    let flawed = Configuration::new(11, 2026, 4_000);
    let honest = Configuration { fraud_share: 0.0, error_share: 0.0, ..flawed.clone() };
    let (flawed, honest) = (chunks(flawed), chunks(honest));
    assert!(honest.iter().all(|c| c.truth.num_rows() == 0));
    let planted: BTreeSet<&str> = flawed.iter().flat_map(|c| texts(&c.truth, "declaration_id")).collect();
    let tables: [fn(&Chunk) -> &RecordBatch; 2] = [|c| &c.declarations, |c| &c.goods_items];
    for batch in tables {
        let (flawed, honest) = (rows(&flawed, batch), rows(&honest, batch));
        let mut same = 0;
        for (id, rows) in flawed.iter().filter(|(id, _)| !planted.contains(id.as_str())) {
            assert_eq!(Some(rows), honest.get(id), "{id} differs though nothing was planted");
            same += 1;
        }
        assert!(same > 3_500, "{same}");
        let changed = flawed.iter().filter(|(id, rows)| honest.get(*id) != Some(rows)).count();
        assert!(changed > 50, "{changed}: planted fraud must show in the tables");
    }
}

#[test]
fn no_column_is_named_after_the_truth_and_none_holds_its_words() {
    let schema = truth_schema();
    let own: BTreeSet<&str> = schema
        .fields()
        .iter()
        .map(|f| f.name().as_str())
        .filter(|n| !["declaration_id", "goods_item_seq"].contains(n))
        .collect();
    for table in tables::TABLES {
        assert!(
            table.columns.iter().all(|c| !own.contains(c.name) && !c.name.contains("fraud")),
            "{}",
            table.name
        );
    }
    let words =
        ["misclassification", "false-origin", "splitting", "concealment", "mistake", "undervaluation"];
    for chunk in chunks(Configuration::new(11, 2026, 2_000)) {
        for batch in [&chunk.declarations, &chunk.goods_items] {
            for column in batch.columns() {
                let Some(array) = column.as_string_opt::<i32>() else { continue };
                for row in (0..array.len()).filter(|row| array.is_valid(*row)) {
                    assert!(!words.contains(&array.value(row)), "{}", array.value(row));
                }
            }
        }
    }
}

#[test]
fn every_row_of_truth_belongs_to_a_goods_item() {
    for chunk in chunks(Configuration::new(11, 2026, 4_000)) {
        let items: BTreeSet<(&str, i64)> = texts(&chunk.goods_items, "declaration_id")
            .into_iter()
            .zip(counts(&chunk.goods_items, "goods_item_seq"))
            .collect();
        let truth: Vec<(&str, i64)> = texts(&chunk.truth, "declaration_id")
            .into_iter()
            .zip(counts(&chunk.truth, "goods_item_seq"))
            .collect();
        assert!(!truth.is_empty());
        assert!(truth.iter().all(|key| items.contains(key)));
        assert_eq!(truth.iter().collect::<BTreeSet<_>>().len(), truth.len(), "one row an item");
    }
}

//! Runs that stopped between what they wrote and the snapshot that would have shown it.

use crate::decide::{decided_until, learnt};
use crate::place::Place;
use crate::retention::{PARTY, parquet_holds, with_party};
use crate::source::{file, rows};
use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::compute::concat_batches;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use tidegate_jobs::maintenance::maintain;
use tidegate_jobs::retention::{Erase, erase, hold};
use tidegate_jobs::{Decided, Quiet, query};
use tidegate_lake::TableSpec;
use tidegate_ledger::{DecisionRunId, Held, RunStart};
use tidegate_records::table::Table;
use tidegate_records::tables::{DECISION, DECISION_ITEM, WORK_LIST};

async fn until(place: &Place, to: &str) -> Decided {
    decided_until(place, 2, to).await
}

/// Starts a run like the first and writes the rows of the first as its own; no snapshot names them. Returns the number of the run
/// and the newest versions of the tables.
async fn leave(place: &Place, tables: &[&'static Table]) -> (DecisionRunId, Vec<(String, u64)>) {
    let ledger = &place.home.ledger;
    let start: RunStart = ledger.decision_runs().await.unwrap()[0].start.clone();
    let run = ledger.start_decision_run(&start).await.unwrap();
    let mut versions = Vec::new();
    for table in tables {
        let sql = format!("SELECT * FROM {} WHERE run_number = 1", table.name);
        let rows = query(&place.home, "test", &sql).await.unwrap();
        let rows = concat_batches(&rows[0].schema(), &rows).unwrap();
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![run.0; rows.num_rows()]));
        let of_run = |name: &str| {
            if name == "run_number" {
                Arc::clone(&numbers)
            } else {
                Arc::clone(rows.column_by_name(name).unwrap())
            }
        };
        let columns = table.columns.iter().map(|column| of_run(column.name)).collect();
        let rows = RecordBatch::try_new(table.schema(), columns).unwrap();
        let spec = TableSpec::try_new(table.name, &table.schema(), Some("month"), table.statistics).unwrap();
        let appended = place.home.lake.append(&spec, [rows], None).await.unwrap();
        versions.push((table.name.to_owned(), appended.version));
    }
    (run, versions)
}

async fn rows_of(place: &Place, table: &str, run: DecisionRunId) -> i64 {
    place.count(&format!("SELECT count(*) FROM {table} WHERE run_number = {run}")).await
}

#[tokio::test]
async fn nothing_that_an_interrupted_run_left_is_ever_shown() {
    let place = learnt().await;
    let decided = until(&place, "2025-11-10").await.decided;
    assert!(decided > 0);
    let (early, _) = leave(&place, &[&DECISION_ITEM]).await;
    let (late, _) = leave(&place, &[&DECISION_ITEM, &WORK_LIST, &DECISION]).await;
    assert_eq!(rows_of(&place, "decision", late).await, 0, "no snapshot names it");

    let more = until(&place, "2025-11-20").await.decided;
    assert!(more > 0);
    for run in [early, late] {
        let closed = place.home.ledger.decision_run(run).await.unwrap().outcome;
        assert_eq!(closed.map(|outcome| outcome.rows), Some(0), "run {run}");
        for table in [DECISION.name, DECISION_ITEM.name, WORK_LIST.name] {
            assert_eq!(rows_of(&place, table, run).await, 0, "{table} of run {run}");
        }
    }
    let all = place.count("SELECT count(*) FROM decision").await;
    assert_eq!(all as u64, decided + more);
    let versions = "SELECT count(*) FROM (SELECT DISTINCT declaration_id, version_number FROM decision)";
    assert_eq!(place.count(versions).await, all, "nothing is decided twice");
}

#[tokio::test]
async fn a_run_that_stopped_behind_its_snapshot_is_done() {
    let place = learnt().await;
    until(&place, "2025-11-10").await;
    let (run, versions) = leave(&place, &[&DECISION_ITEM, &WORK_LIST, &DECISION]).await;
    place.home.lake.record_snapshot(place.home.now, versions).await.unwrap();
    let shown = rows_of(&place, "decision", run).await;
    assert!(shown > 0);
    until(&place, "2025-11-11").await;
    assert_eq!(rows_of(&place, "decision", run).await, shown);
    let closed = place.home.ledger.decision_run(run).await.unwrap().outcome.unwrap();
    assert_eq!(closed.rows as i64, shown);
}

#[tokio::test]
async fn upkeep_and_erasures_show_nothing_that_an_interrupted_run_left() {
    let place = learnt().await;
    until(&place, "2025-11-10").await;
    let tables = [DECISION_ITEM.name, WORK_LIST.name, DECISION.name];
    let (run, _) = leave(&place, &[&DECISION_ITEM, &WORK_LIST, &DECISION]).await;
    // The months have two small files each by now.
    maintain(&place.home, false, &mut Quiet).await.unwrap();
    for table in tables {
        assert_eq!(rows_of(&place, table, run).await, 0, "{table} after upkeep");
    }
    let id = place.texts("SELECT min(declaration_id) FROM decision").await.remove(0);
    erase(&place.home, &Erase::Declaration(id), "a request", &mut Quiet).await.unwrap();
    for table in tables {
        assert_eq!(rows_of(&place, table, run).await, 0, "{table} after an erasure");
    }
    let closed = place.home.ledger.decision_run(run).await.unwrap().outcome;
    assert_eq!(closed.map(|outcome| outcome.rows), Some(0));
}

#[tokio::test]
async fn what_is_shown_of_an_interrupted_run_goes_all_the_same() {
    let place = learnt().await;
    until(&place, "2025-11-10").await;
    // It stopped before its decisions, and somebody's snapshot shows the rest.
    let (run, versions) = leave(&place, &[&DECISION_ITEM, &WORK_LIST]).await;
    place.home.lake.record_snapshot(place.home.now, versions).await.unwrap();
    assert!(rows_of(&place, "work_list", run).await > 0);
    until(&place, "2025-11-20").await;
    for table in [DECISION_ITEM.name, WORK_LIST.name] {
        assert_eq!(rows_of(&place, table, run).await, 0, "{table}");
    }
}

/// Follows an order to erase until the rows of one month are out of a table.
async fn month_is_out<F: Future>(place: &Place, table: &str, mut erasing: Pin<&mut F>) {
    let next = place.home.lake.table_version(table).await.unwrap() + 1;
    let commit = place.home.root().join(format!("lake/{table}/_delta_log/{next:020}.json"));
    poll_fn(|context| {
        assert!(erasing.as_mut().poll(context).is_pending(), "{table}: more months are left");
        if commit.exists() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Breaks off an order to erase then.
async fn broken_off_within(place: &Place, what: &Erase, table: &str) {
    let mut quiet = Quiet;
    let mut erasing = Box::pin(erase(&place.home, what, "a request", &mut quiet));
    month_is_out(place, table, erasing.as_mut()).await;
}

#[tokio::test]
async fn certificates_count_what_went_before_an_erasure_broke_off_within_a_table() {
    let place = with_party().await;
    let party = Erase::Party(PARTY.to_owned());
    let of_party = format!("SELECT count(*) FROM declaration WHERE importer_id = '{PARTY}'");
    let named = place.count(&of_party).await;
    for (table, first) in [("goods_item", 9_000_001), ("declaration", 9_100_001)] {
        let before = place.count(&format!("SELECT count(*) FROM {table}")).await;
        broken_off_within(&place, &party, table).await;
        // The load shows the table without what went.
        let later = rows(2, 2025, 24, first);
        place.ingest(&place.write(&format!("{table}.csv"), &file(&later)), true).await.unwrap();
        let shown = place.count(&format!("SELECT count(*) FROM {table}")).await - 24;
        assert!(before - named < shown && shown < before, "{table}: some went, and some are left");
    }

    let certificates = erase(&place.home, &party, "a request", &mut Quiet).await.unwrap();
    for table in ["declaration", "goods_item"] {
        let of_table = certificates.iter().filter(|one| one.erased.table == table);
        let certified: u64 = of_table.map(|one| one.erased.rows).sum();
        assert_eq!(certified, named as u64, "{table}");
    }
    assert_eq!(place.count(&of_party).await, 0);
    assert!(!parquet_holds(&place, PARTY));
    assert!(place.home.ledger.open_erasures().await.unwrap().is_empty());
}

#[tokio::test]
async fn certificates_count_a_month_of_which_the_ledger_was_not_told() {
    let mut place = with_party().await;
    place.home.configuration.retention.declaration_days = 540;
    place.home.configuration.retention.goods_item_days = 540;
    for (table, first) in [("goods_item", 9_000_001), ("declaration", 9_100_001)] {
        broken_off_within(&place, &Erase::Due, table).await;
        // The load shows the table without what went, and brings ten rows that are due.
        let later = rows(2, 2025, 24, first);
        place.ingest(&place.write(&format!("{table}.csv"), &file(&later)), true).await.unwrap();
    }
    let certificates = erase(&place.home, &Erase::Due, "retention", &mut Quiet).await.unwrap();
    for table in ["declaration", "goods_item"] {
        let of_table = certificates.iter().filter(|one| one.erased.table == table);
        assert_eq!(of_table.map(|one| one.erased.rows).sum::<u64>(), 100 + 2 * 10, "{table}");
    }
    assert_eq!(place.count("SELECT count(*) FROM goods_item WHERE month < '2025-06'").await, 0);
}

#[tokio::test]
async fn a_hold_that_is_placed_while_rows_go_out_keeps_what_is_there() {
    let mut place = with_party().await;
    place.home.configuration.retention.goods_item_days = 540;
    let of_may = "SELECT min(declaration_id) FROM goods_item WHERE month = '2025-05'";
    let held = place.texts(of_may).await.remove(0);
    let (what, mut quiet) = (Erase::Due, Quiet);
    let mut erasing = Box::pin(erase(&place.home, &what, "retention", &mut quiet));
    month_is_out(&place, "goods_item", erasing.as_mut()).await;
    hold(&place.home, "declaration", &Held::Key(held.clone()), "case 1").await.unwrap();
    let told = erasing.await.unwrap_err().to_string();
    assert!(told.contains("legal hold 1 was placed while rows went out"), "{told}");

    let certificates = erase(&place.home, &Erase::Due, "retention", &mut Quiet).await.unwrap();
    let of_table = certificates.iter().filter(|one| one.erased.table == "goods_item");
    assert_eq!(of_table.map(|one| one.erased.rows).sum::<u64>(), 99);
    assert_eq!(place.texts("SELECT declaration_id FROM goods_item WHERE month < '2025-06'").await, [held]);
}

#[tokio::test]
async fn a_hold_that_is_placed_while_a_party_goes_stops_the_order() {
    let place = with_party().await;
    let (what, mut quiet) = (Erase::Party(PARTY.to_owned()), Quiet);
    let mut erasing = Box::pin(erase(&place.home, &what, "a request", &mut quiet));
    month_is_out(&place, "goods_item", erasing.as_mut()).await;
    hold(&place.home, "declaration", &Held::Key(PARTY.to_owned()), "case 1").await.unwrap();
    assert!(erasing.await.unwrap_err().to_string().contains("legal hold 1 was placed"));
    let refused = erase(&place.home, &what, "again", &mut Quiet).await.unwrap_err().to_string();
    assert!(refused.contains("is under a legal hold;"), "{refused}");
    let named = format!("SELECT count(*) FROM declaration WHERE importer_id = '{PARTY}'");
    assert!(place.count(&named).await > 0);
}

//! Snapshots: one consistent state of all tables, now and back then.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use chrono::TimeDelta;
use tidegate_lake::{AppTransaction, Lake, LakeError, Scan, SnapshotWanted, TableSpec};

use crate::fixture::{TABLE, batch, expected, lake, spec, time};

#[tokio::test]
async fn a_pinned_reader_sees_one_state() {
    let test = lake();
    test.lake.append(&spec(), [batch(0..100)], None).await.unwrap();
    let first = test.pin(time("2026-02-01T00:00:00Z")).await;
    let provider = test.lake.provider(&first, TABLE).await.unwrap();
    test.lake.append(&spec(), [batch(100..200)], None).await.unwrap();
    let second = test.pin(time("2026-02-02T00:00:00Z")).await;

    assert_eq!(test.rows_at(&first, Scan::default()).await, expected(0..100));
    assert_eq!(test.rows_at(&second, Scan::default()).await, expected(0..200));
    let session = datafusion::prelude::SessionContext::new();
    session.register_table("d", provider).unwrap();
    let count = session.sql("SELECT max(declaration_id) FROM d").await.unwrap().collect().await.unwrap();
    let answer = arrow::util::pretty::pretty_format_batches(&count).unwrap().to_string();
    assert!(answer.contains("D00000099"), "{answer}");
}

#[tokio::test]
async fn snapshots_are_found_by_number_and_time() {
    let test = lake();
    let wanted = SnapshotWanted::Latest;
    let none = test.lake.snapshot(wanted).await.unwrap_err();
    assert!(matches!(none, LakeError::NoSnapshot { wanted: SnapshotWanted::Latest }), "{none}");

    let day = |n: i64| time("2026-03-01T00:00:00Z") + TimeDelta::days(n);
    for n in 0..9 {
        test.lake.record_snapshot(day(n), [(TABLE.to_owned(), n as u64)]).await.unwrap();
    }
    let number = async |wanted| test.lake.snapshot(wanted).await.map(|found| found.version).ok();
    assert_eq!(number(SnapshotWanted::Latest).await, Some(8));
    assert_eq!(number(SnapshotWanted::Version(3)).await, Some(3));
    assert_eq!(number(SnapshotWanted::Version(9)).await, None);
    for n in 0..9 {
        assert_eq!(number(SnapshotWanted::Time(day(n))).await, Some(n as u64));
        assert_eq!(number(SnapshotWanted::Time(day(n) + TimeDelta::hours(23))).await, Some(n as u64));
    }
    assert_eq!(number(SnapshotWanted::Time(day(0) - TimeDelta::seconds(1))).await, None);

    let expired = test.lake.expire_snapshots(day(8), TimeDelta::days(3)).await.unwrap();
    assert_eq!(expired.len(), 5);
    assert_eq!(number(SnapshotWanted::Time(day(4))).await, None, "expired");
    assert_eq!(number(SnapshotWanted::Time(day(5))).await, Some(5));
    let kept = test.lake.list_snapshots().await.unwrap();
    assert_eq!(kept.iter().map(|snapshot| snapshot.version).collect::<Vec<_>>(), [5, 6, 7, 8]);

    test.lake.expire_snapshots(day(400), TimeDelta::days(3)).await.unwrap();
    assert_eq!(number(SnapshotWanted::Latest).await, Some(8), "the newest never expires");
}

#[tokio::test]
async fn a_lost_or_wrong_hint_costs_only_a_listing() {
    let test = lake();
    for n in 0..3_u64 {
        test.lake.record_snapshot(time("2026-03-01T00:00:00Z"), [(TABLE.to_owned(), n)]).await.unwrap();
    }
    let hint = test.folder.path().join("_snapshots/_latest");
    for wrong in ["0", "77", "not a number"] {
        std::fs::write(&hint, wrong).unwrap();
        assert_eq!(test.lake.snapshot(SnapshotWanted::Latest).await.unwrap().version, 2, "{wrong}");
    }
    std::fs::remove_file(&hint).unwrap();
    assert_eq!(test.lake.snapshot(SnapshotWanted::Latest).await.unwrap().version, 2);
}

#[tokio::test]
async fn tables_and_times_only_move_forward() {
    let test = lake();
    let noon = time("2026-03-01T12:00:00Z");
    test.lake.record_snapshot(noon, [("a".to_owned(), 5), ("b".to_owned(), 1)]).await.unwrap();
    let late = noon - TimeDelta::hours(1);
    let next = test.lake.record_snapshot(late, [("a".to_owned(), 4), ("c".to_owned(), 0)]).await.unwrap();
    assert_eq!(next.recorded_at, noon);
    let tables: Vec<(&str, u64)> = next.tables.iter().map(|(table, &v)| (table.as_str(), v)).collect();
    assert_eq!(tables, [("a", 5), ("b", 1), ("c", 0)]);
}

#[tokio::test]
async fn a_snapshot_tells_when_rows_were_last_loaded() {
    let test = lake();
    let day = |n: i64| time("2026-03-01T00:00:00Z") + TimeDelta::days(n);
    let transaction = AppTransaction { app_id: "load".to_owned(), sequence: 1 };
    let loaded = test.lake.append(&spec(), [batch(0..10)], Some(&transaction)).await.unwrap();
    let first = test.lake.record_snapshot(day(1), [&loaded]).await.unwrap();
    assert_eq!(first.loaded_at.get(TABLE), Some(&day(1)));

    let again = test.lake.append(&spec(), [batch(0..10)], Some(&transaction)).await.unwrap();
    let next = test.lake.record_snapshot(day(2), [&again]).await.unwrap();
    assert_eq!(next.loaded_at.get(TABLE), Some(&day(1)), "it was loaded before, and a snapshot had it");
    let empty = AppTransaction { sequence: 2, ..transaction.clone() };
    let empty = test.lake.append(&spec(), [], Some(&empty)).await.unwrap();
    let next = test.lake.record_snapshot(day(3), [&empty]).await.unwrap();
    assert!(next.tables[TABLE] > first.tables[TABLE]);
    assert_eq!(next.loaded_at.get(TABLE), Some(&day(1)), "a commit without rows");

    let more = AppTransaction { sequence: 3, ..transaction };
    test.lake.append(&spec(), [batch(10..20)], Some(&more)).await.unwrap();
    // The run that wrote them broke off before its snapshot, and is repeated.
    let repeated = test.lake.append(&spec(), [batch(10..20)], Some(&more)).await.unwrap();
    let next = test.lake.record_snapshot(day(4), [&repeated]).await.unwrap();
    assert_eq!(next.loaded_at.get(TABLE), Some(&day(4)));
    let compacted = test.lake.compact(TABLE).await.unwrap();
    let next = test.lake.record_snapshot(day(5), [&compacted]).await.unwrap();
    let erased = test.lake.erase(TABLE, "declaration_id = 'D00000003'").await.unwrap();
    let last = test.lake.record_snapshot(day(6), [&erased]).await.unwrap();
    assert!(last.tables[TABLE] > next.tables[TABLE]);
    assert_eq!(last.loaded_at.get(TABLE), Some(&day(4)), "neither loads anything");
    let without = test.lake.record_snapshot_without(day(7), &[TABLE.to_owned()].into()).await.unwrap();
    assert!(without.loaded_at.is_empty());
}

#[tokio::test]
async fn a_snapshot_of_an_earlier_version_is_read() {
    let test = lake();
    test.lake.record_snapshot(time("2026-03-01T00:00:00Z"), [(TABLE.to_owned(), 3)]).await.unwrap();
    let file = test.folder.path().join("_snapshots/00000000000000000000.json");
    let stored = std::fs::read_to_string(file).unwrap();
    assert!(!stored.contains("loaded_at"), "{stored}");
    let latest = test.lake.snapshot(SnapshotWanted::Latest).await.unwrap();
    assert_eq!((latest.tables[TABLE], latest.loaded_at.len()), (3, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_recorders_merge() {
    let test = lake();
    let recorders = (0..4).map(|n| {
        let lake = Lake::open(test.folder.path()).unwrap();
        tokio::spawn(async move {
            for version in 1..=5 {
                let table = (format!("table{n}"), version);
                lake.record_snapshot(time("2026-03-01T00:00:00Z"), [table]).await.unwrap();
            }
        })
    });
    for recorder in recorders.collect::<Vec<_>>() {
        recorder.await.unwrap();
    }
    let latest = test.lake.snapshot(SnapshotWanted::Latest).await.unwrap();
    assert_eq!(latest.version, 19);
    assert_eq!(latest.tables.into_values().collect::<Vec<_>>(), [5, 5, 5, 5]);
}

#[tokio::test]
async fn several_tables_are_recorded_together() {
    let test = lake();
    let finding = Schema::new(vec![Field::new("code", DataType::Utf8, false)]);
    let finding = TableSpec::try_new("finding", &finding, None, &["code"]).unwrap();
    let codes = Arc::new(arrow::array::StringArray::from(vec!["A1", "B2"]));
    let rows = arrow::array::RecordBatch::try_new(Arc::clone(finding.schema()), vec![codes]).unwrap();
    let first = test.lake.append(&spec(), [batch(0..10)], None).await.unwrap();
    let second = test.lake.append(&finding, [rows], None).await.unwrap();
    let snapshot = test.lake.record_snapshot(time("2026-03-01T00:00:00Z"), [&first, &second]).await.unwrap();
    assert_eq!(snapshot.tables.len(), 2);

    let months = Scan { months: Some(vec!["2026-01".to_owned()]), ..Scan::default() };
    let error = test.lake.scan(&snapshot, "finding", months).await.err().unwrap();
    assert!(matches!(error, LakeError::NotPartitioned { .. }), "{error}");
    let error = test.lake.provider(&snapshot, "no_such").await.unwrap_err();
    assert_eq!(error.to_string(), "snapshot 0 has no table no_such");
}

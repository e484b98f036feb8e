//! Snapshots: one consistent state of all tables, now and back then.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use chrono::TimeDelta;
use tidegate_lake::{Lake, LakeError, Scan, SnapshotWanted, TableSpec};

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

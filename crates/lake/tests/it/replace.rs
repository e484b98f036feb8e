//! Replacing months, erasing rows, and which months commits changed.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use tidegate_lake::{ErasedFrom, LakeError, Replace, Scan};

use crate::fixture::{TABLE, TestLake, batch, expected, lake, spec, time};

fn months(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn declared(name: &str) -> String {
    format!("declaration_id IN ('{name}')")
}

/// Long after every file that a test writes: file times are the machine's own.
fn later() -> DateTime<Utc> {
    "2100-01-01T00:00:00Z".parse().unwrap()
}

#[tokio::test]
async fn a_month_is_replaced_and_the_others_stay() {
    let test = lake();
    // January, February, March.
    test.lake.append(&spec(), [batch(0..2_000)], None).await.unwrap();
    let before = test.pin(time("2026-05-01T00:00:00Z")).await;
    let january = expected(0..744);
    let mut writer = test.lake.writer(&spec()).await.unwrap();
    writer.write(&batch(0..10)).await.unwrap();
    let replaced = writer.replace(&Replace::Months(months(&["2026-01"]))).await.unwrap();
    assert_eq!((replaced.rows, replaced.files_removed), (10, 1));
    let after = test.rows().await;
    assert_eq!(after.num_rows(), 2_000 - january.num_rows() + 10);
    assert_eq!(test.rows_at(&before, Scan::default()).await, expected(0..2_000), "time travel");

    let mut writer = test.lake.writer(&spec()).await.unwrap();
    writer.write(&batch(0..2_000)).await.unwrap();
    let error = writer.replace(&Replace::Months(months(&["2026-01"]))).await.unwrap_err();
    assert!(matches!(error, LakeError::Month { .. }), "{error}");
    assert_eq!(test.rows().await, after, "nothing changed");

    let writer = test.lake.writer(&spec()).await.unwrap();
    writer.replace(&Replace::Everything).await.unwrap();
    assert_eq!(test.rows().await.num_rows(), 0);
}

#[tokio::test]
async fn commits_tell_which_months_they_changed() {
    let test = lake();
    test.lake.append(&spec(), [batch(0..10)], None).await.unwrap();
    let first = test.lake.table_version(TABLE).await.unwrap();
    test.lake.append(&spec(), [batch(10..20)], None).await.unwrap();
    test.lake.append(&spec(), [batch(1_500..1_510)], None).await.unwrap();
    let compacted = test.lake.compact(TABLE).await.unwrap();
    let last = test.lake.table_version(TABLE).await.unwrap();
    assert_eq!(compacted.version, last);
    let changed = |after, last| test.lake.changed_months(TABLE, after, last);
    assert_eq!(changed(first, last).await.unwrap(), Some(months(&["2026-01", "2026-03"])));
    assert_eq!(changed(last - 1, last).await.unwrap(), Some(months(&[])), "a compaction changes nothing");
    for (version, is_changed) in [(first, true), (last - 1, false), (last, false), (last + 1, true)] {
        assert_eq!(test.lake.is_changed_since(TABLE, version).await.unwrap(), is_changed, "{version}");
    }
    let nobody = declared("no such declaration");
    assert_eq!(test.lake.erase(TABLE, &nobody).await.unwrap().version, last);
}

#[tokio::test]
async fn what_is_erased_leaves_no_byte() {
    let test = lake();
    for start in [0, 100, 1_500] {
        test.lake.append(&spec(), [batch(start..start + 100)], None).await.unwrap();
    }
    test.pin(later()).await;
    // The least name of its file, so that statistics in the file and in the log tell it as well.
    let name = "D00000000";
    let erased = test.lake.erase(TABLE, &declared(name)).await.unwrap();
    assert_eq!((erased.rows, erased.files.len()), (1, 1));
    let now = test.lake.record_snapshot(later(), [&erased]).await.unwrap();
    assert_eq!(test.rows_at(&now, Scan::default()).await.num_rows(), 299);
    assert!(test.folder_holds(name), "the old file is still there");

    let purged = test.lake.purge(&erased).await.unwrap();
    assert_eq!((purged.files, purged.snapshots), (1, 1));
    assert!(purged.bytes > 0 && purged.log_entries > 0);
    assert!(!test.folder_holds(name), "no byte of it is left");
    assert_eq!(test.rows().await.num_rows(), 299);
    let again = test.lake.purge(&erased).await.unwrap();
    assert_eq!((again.files, again.snapshots), (0, 0), "repeating is harmless");
}

#[tokio::test]
async fn copies_from_before_a_compaction_go_as_well() {
    let test = lake();
    for start in [0, 100] {
        test.lake.append(&spec(), [batch(start..start + 100)], None).await.unwrap();
    }
    test.pin(later()).await;
    let compacted = test.lake.compact(TABLE).await.unwrap();
    test.lake.record_snapshot(later(), [&compacted]).await.unwrap();
    let name = "D00000000";
    let erased = test.lake.erase(TABLE, &declared(name)).await.unwrap();
    test.lake.record_snapshot(later(), [&erased]).await.unwrap();
    let purged = test.lake.purge(&erased).await.unwrap();
    assert_eq!((erased.files.len(), purged.files), (1, 3));
    assert!(!test.folder_holds(name), "no byte of it is left");
    assert_eq!(test.rows().await.num_rows(), 199);
}

#[tokio::test]
async fn what_readers_see_stays_readable_when_a_load_has_come_further() {
    let test = lake();
    test.lake.append(&spec(), [batch(0..100)], None).await.unwrap();
    test.pin(later()).await;
    let name = "D00000000";
    let erased = test.lake.erase(TABLE, &declared(name)).await.unwrap();
    let shown = test.lake.record_snapshot(later(), [&erased]).await.unwrap();
    test.lake.append(&spec(), [batch(100..200)], None).await.unwrap();
    let purged = test.lake.purge(&erased).await.unwrap();
    assert!(purged.files == 1 && purged.log_entries > 0, "{purged:?}");
    assert!(!test.folder_holds(name), "no byte of it is left");
    assert_eq!(test.rows_at(&shown, Scan::default()).await.num_rows(), 99);
    assert_eq!(test.rows().await.num_rows(), 199);
}

#[tokio::test]
async fn only_rows_that_surely_meet_the_condition_are_erased() {
    let test = lake();
    test.lake.append(&spec(), [batch(0..2_000)], None).await.unwrap();
    for wrong in ["", "no_such_column = 1", "month < '2026-02'; DROP TABLE t"] {
        let refused = test.lake.erase(TABLE, wrong).await.unwrap_err();
        assert!(matches!(refused, LakeError::Query { .. }), "{refused}");
    }
    assert_eq!(test.lake.erase(TABLE, "CAST(NULL AS BOOLEAN)").await.unwrap().rows, 0);
    let condition = "month < '2026-02' AND declaration_id NOT IN ('D00000007')";
    let erased = test.lake.erase(TABLE, condition).await.unwrap();
    assert_eq!(erased.rows, 31 * 24 - 1, "all of January but one");
    assert_eq!(test.rows().await.num_rows(), 2_000 - 31 * 24 + 1);
}

/// How many rows go from some files.
async fn gone(test: &TestLake, condition: &str, from: &ErasedFrom) -> u64 {
    let mut erasing = test.lake.erasing(TABLE, condition, from).await.unwrap();
    let (mut version, mut rows) = (erasing.version(), 0);
    while let Some(month) = erasing.next_month().await.unwrap() {
        let erased = month.commit().await.unwrap();
        assert!(erased.version > version);
        (version, rows) = (erased.version, rows + erased.rows);
    }
    assert_eq!(version, test.lake.table_version(TABLE).await.unwrap());
    rows
}

#[tokio::test]
async fn the_log_tells_how_many_rows_went_by_an_order() {
    let test = lake();
    // January, February, March.
    test.lake.append(&spec(), [batch(0..2_000)], None).await.unwrap();
    let but_one = "month < '2026-03' AND declaration_id NOT IN ('D00000007', 'D00000800')";
    let by = |order: i64| ErasedFrom { order: Some(order), ..ErasedFrom::default() };
    let mut erasing = test.lake.erasing(TABLE, but_one, &by(7)).await.unwrap();
    let began = erasing.version();
    let january = erasing.next_month().await.unwrap().unwrap().commit().await.unwrap();
    let february = erasing.next_month().await.unwrap().unwrap();
    let files = test.data_files().len();
    february.abandon().await;
    assert_eq!(test.data_files().len(), files - 1, "what was written is gone");
    assert_eq!(test.rows().await.num_rows(), 2_000 - 31 * 24 + 1);
    let erased_by = async |order: i64, after: u64| test.lake.erased_by(TABLE, order, after).await.unwrap();
    assert_eq!(erased_by(7, began).await, (31 * 24 - 1, january.version));
    assert_eq!(erased_by(7, january.version).await, (0, january.version));
    assert_eq!(gone(&test, but_one, &by(8)).await, 28 * 24 - 1);
    assert_eq!((erased_by(7, 0).await.0, erased_by(8, 0).await.0), (31 * 24 - 1, 28 * 24 - 1));
}

#[tokio::test]
async fn rows_that_were_loaded_after_a_version_stay() {
    let test = lake();
    test.lake.append(&spec(), [batch(0..100)], None).await.unwrap();
    let version = Some(test.lake.table_version(TABLE).await.unwrap());
    let seen = ErasedFrom { version, ..ErasedFrom::default() };
    test.lake.append(&spec(), [batch(100..200)], None).await.unwrap();
    let ends =
        |first: i64, last: i64| format!("declaration_id < 'D{first:08}' OR declaration_id >= 'D{last:08}'");
    assert_eq!(gone(&test, &ends(10, 190), &seen).await, 10);
    assert_eq!(gone(&test, &ends(20, 190), &seen).await, 10, "files that were written anew are meant too");
    test.lake.compact(TABLE).await.unwrap();
    assert_eq!(gone(&test, &ends(30, 190), &seen).await, 0, "it holds rows that came later");
    assert_eq!(gone(&test, &ends(30, 190), &ErasedFrom::default()).await, 20);
    assert_eq!(test.rows().await.num_rows(), 160);
}

#[tokio::test]
async fn rows_of_other_months_stay() {
    let test = lake();
    // January, February, March.
    test.lake.append(&spec(), [batch(0..2_000)], None).await.unwrap();
    let february = "2026-02".to_owned();
    let months = Some(february.clone()..=february);
    let from = ErasedFrom { months, ..ErasedFrom::default() };
    assert_eq!(gone(&test, "declaration_id > 'D'", &from).await, 28 * 24);
    assert_eq!(gone(&test, "declaration_id > 'D'", &from).await, 0);
    assert_eq!(test.rows().await.num_rows(), 2_000 - 28 * 24);
}

//! Compaction, vacuum, the log and its history.

use chrono::{DateTime, TimeDelta, Utc};
use tidegate_lake::{AppTransaction, Lake, LakeError, Scan, Snapshot};

use crate::fixture::{TABLE, TestLake, batch, expected, lake, spec};

/// Long after every file that a test writes: file times are the machine's own.
fn later() -> DateTime<Utc> {
    "2100-01-01T00:00:00Z".parse().unwrap()
}

/// A table of three small files and one from a dropped writer, and the snapshot of it.
async fn fragmented() -> (TestLake, Snapshot) {
    let test = lake();
    for start in [0, 100, 200] {
        test.lake.append(&spec(), [batch(start..start + 100)], None).await.unwrap();
    }
    let snapshot = test.pin(later() - TimeDelta::days(10)).await;
    (test, snapshot)
}

#[tokio::test]
async fn compaction_keeps_the_rows_and_makes_fewer_files() {
    let (test, before) = fragmented().await;
    let done = test.lake.compact(TABLE).await.unwrap();
    assert_eq!((done.files_removed, done.files_added), (3, 1));
    let after = test.lake.record_snapshot(later(), [&done]).await.unwrap();
    assert_eq!(test.rows_at(&after, Scan::default()).await, expected(0..300));
    assert_eq!(test.rows_at(&before, Scan::default()).await, expected(0..300), "old files are still there");

    let again = test.lake.compact(TABLE).await.unwrap();
    assert_eq!((again.files_removed, again.version), (0, done.version), "one file needs no compaction");
}

#[tokio::test]
async fn each_month_is_compacted_by_itself() {
    let test = lake();
    for start in [0, 1_000] {
        test.lake.append(&spec(), [batch(start..start + 1_000)], None).await.unwrap();
    }
    // January and February, then February and March: only February has two files.
    let done = test.lake.compact(TABLE).await.unwrap();
    assert_eq!((done.files_removed, done.files_added), (2, 1));
    assert_eq!(test.rows().await, expected(0..2_000));
}

#[tokio::test]
async fn files_near_the_target_are_left_alone() {
    let (test, _) = fragmented().await;
    let smallest = test.data_files().iter().map(|file| file.metadata().unwrap().len()).min().unwrap();
    let done = test.with_files_of(smallest).compact(TABLE).await.unwrap();
    assert_eq!(done.files_removed, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compactions_at_once_never_double_rows() {
    let (test, _) = fragmented().await;
    let runs = (0..4).map(|_| {
        let lake = Lake::open(test.folder.path()).unwrap();
        tokio::spawn(async move { lake.compact(TABLE).await })
    });
    let mut finished = 0;
    for run in runs.collect::<Vec<_>>() {
        match run.await.unwrap() {
            Ok(_) => finished += 1,
            Err(LakeError::CompactionOverlap { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert!(finished >= 1);
    assert_eq!(test.rows().await, expected(0..300));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_go_on_during_compaction() {
    let (test, _) = fragmented().await;
    let appender = Lake::open(test.folder.path()).unwrap();
    let appends = tokio::spawn(async move {
        for start in 30..40 {
            appender.append(&spec(), [batch(start * 10..start * 10 + 10)], None).await.unwrap();
        }
    });
    for _ in 0..3 {
        test.lake.compact(TABLE).await.unwrap();
    }
    appends.await.unwrap();
    assert_eq!(test.rows().await, expected(0..400));
}

#[tokio::test]
async fn vacuum_keeps_what_a_kept_snapshot_needs() {
    let (test, before) = fragmented().await;
    let done = test.lake.compact(TABLE).await.unwrap();
    test.lake.record_snapshot(later(), [&done]).await.unwrap();
    let mut dropped = test.with_files_of(1).writer(&spec()).await.unwrap();
    dropped.write(&batch(0..3_000)).await.unwrap();
    drop(dropped);
    let day = TimeDelta::days(1);

    let first = test.lake.vacuum(TABLE, later(), day, false).await.unwrap();
    let orphans = first.files.len();
    assert_eq!(test.data_files().len(), 4, "{orphans} files of the dropped writer are gone, no others");
    assert_eq!(test.rows_at(&before, Scan::default()).await, expected(0..300));

    test.lake.expire_snapshots(later(), TimeDelta::days(5)).await.unwrap();
    let planned = test.lake.vacuum(TABLE, later(), day, true).await.unwrap();
    assert_eq!((planned.files.len(), planned.dry_run, test.data_files().len()), (3, true, 4));
    let second = test.lake.vacuum(TABLE, later(), day, false).await.unwrap();
    assert_eq!(second.files, planned.files);
    assert_eq!(test.data_files().len(), 1);
    assert_eq!(test.rows().await, expected(0..300));
}

#[tokio::test]
async fn vacuum_leaves_young_files_to_their_writers() {
    let (test, _) = fragmented().await;
    let error = test.lake.vacuum(TABLE, later(), TimeDelta::hours(1), false).await.unwrap_err();
    assert!(matches!(error, LakeError::Retention { hours: 1, least: 24 }), "{error}");
    let mut running = test.lake.writer(&spec()).await.unwrap();
    running.write(&batch(300..400)).await.unwrap();
    let youngest = test.data_files().iter().map(|file| file.metadata().unwrap().modified().unwrap()).max();
    let now = DateTime::<Utc>::from(youngest.unwrap());
    assert_eq!(test.lake.vacuum(TABLE, now, TimeDelta::days(1), false).await.unwrap().files.len(), 0);
    running.commit(None).await.unwrap();
    assert_eq!(test.rows().await, expected(0..400));
}

#[tokio::test]
async fn history_tells_what_happened() {
    let test = lake();
    let mark = AppTransaction { app_id: "publisher".to_owned(), sequence: 3 };
    test.lake.append(&spec(), [batch(0..100)], Some(&mark)).await.unwrap();
    test.lake.append(&spec(), [batch(100..200)], None).await.unwrap();
    test.lake.compact(TABLE).await.unwrap();
    let history = test.lake.history(TABLE, 100).await.unwrap();
    let told: Vec<_> = history
        .iter()
        .map(|commit| (commit.version, commit.operation.as_str(), commit.files_added, commit.files_removed))
        .collect();
    assert_eq!(
        told,
        [(3, "OPTIMIZE", 1, 2), (2, "WRITE", 1, 0), (1, "WRITE", 1, 0), (0, "CREATE TABLE", 0, 0)]
    );
    assert_eq!(history[2].transactions.get("publisher"), Some(&3));
    assert!(history.iter().all(|commit| commit.committed_at.is_some()));
    assert_eq!(test.lake.history(TABLE, 1).await.unwrap(), history[..1]);
}

#[tokio::test]
async fn the_log_is_trimmed_up_to_the_oldest_kept_snapshot() {
    let test = lake();
    let mark = |sequence| AppTransaction { app_id: "publisher".to_owned(), sequence };
    // A checkpoint is written at version 24; the table's creation is version 0.
    for n in 0..29 {
        test.lake.append(&spec(), [batch(n..n + 1)], Some(&mark(n))).await.unwrap();
    }
    let kept = test.pin(later()).await;
    let day = TimeDelta::days(1);
    let early = test.lake.record_snapshot(later(), [(TABLE.to_owned(), 0)]).await.unwrap();
    assert_eq!(early.tables[TABLE], 29, "a snapshot never goes back");
    let trimmed = test.lake.trim_log(TABLE, later(), day).await.unwrap();
    assert_eq!(trimmed, 24);
    assert_eq!(test.rows_at(&kept, Scan::default()).await, expected(0..29));
    assert_eq!(test.lake.last_sequence(TABLE, "publisher").await.unwrap(), Some(28));
    let oldest = test.lake.history(TABLE, 1_000).await.unwrap().last().unwrap().version;
    assert_eq!(oldest, 24);
    assert!(test.lake.append(&spec(), [batch(0..1)], Some(&mark(5))).await.unwrap().already_applied);
}

#[tokio::test]
async fn a_table_is_dropped_when_no_snapshot_names_it() {
    let (test, _) = fragmented().await;
    let error = test.lake.drop_table(TABLE).await.unwrap_err();
    assert!(matches!(error, LakeError::Named { snapshot: 0, .. }), "{error}");
    let tables = [TABLE.to_owned()].into();
    let without = test.lake.record_snapshot_without(later(), &tables).await.unwrap();
    assert!(without.tables.is_empty() && without.version == 1);
    assert!(test.lake.drop_table(TABLE).await.is_err(), "the older snapshot names it still");
    test.lake.expire_snapshots(later(), TimeDelta::days(5)).await.unwrap();
    assert_eq!(test.lake.tables().await.unwrap(), tables);
    let dropped = test.lake.drop_table(TABLE).await.unwrap();
    assert!(dropped.files > 3 && dropped.bytes > 0 && dropped.rows == 300, "{dropped:?}");
    assert!(test.data_files().is_empty());
    for nothing in [TABLE, "_snapshots", "", "../lake"] {
        let error = test.lake.drop_table(nothing).await.unwrap_err();
        assert!(matches!(error, LakeError::NoTable { .. }), "{error}");
    }
    test.lake.append(&spec(), [batch(0..100)], None).await.unwrap();
    assert_eq!(test.rows().await, expected(0..100), "a table of its name can be made anew");
}

#[tokio::test]
async fn a_table_that_must_go_takes_the_snapshots_along_that_name_it() {
    let (test, named) = fragmented().await;
    assert_eq!(test.lake.forget_snapshots_of(TABLE).await.unwrap(), 0, "the newest is never forgotten");
    let without = test.lake.record_snapshot_without(later(), &[TABLE.to_owned()].into()).await.unwrap();
    assert_eq!(test.lake.forget_snapshots_of(TABLE).await.unwrap(), 1);
    let left = test.lake.list_snapshots().await.unwrap();
    assert_eq!(left, [without], "{} is forgotten", named.version);
    assert_eq!(test.lake.drop_table(TABLE).await.unwrap().rows, 300);
}

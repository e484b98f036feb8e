//! Appending and reading back.

use proptest::prelude::*;
use tidegate_lake::{LakeError, Scan};

use crate::fixture::{TABLE, batch, expected, lake, spec, time};

/// Rows of this number span January to April.
const FOUR_MONTHS: i64 = 2_500;

#[tokio::test]
async fn every_type_comes_back_as_defined() {
    let test = lake();
    let appended =
        test.lake.append(&spec(), [batch(0..1_000), batch(1_000..FOUR_MONTHS)], None).await.unwrap();
    assert_eq!((appended.rows, appended.files, appended.already_applied), (2_500, 4, false));
    let rows = test.rows().await;
    assert_eq!(rows.schema(), *spec().schema(), "readers get the stored schema, metadata included");
    assert_eq!(rows, expected(0..FOUR_MONTHS));
}

#[tokio::test]
async fn appends_add_up() {
    let test = lake();
    for start in [0, 100, 200] {
        test.lake.append(&spec(), [batch(start..start + 100)], None).await.unwrap();
    }
    assert_eq!(test.rows().await, expected(0..300));
}

#[tokio::test]
async fn an_append_without_rows_makes_the_table_and_no_commit() {
    let test = lake();
    let first = test.lake.append(&spec(), [batch(0..0)], None).await.unwrap();
    let second = test.lake.append(&spec(), [], None).await.unwrap();
    assert_eq!((first.version, second.version), (0, 0));
    assert_eq!(test.rows().await, expected(0..0));
}

#[tokio::test]
async fn columns_and_months_can_be_chosen() {
    let test = lake();
    test.lake.append(&spec(), [batch(0..FOUR_MONTHS)], None).await.unwrap();
    let snapshot = test.pin(time("2026-06-01T00:00:00Z")).await;
    let scan = Scan {
        columns: Some(vec!["package_count".to_owned(), "declaration_id".to_owned()]),
        months: Some(vec!["2026-02".to_owned()]),
        filter: None,
    };
    let february = 31 * 24..(31 + 28) * 24;
    let wanted = expected(february).project(&[7, 0]).unwrap();
    assert_eq!(test.rows_at(&snapshot, scan).await, wanted);
}

#[tokio::test]
async fn files_roll_at_the_target_size() {
    let test = lake();
    let mut writer = test.with_files_of(20_000).writer(&spec()).await.unwrap();
    for start in 0..20 {
        writer.write(&batch(start * 1_000..(start + 1) * 1_000)).await.unwrap();
    }
    let appended = writer.commit(None).await.unwrap();
    assert!(appended.files > 28, "27 months in {} files", appended.files);
    assert_eq!(test.rows().await, expected(0..20_000));
}

#[tokio::test]
async fn more_months_than_stay_open_at_once_are_all_written() {
    let test = lake();
    // 33 months, and then the first one again, whose file was closed meanwhile.
    let mut writer = test.lake.writer(&spec()).await.unwrap();
    writer.write(&batch(100..24_000)).await.unwrap();
    writer.write(&batch(0..100)).await.unwrap();
    let appended = writer.commit(None).await.unwrap();
    assert_eq!((appended.rows, appended.files), (24_000, 34));
    assert_eq!(test.rows().await, expected(0..24_000));
}

#[tokio::test]
async fn an_aborted_writer_leaves_nothing() {
    let test = lake();
    let mut writer = test.lake.writer(&spec()).await.unwrap();
    writer.write(&batch(0..FOUR_MONTHS)).await.unwrap();
    writer.abort().await.unwrap();
    assert_eq!(test.data_files().len(), 0);
    assert_eq!(test.lake.table_version(TABLE).await.unwrap(), 0);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_fails_the_commit() {
    let test = lake();
    test.lake.append(&spec(), [batch(0..10)], None).await.unwrap();
    // A file stands where February's folder should be.
    std::fs::write(test.folder.path().join(TABLE).join("month=2026-02"), "").unwrap();
    let error = test.lake.append(&spec(), [batch(700..800)], None).await.unwrap_err();
    assert!(matches!(error, LakeError::Delta { .. }), "{error}");
    assert_eq!(test.rows().await, expected(0..10));
}

#[tokio::test]
async fn a_root_that_cannot_be_opened_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let below_a_file = file.path().join("lake");
    for root in [below_a_file.to_str().unwrap(), "gopher://customs/lake"] {
        let error = tidegate_lake::Lake::open(root).unwrap_err();
        assert!(matches!(&error, LakeError::Root { root: named, .. } if named == root), "{error}");
    }
}

#[tokio::test]
async fn concurrent_appends_from_two_handles_lose_nothing() {
    let test = lake();
    let writers = (0..2).map(|handle| {
        let lake = tidegate_lake::Lake::open(test.folder.path()).unwrap();
        tokio::spawn(async move {
            for turn in 0..8 {
                let start = (turn * 2 + handle) * 10;
                lake.append(&spec(), [batch(start..start + 10)], None).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    assert_eq!(test.rows().await, expected(0..160));
    assert_eq!(test.lake.table_version(TABLE).await.unwrap(), 16, "one creation and 16 appends");
}

#[tokio::test]
async fn a_table_that_is_not_there_is_named() {
    let test = lake();
    let error = test.lake.table_version("no_such").await.unwrap_err();
    assert!(matches!(&error, LakeError::NoTable { table } if table == "no_such"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// However rows are cut into batches and appends, the table holds each once.
    #[test]
    fn any_cut_of_the_rows_gives_the_same_table(cuts in prop::collection::vec((1_i64..400, any::<bool>()), 1..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let test = lake();
            let (mut start, mut pending) = (0, Vec::new());
            for (rows, commit) in cuts {
                pending.push(batch(start..start + rows));
                start += rows;
                if commit {
                    test.lake.append(&spec(), pending.drain(..), None).await.unwrap();
                }
            }
            test.lake.append(&spec(), pending, None).await.unwrap();
            assert_eq!(test.rows().await, expected(0..start));
        });
    }
}

//! Application transactions: an append happens once, whatever crashes and however often it is repeated.

use tidegate_lake::{AppTransaction, Lake};

use crate::fixture::{TABLE, batch, expected, lake, spec};

fn mark(sequence: i64) -> AppTransaction {
    AppTransaction { app_id: "publisher".to_owned(), sequence }
}

#[tokio::test]
async fn a_repeated_sequence_adds_nothing() {
    let test = lake();
    let first = test.lake.append(&spec(), [batch(0..100)], Some(&mark(7))).await.unwrap();
    let again = test.lake.append(&spec(), [batch(0..100)], Some(&mark(7))).await.unwrap();
    let older = test.lake.append(&spec(), [batch(0..50)], Some(&mark(3))).await.unwrap();
    assert!(!first.already_applied && again.already_applied && older.already_applied);
    assert_eq!((again.rows, again.files, again.version), (0, 0, first.version));
    assert_eq!(test.rows().await, expected(0..100));
    assert_eq!(test.data_files().len(), 1, "a repetition leaves no file behind");

    test.lake.append(&spec(), [batch(100..200)], Some(&mark(8))).await.unwrap();
    assert_eq!(test.rows().await, expected(0..200));
    assert_eq!(test.lake.last_sequence(TABLE, "publisher").await.unwrap(), Some(8));
    assert_eq!(test.lake.last_sequence(TABLE, "somebody else").await.unwrap(), None);
}

#[tokio::test]
async fn applications_do_not_see_the_sequences_of_others() {
    let test = lake();
    let other = AppTransaction { app_id: "importer".to_owned(), sequence: 1 };
    test.lake.append(&spec(), [batch(0..10)], Some(&mark(9))).await.unwrap();
    test.lake.append(&spec(), [batch(10..20)], Some(&other)).await.unwrap();
    assert_eq!(test.rows().await, expected(0..20));
}

#[tokio::test]
async fn a_sequence_without_rows_is_remembered() {
    let test = lake();
    test.lake.append(&spec(), [], Some(&mark(5))).await.unwrap();
    assert_eq!(test.lake.last_sequence(TABLE, "publisher").await.unwrap(), Some(5));
    assert!(test.lake.append(&spec(), [batch(0..1)], Some(&mark(5))).await.unwrap().already_applied);
}

#[tokio::test]
async fn a_crash_between_write_and_commit_is_repaired_by_repeating() {
    let test = lake();
    test.lake.append(&spec(), [batch(0..10)], Some(&mark(1))).await.unwrap();

    let mut crashed = test.lake.writer(&spec()).await.unwrap();
    crashed.write(&batch(10..1_000)).await.unwrap();
    drop(crashed);
    assert_eq!(test.rows().await, expected(0..10), "what was not committed is not seen");

    let restarted = Lake::open(test.folder.path()).unwrap();
    restarted.append(&spec(), [batch(10..1_000)], Some(&mark(2))).await.unwrap();
    assert_eq!(test.rows().await, expected(0..1_000));
}

#[tokio::test]
async fn a_crash_after_commit_is_noticed_by_repeating() {
    let test = lake();
    let mut writer = test.lake.writer(&spec()).await.unwrap();
    writer.write(&batch(0..10)).await.unwrap();
    writer.commit(Some(&mark(1))).await.unwrap();
    // The process dies before it can note the success; the next one begins the same batch anew.
    let restarted = Lake::open(test.folder.path()).unwrap();
    let mut writer = restarted.writer(&spec()).await.unwrap();
    writer.write(&batch(0..10)).await.unwrap();
    assert!(writer.commit(Some(&mark(1))).await.unwrap().already_applied);
    assert_eq!(test.rows().await, expected(0..10));
    assert_eq!(test.data_files().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_concurrent_appends_of_one_sequence_one_is_applied() {
    let test = lake();
    let racers = (0..4).map(|_| {
        let lake = Lake::open(test.folder.path()).unwrap();
        tokio::spawn(async move { lake.append(&spec(), [batch(0..100)], Some(&mark(1))).await.unwrap() })
    });
    let mut applied = 0;
    for racer in racers.collect::<Vec<_>>() {
        applied += usize::from(!racer.await.unwrap().already_applied);
    }
    assert_eq!(applied, 1);
    assert_eq!(test.rows().await, expected(0..100));
}

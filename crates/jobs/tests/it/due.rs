//! What is due: orders that break off and go on, and loads beside them.

use crate::place::Place;
use crate::retention::BreaksOff;
use crate::source::{file, rows};
use chrono::TimeDelta;
use futures::FutureExt;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use tidegate_jobs::Quiet;
use tidegate_jobs::retention::{Erase, erase, hold};
use tidegate_ledger::Held;

/// A year of which declarations and goods items of before June are due.
async fn year() -> Place {
    let mut place = Place::new().await;
    place.ingest(&place.write("year.csv", &file(&rows(1, 2025, 240, 7_000_001))), true).await.unwrap();
    place.home.configuration.retention.declaration_days = 540;
    place.home.configuration.retention.goods_item_days = 540;
    place
}

/// Breaks off an order on what is due when the goods items are out.
async fn broken_off(place: &Place) {
    let mut breaks = BreaksOff { step: "erasing", done: 1, is_there: false };
    let broken = AssertUnwindSafe(erase(&place.home, &Erase::Due, "retention", &mut breaks)).catch_unwind();
    assert!(broken.await.is_err());
}

/// Erases what is due. Returns the tables and rows of the certificates.
async fn erased(place: &Place) -> Vec<(String, u64)> {
    let certificates = erase(&place.home, &Erase::Due, "retention", &mut Quiet).await.unwrap();
    certificates.into_iter().map(|one| (one.erased.table, one.erased.rows)).collect()
}

fn told(of: &[(&str, u64)]) -> Vec<(String, u64)> {
    of.iter().map(|(table, rows)| ((*table).to_owned(), *rows)).collect()
}

#[tokio::test]
async fn a_table_of_which_some_went_stays_readable_when_the_rest_is_kept() {
    let mut place = year().await;
    broken_off(&place).await;
    // What it took out of declarations, before it broke off within them.
    let january = place.home.lake.erase("declaration", "month = '2025-01'").await.unwrap();
    assert_eq!(place.count("SELECT count(*) FROM declaration").await, 240, "readers see them");
    place.home.configuration.retention.declaration_days = 0;
    place.home.configuration.retention.goods_item_days = 0;

    assert_eq!(erased(&place).await, told(&[("goods_item", 100)]));
    assert_eq!(place.count("SELECT count(*) FROM declaration").await, 220);
    assert_eq!(place.count("SELECT count(*) FROM goods_item").await, 140);
    let folder = place.home.root().join("lake/declaration");
    assert!(!january.files.is_empty() && january.files.iter().all(|file| !folder.join(file).exists()));
    assert!(place.home.ledger.open_erasures().await.unwrap().is_empty());
}

/// Loads more declarations, ten of which are due.
async fn load_more(place: &Place) -> Vec<String> {
    let later = rows(2, 2025, 24, 9_000_001);
    place.ingest(&place.write("later.csv", &file(&later)), true).await.unwrap();
    later
}

#[tokio::test]
async fn certificates_count_what_went_however_often_the_order_broke_off() {
    let mut place = year().await;
    broken_off(&place).await;
    // The load shows the goods items that are left.
    load_more(&place).await;
    assert_eq!(place.count("SELECT count(*) FROM goods_item").await, 164);
    // What somebody took out without a certificate, and readers see still, does not go by this order.
    place.home.lake.erase("declaration", "month = '2025-01'").await.unwrap();
    assert_eq!(place.count("SELECT count(*) FROM declaration").await, 264);
    assert_eq!(erased(&place).await, told(&[("declaration", 88), ("goods_item", 110)]));

    // What went is certified also when the rest is kept by now.
    place.home.configuration.retention.goods_item_days = 510;
    place.home.configuration.retention.declaration_days = 510;
    broken_off(&place).await;
    place.home.configuration.retention.goods_item_days = 540;
    place.home.configuration.retention.declaration_days = 540;
    assert_eq!(erased(&place).await, told(&[("goods_item", 22)]));
    assert!(place.home.ledger.open_erasures().await.unwrap().is_empty());
}

/// Loads more declarations, and takes back the states that show them: as while a load is at work.
async fn loading(place: &Place) -> Vec<String> {
    let folder = place.home.root().join("lake/_snapshots");
    let states = || -> BTreeSet<PathBuf> {
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let before = states();
    let later = load_more(place).await;
    for shown in states().difference(&before) {
        std::fs::remove_file(shown).unwrap();
    }
    later
}

#[tokio::test]
async fn rows_that_are_loaded_meanwhile_wait_for_the_next_run() {
    let place = year().await;
    let later = loading(&place).await;
    assert_eq!(place.count("SELECT count(*) FROM declaration").await, 240, "nobody sees them yet");
    let (held, _) = later[0].split_once(',').unwrap();
    hold(&place.home, "declaration", &Held::Key(held.to_owned()), "case 1").await.unwrap();

    assert_eq!(erased(&place).await, told(&[("declaration", 100), ("goods_item", 100)]));
    let left = "SELECT declaration_id FROM declaration WHERE month < '2025-06'";
    assert_eq!(place.texts(left).await.len(), 10, "all that came later");
    assert_eq!(erased(&place).await, told(&[("declaration", 9), ("goods_item", 9)]));
    assert_eq!(place.texts(left).await, [held]);
    assert_eq!(place.texts("SELECT declaration_id FROM goods_item WHERE month < '2025-06'").await, [held]);
}

#[tokio::test]
async fn nothing_is_due_by_a_clock_that_runs_ahead() {
    let mut place = year().await;
    let now = place.home.now;
    place.home.now = now + TimeDelta::days(91);
    let refused = erase(&place.home, &Erase::Due, "retention", &mut Quiet).await.unwrap_err().to_string();
    assert!(refused.contains("91 days before") && refused.contains("retention.quiet_days"), "{refused}");
    place.home.configuration.retention.quiet_days = 91;
    assert!(!erased(&place).await.is_empty());
}

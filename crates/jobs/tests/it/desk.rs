//! The desk where people read.

use crate::place::Place;
use crate::source::{file, rows};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use tidegate_jobs::desk::{Desk, Visit};
use tidegate_jobs::{Configuration, Home, LearnOptions, Quiet, learn};
use tidegate_ledger::{AuditEvent, AuditFilter, Door};

#[tokio::test]
async fn what_is_in_force_is_asked_at_the_moment_of_the_statement() {
    let place = Place::new().await;
    place.ingest(&place.write("past.csv", &file(&rows(1, 2025, 1_200, 1))), false).await.unwrap();
    learn(&place.home, &LearnOptions::default(), &mut Quiet).await.unwrap();
    // A desk that was opened a day before the bundle came into force, as that of a server that runs for long.
    let (now, root) = (place.home.now, place.home.root());
    let home = Home::open(root, Configuration::default(), now - TimeDelta::days(1)).await.unwrap();
    let account = home.ledger.local_owner().await.unwrap();
    let desk = Desk::new(home, Arc::new(move || -> DateTime<Utc> { now }));
    let visit = Visit { account, door: Door::Http, purpose: "test".to_owned() };
    let sql = "SELECT assess('default', r.*) AS a FROM declaration_item r LIMIT 1";
    let batches = desk.ask(&visit, sql, None).await.unwrap().collect().await.unwrap();
    assert_eq!(batches.iter().map(arrow::array::RecordBatch::num_rows).sum::<usize>(), 1);
    desk.close().await;
}

#[tokio::test]
async fn a_statement_that_is_refused_is_written_down_whether_it_is_described_or_asked() {
    let place = Place::new().await;
    let (now, root) = (place.home.now, place.home.root());
    let home = Home::open(root, Configuration::default(), now).await.unwrap();
    let account = home.ledger.local_owner().await.unwrap();
    let desk = Desk::new(home, Arc::new(move || -> DateTime<Utc> { now }));
    let visit = Visit { account, door: Door::Flight, purpose: "test".to_owned() };
    let sql = "SELECT nothing FROM declaration WHERE importer_id = '9131SECRET'";
    assert!(desk.describe(&visit, sql).await.is_err());
    assert!(desk.ask(&visit, sql, None).await.is_err());
    assert!(desk.describe(&visit, "SELECT office_id FROM declaration").await.is_ok());
    let log = desk.home().ledger.audit_log(&AuditFilter::default(), 10).await.unwrap();
    assert_eq!(log.len(), 2, "what is described and not refused reads nothing: {log:?}");
    assert!(!format!("{log:?}").contains("9131SECRET"));
    for entry in &log {
        let entry = &entry.entry;
        assert_eq!((entry.event, entry.door), (AuditEvent::Denied, Door::Flight));
        assert!(entry.detail.contains("no column `nothing`"), "{}", entry.detail);
        assert!(entry.fingerprint.is_some() && entry.fingerprint == log[0].entry.fingerprint);
        assert!(entry.statement.as_ref().is_some_and(|text| text.contains("importer_id = ?")), "{entry:?}");
    }
}

//! The desk where people read.

use crate::place::Place;
use crate::source::{file, rows};
use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use std::sync::Arc;
use std::time::Duration;
use tidegate_jobs::desk::{Desk, Visit};
use tidegate_jobs::people::{self, Change};
use tidegate_jobs::tokens::{self, Wanted};
use tidegate_jobs::{Configuration, Home, LearnOptions, Quiet, learn, policies};
use tidegate_ledger::{AuditEvent, AuditFilter, Clearance, Door, NewAuditEntry, TokenId};
use tidegate_query::QueryError;
use tidegate_query::policy::Policy;

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
    let visit = Visit { account, token: None, door: Door::Http, purpose: "test".to_owned() };
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
    let visit = Visit { account, token: None, door: Door::Flight, purpose: "test".to_owned() };
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

#[tokio::test]
async fn what_is_left_or_passed_by_of_an_answer_has_not_gone_out() {
    let place = Place::new().await;
    place.ingest(&place.write("year.csv", &file(&rows(1, 2025, 40, 1))), true).await.unwrap();
    let (now, root) = (place.home.now, place.home.root());
    let home = Home::open(root, Configuration::default(), now).await.unwrap();
    let account = home.ledger.local_owner().await.unwrap();
    let desk = Desk::new(home, Arc::new(move || -> DateTime<Utc> { now }));
    let visit = Visit { account, token: None, door: Door::Postgres, purpose: "test".to_owned() };
    let sql = "SELECT declaration_id FROM declaration ORDER BY declaration_id";
    let whole = desk.ask(&visit, sql, None).await.unwrap().collect().await.unwrap();
    let whole = arrow::compute::concat_batches(&whole[0].schema(), &whole).unwrap();
    let mut answer = desk.ask(&visit, sql, None).await.unwrap();
    let first = answer.take_rows(3).await.unwrap().unwrap();
    assert_eq!(first, whole.slice(0, 3));
    assert_eq!(answer.pass_rows(2).await.unwrap().unwrap(), 2);
    assert_eq!(answer.take_rows(1).await.unwrap().unwrap(), whole.slice(5, 1));
    answer.close();
    desk.close().await;
    let end = desk.home().ledger.audit_log(&AuditFilter::default(), 1).await.unwrap().remove(0).entry;
    assert_eq!((end.event, end.rows), (AuditEvent::Finished, Some(4)), "{end:?}");
    assert!(end.detail.contains("closed it"), "{end:?}");
}

/// A desk over some declarations, four in a batch, and Ana who reads there by a token; Bo and Cy are there besides.
async fn open_for_ana(place: &Place, mut settings: Configuration) -> (Desk, Visit) {
    place.ingest(&place.write("year.csv", &file(&rows(1, 2025, 40, 1))), true).await.unwrap();
    settings.engine.batch_rows = 4;
    let (now, root) = (place.home.now, place.home.root());
    let roles = || Some(["analyst".to_owned()].into());
    for name in ["Ana", "Bo", "Cy"] {
        let wanted = Change { roles: roles(), clearance: Some(Clearance::General3), ..Change::default() };
        people::add(&place.home, name, false, &wanted, "joins").await.unwrap();
    }
    let token = Wanted {
        principal: "Ana".to_owned(),
        label: "notebook".to_owned(),
        doors: [Door::Http].into(),
        purposes: None,
        days: 1,
        reason: "reads".to_owned(),
    };
    let token = TokenId(tokens::create(&place.home, &token).await.unwrap().number);
    let home = Home::open(root, settings, now).await.unwrap();
    let account = people::account(&home, "Ana").await.unwrap();
    let desk = Desk::new(home, Arc::new(move || -> DateTime<Utc> { now }));
    let visit = Visit { account, token: Some(token), door: Door::Http, purpose: "risk-analysis".to_owned() };
    (desk, visit)
}

/// The end of a read that is written down last, when all are.
async fn end_of_read(desk: &Desk) -> NewAuditEntry {
    desk.close().await;
    desk.home().ledger.audit_log(&AuditFilter::default(), 1).await.unwrap().remove(0).entry
}

/// What becomes of an answer that is on its way while something changes.
async fn breaks_off_when(change: impl AsyncFnOnce(&Place, TokenId)) -> Result<usize, QueryError> {
    let place = Place::new().await;
    let (desk, visit) = open_for_ana(&place, Configuration::default()).await;
    let mut answer = desk.ask(&visit, "SELECT declaration_id FROM declaration", None).await.unwrap();
    let mut seen = answer.next().await.unwrap()?.num_rows();
    assert!(seen < 40, "one batch of several");
    change(&place, visit.token.unwrap()).await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    while let Some(batch) = answer.next().await {
        match batch {
            Ok(rows) => seen += rows.num_rows(),
            Err(error) => {
                assert!(answer.next().await.is_none(), "nothing comes after the reason");
                let end = end_of_read(&desk).await;
                assert_eq!((end.event, end.rows), (AuditEvent::Failed, Some(seen as u64)), "{end:?}");
                assert_eq!(end.detail, error.to_string());
                return Err(error);
            }
        }
    }
    Ok(seen)
}

#[tokio::test]
async fn an_answer_on_its_way_ends_with_the_rights_that_it_is_given_by() {
    let goes_on = breaks_off_when(async |place, _| {
        people::disable(&place.home, "Bo", "leaves").await.unwrap();
    });
    assert_eq!(goes_on.await.unwrap(), 40);
    let why = |came: Result<usize, QueryError>| came.unwrap_err().to_string();
    let disabled = breaks_off_when(async |place, _| {
        people::disable(&place.home, "Ana", "leaves").await.unwrap();
    });
    assert!(why(disabled.await).contains("its principal disabled"));
    let revoked = breaks_off_when(async |place, token| {
        tokens::revoke(&place.home, token.0, "lost").await.unwrap();
    });
    assert!(why(revoked.await).contains("the token is revoked"));
    let moved = breaks_off_when(async |place, _| {
        let change = Change { office: Some("4701".to_owned()), ..Change::default() };
        people::change(&place.home, "Ana", &change, "moves").await.unwrap();
    });
    assert!(why(moved.await).contains("what it may be was changed"));
    let policy = breaks_off_when(async |place, _| {
        let files = Policy::shipped_files();
        let by = async |name: &str| {
            let person = people::named(&place.home, name).await.unwrap();
            place.home.act_of(person.id, Door::Cli, "the law changed")
        };
        let version = policies::propose(&place.home, &files, &by("Bo").await).await.unwrap();
        policies::decide(&place.home, version.0, true, &by("Cy").await).await.unwrap();
    });
    assert!(why(policy.await).contains("the policy was changed"));
}

#[tokio::test]
async fn an_answer_does_not_wait_for_the_ledger_longer_than_a_query_may_run() {
    let place = Place::new().await;
    let mut settings = Configuration::default();
    (settings.reading.recheck_seconds, settings.reading.seconds) = (3, 8);
    settings.ledger.busy_timeout_seconds = 3_600;
    let (desk, visit) = open_for_ana(&place, settings).await;
    let mut answer = desk.ask(&visit, "SELECT declaration_id FROM declaration", None).await.unwrap();
    let seen = answer.next().await.unwrap().unwrap().num_rows();
    assert!(seen < 40, "one batch of several");
    let writer = place.write_in_ledger();
    tokio::time::sleep(Duration::from_millis(3_100)).await;
    // That the token is used is to be written, which the other writer does not let be.
    let told = tokio::time::timeout(Duration::from_mins(1), answer.next()).await;
    writer.stop();
    let error = told.expect("it waits for the ledger").unwrap().unwrap_err();
    assert!(error.to_string().contains("not answered in time whether the account may still read"), "{error}");
    assert!(answer.next().await.is_none(), "nothing comes after the reason");
    let end = end_of_read(&desk).await;
    assert_eq!((end.event, end.rows), (AuditEvent::Failed, Some(seen as u64)), "{end:?}");
    assert_eq!(end.detail, error.to_string());
}

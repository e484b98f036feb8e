//! What readers may use at the desk, and what they are told of bundles.

use crate::place::Place;
use crate::source::{file, rows};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Float64Type;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use tidegate_jobs::desk::{Desk, Visit};
use tidegate_jobs::people::{self, Change};
use tidegate_jobs::{Configuration, Home, JobError, LearnOptions, Quiet, learn, policies, query};
use tidegate_ledger::{Act, AuditEvent, AuditFilter, Clearance, Door, NewAuditEntry, Principal};
use tidegate_query::QueryError;
use tidegate_query::policy::Policy;

/// A home with a bundle in force, and its hash.
async fn learnt() -> (Place, String) {
    let place = Place::new().await;
    place.ingest(&place.write("past.csv", &file(&rows(1, 2025, 1_200, 1))), false).await.unwrap();
    let bundle = learn(&place.home, &LearnOptions::default(), &mut Quiet).await.unwrap().bundle;
    (place, bundle)
}

async fn desk(place: &Place, queries: usize) -> Desk {
    let mut settings = Configuration::default();
    settings.reading.queries = queries;
    let (now, root) = (place.home.now, place.home.root());
    let home = Home::open(root, settings, now).await.unwrap();
    Desk::new(home, Arc::new(move || -> DateTime<Utc> { now }))
}

async fn person(place: &Place, name: &str, role: &str) -> Principal {
    let roles = Some([role.to_owned()].into());
    let wanted = Change { roles, clearance: Some(Clearance::General3), ..Change::default() };
    people::add(&place.home, name, false, &wanted, "joins").await.unwrap();
    people::account(&place.home, name).await.unwrap()
}

fn visit(account: Principal, purpose: &str) -> Visit {
    Visit { account, token: None, door: Door::Http, purpose: purpose.to_owned() }
}

fn assess(name: &str) -> String {
    format!("SELECT assess('{name}', r.*) FROM declaration_item r")
}

/// What a reader is told who asks, and who asks what the answer would be like, with what is written down of it.
async fn refusals(desk: &Desk, visit: &Visit, sql: &str) -> [(JobError, NewAuditEntry); 2] {
    let asked = desk.ask(visit, sql, None).await.err().unwrap();
    let asked = (asked, last_entry(desk).await);
    let described = desk.describe(visit, sql).await.err().unwrap();
    [asked, (described, last_entry(desk).await)]
}

async fn last_entry(desk: &Desk) -> NewAuditEntry {
    desk.home().ledger.audit_log(&AuditFilter::default(), 1).await.unwrap().remove(0).entry
}

#[tokio::test]
async fn a_reader_has_the_same_places_whatever_platform_stands() {
    let (place, _) = learnt().await;
    let sun = visit(person(&place, "Sun", "scientist").await, "research");
    let [bo, cy] = [person(&place, "Bo", "analyst").await, person(&place, "Cy", "analyst").await];
    let desk = desk(&place, 1).await;
    let sql = "SELECT office_id FROM declaration";
    let at_work = desk.ask(&sun, sql, None).await.unwrap();
    let none_is_free = async |after: &str| {
        let Err(told) = desk.ask(&sun, sql, None).await else { panic!("a second place after {after}") };
        assert!(told.to_string().starts_with("queries at once: 1 is the most"), "after {after}: {told}");
    };
    none_is_free("the first").await;
    assert!(desk.ask(&sun, &assess("default"), None).await.is_err());
    none_is_free("a statement that names a bundle").await;
    place.ingest(&place.write("more.csv", &file(&rows(2, 2025, 40, 5_000))), false).await.unwrap();
    none_is_free("a load").await;
    let act = |by: &Principal| {
        let reason = "the law changed".to_owned();
        Act { by: by.id, door: Door::Cli, reason, at: place.home.now }
    };
    let version = policies::propose(&place.home, &Policy::shipped_files(), &act(&bo)).await.unwrap();
    policies::decide(&place.home, version.0, true, &act(&cy)).await.unwrap();
    none_is_free("another policy").await;
    drop(at_work);
    assert!(desk.ask(&sun, sql, None).await.is_ok());
    desk.close().await;
}

#[tokio::test]
async fn who_may_not_assess_is_told_nothing_of_bundles() {
    let (place, bundle) = learnt().await;
    let sun = visit(person(&place, "Sun", "scientist").await, "research");
    let desk = desk(&place, 4).await;
    for name in ["default", bundle.as_str(), &bundle[..3], "", "nothing"] {
        for (told, entry) in refusals(&desk, &sun, &assess(name)).await {
            let words = "assess is not there for `Sun` reading for research: no policy permits it";
            assert_eq!(told.to_string(), words, "{name}");
            assert!(matches!(told, JobError::Query(QueryError::NotPermitted { .. })), "{name}: {told:?}");
            assert_eq!((entry.event, entry.detail.as_str()), (AuditEvent::Denied, words), "{name}");
        }
    }
}

#[tokio::test]
async fn a_bundle_that_is_not_there_is_a_refusal_that_is_written_down() {
    let place = Place::new().await;
    let ana = visit(person(&place, "Ana", "analyst").await, "risk-analysis");
    let desk = desk(&place, 4).await;
    for folder in ["ab1", "ab2"] {
        std::fs::create_dir(place.home.root().join("bundles").join(folder)).unwrap();
    }
    let wrong = [
        ("default", "no bundle is in force yet; "),
        ("cd", "no bundle's hash begins with `cd`"),
        ("ab", "2 bundles' hashes begin with `ab`; give more of it"),
    ];
    for (name, why) in wrong {
        for (told, entry) in refusals(&desk, &ana, &assess(name)).await {
            // The kind that every door has the code of a wrong statement for.
            assert!(matches!(told, JobError::Query(QueryError::Assess(_))), "{told:?}");
            assert!(told.to_string().starts_with(why), "{told}");
            assert_eq!((entry.event, entry.detail), (AuditEvent::Denied, told.to_string()));
            assert!(entry.statement.is_some_and(|text| text.contains("assess(?, ")), "{name}");
        }
    }
}

const MARGINS: &str = "SELECT s.a['margin'] AS margin \
    FROM (SELECT declaration_id, goods_item_seq, assess('default', r.*) AS a FROM declaration_item r) s \
    ORDER BY s.declaration_id, s.goods_item_seq";

fn reals(batches: &[RecordBatch]) -> Vec<f64> {
    let columns = batches.iter().map(|batch| batch.column(0).as_primitive::<Float64Type>());
    columns.flat_map(|column| column.iter().flatten()).collect()
}

#[tokio::test]
async fn a_bundle_is_loaded_once_and_the_next_statement_has_the_one_that_is_in_force_then() {
    let (place, first) = learnt().await;
    let desk = desk(&place, 4).await;
    let owner = visit(place.home.ledger.local_owner().await.unwrap(), "test");
    let margins = async || reals(&desk.ask(&owner, MARGINS, None).await.unwrap().collect().await.unwrap());
    let before = margins().await;
    assert_eq!(before.len(), 1_200);
    let folder = place.home.root().join("bundles").join(&first);
    std::fs::rename(&folder, folder.with_extension("away")).unwrap();
    assert_eq!(margins().await, before, "it is not read again");
    let less = LearnOptions { until: Some("2025-11-30".parse().unwrap()), ..LearnOptions::default() };
    assert_ne!(learn(&place.home, &less, &mut Quiet).await.unwrap().bundle, first);
    let after = margins().await;
    assert_ne!(after, before);
    assert_eq!(after, reals(&query(&place.home, "test", MARGINS).await.unwrap()));
    desk.close().await;
}

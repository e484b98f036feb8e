//! What readers may use at the desk.

use crate::place::Place;
use crate::source::{file, rows};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use tidegate_jobs::desk::{Desk, Visit};
use tidegate_jobs::people::{self, Change};
use tidegate_jobs::{Configuration, Home, LearnOptions, Quiet, learn, policies};
use tidegate_ledger::{Act, Clearance, Door, Principal};
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

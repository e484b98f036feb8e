//! What jobs read stands in the audit chain: one entry for each run, by which it is found who read of whom.

use crate::decide::learnt_and_decided;
use crate::place::Place;
use crate::source::{file, rows};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use tidegate_jobs::audit::{AuditEvent, Seen, Told, Wanted, log, verify, who};
use tidegate_jobs::datasets::{RefreshOptions, refresh, shipped};
use tidegate_jobs::desk::{Desk, Visit};
use tidegate_jobs::{Configuration, Home, Quiet, Replayed, explain_decision, replay};
use tidegate_ledger::Door;

fn wanted(event: Option<AuditEvent>) -> Wanted {
    Wanted { event, limit: 100, ..Wanted::default() }
}

async fn reads(place: &Place) -> Vec<Told> {
    log(&place.home, &wanted(Some(AuditEvent::Read))).await.unwrap()
}

async fn seen(place: &Place, key: &str) -> Seen {
    who(&place.home, key, &wanted(None)).await.unwrap()
}

#[tokio::test]
async fn who_had_a_declaration_explained_is_found_by_it_and_by_its_importer() {
    let place = learnt_and_decided().await;
    let (home, now) = (&place.home, place.home.now);
    let of = "FROM decision WHERE month = '2025-11' ORDER BY declaration_id LIMIT 1";
    let id = place.texts(&format!("SELECT declaration_id {of}")).await.remove(0);
    let importer = place.texts(&format!("SELECT importer_id {of}")).await.remove(0);
    home.run.end(now, None).await.unwrap();
    assert!(seen(&place, &id).await.entries.is_empty());

    home.run.is_for("explain");
    let explained = explain_decision(home, &id).await.unwrap();
    assert_eq!(explained.len(), 1);
    home.run.end(now, None).await.unwrap();
    for key in [&id, &importer] {
        let found = seen(&place, key).await.entries;
        assert_eq!(found.len(), 1, "{key}");
        let Told { purpose, door, event, detail, tables, principal, snapshot, .. } = &found[0];
        assert_eq!((purpose.as_str(), *door, *event), ("job explain", Door::Job, AuditEvent::Finished));
        assert_eq!((detail.as_str(), principal.as_str()), ("done", "local owner"));
        assert!(tables["decision"].shown.contains("lane_code") && snapshot.is_some(), "{:?}", found[0]);
        assert!(tables["declaration"].shown.contains("importer_id"), "{:?}", found[0]);
        assert!(!found[0].subjects_complete, "filings of others are read beside it");
    }
    home.run.is_for("replay");
    replay(home, &Replayed::Declaration(id.clone()), &mut Quiet).await.unwrap();
    home.run.end(now, None).await.unwrap();
    let nobody = explain_decision(home, "D-0").await.unwrap_err();
    home.run.end(now, Some(&nobody)).await.unwrap();
    let purposes: Vec<String> = seen(&place, &id).await.entries.into_iter().map(|one| one.purpose).collect();
    assert_eq!(purposes, ["job replay", "job explain"]);
    let failed = seen(&place, "D-0").await.entries.remove(0);
    assert_eq!(failed.event, AuditEvent::Failed);
    assert!(failed.detail.starts_with("no decision is stored for declaration D-0"), "{}", failed.detail);
    assert_eq!(home.run.end(now, None).await.unwrap(), None, "what read nothing has no entry");
    let verified = verify(home, None, &[]).await.unwrap();
    assert!(verified.faults.is_empty() && verified.entries >= 5, "{verified:?}");
}

#[tokio::test]
async fn a_run_that_reads_by_many_statements_leaves_one_entry() {
    let place = Place::new().await;
    place.ingest(&place.write("year.csv", &file(&rows(1, 2025, 120, 1))), true).await.unwrap();
    place.home.run.end(place.home.now, None).await.unwrap();
    let before = reads(&place).await.len();
    place.home.run.is_for("datasets refresh");
    refresh(&place.home, &shipped().unwrap(), RefreshOptions::default(), &mut Quiet).await.unwrap();
    let all = reads(&place).await;
    assert_eq!(all.len(), before + 1);
    assert_eq!((all[0].purpose.as_str(), all[0].detail.as_str()), ("job datasets refresh", "began"));
    let ends = || async { log(&place.home, &wanted(Some(AuditEvent::Finished))).await.unwrap() };
    let of_it = |ends: Vec<Told>| ends.into_iter().find(|end| end.read == Some(all[0].sequence));
    assert!(of_it(ends().await).is_none(), "a run that is killed here leaves that it began");
    place.home.run.end(place.home.now, None).await.unwrap();
    let end = of_it(ends().await).unwrap();
    assert_eq!(end.purpose, "job datasets refresh");
    assert!(
        ["declaration", "goods_item", "inspection", "quarantine"].iter().all(|t| end.tables.contains_key(*t))
    );
    assert!(verify(&place.home, None, &[]).await.unwrap().faults.is_empty());
}

#[tokio::test]
async fn who_may_have_seen_a_company_is_listed_behind_who_has() {
    let place = Place::new().await;
    place.ingest(&place.write("year.csv", &file(&rows(1, 2025, 120, 1))), true).await.unwrap();
    place.home.run.end(place.home.now, None).await.unwrap();
    let now = place.home.now + TimeDelta::hours(1);
    let home = Home::open(place.home.root(), Configuration::default(), now).await.unwrap();
    let account = home.ledger.local_owner().await.unwrap();
    let desk = Desk::new(home, Arc::new(move || -> DateTime<Utc> { now }));
    let ask = async |purpose: &str, sql: &str| {
        let visit =
            Visit { account: account.clone(), token: None, door: Door::Http, purpose: purpose.to_owned() };
        desk.ask(&visit, sql, None).await.unwrap().collect().await.unwrap();
    };
    let of_first = "FROM declaration ORDER BY declaration_id LIMIT 1";
    let importer = place.texts(&format!("SELECT importer_id {of_first}")).await.remove(0);
    let declarant = place.texts(&format!("SELECT declarant_id {of_first}")).await.remove(0);
    ask("named", &format!("SELECT month FROM declaration WHERE importer_id = '{importer}'")).await;
    ask("beside", &format!("SELECT * FROM declaration WHERE importer_id = '{importer}'")).await;
    ask("grouped", "SELECT count(*), sum(item_price_amount) FROM goods_item").await;
    ask("other", "SELECT month FROM declaration WHERE importer_id = 'NOBODY'").await;
    let own = "SELECT * FROM (SELECT 'NOBODY' AS importer_id, office_id FROM declaration LIMIT 9) q \
               WHERE importer_id = 'NOBODY'";
    ask("blinding", own).await;
    ask("tables", "SELECT count(*) FROM information_schema.tables").await;
    desk.close().await;

    let of = async |key: &str, limit: u32| {
        let wanted = Wanted { since: Some(now), limit, ..Wanted::default() };
        who(&place.home, key, &wanted).await.unwrap()
    };
    let purposes = |told: &[Told]| told.iter().map(|told| told.purpose.clone()).collect::<Vec<_>>();
    let seen = of(&importer, 100).await;
    let ends: Vec<&Told> = seen.entries.iter().filter(|told| told.read.is_some()).collect();
    let ends: Vec<_> = ends.iter().map(|told| (told.purpose.as_str(), told.subjects_complete)).collect();
    assert_eq!(ends, [("beside", false), ("named", true)]);
    assert_eq!(seen.entries.len(), 4, "each read and its end: {:?}", seen.entries);
    assert_eq!(purposes(&seen.possible), ["blinding", "grouped"], "what named the company stands above");
    assert!(seen.possible.iter().all(|told| told.fingerprint.is_some() && told.door == Door::Http));
    assert_eq!((seen.entries_unlisted, seen.possible_unlisted), (0, 0));

    let seen = of(&declarant, 100).await;
    assert_eq!(purposes(&seen.entries), ["beside"], "its number was in the answer: {:?}", seen.entries);
    assert_eq!(purposes(&seen.possible), ["blinding", "grouped"]);
    let seen = of("ANYBODY", 2).await;
    assert!(seen.entries.is_empty());
    assert_eq!(purposes(&seen.possible), ["blinding", "grouped"]);
    assert_eq!(seen.possible_unlisted, 1);
    let seen = of(&importer, 1).await;
    assert_eq!((seen.entries.len(), seen.entries_unlisted), (1, 3));
    assert!(verify(&place.home, None, &[]).await.unwrap().faults.is_empty());
}

//! What jobs read stands in the audit chain: one entry for each run, by which it is found who read of whom.

use crate::decide::{decided, learnt};
use crate::place::Place;
use crate::source::{file, rows};
use tidegate_jobs::audit::{AuditEvent, Seen, Told, Wanted, log, verify, who};
use tidegate_jobs::datasets::{RefreshOptions, refresh, shipped};
use tidegate_jobs::{Quiet, Replayed, explain_decision, replay};
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
    let place = learnt().await;
    let (home, now) = (&place.home, place.home.now);
    decided(&place).await;
    home.run.end(now, None).await.unwrap();
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

//! Holds by key keep what every table has of a declaration or a party, and parties are found wherever records name them.

use crate::place::{NOW, Place};
use crate::source::{file, rows};
use futures::FutureExt;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use tidegate_jobs::configuration::Retention;
use tidegate_jobs::retention::{Erase, due, erase, hold, lift, rows_held};
use tidegate_jobs::{Progress, Quiet};
use tidegate_ledger::Held;

/// A year, and records that were set aside in its March: scans of what is named.
async fn year_with_scans(place: &mut Place, named: &[&str]) {
    let mut later = rows(2, 2025, 24, 9_000_001);
    for (row, name) in later.iter_mut().step_by(2).zip(named) {
        *row = format!("a scan of {name}");
    }
    place.home.now = "2025-03-10T12:00:00Z".parse().unwrap();
    place.ingest(&place.write("year.csv", &file(&rows(1, 2025, 240, 7_000_001))), true).await.unwrap();
    let counts = place.ingest(&place.write("later.csv", &file(&later)), false).await.unwrap().counts;
    assert_eq!(counts.quarantined, named.len() as u64, "{:?}", counts.findings);
    place.home.now = NOW.parse().unwrap();
}

#[tokio::test]
async fn a_hold_by_key_keeps_the_evidence_in_every_table() {
    let year = rows(1, 2025, 240, 7_000_001);
    let field = |row: &String, field: usize| row.split(',').nth(field).unwrap().to_owned();
    let importer = field(&year[0], 9);
    let of_importer: Vec<String> =
        year.iter().filter(|row| field(row, 9) == importer).map(|row| field(row, 0)).collect();
    let one = field(&year[45], 0);
    let scanned = [one.as_str(), "nobody", of_importer[0].as_str(), importer.as_str()];
    // However few names are in memory at once.
    for held_at_once in [100_000, 1] {
        let mut place = Place::new().await;
        year_with_scans(&mut place, &scanned).await;
        // It is 24 November 2026: of months before 2025-06, all days ended more than 540 days ago.
        place.home.configuration.retention = Retention {
            declaration_days: 540,
            goods_item_days: 540,
            inspection_days: 540,
            quarantine_days: 540,
            // The scans were loaded on a day of 2025.
            quiet_days: 0,
            held_at_once,
            ..Retention::default()
        };
        hold(&place.home, "declaration", &Held::Key(one.clone()), "case 1").await.unwrap();
        // Whatever table it was placed on.
        hold(&place.home, "inspection", &Held::Key(importer.clone()), "case 2").await.unwrap();
        let named = format!("importer_id = '{importer}' OR declaration_id = '{one}'");
        let named = format!("SELECT declaration_id FROM declaration WHERE month < '2025-06' AND ({named})");
        let kept: BTreeSet<String> = place.texts(&named).await.into_iter().collect();
        assert!(kept.len() > 1 && kept.len() < 50, "{kept:?}");
        let due = due(&place.home).await.unwrap();
        let held: Vec<(&str, u64)> = due.iter().map(|due| (due.table.as_str(), due.held)).collect();
        let all = kept.len() as u64;
        let expected = [("declaration", all), ("goods_item", all), ("inspection", all), ("quarantine", 3)];
        assert_eq!(held, expected, "{held_at_once}");
        let party = Erase::Party(importer.clone());
        let refused = erase(&place.home, &party, "a request", &mut Quiet).await.unwrap_err().to_string();
        assert!(refused.contains("is under a legal hold;"), "{refused}");

        erase(&place.home, &Erase::Due, "retention", &mut Quiet).await.unwrap();
        for table in ["declaration", "goods_item", "inspection"] {
            let left = format!("SELECT declaration_id FROM {table} WHERE month < '2025-06'");
            let left: BTreeSet<String> = place.texts(&left).await.into_iter().collect();
            assert_eq!(left, kept, "{table}, {held_at_once}");
        }
        assert_eq!(place.count("SELECT count(*) FROM quarantine").await, 3, "{held_at_once}");
        assert_eq!(place.count("SELECT count(*) FROM quarantine WHERE raw LIKE '%nobody%'").await, 0);
        assert!(place.count("SELECT count(*) FROM declaration WHERE month >= '2025-06'").await > 100);
    }
}

/// A party that no column of single values has.
const HOLDER: &str = "HOLDER-91310000";

/// A declaration of one item with more in it.
fn lodged(id: &str, header: &str, shipment: &str, item: &str) -> String {
    format!(
        r#"{{"id":"{id}","acceptance_date_time":"2025-03-02T07:15:00Z"{header},"goods_shipment":{{"government_agency_goods_item":[{{"sequence_numeric":1{item}}}]{shipment}}}}}"#
    )
}

/// A document that the party submits.
fn submitted() -> String {
    format!(r#","additional_document":[{{"id":"LIC-1","submitter":{{"id":"{HOLDER}"}}}}]"#)
}

async fn loaded(lines: &[String]) -> Place {
    let place = Place::new().await;
    let path = place.write("lodged.ndjson", &lines.join("\n"));
    let counts = place.ingest_messages(&[path], false).await.unwrap().counts;
    assert_eq!(counts.accepted, lines.len() as u64, "{:?}", counts.findings);
    place
}

#[tokio::test]
async fn a_party_that_only_lists_and_other_values_name_is_found() {
    let of_party = |field: &str| format!(r#","{field}":{{"id":"{HOLDER}"}}"#);
    let of_parties = |field: &str| format!(r#","{field}":[{{"id":"{HOLDER}"}}]"#);
    let elsewhere = format!(r#","contract_id":"{HOLDER}","additional_document":[{{"id":"{HOLDER}"}}]"#);
    let place = loaded(&[
        lodged("A1", &of_parties("authorisation_holder"), "", ""),
        lodged("A2", &submitted(), "", ""),
        lodged("A3", "", "", &submitted()),
        lodged("A4", "", &of_party("consignor"), ""),
        lodged("A5", "", &of_parties("domestic_duty_tax_party"), ""),
        lodged("A6", "", "", &of_parties("aeo_mutual_recognition_party")),
        // What stands elsewhere names no party.
        lodged("B1", &elsewhere, &of_party("invoice"), ""),
        lodged("B2", "", "", ""),
    ])
    .await;
    let key = Held::Key(HOLDER.to_owned());
    assert!(rows_held(&place.home, "declaration", &key).await.unwrap() >= 12);
    let number = hold(&place.home, "declaration", &key, "case 1").await.unwrap();
    for id in ["A1", "A2", "A3", "A4", "A5", "A6"] {
        let one = Erase::Declaration(id.to_owned());
        let refused = erase(&place.home, &one, "a request", &mut Quiet).await.unwrap_err().to_string();
        assert!(refused.contains(&format!("{id} is under a legal hold")), "{refused}");
    }
    erase(&place.home, &Erase::Declaration("B2".to_owned()), "a request", &mut Quiet).await.unwrap();
    lift(&place.home, number.0, "over").await.unwrap();

    let party = Erase::Party(HOLDER.to_owned());
    erase(&place.home, &party, "a request", &mut Quiet).await.unwrap();
    for table in ["declaration", "goods_item"] {
        assert_eq!(place.texts(&format!("SELECT declaration_id FROM {table}")).await, ["B1"], "{table}");
    }
}

/// Breaks off an erasure when the rows are out of all tables but the last.
#[derive(Default)]
struct BreaksOff {
    tables: Option<u64>,
}

impl Progress for BreaksOff {
    fn step(&mut self, what: &str, tables: u64, _: &'static str) {
        self.tables = (what == "erasing").then_some(tables);
    }

    fn done(&mut self, done: u64) {
        assert!(self.tables != Some(done + 1), "broken off");
    }
}

#[tokio::test]
async fn a_declaration_goes_also_when_the_rows_that_named_the_party_went_before_it() {
    let place = loaded(&[lodged("A1", "", "", &submitted()), lodged("B1", "", "", "")]).await;
    let party = Erase::Party(HOLDER.to_owned());
    let mut breaks = BreaksOff::default();
    let broken = AssertUnwindSafe(erase(&place.home, &party, "a request", &mut breaks)).catch_unwind();
    assert!(broken.await.is_err());
    // What somebody else records meanwhile shows the items without the row that named the party.
    let version = place.home.lake.table_version("goods_item").await.unwrap();
    place.home.lake.record_snapshot(place.home.now, [("goods_item".to_owned(), version)]).await.unwrap();
    assert_eq!(place.texts("SELECT declaration_id FROM goods_item").await, ["B1"]);

    erase(&place.home, &party, "a request", &mut Quiet).await.unwrap();
    assert_eq!(place.texts("SELECT declaration_id FROM declaration").await, ["B1"]);
    assert!(place.home.ledger.open_erasures().await.unwrap().is_empty());
}

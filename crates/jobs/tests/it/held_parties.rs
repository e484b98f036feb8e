//! Holds by key keep what every table has of a declaration or a party, and parties are found wherever records name them.

use crate::place::Place;
use crate::source::{file, rows};
use futures::FutureExt;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use tidegate_jobs::retention::{Erase, erase, hold, lift, rows_held};
use tidegate_jobs::{Progress, Quiet};
use tidegate_ledger::Held;

#[tokio::test]
async fn a_hold_by_key_keeps_the_evidence_in_every_table() {
    let mut place = Place::new().await;
    place.ingest(&place.write("year.csv", &file(&rows(1, 2025, 240, 7_000_001))), true).await.unwrap();
    // It is 24 November 2026: of months before 2025-06, all days ended more than 540 days ago.
    place.home.configuration.retention.declaration_days = 540;
    place.home.configuration.retention.goods_item_days = 540;
    place.home.configuration.retention.inspection_days = 540;
    let one = "SELECT min(declaration_id) FROM declaration WHERE month = '2025-03'";
    let one = place.texts(one).await.remove(0);
    let party = "SELECT min(importer_id) FROM declaration WHERE month = '2025-01'";
    let party = place.texts(party).await.remove(0);
    hold(&place.home, "declaration", &Held::Key(one.clone()), "case 1").await.unwrap();
    // Whatever table it was placed on.
    hold(&place.home, "inspection", &Held::Key(party.clone()), "case 2").await.unwrap();
    let named =
        format!("SELECT declaration_id FROM declaration WHERE importer_id = '{party}' AND month < '2025-06'");
    let mut kept: BTreeSet<String> = place.texts(&named).await.into_iter().collect();
    kept.insert(one);
    assert!(kept.len() > 1 && kept.len() < 50, "{kept:?}");

    erase(&place.home, &Erase::Due, "retention", &mut Quiet).await.unwrap();
    for table in ["declaration", "goods_item", "inspection"] {
        let left = format!("SELECT declaration_id FROM {table} WHERE month < '2025-06'");
        let left: BTreeSet<String> = place.texts(&left).await.into_iter().collect();
        assert_eq!(left, kept, "{table}");
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

//! Special packaging, from filings to treated consignments, their loss, and the replay of both.

use crate::decide::{day, decided_until, learnt, replayed_alike};
use crate::place::Place;
use crate::source::{HEADER, fields, graded, result};
use arrow::array::AsArray;
use std::collections::BTreeMap;
use tidegate_jobs::{Decided, Progressed, Quiet, Replayed, TreatmentsOptions, query, replay, treatments};
use tidegate_lake::TableSpec;
use tidegate_records::columnar::{RowKey, TableBuilder};
use tidegate_records::model::SpecialFiling;
use tidegate_records::tables::SPECIAL_FILING;

const PACKED: &str = "
[[declaration]]
column = 'Package'
path = 'GoodsShipment/GovernmentAgencyGoodsItem/Packaging/TypeCode'

[[declaration]]
column = 'Handling'
path = 'GoodsShipment/GovernmentAgencyGoodsItem/HandlingRequirement/TypeCode'
";

/// Numbers of the declarations of the importer that filed; of every four the first two evidence their handling, the third
/// looks packed only, the fourth is of goods that are not filed.
const FIRST: usize = 800_000;

/// Declarations of November and December by one importer, of goods that the model looks for.
async fn ingest_packed(place: &Place) {
    let mut fields = fields();
    let mut lines = vec![format!("{HEADER},Package,Handling")];
    for number in 0..232_usize {
        fields[0] = (FIRST + number).to_string();
        fields[1] = format!("2025-{:02}-{:02}", 11 + number / 116, 1 + number / 4 % 29);
        fields[9] = String::from("F1");
        fields[12] = String::from(if number % 4 == 3 { "392690" } else { "620822" });
        (fields[13], fields[14]) = ("CN".to_owned(), "CN".to_owned());
        (fields[18], fields[19]) = ("20.5".to_owned(), "2500".to_owned());
        let handling = if number % 4 < 2 { "vacuum" } else { "" };
        lines.push(format!("{},VP,{handling}", fields.join(",")));
    }
    place.ingest_with(PACKED, "packed.csv", &lines).await;
}

fn filing(recorded: &str, site: &str) -> String {
    format!(
        r#"{{"id":"F1-1","enterprise_id":"F1","recorded_date_time":"{recorded}T08:00:00Z","commodity_prefix_id":"6208",
"handling_code":"vacuum","site_id":"{site}","site_certified_until_date_time":"2026-12-31","temperature_low_numeric":"21",
"temperature_high_numeric":"24","humidity_low_numeric":"40","humidity_high_numeric":"55","cleanliness_class_numeric":7,
"valid_from_date_time":"2025-01-01","valid_until_date_time":"2025-12-31"}}"#
    )
    .replace('\n', "")
}

fn event(declaration: &str, moment: &str, code: &str) -> String {
    format!(r#"{{"declaration_id":"{declaration}","recorded_date_time":"{moment}","type_code":"{code}"}}"#)
}

/// An opening: what was measured, and who was there.
fn opening(declaration: &str, moment: &str, measured: [&str; 3], officers: &[&str]) -> String {
    let [temperature, humidity, class] = measured;
    let officers: Vec<String> = officers.iter().map(|id| format!(r#"{{"id":"{id}"}}"#)).collect();
    format!(
        r#"{{"declaration_id":"{declaration}","recorded_date_time":"{moment}","type_code":"opened",
"temperature_numeric":"{temperature}","humidity_numeric":"{humidity}","cleanliness_class_numeric":{class},
"officer":[{}]}}"#,
        officers.join(",")
    )
    .replace('\n', "")
}

async fn decided_to(place: &Place, to: &str) -> Decided {
    decided_until(place, 12, to).await
}

/// Replays what was decided, and finds it identical.
async fn replayed_all(place: &Place) {
    replayed_alike(place, "2025-11-01", "2025-12-31").await;
}

/// Everything of a decision that a treatment may not change.
async fn choices(place: &Place) -> Vec<String> {
    let sql = "SELECT concat_ws(' ', declaration_id, inclusion_probability, draw, tau, realised_probability, \
               component_code, is_selected, lane_code) FROM decision WHERE listed_on <= '2025-11-15' ORDER BY 1";
    place.texts(sql).await
}

async fn by_reason(place: &Place, condition: &str) -> BTreeMap<String, i64> {
    let sql = format!(
        "SELECT coalesce(treatment_reason, treatment_code), count(*) FROM decision \
         WHERE CAST(declaration_id AS BIGINT) >= {FIRST} AND is_selected AND {condition} GROUP BY 1"
    );
    let batches = query(&place.home, "test", &sql).await.unwrap();
    let of_batch = |b: &arrow::array::RecordBatch| {
        let (names, counts) = (b.column(0).as_string::<i32>(), b.column(1));
        let counts = counts.as_primitive::<arrow::datatypes::Int64Type>();
        (0..b.num_rows()).map(|row| (names.value(row).to_owned(), counts.value(row))).collect::<Vec<_>>()
    };
    batches.iter().flat_map(of_batch).collect()
}

#[tokio::test]
async fn filed_goods_are_opened_at_their_destination_until_a_seal_is_broken() {
    let place = learnt().await;
    ingest_packed(&place).await;
    let loaded =
        place.ingest_as("special_filing", "filings.ndjson", &[filing("2025-10-20", "S1")], true).await;
    assert_eq!(loaded.unwrap().counts.accepted, 1);
    let work_list = decided_to(&place, "2025-11-15").await.work_list;
    let treated: Vec<_> = work_list.iter().filter(|entry| entry.destination.is_some()).collect();
    assert!(treated.len() > 5, "{}", treated.len());
    let reasons = by_reason(&place, "true").await;
    assert_eq!(reasons["destination"], treated.len() as i64, "{reasons:?}");
    assert!(reasons["handling-not-evidenced"] > 0, "a package code alone never qualifies: {reasons:?}");
    let directive = &treated[0].directive;
    for words in ["Do not open at the port", "S1", "21 to 24 °C", "40 to 55 %", "class 7", "2 officers"] {
        assert!(directive.contains(words), "{words}: {directive}");
    }
    for law in [
        "(treatment_code IS NOT NULL) = is_selected",
        "coalesce(treatment_code, '') <> 'destination' OR importer_id = 'F1'",
        "(treatment_deadline IS NULL) OR CAST(treatment_deadline AS DATE) = CAST(listed_on AS DATE) + INTERVAL '14 days'",
    ] {
        let broken = format!("SELECT count(*) FROM decision WHERE NOT coalesce({law}, false)");
        assert_eq!(place.count(&broken).await, 0, "{law}");
    }
    let unfiled = learnt().await;
    ingest_packed(&unfiled).await;
    decided_to(&unfiled, "2025-11-15").await;
    assert_eq!(choices(&place).await, choices(&unfiled).await, "filings move neither p nor the draw");

    // One seal breaks, the others arrive.
    let (broken, others) = treated.split_last().unwrap();
    let broken = &broken.declaration_id;
    let arrived = others.iter().map(|e| event(&e.declaration_id, "2025-11-15T09:00:00Z", "arrived"));
    let events: Vec<String> = arrived.chain([event(broken, "2025-11-20T09:00:00Z", "seal-broken")]).collect();
    place.ingest_as("treatment_event", "events.ndjson", &events, true).await.unwrap();
    decided_to(&place, "2025-12-31").await;
    let before = by_reason(&place, "listed_on BETWEEN '2025-11-16' AND '2025-11-20'").await;
    assert!(before["destination"] > 0 && !before.contains_key("suspended"), "{before:?}");
    let after = by_reason(&place, "listed_on > '2025-11-20'").await;
    assert!(after["suspended"] > 0 && !after.contains_key("destination"), "{after:?}");

    let options = TreatmentsOptions { from: None, to: None, as_of: day("2025-11-25") };
    let told = treatments(&place.home, &options).await.unwrap();
    assert_eq!((told.lost.len(), told.lost[0].cause), (1, "seal-broken"), "{:?}", told.lost);
    assert_eq!(told.under_way.len() as u64, told.treated, "nothing was opened");
    let arrived = told.under_way.iter().filter(|u| u.progressed == Progressed::Arrived).count();
    assert_eq!(arrived, others.len());
    assert!(told.under_way.iter().all(|u| !u.is_overdue) && told.reasons["suspended"] > 0);
    assert!(told.matched.found == 0 && told.matched.ratio.is_none() && told.matched.refused.is_some());
    let later = TreatmentsOptions { as_of: day("2026-01-31"), ..options };
    let told = treatments(&place.home, &later).await.unwrap();
    let overdue = told.under_way.iter().filter(|u| u.is_overdue).count();
    assert_eq!(overdue, told.under_way.len() - arrived);
    assert!(told.lost.iter().any(|l| l.cause == "late"));

    replayed_all(&place).await;
    // A filing that was known later changes nothing; one that pretends to have been known is found.
    place.ingest_as("special_filing", "later.ndjson", &[filing("2026-01-05", "S2")], true).await.unwrap();
    replayed_all(&place).await;
    place.ingest_as("special_filing", "forged.ndjson", &[filing("2025-10-21", "S2")], true).await.unwrap();
    let days = Replayed::Days(day("2025-11-01"), day("2025-12-31"));
    let report = replay(&place.home, &days, &mut Quiet).await.unwrap();
    let moved = place.count("SELECT count(*) FROM decision WHERE treatment_code = 'destination'").await;
    assert_eq!(report.differences.len() as i64, moved);
    assert!(report.differences.iter().all(|d| d.part == "treatment"), "{:?}", report.differences[0]);
}

/// How goods were opened is held against what the decision asked for, and costs what a deviation costs.
#[tokio::test]
async fn an_opening_otherwise_than_asked_costs_the_treatment() {
    let place = learnt().await;
    ingest_packed(&place).await;
    place.ingest_as("special_filing", "filings.ndjson", &[filing("2025-10-20", "S1")], true).await.unwrap();
    let work_list = decided_to(&place, "2025-11-15").await.work_list;
    let treated: Vec<&str> =
        work_list.iter().filter(|e| e.destination.is_some()).map(|e| e.declaration_id.as_str()).collect();
    assert!(treated.len() > 5, "{}", treated.len());
    let (both, right) = (["O1", "O2"], ["22.5", "50", "7"]);
    // All arrive, and two are opened as they should be, as far as anybody says.
    let arrived = treated.iter().map(|id| event(id, "2025-11-15T09:00:00Z", "arrived"));
    let as_asked = [
        opening(treated[4], "2025-11-16T09:00:00Z", right, &both),
        opening(treated[5], "2025-11-16T09:00:00Z", ["21", "55", "5"], &[]),
    ];
    let events: Vec<String> = arrived.chain(as_asked).collect();
    place.ingest_as("treatment_event", "arrived.ndjson", &events, true).await.unwrap();
    decided_to(&place, "2025-11-20").await;
    let before = by_reason(&place, "listed_on BETWEEN '2025-11-16' AND '2025-11-20'").await;
    assert!(before["destination"] > 0 && !before.contains_key("suspended"), "{before:?}");
    let otherwise: [(&str, [&str; 3], &[&str]); 4] = [
        (treated[0], right, &["O1", "O1"]),
        (treated[1], ["24.01", "50", "7"], &both),
        (treated[2], ["22.5", "39.5", "7"], &both),
        (treated[3], ["22.5", "50", "8"], &both),
    ];
    let lines: Vec<String> = otherwise
        .iter()
        .map(|(id, measured, officers)| opening(id, "2025-11-20T09:00:00Z", *measured, officers))
        .collect();
    place.ingest_as("treatment_event", "opened.ndjson", &lines, true).await.unwrap();
    decided_to(&place, "2025-12-31").await;
    let after = by_reason(&place, "listed_on BETWEEN '2025-11-21' AND '2025-11-29'").await;
    assert!(after["suspended"] > 0 && !after.contains_key("destination"), "{after:?}");

    let options = TreatmentsOptions { from: None, to: None, as_of: day("2025-11-25") };
    let mut lost = treatments(&place.home, &options).await.unwrap().lost;
    lost.sort_by(|a, b| a.declaration_id.cmp(&b.declaration_id));
    let mut expected: Vec<&str> = otherwise.iter().map(|(id, ..)| *id).collect();
    expected.sort_unstable();
    assert_eq!(lost.iter().map(|l| l.declaration_id.as_str()).collect::<Vec<_>>(), expected);
    assert!(lost.iter().all(|l| l.cause == "deviated" && l.sentence.contains("opened")), "{lost:?}");
    replayed_all(&place).await;
}

/// First of the numbers of declarations that are compared: of who filed, of goods that nobody else brings, of an ordinary
/// importer of the same goods.
const ALIKE: [usize; 3] = [900_000, 900_120, 900_140];

/// Goods of one day, on which nothing else is lodged, none of them with a result.
async fn ingest_alike(place: &Place) {
    let mut fields = fields();
    "2025-11-29".clone_into(&mut fields[1]);
    (fields[13], fields[14]) = ("CN".to_owned(), "CN".to_owned());
    (fields[18], fields[19]) = ("20.5".to_owned(), "2500".to_owned());
    (fields[20], fields[21]) = (String::new(), String::new());
    let mut lines = vec![format!("{HEADER},Package,Handling")];
    for number in ALIKE[0]..ALIKE[2] + 160 {
        let (importer, handling) = if number < ALIKE[2] { ("F1", "vacuum") } else { ("I900", "") };
        let is_other = (ALIKE[1]..ALIKE[2]).contains(&number);
        fields[0] = number.to_string();
        importer.clone_into(&mut fields[9]);
        (if is_other { "392690" } else { "620822" }).clone_into(&mut fields[12]);
        lines.push(format!("{},VP,{handling}", fields.join(",")));
    }
    place.ingest_with(PACKED, "alike.csv", &lines).await;
}

/// Results of the first so many that were selected of a range of numbers, the first of them discrepancies.
async fn inspected(
    place: &Place,
    numbers: [usize; 2],
    lane: &str,
    code: &str,
    counts: [usize; 2],
) -> Vec<String> {
    let sql = format!(
        "SELECT declaration_id FROM decision WHERE CAST(declaration_id AS BIGINT) >= {} \
         AND CAST(declaration_id AS BIGINT) < {} AND is_selected AND treatment_code = '{code}' \
         AND lane_code LIKE '{lane}' ORDER BY declaration_id",
        numbers[0], numbers[1]
    );
    let ids = place.texts(&sql).await;
    let [found, all] = counts;
    assert!(ids.len() >= all, "{} of {all} in lane {lane}", ids.len());
    let result_of = |(position, id): (usize, &String)| {
        result(id, "2025-12-10T09:00:00Z", if position < found { "discrepancy" } else { "conform" })
    };
    ids.iter().take(all).enumerate().map(result_of).collect()
}

/// Two strata that have both sides, counted by hand, and one that has no ordinary goods. What has no result has no part.
#[tokio::test]
async fn treated_goods_are_compared_with_ordinary_ones_of_their_stratum() {
    let place = learnt().await;
    ingest_alike(&place).await;
    let other = filing("2025-10-20", "S1").replace("F1-1", "F1-2").replace("6208", "3926");
    let filings = [filing("2025-10-20", "S1"), other];
    place.ingest_as("special_filing", "filings.ndjson", &filings, true).await.unwrap();
    // A slot for everybody, so that everybody is selected.
    decided_until(&place, 400, "2025-11-29").await;
    let [treated, unlike, ordinary] = ALIKE;
    let mut lines = Vec::new();
    for (numbers, lane, code, counts) in [
        ([treated, unlike], "red", "destination", [6, 24]),
        ([ordinary, ordinary + 160], "red", "port", [5, 40]),
        ([treated, unlike], "orange", "destination", [3, 12]),
        ([ordinary, ordinary + 160], "orange", "port", [4, 20]),
        ([unlike, ordinary], "%", "destination", [2, 4]),
    ] {
        lines.extend(inspected(&place, numbers, lane, code, counts).await);
    }
    place.ingest_as("inspection", "results.ndjson", &lines, true).await.unwrap();
    let of_day = Some(day("2025-11-29"));
    let options = TreatmentsOptions { from: of_day, to: of_day, as_of: day("2025-12-31") };
    let told = treatments(&place.home, &options).await.unwrap().matched;
    assert_eq!((told.opened, told.found), (40, 11));
    assert_eq!((told.matched, told.ordinary, told.ordinary_found), (36, 60, 9));
    assert_eq!(told.refused, None);
    // Red: 6 x 40 / 64 beside 5 x 24 / 64; orange: 3 x 20 / 32 beside 4 x 12 / 32. The sums are 5.625 and 3.375.
    let [ratio, low, high] = told.ratio.unwrap();
    assert!((ratio - 5.625 / 3.375).abs() < 1e-12, "{ratio}");
    // The variance of the logarithm is (8640 / 64^2 + 1296 / 32^2) / (5.625 x 3.375) = 1 / 5.625.
    let spread = (1.959_963_984_540_054 * (1.0_f64 / 5.625).sqrt()).exp();
    assert!((low - ratio / spread).abs() < 1e-9 && (high - ratio * spread).abs() < 1e-9, "{low} {high}");
}

#[tokio::test]
async fn nobody_who_arrives_late_keeps_the_treatment() {
    let place = learnt().await;
    let nothing = TreatmentsOptions { from: None, to: None, as_of: day("2025-12-31") };
    let nothing = treatments(&place.home, &nothing).await.unwrap_err().to_string();
    assert!(nothing.contains("--as special_filing"), "{nothing}");
    ingest_packed(&place).await;
    place.ingest_as("special_filing", "filings.ndjson", &[filing("2025-10-20", "S1")], true).await.unwrap();
    decided_to(&place, "2025-12-31").await;
    // The first list is of 1 November; nothing ever arrives.
    let first = place.texts("SELECT min(treatment_deadline) FROM decision").await[0].clone();
    let until = by_reason(&place, &format!("listed_on <= '{first}'")).await;
    assert!(!until.contains_key("suspended"), "{until:?}");
    let after = by_reason(&place, &format!("listed_on > '{first}'")).await;
    assert!(after["suspended"] > 0 && !after.contains_key("destination"), "{after:?}");
    replayed_all(&place).await;
}

#[tokio::test]
async fn records_of_a_kind_are_loaded_once_and_what_cannot_be_used_is_set_aside() {
    let place = learnt().await;
    let id = place.texts("SELECT min(declaration_id) FROM declaration").await[0].clone();
    let lines = [
        event(&id, "2025-11-05T09:00:00Z", "sealed"),
        event("no such declaration", "2025-11-05T09:00:00Z", "sealed"),
        event(&id, "2025-11-06T09:00:00Z", "lost"),
        "{\"declaration\":1}".to_owned(),
    ];
    let strict = place.ingest_as("treatment_event", "events.ndjson", &lines, true).await.unwrap_err();
    assert!(strict.to_string().contains("events.ndjson, line 2"), "{strict}");
    assert_eq!(place.count("SELECT count(*) FROM treatment_event").await, 0);
    let loaded = place.ingest_as("treatment_event", "events.ndjson", &lines, false).await.unwrap();
    assert_eq!((loaded.counts.read, loaded.counts.accepted, loaded.counts.quarantined), (4, 1, 3));
    let codes: Vec<&str> = loaded.counts.findings.keys().map(String::as_str).collect();
    assert_eq!(codes, ["error code.not-allowed", "error declaration.unknown", "error json.unknown-key"]);
    let again = place.ingest_as("treatment_event", "again.ndjson", &lines, false).await.unwrap();
    assert!(again.already_loaded && again.load_id == loaded.load_id);
    let of_month = "SELECT count(*) FROM treatment_event e JOIN declaration d ON d.month = e.month \
                    AND d.declaration_id = e.declaration_id";
    assert_eq!(place.count(of_month).await, 1);
    assert_eq!(place.count("SELECT count(*) FROM quarantine").await, 3);

    let grade = graded("I1", "2025-01-01T00:00:00Z", "dishonest");
    place.ingest_as("enterprise", "grades.ndjson", &[grade], true).await.unwrap();
    assert_eq!(place.count("SELECT count(*) FROM enterprise WHERE grade_code = 'dishonest'").await, 1);
    let result = result(&id, "2025-11-07T09:00:00Z", "conform");
    let before = place.count("SELECT count(*) FROM inspection").await;
    place.ingest_as("inspection", "results.ndjson", &[result], true).await.unwrap();
    assert_eq!(place.count("SELECT count(*) FROM inspection").await, before + 1);
    for (kind, words) in [("declaration", "special_filing"), ("nothing", "treatment_event")] {
        let refused = place.ingest_as(kind, "x.ndjson", &[], true).await.unwrap_err().to_string();
        assert!(refused.contains(words), "{refused}");
    }
}

#[tokio::test]
async fn a_table_stored_before_it_gained_a_column_has_it_absent_in_every_row() {
    let place = Place::new().await;
    let mut builder = TableBuilder::new(&SPECIAL_FILING).unwrap();
    builder.push(RowKey::default(), &SpecialFiling { id: Some("F1".into()), ..Default::default() }).unwrap();
    let batch = builder.finish().unwrap();
    let kept = (0..batch.num_columns()).filter(|c| batch.schema().field(*c).name() != "cleanliness_class");
    let batch = batch.project(&kept.collect::<Vec<_>>()).unwrap();
    let spec =
        TableSpec::try_new(SPECIAL_FILING.name, &batch.schema(), None, SPECIAL_FILING.statistics).unwrap();
    let appended = place.home.lake.append(&spec, [batch], None).await.unwrap();
    place.home.lake.record_snapshot(place.home.now, [&appended]).await.unwrap();
    for (condition, rows) in [
        ("cleanliness_class IS NULL", 1),
        ("cleanliness_class = 7", 0),
        ("cleanliness_class = 7 OR filing_id = 'F1'", 1),
        ("filing_id = 'F2'", 0),
    ] {
        let sql = format!("SELECT count(*) FROM (SELECT filing_id FROM special_filing WHERE {condition})");
        assert_eq!(place.count(&sql).await, rows, "{condition}");
    }
    // Loading evolves the table.
    let filing = [filing("2025-10-20", "S1")];
    place.ingest_as("special_filing", "filings.ndjson", &filing, true).await.unwrap();
    assert_eq!(place.count("SELECT count(*) FROM special_filing WHERE cleanliness_class = 7").await, 1);
}

//! Replays against somebody who can write to the lake: no forgery that agrees with itself comes out identical.

use crate::decide::{all, day, decided, learnt, learnt_and_decided};
use crate::place::Place;
use arrow::array::{ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Float64Type, Int64Type, TimestampMicrosecondType};
use chrono::DateTime;
use std::collections::BTreeSet;
use std::sync::Arc;
use tidegate_jobs::{Quiet, ReplayReport, Replayed, replay, replay_in_sql};
use tidegate_lake::TableSpec;
use tidegate_ledger::PolicyStateVersion;
use tidegate_records::table::Table;
use tidegate_records::tables::{DECISION, WORK_LIST};
use tidegate_risk::selection::{PolicyState, Seen};

/// What became of a decision, without its chance.
const OUTCOME: [&str; 7] = [
    "is_selected",
    "is_queued",
    "lane_code",
    "is_reinspected",
    "reinspection_probability",
    "directive",
    "reasons",
];

fn days() -> Replayed {
    Replayed::Days(day("2025-11-01"), day("2025-12-31"))
}

async fn replayed(place: &Place) -> ReplayReport {
    replay(&place.home, &days(), &mut Quiet).await.unwrap()
}

fn parts(report: &ReplayReport) -> BTreeSet<&'static str> {
    report.differences.iter().map(|difference| difference.part).collect()
}

fn reals(value: f64) -> ArrayRef {
    Arc::new(Float64Array::from(vec![value]))
}

fn texts(value: &str) -> ArrayRef {
    Arc::new(StringArray::from(vec![value]))
}

fn flags(value: bool) -> ArrayRef {
    Arc::new(BooleanArray::from(vec![value]))
}

/// Takes rows out, as somebody would who can write to the lake.
async fn erase(place: &Place, table: &Table, which: &str) {
    let erased = place.home.lake.erase(table.name, which).await.unwrap();
    assert!(erased.rows > 0, "{which}");
    place.home.lake.record_snapshot(place.home.now, [&erased]).await.unwrap();
}

/// Puts other values into a row.
async fn forge(place: &Place, table: &Table, which: &str, values: Vec<(&str, ArrayRef)>) {
    let stored = all(place, &format!("SELECT * FROM {} WHERE {which}", table.name)).await;
    assert_eq!(stored.num_rows(), 1, "{which}");
    let mut columns = stored.columns().to_vec();
    for (name, value) in values {
        columns[stored.schema().index_of(name).unwrap()] = value;
    }
    let forged = RecordBatch::try_new(table.schema(), columns).unwrap();
    erase(place, table, which).await;
    let spec = TableSpec::try_new(table.name, &table.schema(), Some("month"), table.statistics).unwrap();
    let appended = place.home.lake.append(&spec, [forged], None).await.unwrap();
    place.home.lake.record_snapshot(place.home.now, [&appended]).await.unwrap();
}

fn of(id: &str) -> String {
    format!("declaration_id = '{id}'")
}

async fn row(place: &Place, which: &str) -> RecordBatch {
    all(place, &format!("SELECT * FROM decision WHERE {which} ORDER BY declaration_id LIMIT 1")).await
}

fn real(row: &RecordBatch, name: &str) -> f64 {
    row.column_by_name(name).unwrap().as_primitive::<Float64Type>().value(0)
}

fn text<'r>(row: &'r RecordBatch, name: &str) -> &'r str {
    row.column_by_name(name).unwrap().as_string::<i32>().value(0)
}

/// pi of a row, with another p, weight or cut.
fn pi(row: &RecordBatch, p: f64, weight: f64, tau: f64) -> f64 {
    real(row, "protected_probability").max(p.min(weight * tau))
}

/// A decision that the model selected is taken off its list, with everything that follows from another cut.
#[tokio::test]
async fn another_cut_with_all_that_follows_from_it_is_found() {
    let mut place = learnt_and_decided().await;
    let chosen = "is_selected AND component_code = 'model' AND NOT array_has(rules, 'light-goods')";
    let selected = row(&place, chosen).await;
    let green = row(&place, "NOT is_selected AND lane_code = 'green'").await;
    let id = text(&selected, "declaration_id").to_owned();
    let (p, weight, tau) = (real(&selected, "inclusion_probability"), real(&selected, "weight"), 1e-9);
    let mut values =
        vec![("tau", reals(tau)), ("realised_probability", reals(pi(&selected, p, weight, tau)))];
    let schema = green.schema();
    let is_outcome = |name: &&str| OUTCOME.contains(name) || name.starts_with("treatment_");
    for name in schema.fields().iter().map(|field| field.name().as_str()).filter(is_outcome) {
        values.push((name, Arc::clone(green.column_by_name(name).unwrap())));
    }
    forge(&place, &DECISION, &of(&id), values).await;
    let one = Replayed::Declaration(id.clone());
    let alone = replay(&place.home, &one, &mut Quiet).await.unwrap();
    assert_eq!((alone.decisions, alone.lists), (1, 1));
    for report in [alone, replayed(&place).await] {
        assert_eq!(report.decisions - report.identical, 1, "{:?}", report.differences);
        assert!(report.differences.iter().all(|difference| difference.declaration_id == id));
        assert!(parts(&report).is_superset(&["close", "decision"].into()), "{:?}", report.differences);
        assert_eq!((report.identical_lists, report.lists_as_stored), (report.lists, 0));
    }
    // A list that is not held at once is not closed again, and that is said.
    place.home.configuration.decide.read_versions = 1;
    let alone = replay(&place.home, &one, &mut Quiet).await.unwrap();
    assert_eq!((alone.decisions, alone.lists, alone.lists_as_stored), (1, 0, 1));
    assert_eq!(alone.identical, 1, "{:?}", alone.differences);
}

fn grade(importer: &str, since: &str) -> String {
    format!(
        r#"{{"id":"{importer}","grade_code":"dishonest","grade_effective_date_time":"{since}T00:00:00Z"}}"#
    )
}

/// Gives a decision another grade, with the parts of p and everything that follows from it.
async fn regrade(place: &Place, stored: &RecordBatch, grade: &str) {
    let (bundle, _) = place.home.bundle(None).await.unwrap();
    let version = stored.column_by_name("policy_state_version").unwrap();
    let version = PolicyStateVersion(version.as_primitive::<Int64Type>().value(0));
    let content = place.home.ledger.policy_state(version).await.unwrap().state.content;
    let content: serde_json::Value = serde_json::from_str(&content).unwrap();
    let state: PolicyState = serde_json::from_value(content["state"].clone()).unwrap();
    let accepted = stored.column_by_name("accepted_at").unwrap();
    let accepted = accepted.as_primitive::<TimestampMicrosecondType>().value(0);
    let regime = bundle.selection.regime(DateTime::from_timestamp_micros(accepted).unwrap().date_naive());
    let seen = Seen { priority: real(stored, "priority"), mandatory: false };
    let parts = state.office(text(stored, "office_id")).parts(&bundle.selection, regime, grade, seen);
    let chance = parts.chance();
    assert!(chance.protected > 0.5 && real(stored, "draw") > chance.probability, "{parts:?}");
    let values = vec![
        ("grade_code", texts(grade)),
        ("guaranteed_probability", reals(parts.guaranteed)),
        ("floor_probability", reals(parts.floor)),
        ("multiplier", reals(parts.multiplier)),
        ("exploration", reals(parts.exploration)),
        ("ramp", reals(parts.ramp)),
        ("inclusion_probability", reals(chance.probability)),
        ("weight", reals(chance.weight)),
        ("protected_probability", reals(chance.protected)),
        ("realised_probability", reals(chance.realised_probability(real(stored, "tau")))),
    ];
    forge(place, &DECISION, &of(text(stored, "declaration_id")), values).await;
}

#[tokio::test]
async fn a_grade_is_looked_up_as_it_was_known_and_another_one_is_found() {
    let mut place = learnt().await;
    let known = [grade("I7", "2025-11-15")];
    place.ingest_as("enterprise", "grades.ndjson", &known, true).await.unwrap();
    decided(&place).await;
    let dishonest = "SELECT count(*) FROM decision WHERE grade_code = 'dishonest' AND importer_id = 'I7'";
    assert!(place.count(dishonest).await > 0);
    assert!(place.count("SELECT count(*) FROM decision WHERE importer_id = 'I8'").await > 0);
    // Loaded when everything is decided, it says of days before.
    place.home.now = "2026-11-25T12:00:00Z".parse().unwrap();
    let later = [grade("I8", "2025-01-01")];
    place.ingest_as("enterprise", "later.ndjson", &later, true).await.unwrap();
    let honest = replayed(&place).await;
    assert_eq!(honest.identical, honest.decisions, "{:?}", honest.differences);

    let green =
        "NOT is_selected AND lane_code = 'green' AND grade_code = 'unknown' AND ramp < 0.5 AND draw > 0.85";
    let stored = row(&place, green).await;
    regrade(&place, &stored, "dishonest").await;
    let id = text(&stored, "declaration_id").to_owned();
    for what in [Replayed::Declaration(id), days()] {
        let report = replay(&place.home, &what, &mut Quiet).await.unwrap();
        assert_eq!(report.decisions - report.identical, 1, "{:?}", report.differences);
        assert!(parts(&report).is_superset(&["grade", "p"].into()), "{:?}", report.differences);
    }
}

/// Forgeries that keep every bound of what is stored, of decisions that are not candidates.
fn forgeries(rows: &[RecordBatch]) -> Vec<Vec<(&'static str, ArrayRef)>> {
    let of = |row: &RecordBatch| {
        (real(row, "inclusion_probability"), real(row, "weight"), real(row, "tau"), real(row, "draw"))
    };
    let (p, weight, tau, _) = of(&rows[0]);
    let heavier = vec![
        ("weight", reals(2.0 * weight)),
        ("realised_probability", reals(pi(&rows[0], p, 2.0 * weight, tau))),
    ];
    let (p, weight, tau, draw) = of(&rows[1]);
    let raised = f64::midpoint(p, draw);
    let likelier = vec![
        ("inclusion_probability", reals(raised)),
        ("weight", reals(weight.max(raised))),
        ("realised_probability", reals(pi(&rows[1], raised, weight.max(raised), tau))),
    ];
    let (_, weight, ..) = of(&rows[2]);
    let mandatory = vec![
        ("component_code", texts("mandatory")),
        ("inclusion_probability", reals(1.0)),
        ("weight", reals(weight.max(1.0))),
        ("protected_probability", reals(1.0)),
        ("realised_probability", reals(1.0)),
        ("is_candidate", flags(true)),
        ("is_selected", flags(true)),
    ];
    let another_lane = vec![("lane_code", texts("red"))];
    let suppressed = vec![("is_suppressed", flags(true))];
    vec![heavier, likelier, mandatory, another_lane, suppressed]
}

#[tokio::test]
async fn a_chance_or_an_outcome_that_no_parts_give_is_found_in_sql_too() {
    let place = learnt_and_decided().await;
    let free = "NOT is_candidate AND NOT is_suppressed AND lane_code = 'green' AND draw < 0.95";
    let sql = format!("SELECT * FROM decision WHERE {free} ORDER BY declaration_id LIMIT 6");
    let found = all(&place, &sql).await;
    assert_eq!(found.num_rows(), 6);
    let rows: Vec<RecordBatch> = (0..6).map(|row| found.slice(row, 1)).collect();
    let forgeries = forgeries(&rows);
    let count = forgeries.len() as u64;
    for (row, values) in rows.iter().zip(forgeries) {
        forge(&place, &DECISION, &of(text(row, "declaration_id")), values).await;
    }
    let in_sql = replay_in_sql(&place.home, &days(), &mut Quiet).await.unwrap();
    assert_eq!(in_sql.decisions - in_sql.identical, count, "{in_sql:?}");
    assert_eq!(in_sql.items, in_sql.identical_items);
    let report = replayed(&place).await;
    assert_eq!(report.decisions - report.identical, count, "{:?}", report.differences);
    assert_eq!(report.lists, report.identical_lists, "{:?}", report.list_differences);

    // Another policy state than that of its run.
    let version =
        rows[5].column_by_name("policy_state_version").unwrap().as_primitive::<Int64Type>().value(0);
    let other: ArrayRef = Arc::new(Int64Array::from(vec![version + 1]));
    forge(&place, &DECISION, &of(text(&rows[5], "declaration_id")), vec![("policy_state_version", other)])
        .await;
    let report = replayed(&place).await;
    assert_eq!(report.decisions - report.identical, count + 1, "{:?}", report.differences);
    assert!(parts(&report).contains("run"), "{:?}", report.differences);
}

#[tokio::test]
async fn a_list_with_other_slots_or_without_a_decision_is_found() {
    let place = learnt_and_decided().await;
    let honest = replayed(&place).await;
    assert_eq!((honest.identical_lists, honest.lists_as_stored), (honest.lists, 0));
    assert_eq!(honest.lists as i64, place.count("SELECT count(*) FROM work_list").await);
    let listed =
        place.texts("SELECT listed_on FROM work_list GROUP BY 1 HAVING count(*) = 1 ORDER BY 1").await;
    let slots: ArrayRef = Arc::new(Int64Array::from(vec![2]));
    forge(&place, &WORK_LIST, &format!("listed_on = '{}'", listed[0]), vec![("slots", slots)]).await;
    let report = replayed(&place).await;
    assert_eq!(report.identical, report.decisions, "{:?}", report.differences);
    assert_eq!(report.list_differences.len(), 1, "{:?}", report.list_differences);
    assert_eq!(report.list_differences[0].day, day(&listed[0]));

    let gone = row(&place, &format!("NOT is_candidate AND listed_on = '{}'", listed[1])).await;
    erase(&place, &DECISION, &of(text(&gone, "declaration_id"))).await;
    erase(&place, &DECISION, &format!("listed_on = '{}'", listed[2])).await;
    let report = replayed(&place).await;
    assert_eq!(report.identical, report.decisions, "{:?}", report.differences);
    let found: Vec<_> = report.list_differences.iter().map(|difference| difference.day).collect();
    assert_eq!(found, listed[..3].iter().map(|listed| day(listed)).collect::<Vec<_>>());
}

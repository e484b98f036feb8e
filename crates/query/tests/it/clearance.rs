//! The shipped dataset of clearance times, over consignments whose hours are known.

use crate::country::{Row, batch, lines, row};
use tidegate_query::dataset::Definition;
use tidegate_query::{Platform, Principal};
use tidegate_records::tables::{DECISION, DECLARATION, INSPECTION, TREATMENT_EVENT};

const TEXT: &str = include_str!("../../../../datasets/logistics/clearance_times.sql");

/// A row of a declaration, each of which is lodged at an office of its own name.
fn of(id: &str, values: &[(&'static str, &str)]) -> Row {
    let mut all = row(&[("month", "2025-11"), ("declaration_id", id)]);
    all.extend(row(values));
    all
}

/// Acceptance is on 3 November at midnight. The moments are those of issue and of the crossing of the border.
fn lodged(id: &str, version: &str, kind: &str, moments: [Option<&str>; 2]) -> Row {
    let key = [("version_number", version), ("office_id", id), ("declaration_type_code", kind)];
    let mut lodged = of(id, &key);
    lodged.extend(row(&[("accepted_at", "2025-11-03T00:00:00Z")]));
    for (column, moment) in ["issued_at", "border_crossing_at"].into_iter().zip(moments) {
        lodged.extend(moment.map(|moment| (column, moment.to_owned())));
    }
    lodged
}

fn decided(id: &str, version: &str, moment: &str, lane: &str, is_held: &str) -> Row {
    let key =
        [("version_number", version), ("decided_at", moment), ("lane_code", lane), ("is_held", is_held)];
    of(id, &key)
}

fn happened(id: &str, event: &str, moment: &str) -> Row {
    of(id, &[("event_code", event), ("recorded_at", moment)])
}

/// What the dataset has of these rows: office, stage, who answers, measured, left out, mean, median.
async fn times(rows: [Vec<Row>; 4]) -> Vec<String> {
    let columns = "office_id, stage_code, responsible_code, declarations, left_out_declarations, mean_hours, median_hours";
    told(columns, rows).await
}

/// Columns of what the dataset has of these rows.
async fn told(columns: &str, rows: [Vec<Row>; 4]) -> Vec<String> {
    let tables = [&DECLARATION, &DECISION, &INSPECTION, &TREATMENT_EVENT];
    let rows = tables.into_iter().zip(rows).map(|(table, rows)| (table.name, batch(table, &rows)));
    let platform = Platform::in_memory(rows.collect(), None).unwrap();
    let definition = Definition::parse("logistics", "clearance_times", TEXT).unwrap();
    let sql = format!("SELECT {columns} FROM (\n{}\n) AS times", definition.statement(None));
    let plan = platform.plan_for(&Principal::LocalOwner, "a test", &sql).await.unwrap();
    lines(&plan.collect().await.unwrap())
}

#[tokio::test]
async fn special_packaging_has_every_stage_up_to_its_release() {
    let lodged = lodged("A", "1", "IMA", [Some("2025-11-02T12:00:00Z"), Some("2025-11-01T00:00:00Z")]);
    let events = [
        ("sealed", "2025-11-04T00:00:00Z"),
        ("departed", "2025-11-04T06:00:00Z"),
        ("arrived", "2025-11-05T06:00:00Z"),
        ("opened", "2025-11-05T18:00:00Z"),
        ("released", "2025-11-06T00:00:00Z"),
    ];
    let events = events.map(|(event, moment)| happened("A", event, moment)).to_vec();
    let decisions = vec![decided("A", "1", "2025-11-03T06:00:00Z", "red", "false")];
    assert_eq!(
        times([vec![lodged], decisions, Vec::new(), events]).await,
        [
            "A acceptance-to-decision customs 1 0 6.0 6.0",
            "A acceptance-to-release shared 1 0 72.0 72.0",
            "A arrival-to-acceptance shared 1 0 48.0 48.0",
            "A arrival-to-lodgement trader 1 0 36.0 36.0",
            "A arrival-to-release shared 1 0 120.0 120.0",
            "A decision-to-sealing customs 1 0 18.0 18.0",
            "A departure-to-destination carrier 1 0 24.0 24.0",
            "A destination-to-opening shared 1 0 12.0 12.0",
            "A lodgement-to-acceptance customs 1 0 12.0 12.0",
            "A opening-to-release customs 1 0 6.0 6.0",
            "A sealing-to-departure terminal 1 0 6.0 6.0",
        ]
    );
}

#[tokio::test]
async fn what_is_released_by_its_decision_has_a_time_to_release_and_what_is_examined_to_the_result() {
    let (border, noon) = (Some("2025-11-01T00:00:00Z"), "2025-11-03T12:00:00Z");
    let declarations = vec![
        lodged("B", "1", "IMA", [None, border]),
        lodged("C", "1", "IMA", [None, None]),
        lodged("D", "1", "IMD", [None, Some("2025-11-05T00:00:00Z")]),
        lodged("E", "1", "IMA", [None, None]),
        lodged("F", "1", "IMA", [Some("2025-11-02T18:00:00Z"), border]),
        lodged("F", "2", "IMA", [Some("2025-11-04T00:00:00Z"), border]),
        lodged("G", "1", "EXA", [None, border]),
    ];
    let decisions = vec![
        decided("B", "1", noon, "green", "false"),
        decided("C", "1", noon, "green", "true"),
        decided("D", "1", noon, "blue", "false"),
        decided("E", "1", "2025-12-20T00:00:00Z", "green", "false"),
        decided("F", "1", noon, "green", "false"),
        decided("F", "2", "2025-11-04T12:00:00Z", "red", "false"),
    ];
    let result = [("recorded_at", "2025-11-05T00:00:00Z"), ("lane_code", "red"), ("result_code", "conform")];
    assert_eq!(
        times([declarations, decisions, vec![of("F", &result)], Vec::new()]).await,
        [
            "B acceptance-to-decision customs 1 0 12.0 12.0",
            "B acceptance-to-release shared 1 0 12.0 12.0",
            "B arrival-to-acceptance shared 1 0 48.0 48.0",
            "B arrival-to-release shared 1 0 60.0 60.0",
            // It is held: nobody knows when it was released.
            "C acceptance-to-decision customs 1 0 12.0 12.0",
            // Declared in advance.
            "D acceptance-to-decision customs 1 0 12.0 12.0",
            "D acceptance-to-release shared 1 0 12.0 12.0",
            "D arrival-to-acceptance shared 0 1 - -",
            "D arrival-to-release shared 0 1 - -",
            // Decided long after the goods were gone.
            "E acceptance-to-decision customs 0 1 - -",
            "E acceptance-to-release shared 0 1 - -",
            // The second version was examined.
            "F acceptance-to-decision customs 1 0 12.0 12.0",
            "F acceptance-to-result shared 1 0 48.0 48.0",
            "F arrival-to-acceptance shared 1 0 48.0 48.0",
            "F arrival-to-lodgement trader 1 0 42.0 42.0",
            "F arrival-to-result shared 1 0 96.0 96.0",
            "F decision-to-result shared 1 0 36.0 36.0",
            "F lodgement-to-acceptance customs 1 0 6.0 6.0",
        ]
    );
}

#[tokio::test]
async fn what_is_accepted_again_was_accepted_before_and_a_mistyped_year_is_left_out() {
    let mut again = lodged("H", "2", "IMA", [None, None]);
    again.insert("accepted_at", "2025-11-04T00:00:00Z".to_owned());
    let declarations = vec![
        lodged("H", "1", "IMA", [None, None]),
        again,
        lodged("I", "1", "IMA", [None, Some("1925-11-01T00:00:00Z")]),
    ];
    let decisions = vec![decided("H", "1", "2025-11-03T12:00:00Z", "green", "false")];
    assert_eq!(
        times([declarations, decisions, Vec::new(), Vec::new()]).await,
        [
            "H acceptance-to-decision customs 1 0 12.0 12.0",
            "H acceptance-to-release shared 1 0 12.0 12.0",
            // A hundred years would be in the way of all others: no mean may be so long.
            "I arrival-to-acceptance shared 0 1 - -",
        ]
    );
}

#[tokio::test]
async fn percentiles_are_over_what_is_measured() {
    let (mut declarations, mut decisions) = (Vec::new(), Vec::new());
    // One to eleven hours, and one decision before the acceptance.
    let moments = (1..=11).map(|hour| format!("2025-11-03T{hour:02}:00:00Z"));
    for (number, moment) in moments.chain(["2025-11-02T00:00:00Z".to_owned()]).enumerate() {
        let id = format!("J{number}");
        let mut lodged = lodged(&id, "1", "IMA", [None, None]);
        lodged.insert("office_id", "J".to_owned());
        declarations.push(lodged);
        decisions.push(decided(&id, "1", &moment, "red", "false"));
    }
    let columns = "stage_code, declarations, left_out_declarations, mean_hours, median_hours, p90_hours";
    assert_eq!(
        told(columns, [declarations, decisions, Vec::new(), Vec::new()]).await,
        ["acceptance-to-decision 11 1 6.0 6.0 10.0"]
    );
}

//! A country small enough to be counted by hand: ten imports of sparkling wine at one office, an export at another, and all
//! that became of them.
//!
//! The imports `A0` to `A9` were accepted on 3 November 2025, their importers are `I0`, `I1` and `I2` in turn. `A0` was amended.

use crate::place::Place;
use crate::source::{graded, result};
use arrow::array::{Array, ArrayRef, ListArray, RecordBatch, StringArray, new_empty_array, new_null_array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, Field};
use std::collections::BTreeMap;
use std::sync::Arc;
use tidegate_jobs::Appender;
use tidegate_records::table::Table;
use tidegate_records::tables::{DECISION, WORK_LIST};

/// A row as texts; a column that is not named is absent, or the least that its type has.
type Row = BTreeMap<&'static str, String>;

/// The country, loaded.
pub async fn small_country() -> Place {
    let mut place = Place::new().await;
    let mut messages = vec![imported(0, 1, "9999")];
    messages.extend((0..10).map(|number| imported(number, 1 + u32::from(number == 0), &value(number))));
    messages.push(exported());
    load(&place, None, "declarations.ndjson", &messages).await;
    // Its first version once more, under another value.
    load(&place, None, "again.ndjson", &[imported(0, 1, "7777")]).await;
    load(&place, Some("enterprise"), "register.ndjson", &registered()).await;
    load(&place, Some("inspection"), "results.ndjson", &results()).await;
    load(&place, Some("reinspection"), "second.ndjson", &second_results()).await;
    load(&place, Some("treatment_event"), "events.ndjson", &events()).await;
    place.home.now = "2026-11-25T12:00:00Z".parse().unwrap();
    load(&place, Some("enterprise"), "register2.ndjson", &registered_later()).await;
    load(&place, Some("inspection"), "results2.ndjson", &corrected()).await;
    append(&place, &DECISION, &decisions()).await;
    append(&place, &WORK_LIST, &work_lists()).await;
    place
}

async fn load(place: &Place, kind: Option<&str>, name: &str, lines: &[String]) {
    if let Some(kind) = kind {
        place.ingest_as(kind, name, lines, true).await.unwrap();
    } else {
        let path = place.write(name, &lines.join("\n"));
        place.ingest_messages(&[path], false).await.unwrap();
    }
}

/// Statistical value of an import: 100, 200, and so on to 1,000.
fn value(number: u32) -> String {
    (100 * (number + 1)).to_string()
}

/// An import with one goods item of 10 kg: a duty of 5 % of 1,000, value added tax of which the amount is stated, and for the
/// first seven an excise duty of 220 for each of 10 hectolitres. The last two have a line that comes to more than an amount has room
/// for, and one that nobody can work out.
fn imported(number: u32, version: u32, value: &str) -> String {
    let (id, importer) = (format!("A{number}"), format!("I{}", number % 3));
    let quantity = r#""specific_tax_base_quantity":{"value":"10","unit":"HLT"}"#;
    let base = r#""ad_valorem_tax_base_amount":{"value":"1000","currency":"EUR"}"#;
    let assessed = r#"{"tax_assessed_amount":{"value":"10","currency":"EUR"}}"#;
    let mut fees = vec![
        format!(r#"{{"type_code":"A00",{base},"tax_rate_numeric":"5"}}"#),
        format!(r#"{{"type_code":"B00","tax_rate_numeric":"20","payment":{assessed}}}"#),
    ];
    match number {
        0..=6 => fees.push(format!(r#"{{"type_code":"306",{quantity},"tax_rate_numeric":"220"}}"#)),
        8 => fees.push(format!(r#"{{"type_code":"306",{base},"tax_rate_numeric":"9999999999999999"}}"#)),
        9 => fees.push(format!(r#"{{"type_code":"306",{base},{quantity},"tax_rate_numeric":"7"}}"#)),
        _ => {}
    }
    let fees = fees.join(",");
    let mass = r#"{"net_net_weight_measure":{"value":"10","unit":"KGM"}}"#;
    let commodity =
        format!(r#"{{"classification":[{{"id":"220410"}}],"goods_measure":{mass},"duty_tax_fee":[{fees}]}}"#);
    let item = format!(
        r#"{{"sequence_numeric":1,"commodity":{commodity},"origin":[{{"country_code":"FR"}}],"government_procedure":[{{"current_code":"40"}}],"customs_value_amount":{{"value":"10000","currency":"EUR"}},"statistical_value_amount":{{"value":"{value}","currency":"EUR"}}}}"#
    );
    format!(
        r#"{{"id":"{id}","version_numeric":{version},"acceptance_date_time":"2025-11-03T00:00:00Z","type_code":"IMA","declaration_office_id":"20","border_transport_means":{{"mode_code":"1"}},"goods_shipment":{{"importer":{{"id":"{importer}"}},"government_agency_goods_item":[{item}]}}}}"#
    )
}

/// An export of two goods items, one of which is given away.
fn exported() -> String {
    let item = |number: u32, price: &str| {
        format!(
            r#"{{"sequence_numeric":{number},"commodity":{{"classification":[{{"id":"950300"}}],"invoice_line":{{"item_charge_amount":{{"value":"{price}","currency":"EUR"}}}}}},"government_procedure":[{{"current_code":"10"}}]}}"#
        )
    };
    let items = [item(1, "20"), item(2, "0")].join(",");
    format!(
        r#"{{"id":"B0","acceptance_date_time":"2025-12-01T00:00:00Z","type_code":"EXA","declaration_office_id":"30","border_transport_means":{{"mode_code":"3"}},"exporter":{{"id":"X1"}},"goods_shipment":{{"government_agency_goods_item":[{items}]}}}}"#
    )
}

/// `I0` has a grade without a day and is dishonest since 2025; `I1` has nothing but a grade without a day; `I2` is certified.
fn registered() -> Vec<String> {
    let undated = |id: &str| format!(r#"{{"id":"{id}","grade_code":"conventional","name":"{id} Ltd"}}"#);
    let dated = |id: &str, since: &str, grade: &str| graded(id, &format!("{since}T00:00:00Z"), grade);
    vec![
        undated("I0"),
        dated("I0", "2025-01-01", "dishonest"),
        undated("I1"),
        dated("I2", "2025-06-01", "certified"),
    ]
}

/// The grade of `I2` was a mistake, and will be a higher one next year.
fn registered_later() -> Vec<String> {
    vec![
        graded("I2", "2025-06-01T00:00:00Z", "conventional"),
        graded("I2", "2026-06-01T00:00:00Z", "advanced-certified"),
    ]
}

/// A discrepancy of a goods item with what is to be recovered.
fn found(number: u32, moment: &str, amount: u32) -> String {
    format!(
        r#"{{"declaration_id":"A{number}","goods_item_numeric":1,"recorded_date_time":"{moment}","lane_code":"red","result_code":"discrepancy","finding":[{{"type_code":"undervaluation","severity_code":"major","revenue_amount":{{"value":"{amount}","currency":"EUR"}}}}]}}"#
    )
}

/// When most results were recorded.
const RECORDED: &str = "2025-11-10T00:00:00Z";

/// Results of `A5` to `A7`: nothing, withdrawn, and a discrepancy of which no more is said.
fn without_findings() -> [String; 3] {
    let of = |number: u32, code: &str| {
        format!(
            r#"{{"declaration_id":"A{number}","recorded_date_time":"{RECORDED}","lane_code":"red","result_code":"{code}"}}"#
        )
    };
    [of(5, "conform"), of(6, "withdrawn"), of(7, "discrepancy")]
}

fn results() -> Vec<String> {
    let found = (0..5).map(|number| found(number, RECORDED, 1_000));
    found.chain(without_findings()).collect()
}

/// All results once more: that of `A0` corrected two days later, that of `A1` under the moment it had.
fn corrected() -> Vec<String> {
    let found = (0..5).map(|number| match number {
        0 => found(0, "2025-11-12T00:00:00Z", 600),
        1 => found(1, RECORDED, 400),
        _ => found(number, RECORDED, 1_000),
    });
    found.chain(without_findings()).collect()
}

/// The reference team agrees about `A0`, finds more in `A5` and less in `A2`; nobody had inspected `A8` before.
fn second_results() -> Vec<String> {
    let moment = "2025-11-15T00:00:00Z";
    let in_lane = |id: &str, lane: &str, code: &str| {
        result(id, moment, code)
            .replace("\"result_code\"", &format!("\"lane_code\":\"{lane}\",\"result_code\""))
    };
    vec![
        in_lane("A0", "red", "discrepancy"),
        in_lane("A2", "yellow", "conform"),
        in_lane("A5", "red", "discrepancy"),
        in_lane("A8", "red", "discrepancy"),
    ]
}

/// `A3` arrives a day after its deadline, with a broken seal; `A5` in time.
fn events() -> Vec<String> {
    let of = |(id, event, moment): (&str, &str, &str)| {
        format!(
            r#"{{"declaration_id":"{id}","type_code":"{event}","recorded_date_time":"2025-11-{moment}:00:00Z"}}"#
        )
    };
    let happened = [
        ("A3", "sealed", "05T00"),
        ("A3", "arrived", "09T00"),
        ("A3", "seal-broken", "09T00"),
        ("A3", "opened", "09T12"),
        ("A5", "sealed", "06T00"),
        ("A5", "arrived", "07T00"),
        ("A5", "opened", "08T00"),
        ("A5", "released", "08T06"),
    ];
    happened.map(of).to_vec()
}

/// Decisions: declaration, version, lane, part of p, p, pi, rule, and what is beside; all of them six hours after acceptance.
fn decisions() -> Vec<Row> {
    let decided = [
        ("A0", "1", "green", "none", "0.25", "0.25", "", ""),
        ("A0", "2", "red", "model", "0.5", "0.5", "heavy", "is_selected is_candidate is_held"),
        ("A1", "1", "red", "mandatory", "1", "1", "heavy", "is_selected is_candidate"),
        ("A2", "1", "yellow", "floor", "0.25", "0.25", "", "is_selected is_candidate"),
        ("A3", "1", "red", "model", "0.5", "0.25", "heavy", "is_selected is_candidate"),
        ("A4", "1", "green", "none", "0.25", "0.25", "", ""),
        ("A5", "1", "red", "model", "0.75", "0.5", "origin", "is_selected is_candidate"),
        ("A6", "1", "red", "statutory", "0.5", "0.5", "", "is_selected is_candidate is_queued"),
        ("A7", "1", "green", "none", "0.25", "0", "origin", "is_candidate is_suppressed"),
    ];
    let row = |(id, version, lane, component, p, pi, rule, flags): (&str, &str, _, _, _, _, &str, &str)| {
        let grade = if ["A0", "A3", "A6"].contains(&id) { "dishonest" } else { "conventional" };
        let mut row = named(&[
            ("month", "2025-11"),
            ("declaration_id", id),
            ("version_number", version),
            ("run_number", version),
            ("decided_at", "2025-11-03T06:00:00Z"),
            ("accepted_at", "2025-11-03T00:00:00Z"),
            ("office_id", "20"),
            ("grade_code", grade),
            ("lane_code", lane),
            ("component_code", component),
            ("inclusion_probability", p),
            ("realised_probability", pi),
        ]);
        for flag in FLAGS.into_iter().filter(|flag| flags.split(' ').any(|one| one == *flag)) {
            row.insert(flag, "true".to_owned());
        }
        if !rule.is_empty() {
            row.insert("rules", rule.to_owned());
        }
        let treatment: &[(&'static str, &str)] = match id {
            "A1" => &[("treatment_code", "port"), ("treatment_reason", "not-filed")],
            "A3" => &[("treatment_code", "destination"), ("treatment_deadline", "2025-11-08")],
            "A5" => &[("treatment_code", "destination"), ("treatment_deadline", "2025-11-20")],
            _ => &[],
        };
        row.extend(named(treatment));
        row
    };
    decided.map(row).to_vec()
}

/// Flags of decisions.
const FLAGS: [&str; 5] = ["is_selected", "is_candidate", "is_held", "is_queued", "is_suppressed"];

/// Work lists: at office 20 the list of the 3rd is opened again after that of the 4th, when six of its ten slots are left.
fn work_lists() -> Vec<Row> {
    let columns = [
        "office_id",
        "listed_on",
        "run_number",
        "slots",
        "consignments",
        "candidates",
        "listed",
        "queued",
        "waiting_before",
        "waiting_after",
    ];
    let lists = [
        ["20", "2025-11-03", "1", "10", "12", "6", "4", "0", "0", "0"],
        ["20", "2025-11-04", "1", "2", "5", "4", "2", "1", "0", "1"],
        ["20", "2025-11-03", "2", "6", "8", "8", "5", "2", "1", "2"],
        ["30", "2025-12-01", "3", "4", "4", "1", "1", "0", "0", "0"],
    ];
    let row = |list: [&str; 10]| {
        let mut row: Row = columns.into_iter().zip(list.map(str::to_owned)).collect();
        row.insert("month", list[1][..7].to_owned());
        row
    };
    lists.map(row).to_vec()
}

fn named(values: &[(&'static str, &str)]) -> Row {
    values.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

async fn append(place: &Place, table: &'static Table, rows: &[Row]) {
    let mut appender = Appender::new(&place.home, table.name);
    appender.write(table, &batch(table, rows)).await.unwrap();
    appender.commit().await.unwrap();
}

/// The rows of a table as a batch of the stored shape.
fn batch(table: &Table, rows: &[Row]) -> RecordBatch {
    let schema = table.schema();
    let column = |field: &Arc<Field>| -> ArrayRef {
        let values: Vec<ArrayRef> =
            rows.iter().map(|row| of_type(field, row.get(field.name().as_str()))).collect();
        let values: Vec<_> = values.iter().map(AsRef::as_ref).collect();
        concat(&values).unwrap()
    };
    let columns = schema.fields().iter().map(column).collect();
    RecordBatch::try_new(schema, columns).unwrap()
}

/// One value of a field.
fn of_type(field: &Field, text: Option<&String>) -> ArrayRef {
    let data_type = field.data_type();
    let parsed = |text: &str| {
        let value = cast(&StringArray::from(vec![text]), data_type).unwrap();
        assert_eq!(value.null_count(), 0, "{text} is no {data_type}");
        value
    };
    match (text, data_type) {
        (Some(text), _) => parsed(text),
        (None, _) if field.is_nullable() => new_null_array(data_type, 1),
        (None, DataType::List(item)) => Arc::new(ListArray::new(
            Arc::clone(item),
            OffsetBuffer::from_lengths([0]),
            new_empty_array(item.data_type()),
            None,
        )),
        (None, DataType::Utf8) => parsed(""),
        (None, DataType::Timestamp(..)) => parsed("2026-01-01T00:00:00Z"),
        (None, _) => parsed("0"),
    }
}

//! The report on decisions made up here: twelve declarations counted by hand, and none.

use super::capacity::Capacities;
use super::data::{Group, ReportData, Tally, gather};
use super::{Provenance, page};
use crate::configuration::Report as Settings;
use arrow::array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, ListArray, ListBuilder, RecordBatch,
    StringArray, StringBuilder, StructArray, TimestampMicrosecondArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field};
use std::sync::Arc;
use tidegate_query::Platform;
use tidegate_records::columnar::{RowKey, TableBuilder};
use tidegate_records::model::{Classification, GovernmentAgencyGoodsItem, Inspection, Origin};
use tidegate_records::tables::{GOODS_ITEM, INSPECTION};

const DAY_MICROS: i64 = 86_400_000_000;

/// One decision: declaration, version, day, office, grade, score, part that selected, lane, rules, result of the
/// inspection, and whether the bundle had seen it.
struct Decided(
    &'static str,
    i64,
    i64,
    &'static str,
    &'static str,
    f64,
    &'static str,
    &'static str,
    &'static [&'static str],
    Option<bool>,
    bool,
);

const SEEN: bool = true;

/// D9 is drawn by the model but has no slot; D10 is amended, and its second version counts.
const DECIDED: [Decided; 13] = [
    Decided("D1", 1, 0, "A", "ordinary", 0.92, "model", "red", &["dual-use"], Some(true), !SEEN),
    Decided("D2", 1, 0, "A", "ordinary", 0.81, "model", "red", &[], Some(true), !SEEN),
    Decided("D3", 1, 0, "A", "ordinary", 0.77, "model", "orange", &[], Some(false), !SEEN),
    Decided("D4", 1, 0, "A", "certified", 0.02, "floor", "red", &[], Some(false), !SEEN),
    Decided("D5", 1, 1, "B", "ordinary", 0.03, "floor", "red", &[], Some(true), !SEEN),
    Decided("D6", 1, 1, "B", "ordinary", 0.05, "mandatory", "red", &["dual-use"], None, !SEEN),
    Decided("D7", 1, 1, "B", "ordinary", 0.66, "model", "red", &[], Some(true), SEEN),
    Decided("D8", 1, 1, "B", "ordinary", 0.01, "none", "green", &[], Some(true), !SEEN),
    Decided("D9", 1, 1, "B", "ordinary", 0.59, "model", "green", &[], None, !SEEN),
    Decided("D10", 1, 1, "B", "unknown", 0.95, "model", "red", &[], None, !SEEN),
    Decided("D10", 2, 1, "B", "unknown", 0.10, "none", "green", &[], None, !SEEN),
    Decided("D11", 1, 2, "", "ordinary", 1.00, "exploration", "red", &[], Some(false), !SEEN),
    Decided("D12", 1, 2, "", "ordinary", 0.00, "none", "green", &[], None, !SEEN),
];

impl Decided {
    fn is_selected(&self) -> bool {
        self.7 != "green"
    }

    fn is_candidate(&self) -> bool {
        self.6 != "none"
    }

    /// The sentences of D2 try to be HTML.
    fn sentence(&self) -> &'static str {
        if self.0 == "D2" { "declarant is <b>x</b> & co" } else { "price per kilogram is 2.7" }
    }
}

fn text(of: impl Fn(&Decided) -> String) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(DECIDED.iter().map(of)))
}

fn real(of: impl Fn(&Decided) -> f64) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(DECIDED.iter().map(of)))
}

fn whole(of: impl Fn(&Decided) -> i64) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(DECIDED.iter().map(of)))
}

fn flag(of: impl Fn(&Decided) -> bool) -> ArrayRef {
    Arc::new(DECIDED.iter().map(of).map(Some).collect::<BooleanArray>())
}

fn moment(of: impl Fn(&Decided) -> i64) -> ArrayRef {
    let moments = DECIDED.iter().map(|d| 20_454 * DAY_MICROS + of(d));
    Arc::new(TimestampMicrosecondArray::from_iter_values(moments).with_timezone("UTC"))
}

fn rules() -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new());
    for decided in &DECIDED {
        decided.8.iter().for_each(|rule| builder.values().append_value(rule));
        builder.append(true);
    }
    Arc::new(builder.finish())
}

/// One reason for each decision.
fn reasons() -> ArrayRef {
    let field = |name, kind, nullable| Arc::new(Field::new(name, kind, nullable));
    let reasons = StructArray::from(vec![
        (field("goods_item_seq", DataType::Int64, true), whole(|_| 1)),
        (field("kind", DataType::Utf8, false), text(|_| "model".to_owned())),
        (field("name", DataType::Utf8, false), text(|_| "unit_price".to_owned())),
        (field("contribution", DataType::Float64, true), real(|_| 0.5)),
        (field("sentence", DataType::Utf8, false), text(|d| d.sentence().to_owned())),
    ]);
    let item = field("element", reasons.data_type().clone(), false);
    let offsets = OffsetBuffer::from_lengths(DECIDED.iter().map(|_| 1));
    Arc::new(ListArray::new(item, offsets, Arc::new(reasons), None))
}

fn decisions() -> RecordBatch {
    RecordBatch::try_from_iter(vec![
        ("month", text(|_| "2026-01".to_owned())),
        ("declaration_id", text(|d| d.0.to_owned())),
        ("version_number", whole(|d| d.1)),
        ("run_number", whole(|_| 7)),
        ("decided_at", moment(|d| (d.2 + 1) * DAY_MICROS)),
        ("accepted_at", moment(|d| d.2 * DAY_MICROS + 30 * 60_000_000)),
        ("office_id", text(|d| d.3.to_owned())),
        ("importer_id", text(|d| format!("IMP-{}", d.0))),
        ("grade_code", text(|d| d.4.to_owned())),
        ("bundle_hash", text(|_| "ab".repeat(32))),
        ("policy_state_version", whole(|_| 2)),
        ("semantics_version", whole(|_| 1)),
        ("score", real(|d| d.5)),
        ("floor_probability", real(|d| if d.4 == "certified" { 0.5 } else { 0.25 })),
        ("realised_probability", real(|d| d.5)),
        ("component_code", text(|d| d.6.to_owned())),
        ("is_in_floor", flag(|d| d.6 == "floor" || d.0 == "D6")),
        ("is_candidate", flag(Decided::is_candidate)),
        ("is_selected", flag(Decided::is_selected)),
        ("lane_code", text(|d| d.7.to_owned())),
        ("is_held", flag(|d| d.0 == "D6")),
        ("is_in_sample", flag(|d| d.10)),
        ("directive", text(|_| "Open and examine the goods.".to_owned())),
        ("rules", rules()),
        ("reasons", reasons()),
    ])
    .unwrap()
}

/// Each version has an item of chapter 85 from China; declarations of office A have a second one of chapter 29 from
/// Germany, whose result is recorded on its own and conforms.
fn goods_items() -> RecordBatch {
    let mut builder = TableBuilder::new(&GOODS_ITEM).unwrap();
    for decided in &DECIDED {
        let key = key(decided.0, decided.1);
        builder.push(key, &goods_item(1, "851712", "CN")).unwrap();
        if decided.3 == "A" {
            builder.push(key, &goods_item(2, "293100", "DE")).unwrap();
        }
    }
    builder.finish().unwrap()
}

fn key(declaration_id: &'static str, version_number: i64) -> RowKey<'static> {
    RowKey { month: "2026-01", declaration_id, version_number, load_id: "test", source_row: 1 }
}

fn goods_item(number: u32, hs6: &str, origin: &str) -> GovernmentAgencyGoodsItem {
    let mut item = GovernmentAgencyGoodsItem { sequence_numeric: Some(number), ..Default::default() };
    item.commodity.classification.push(Classification::default());
    item.commodity.classification[0].id = Some(hs6.into());
    item.origin.push(Origin::default());
    item.origin[0].country_code = Some(origin.into());
    item
}

fn inspections() -> RecordBatch {
    let mut builder = TableBuilder::new(&INSPECTION).unwrap();
    for decided in &DECIDED {
        let Some(found) = decided.9 else { continue };
        let mut record = |item: Option<u32>, found: bool| {
            let result = Inspection {
                goods_item_numeric: item,
                result_code: Some(if found { "discrepancy" } else { "conform" }.into()),
                ..Inspection::default()
            };
            builder.push(key(decided.0, decided.1), &result).unwrap();
        };
        if decided.3 == "A" {
            record(Some(1), found);
            record(Some(2), false);
        } else {
            record(None, found);
        }
    }
    builder.finish().unwrap()
}

async fn data(tables: Vec<(&str, RecordBatch)>, run: Option<i64>) -> Option<ReportData> {
    let platform = Platform::in_memory(tables, None).unwrap();
    let mut capacities = Capacities::default();
    capacities.add(
        2,
        r#"{"bundle": "b", "capacity": "3", "reserved_slots": 0, "lanes": [],
            "state": {"epoch": {"first": "2026-01-01", "last": "2026-01-07"},
            "default": {"slots": 3, "threshold": 0.5, "strata": {}},
            "offices": {"A": {"slots": 4, "threshold": 0.5, "strata": {}}}}}"#,
    );
    gather(&platform, run, Settings::default(), &capacities).await.unwrap()
}

async fn everything() -> ReportData {
    let tables =
        vec![("decision", decisions()), ("goods_item", goods_items()), ("inspection", inspections())];
    data(tables, None).await.unwrap()
}

fn provenance() -> Provenance {
    Provenance { generated_at: "2026-02-01T08:15:00Z".parse().unwrap(), snapshot: None }
}

fn of(groups: &[Group], code: &str) -> [u64; 5] {
    let group = groups.iter().find(|g| g.code == code).unwrap_or_else(|| panic!("{code} in {groups:?}"));
    counts(group.tally)
}

fn counts(tally: Tally) -> [u64; 5] {
    [tally.decided, tally.candidates, tally.selected, tally.judged, tally.hits]
}

#[tokio::test]
async fn decisions_and_results_are_counted_as_by_hand() {
    let data = everything().await;
    assert_eq!(counts(data.all), [12, 9, 8, 6, 3]);
    assert_eq!((data.held, data.in_sample_results), (1, 1));
    assert_eq!(of(&data.lanes, "red"), [7, 7, 7, 5, 3]);
    assert_eq!(of(&data.lanes, "green"), [4, 1, 0, 0, 0], "a result of what was not selected does not count");
    assert_eq!(of(&data.components, "model"), [5, 5, 4, 3, 2], "D7 was in sample, D9 had no slot");
    assert_eq!(of(&data.components, "floor"), [2, 2, 2, 2, 1]);
    assert_eq!(of(&data.offices, "A"), [4, 4, 4, 4, 2]);
    assert_eq!(of(&data.offices, ""), [2, 1, 1, 1, 0]);
    assert_eq!(of(&data.grades, "unknown"), [1, 0, 0, 0, 0], "the second version of D10 counts");
    assert_eq!(of(&data.chapters, "85"), [12, 9, 8, 6, 3]);
    assert_eq!(of(&data.chapters, "29"), [4, 4, 4, 4, 0], "the result of an item is its own");
    assert!(data.chapters[0].name.to_lowercase().contains("electrical"), "{:?}", data.chapters[0]);
    assert_eq!(of(&data.origins, "DE"), [4, 4, 4, 4, 0]);
    assert_eq!(of(&data.rules, "dual-use"), [2, 2, 2, 1, 1]);
    assert_eq!(data.lanes.iter().map(|g| g.code.as_str()).collect::<Vec<_>>(), ["red", "orange", "green"]);
}

#[tokio::test]
async fn the_floor_is_a_sample_weighted_by_its_probability() {
    let data = everything().await;
    assert_eq!(counts(data.floor), [3, 3, 3, 2, 1], "the mandatory D6 was in the floor too");
    // D4 conforms and stands for 1/0.5 = 2 declarations, D5 does not and stands for 1/0.25 = 4.
    let population = data.population.unwrap();
    assert!((population.value - 4.0 / 6.0).abs() < 1e-12, "{population:?}");
}

#[tokio::test]
async fn days_bins_and_the_work_list_are_in_order() {
    let data = everything().await;
    let days: Vec<_> = data.days.iter().map(|d| (d.name.as_str(), counts(d.tally)[2], d.slots)).collect();
    assert_eq!(days, [("2026-01-01", 4, Some(4)), ("2026-01-02", 3, Some(3)), ("2026-01-03", 1, Some(3))]);
    assert_eq!(data.scores.iter().map(|b| b.decided).sum::<u64>(), 12);
    assert_eq!(counts(data.scores[19])[0], 1, "a score of 1 is in the last bin");
    let list: Vec<&str> = data.work_list.iter().map(|i| i.declaration_id.as_str()).collect();
    assert_eq!(
        list,
        ["D11", "D5", "D6", "D7", "D1", "D2", "D3", "D4"],
        "the last accepted first, whatever the score"
    );
    assert_eq!(data.work_list[0].reasons, ["Item 1: price per kilogram is 2.7"]);
    assert_eq!(data.reasons[0].declarations, 8);
    assert_eq!(data.runs[0].number, 7);
}

#[tokio::test]
async fn the_page_stands_alone_and_says_what_was_counted() {
    let html = page::page(Some(&everything().await), &provenance()).unwrap();
    for outside in ["<script", "http://", "https://", "src=", "@import", "url("] {
        let found = html.replace("http://www.w3.org/2000/svg", "").contains(outside);
        assert!(!found, "the page holds {outside}");
    }
    assert!(html.contains("declarant is &lt;b&gt;x&lt;/b&gt; &amp; co"), "sentences are text");
    assert_eq!(html.matches("<svg").count(), 3);
    assert!(html.contains("2026-02-01 08:15 UTC (+00:00)") && html.contains(&"ab".repeat(32)));
    let (_, list) = html.split_once("End of the work list").unwrap();
    let (list, _) = list.split_once("</table>").unwrap();
    assert_eq!(list.matches("Open and examine the goods.").count(), 8);
    for blinded in ["floor", "exploration", "model", "mandatory", "score", "%", "π"] {
        let shown = list.split_once("<table").unwrap().1.contains(blinded);
        assert!(!shown, "the work list shows {blinded}");
    }
    let again = page::page(Some(&everything().await), &provenance()).unwrap();
    assert_eq!(again, html, "the same decisions give the same page");
}

#[tokio::test]
async fn without_decisions_the_page_says_what_to_run() {
    assert!(data(Vec::new(), None).await.is_none());
    assert!(data(vec![("decision", decisions().slice(0, 0))], None).await.is_none());
    assert!(data(vec![("decision", decisions())], Some(8)).await.is_none(), "there is no run 8");
    let html = page::page(None, &provenance()).unwrap();
    assert!(html.contains("tidegate decide"), "{html}");
}

#[tokio::test]
async fn decisions_without_results_or_goods_are_reported() {
    let data = data(vec![("decision", decisions())], Some(7)).await.unwrap();
    assert_eq!(counts(data.all), [12, 9, 8, 0, 0]);
    assert!(data.chapters.is_empty() && data.population.is_none());
    let html = page::page(Some(&data), &provenance()).unwrap();
    assert!(html.contains("No selected declaration has a result yet"));
}

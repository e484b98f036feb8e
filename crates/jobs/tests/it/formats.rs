//! Every format in and out: messages, lines and files of whole declarations.

use crate::place::Place;
use std::path::{Path, PathBuf};
use tidegate_jobs::{Configuration, Counts, Format, IngestOptions, Input, Progress, Quiet, export, ingest};
use tidegate_records::mapping::Mapping;

/// Six messages in one document, as a gateway collects them.
const MESSAGES: &str = include_str!("../fixtures/messages.xml");

/// The messages as they stand in the document.
fn fragments() -> Vec<String> {
    let starts: Vec<usize> = ["<Declaration", "<Response"]
        .iter()
        .flat_map(|tag| MESSAGES.match_indices(tag).map(|(at, _)| at))
        // The declaration inside of the response is none of its own.
        .filter(|at| !MESSAGES[..*at].ends_with("<!-- about --> "))
        .collect();
    let mut starts = starts;
    starts.sort_unstable();
    let end = |start: usize| {
        let tag = if MESSAGES[start..].starts_with("<Response") { "</Response>" } else { "</Declaration>" };
        start + MESSAGES[start..].find(tag).unwrap() + tag.len()
    };
    starts.iter().map(|start| MESSAGES[*start..end(*start)].to_owned()).collect()
}

#[tokio::test]
async fn messages_are_loaded_and_what_declares_nothing_is_set_aside_whole() {
    let place = Place::new().await;
    let path = place.write("messages.xml", MESSAGES);
    let refused = place.ingest_messages(std::slice::from_ref(&path), true).await.unwrap_err().to_string();
    assert!(
        refused.contains("messages.xml, line") && refused.contains("message.not-a-declaration"),
        "{refused}"
    );
    assert_eq!(place.count("select count(*) from declaration").await, 0, "strict loads nothing");

    let loaded = place.ingest_messages(std::slice::from_ref(&path), false).await.unwrap();
    let counts = loaded.counts;
    assert_eq!((counts.read, counts.accepted, counts.quarantined), (6, 2, 4));
    assert_eq!(counts.goods_items, 3);
    for (finding, times) in [
        ("error message.not-a-declaration", 2),
        ("error xml.unknown-element", 1),
        ("error record.duplicate", 1),
        ("info acceptance.assumed", 2),
    ] {
        assert_eq!(counts.findings.get(finding), Some(&times), "{finding} in {:?}", counts.findings);
    }
    assert!(loaded.load_id.starts_with("wco-xml-"), "{}", loaded.load_id);
    let fragments = fragments();
    let raw = place.texts("select raw from quarantine order by source_row").await;
    assert_eq!(raw, [2, 3, 4, 5].map(|index| fragments[index].clone()));
    let received = "select count(*) from declaration where accepted_at = timestamp '2026-11-24T12:00:00Z'";
    assert_eq!(place.count(received).await, 1);
    assert!(place.ingest_messages(&[path], false).await.unwrap().already_loaded);
}

#[tokio::test]
async fn what_can_be_read_but_once_is_not_loaded() {
    let place = Place::new().await;
    let pipe = Input::new(&["/dev/null".into()], Some(Format::Ndjson), None, place.home.now).unwrap();
    let refused =
        ingest(&place.home, &pipe, IngestOptions::default(), &mut Quiet).await.unwrap_err().to_string();
    assert!(
        refused.contains("/dev/null is no file") && refused.contains("write it to a file first"),
        "{refused}"
    );
}

/// A line of a message that says nothing about its acceptance.
fn unaccepted((id, version, office): (&str, u32, &str)) -> String {
    let items = r#"{"government_agency_goods_item":[{"sequence_numeric":1}]}"#;
    format!(
        r#"{{"id":"{id}","version_numeric":{version},"declaration_office_id":"{office}","goods_shipment":{items}}}"#
    )
}

/// Counts how often declarations are looked up.
#[derive(Default)]
struct LookUps(usize);

impl Progress for LookUps {
    fn step(&mut self, what: &str, _: u64, _: &'static str) {
        self.0 += usize::from(what == "looking up declarations");
    }

    fn done(&mut self, _: u64) {}
}

/// Loads such messages out of files of three; gives how often declarations were looked up as well.
async fn load_unaccepted(
    place: &Place,
    name: &str,
    messages: &[(&str, u32, &str)],
    (batch_rows, looked_up): (usize, usize),
) -> (Counts, usize) {
    let lines: Vec<String> = messages.iter().map(|message| unaccepted(*message)).collect();
    let file = |(number, lines): (usize, &[String])| {
        place.write(&format!("{name}-{number}.ndjson"), &lines.join("\n"))
    };
    let files: Vec<PathBuf> = lines.chunks(3).enumerate().map(file).collect();
    let mut configuration = Configuration::default();
    configuration.load.batch_rows = batch_rows;
    configuration.load.looked_up_declarations = looked_up;
    let input = Input::new(&files, None, None, place.home.now).unwrap().within(&configuration);
    let mut look_ups = LookUps::default();
    let loaded = ingest(&place.home, &input, IngestOptions::default(), &mut look_ups).await.unwrap();
    (loaded.counts, look_ups.0)
}

#[tokio::test]
async fn versions_without_acceptance_stay_in_the_month_of_their_declaration() {
    // One look-up does for all batches, unless it may be of few declarations.
    for (limits, expected) in [((1, 1_000), 1), ((8_192, 1_000), 1), ((2, 2), 3), ((8_192, 1), 5)] {
        let mut place = Place::new().await;
        place.home.now = "2026-01-31T12:00:00Z".parse().unwrap();
        let first = [("X1", 1, "20"), ("X2", 1, "20"), ("X3", 1, "20")];
        let (counts, _) = load_unaccepted(&place, "1", &first, limits).await;
        assert_eq!((counts.accepted, counts.findings["info acceptance.assumed"]), (3, 3));

        place.home.now = "2026-02-02T08:00:00Z".parse().unwrap();
        let later = [("X4", 1, "20"), ("X1", 2, "20"), ("X2", 1, "30"), ("X3", 2, "20"), ("X1", 3, "20")];
        let (counts, look_ups) = load_unaccepted(&place, "2", &later, limits).await;
        assert_eq!(look_ups, expected, "{limits:?}");
        assert_eq!((counts.accepted, counts.quarantined), (4, 1));
        for (finding, times) in
            [("info acceptance.assumed", 1), ("info acceptance.kept", 4), ("error record.known", 1)]
        {
            assert_eq!(counts.findings.get(finding), Some(&times), "{finding} in {:?}", counts.findings);
        }
        assert_eq!(versions(&place).await, VERSIONS, "{limits:?}");
    }
}

/// Versions of declarations with the month that they stand in, and the days of their acceptance and issue.
const VERSIONS: [&str; 7] = [
    "X1 1 2026-01 2026-01-31 -",
    "X1 2 2026-01 2026-01-31 2026-02-02",
    "X1 3 2026-01 2026-01-31 2026-02-02",
    "X2 1 2026-01 2026-01-31 -",
    "X3 1 2026-01 2026-01-31 -",
    "X3 2 2026-01 2026-01-31 2026-02-02",
    "X4 1 2026-02 2026-02-02 -",
];

async fn versions(place: &Place) -> Vec<String> {
    let day = |column: &str| format!("coalesce(left(CAST({column} AS VARCHAR), 10), '-')");
    let row = format!(
        "concat(declaration_id, ' ', version_number, ' ', month, ' ', {}, ' ', {})",
        day("accepted_at"),
        day("issued_at")
    );
    let sql =
        format!("SELECT arrow_cast({row}, 'Utf8') FROM declaration ORDER BY declaration_id, version_number");
    place.texts(&sql).await
}

#[tokio::test]
async fn a_folder_is_one_load_and_only_new_files_of_it_are_added() {
    let place = Place::new().await;
    let folder = place.folder.path().join("in");
    std::fs::create_dir(&folder).unwrap();
    let fragments = fragments();
    std::fs::write(folder.join("1.xml"), &fragments[0]).unwrap();
    std::fs::write(folder.join("2.xml"), &fragments[3]).unwrap();
    let first = place.ingest_messages(std::slice::from_ref(&folder), false).await.unwrap();
    assert_eq!((first.files, first.files_loaded_before), (2, 0));
    assert_eq!((first.counts.accepted, first.counts.quarantined), (1, 1));
    std::fs::write(folder.join("3.xml"), &fragments[1]).unwrap();
    std::fs::write(folder.join("4.xml"), &fragments[1]).unwrap();
    let second = place.ingest_messages(std::slice::from_ref(&folder), false).await.unwrap();
    assert_eq!((second.files, second.files_loaded_before, second.counts.accepted), (1, 3, 1));
    assert_eq!(place.count("select count(*) from declaration").await, 2);
    let names = place.texts("select source_name from quarantine").await;
    assert!(names.len() == 1 && names[0].ends_with("2.xml"), "{names:?}");
    std::fs::write(folder.join("5.csv"), "a\n").unwrap();
    let mixed = place.ingest_messages(&[folder], false).await.unwrap_err().to_string();
    assert!(mixed.contains("1.xml is wco-xml") && mixed.contains("5.csv is csv"), "{mixed}");
}

#[tokio::test]
async fn what_is_exported_loads_again_as_the_same_declarations() {
    let place = Place::new().await;
    place.ingest_messages(&[place.write("messages.xml", MESSAGES)], false).await.unwrap();
    let expected = std::fs::read_to_string(place.export(Format::Ndjson, "first.ndjson").await).unwrap();
    assert_eq!(expected.lines().count(), 2);
    assert!(expected.contains("Shirts, 100 % cotton") && expected.contains("\"DE\""), "{expected}");
    for (format, name) in
        [(Format::WcoXml, "out.xml"), (Format::Ndjson, "out.ndjson"), (Format::Parquet, "out.parquet")]
    {
        let file = place.export(format, name).await;
        let second = Place::new().await;
        let loaded = second.ingest_messages(&[file], true).await.unwrap();
        assert_eq!(loaded.counts.accepted, 2, "{format}");
        let again = std::fs::read_to_string(second.export(Format::Ndjson, "again.ndjson").await).unwrap();
        assert_eq!(again, expected, "{format}");
    }
}

#[tokio::test]
async fn an_export_takes_a_condition_and_leaves_nothing_half_written() {
    let place = Place::new().await;
    place.ingest_messages(&[place.write("messages.xml", MESSAGES)], false).await.unwrap();
    let out = place.folder.path().join("some.ndjson");
    let some =
        export(&place.home, Format::Ndjson, Some("goods_item_count = 2"), &out, &mut Quiet).await.unwrap();
    assert_eq!((some.declarations, some.goods_items), (1, 2));
    let none = place.folder.path().join("none.ndjson");
    for condition in ["no_such_column = 1", "1 = 1) ; drop table declaration --", "delete"] {
        let refused = export(&place.home, Format::Ndjson, Some(condition), &none, &mut Quiet).await;
        assert!(refused.is_err(), "{condition}");
    }
    assert!(export(&place.home, Format::Csv, None, &none, &mut Quiet).await.is_err());
    assert!(!none.exists());
}

#[tokio::test]
async fn lines_and_rows_of_columns_are_set_aside_as_they_came() {
    let place = Place::new().await;
    let bad = r#"{"id": "X2", "colour": "red"}"#;
    let good = r#"{"declaration": {"id": "X1", "acceptance_date_time": "2026-03-02T07:15:00Z", "goods_shipment": {"government_agency_goods_item": [{"sequence_numeric": 1}]}}, "inspection": {"result_code": "discrepancy"}}"#;
    let lines = place.write("a.ndjson", &format!("{good}\n\n{bad}\nnonsense\n"));
    let counts = place.ingest_messages(&[lines], false).await.unwrap().counts;
    assert_eq!((counts.read, counts.accepted, counts.quarantined, counts.discrepancies), (3, 1, 2, 1));
    let raw = place.texts("select raw from quarantine order by source_row").await;
    assert_eq!(raw, [bad, "nonsense"]);

    let place = Place::new().await;
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/rows.parquet");
    let mapping = Mapping::parse("rows", include_str!("../fixtures/rows.toml")).unwrap();
    let input = Input::new(&[fixture], None, Some(mapping), place.home.now).unwrap();
    let counts = ingest(&place.home, &input, IngestOptions::default(), &mut Quiet).await.unwrap().counts;
    assert_eq!((counts.read, counts.accepted, counts.goods_items, counts.quarantined), (3, 2, 3, 1));
    let raw = place.texts("select raw from quarantine").await;
    assert!(raw[0].starts_with(r#"{"declaration_id":"C","accepted":"2026-03-04","item":"1","#), "{raw:?}");
    let prices =
        "select count(*) from goods_item where item_price_currency = 'EUR' and item_price_amount = 12.5";
    assert_eq!(place.count(prices).await, 2);
}

#[test]
fn a_format_and_a_mapping_that_do_not_go_together_are_refused() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = |name: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, "x").unwrap();
        path
    };
    let mapping = || tidegate_records::mapping::shipped("kcs-import").ok();
    let open = |path: PathBuf, format, mapping| {
        Input::new(&[path], format, mapping, crate::place::NOW.parse().unwrap()).map_err(|e| e.to_string())
    };
    let error = open(file("a.csv"), None, None).unwrap_err();
    assert!(error.contains("--mapping"), "{error}");
    let error = open(file("a.xml"), None, mapping()).unwrap_err();
    assert!(error.contains("leave --mapping out"), "{error}");
    let error = open(file("a.dat"), None, mapping()).unwrap_err();
    assert!(error.contains("--format"), "{error}");
    assert_eq!(open(file("a.dat"), Some(Format::Csv), mapping()).unwrap().format(), Format::Csv);
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    assert!(open(empty, None, None).unwrap_err().contains("holds no file"));
    assert!(open(folder.path().join("absent.csv"), None, mapping()).unwrap_err().contains("absent.csv"));
}

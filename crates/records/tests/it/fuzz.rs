//! Parsers on hostile bytes: they never panic, always end, and keep their promises about lines and bytes. Every test
//! is called `fuzz_…`, so that `cargo nextest run --workspace -E 'test(fuzz_)'` runs exactly these.

use crate::rows::{HEADER, MAPPING, batch, mapping, parquet_file, stored, whole_file};
use crate::support::arbitrary::records;
use crate::support::{fixture, read_json, read_xml};
use proptest::prelude::*;
use tidegate_records::class::Defined;
use tidegate_records::csv::CsvReader;
use tidegate_records::json::{JsonReader, write_record};
use tidegate_records::mapping::Mapping;
use tidegate_records::model::{Declaration, GovernmentAgencyGoodsItem};
use tidegate_records::parquet::{MappedParquet, WholeParquet};
use tidegate_records::path::{Path, Pointer};
use tidegate_records::reading::RowLimits;

/// Short rows, so that the limit is met.
const SHORT: RowLimits = RowLimits { row_bytes: 1 << 16, declaration_bytes: 16 << 20, batch_rows: 1_024 };

/// Cases of each test; more with `TIDEGATE_FUZZ_CASES=100000`.
#[expect(clippy::disallowed_methods, reason = "a test has no command line to be told by")]
fn cases() -> ProptestConfig {
    let cases = std::env::var("TIDEGATE_FUZZ_CASES").ok().map(|text| text.parse().unwrap());
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases.unwrap_or(64)) }
}

fn check_xml(text: &[u8]) {
    let lines = text.split(|b| *b == b'\n').count() as u64;
    for parsed in read_xml(text) {
        assert!((1..=lines).contains(&parsed.line));
        assert!(
            parsed.findings.iter().all(|f| (1..=lines).contains(&f.line.unwrap())),
            "{:?}",
            parsed.findings
        );
        assert!(parsed.raw.is_empty() || text.windows(parsed.raw.len()).any(|w| w == parsed.raw));
        assert!(parsed.message.is_some() || !parsed.findings.is_empty());
    }
}

/// Records go forward, their lines are right, and what stands between them separates records.
fn check_json(text: &[u8]) {
    let mut at = if text.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
    for parsed in read_json(text) {
        assert!(parsed.raw_is_complete);
        let last = parsed.line + line_ends(&parsed.raw);
        let in_record = |line: Option<u64>| line.is_some_and(|l| (parsed.line..=last).contains(&l));
        assert!(parsed.findings.iter().all(|f| in_record(f.line)), "{:?}", parsed.findings);
        if parsed.raw.is_empty() {
            // A list that is not closed, told at the end.
            assert!(parsed.findings.iter().any(|f| f.code == "json.not-well-formed"));
            continue;
        }
        let lines = text.split_inclusive(|b| *b == b'\n').take(parsed.line as usize - 1);
        let from = at.max(lines.map(<[u8]>::len).sum());
        let start = from + text[from..].windows(parsed.raw.len()).position(|w| w == parsed.raw).unwrap();
        assert!(separates(&text[at..start]), "{:?}", String::from_utf8_lossy(&text[at..start]));
        assert_eq!(parsed.line, 1 + line_ends(&text[..start]));
        at = start + parsed.raw.len();
    }
    assert!(separates(&text[at..]), "{:?}", String::from_utf8_lossy(&text[at..]));
}

fn line_ends(text: &[u8]) -> u64 {
    text.split(|b| *b == b'\n').count() as u64 - 1
}

fn separates(text: &[u8]) -> bool {
    text.iter().all(|b| b.is_ascii_whitespace() || b"[],".contains(b))
}

/// The same records however they are laid out and however few bytes are read at once.
fn check_layouts(declarations: &[Declaration]) {
    let mut lines = Vec::new();
    for declaration in declarations {
        write_record(&mut lines, declaration, None).unwrap();
    }
    let values: Vec<serde_json::Value> =
        lines.split(|b| *b == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let pretty: Vec<String> = values.iter().map(|v| serde_json::to_string_pretty(v).unwrap()).collect();
    let list = serde_json::Value::from(values);
    let layouts = [
        String::from_utf8(lines.clone()).unwrap(),
        String::from_utf8(lines).unwrap().replace('\n', ""),
        pretty.join("\n"),
        list.to_string(),
        serde_json::to_string_pretty(&list).unwrap(),
    ];
    for layout in layouts {
        check_json(layout.as_bytes());
        let slow = std::io::BufReader::with_capacity(1, layout.as_bytes());
        let read: Vec<_> = JsonReader::new(slow).map(Result::unwrap).collect();
        assert_eq!(read, read_json(layout.as_bytes()));
        let read: Vec<_> = read.into_iter().map(|r| r.declaration).collect();
        assert_eq!(read, declarations, "{layout}");
    }
}

/// Bytes that mean something to a parser, so that arbitrary input gets past its first check.
fn markup(pieces: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(pieces).prop_map(|p| p.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// A text with some bytes changed, taken out or repeated.
fn mutated(text: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let edit =
        (any::<prop::sample::Index>(), 0_usize..40, prop::collection::vec(any::<u8>(), 0..3), any::<bool>());
    prop::collection::vec(edit, 1..6).prop_map(move |edits| {
        let mut text = text.clone();
        for (at, length, bytes, repeat) in edits {
            let at = at.index(text.len());
            let end = (at + length).min(text.len());
            let bytes = if repeat { text[at..end].repeat(2) } else { bytes };
            text.splice(at..end, bytes);
            if text.is_empty() {
                break;
            }
        }
        text
    })
}

/// Rows are read to the end; no byte of a row is lost.
fn check_csv(rows: &[u8]) {
    let text = [HEADER.as_bytes(), rows].concat();
    let reader = CsvReader::new(text.as_slice(), &mapping(), SHORT).unwrap();
    let mut line = 2;
    for record in reader {
        let record = record.unwrap();
        // A lone carriage return ends a row without ending a line.
        assert!(record.line >= line, "records go forward");
        line = record.line;
        assert!(!record.original.text().is_empty());
        assert!(record.findings.iter().all(|f| f.line.is_some_and(|l| l >= record.line)));
    }
}

/// A file that is no sound Parquet gives an error, one that is gives records; nothing ends in another way.
fn check_parquet(name: &str, bytes: &[u8]) {
    if let Ok(reader) = MappedParquet::new(stored(name, bytes), &mapping(), RowLimits::default()) {
        reader.take(100).for_each(drop);
    }
    if let Ok(reader) = WholeParquet::new(stored(name, bytes), RowLimits::default()) {
        reader.take(100).for_each(drop);
    }
}

/// A mapping that is accepted reads any row without panic.
fn check_mapping(text: &[u8]) {
    match Mapping::parse("fuzz", &String::from_utf8_lossy(text)) {
        Err(error) => assert!(error.to_string().starts_with("mapping "), "{error}"),
        Ok(mapping) => {
            let source = [HEADER.as_bytes(), b"A,2026-03-02,1,620822,12.5,EUR,3,conform\n"].concat();
            if let Ok(reader) = CsvReader::new(source.as_slice(), &mapping, SHORT) {
                reader.for_each(drop);
            }
        }
    }
}

/// The records of the fixture as a list over many lines.
fn json_list() -> Vec<u8> {
    let values: Vec<serde_json::Value> = read_json(&fixture("json/records.ndjson"))
        .iter()
        .map(|record| serde_json::from_slice(&record.raw).unwrap())
        .collect();
    serde_json::to_vec_pretty(&values).unwrap()
}

fn one_declaration() -> Declaration {
    let mut declaration = Declaration { id: Some("A".into()), ..Declaration::default() };
    let item = GovernmentAgencyGoodsItem { sequence_numeric: Some(1), ..Default::default() };
    declaration.goods_shipment.government_agency_goods_item.push(item);
    declaration
}

/// What can be said about a text that may be a path.
fn check_path(text: &str) {
    let Ok((path, _)) = Path::parse_leaf(Declaration::DEFINITION, text) else {
        let error = Path::parse(Declaration::DEFINITION, text).err().map(|e| e.to_string());
        assert!(error.is_none_or(|e| !e.is_empty()));
        return;
    };
    let mut declaration = Declaration::default();
    assert!(path.leaf_mut(&mut declaration).is_some());
    assert!(path.leaf(&declaration).is_some(), "what can be set can be read");
    let pointer = path.pointer(Declaration::DEFINITION);
    assert!(pointer.as_str().starts_with("42A/") && pointer.as_str().ends_with(path.id()));
    let moved = pointer.clone().moved("42A/67A/68A", 1);
    assert_eq!(moved == pointer, !pointer.as_str().starts_with("42A/67A/68A["));
    assert_ne!(moved, Pointer::root(Declaration::DEFINITION));
}

const XML: &[&str] = &[
    "<Declaration>",
    "</Declaration>",
    "<Declaration/>",
    "<Response>",
    "</Response>",
    "<MetaData>",
    "</MetaData>",
    "<?xml version='1.0'?>",
    "<ID>",
    "</ID>",
    "<Agent>",
    "</Agent>",
    "<AcceptanceDateTime>",
    "</AcceptanceDateTime>",
    "<DateTimeString formatCode='304'>",
    "</DateTimeString>",
    "20260101",
    "<!--",
    "-->",
    "--",
    "<![CDATA[",
    "]]>",
    "<!DOCTYPE a [",
    "]>",
    "&amp;",
    "&x;",
    "&#",
    "<",
    ">",
    "/>",
    "\"",
    "'",
    "=",
    " ",
    "\n",
    "x",
    "\u{feff}",
    "xmlns:a",
];

const JSON: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"id\"",
    "\"declaration\"",
    "\"inspection\"",
    "\"amendment\"",
    "\"pointer\"",
    "\"invoice_amount\"",
    "\"value\"",
    "\"currency\"",
    "\"goods_item_quantity\"",
    "null",
    "true",
    "1",
    "1.5",
    "\"",
    "\\",
    "\\u0000",
    "\n",
    " ",
    "\u{feff}",
];

const CSV: &[&str] = &[
    "A,2026-03-02,1,620822,12.5,EUR,3,conform\n",
    "A,2026-03-02,2,620822,12.5,EUR,3,conform\r\n",
    "B,",
    "2026-03-02",
    ",",
    "\"",
    "\"\"",
    "\n",
    "\r",
    "x",
    "-1",
    "\u{feff}",
    "1e9",
    "é",
];

const PATH: &[&str] = &[
    "GoodsShipment",
    "/",
    "GovernmentAgencyGoodsItem",
    "[",
    "]",
    "2",
    "9999",
    "10000",
    "-1",
    "Commodity",
    "ID",
    "Classification",
    "government_agency_goods_item",
    "SequenceNumeric",
    "TypeCode",
    "Origin",
    "CountryCode",
    "[2]",
    "/",
    "Packaging",
    "é",
    " ",
];

const TOML: &[&str] = &[
    "name = 'x'\n",
    "description = ''\n",
    "[[declaration]]\n",
    "[[inspection]]\n",
    "column = 'a'\n",
    "value = '1'\n",
    "path = 'ID'\n",
    "path = 'InvoiceAmount'\n",
    "unit = 'EUR'\n",
    "unit_column = 'u'\n",
    "required = true\n",
    "format = '%Q%'\n",
    "decimals = 4294967295\n",
    "delimiter = '\u{1}'\n",
    "codes = { 1 = '2' }\n",
    "=",
    "'",
    "\n",
];

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn fuzz_xml_of_arbitrary_bytes(text in prop::collection::vec(any::<u8>(), 0..300)) {
        check_xml(&text);
        check_json(&text);
    }

    #[test]
    fn fuzz_xml_of_arbitrary_markup(text in markup(XML)) {
        check_xml(&text);
    }

    #[test]
    fn fuzz_xml_of_mutated_messages(text in prop_oneof![mutated(fixture("wco/import.xml")), mutated(fixture("wco/amended.xml"))]) {
        check_xml(&text);
    }

    #[test]
    fn fuzz_json_of_arbitrary_markup(text in markup(JSON)) {
        check_json(&text);
    }

    #[test]
    fn fuzz_json_of_mutated_records(text in mutated(fixture("json/records.ndjson"))) {
        check_json(&text);
    }

    #[test]
    fn fuzz_json_of_mutated_lists(text in mutated(json_list())) {
        check_json(&text);
    }

    #[test]
    fn fuzz_json_of_layouts(declarations in prop::collection::vec(records::<Declaration>(), 0..4)) {
        check_layouts(&declarations);
    }

    #[test]
    fn fuzz_csv_of_arbitrary_rows(rows in markup(CSV)) {
        check_csv(&rows);
    }

    #[test]
    fn fuzz_csv_of_arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check_csv(&bytes);
        // The header is arbitrary too.
        if let Ok(reader) = CsvReader::new(bytes.as_slice(), &mapping(), SHORT) {
            reader.for_each(drop);
        }
    }

    #[test]
    fn fuzz_mapping_of_arbitrary_toml(text in markup(TOML)) {
        check_mapping(&text);
    }

    #[test]
    fn fuzz_mapping_of_mutated_toml(text in mutated(MAPPING.as_bytes().to_vec())) {
        check_mapping(&text);
    }

    #[test]
    fn fuzz_path_of_arbitrary_steps(text in markup(PATH)) {
        check_path(&String::from_utf8_lossy(&text));
    }

    #[test]
    fn fuzz_parquet_of_mutated_rows(bytes in mutated(parquet_file(&batch()))) {
        check_parquet("fuzz-mapped", &bytes);
    }

    #[test]
    fn fuzz_parquet_of_mutated_declarations(bytes in mutated(whole_file(&one_declaration()))) {
        check_parquet("fuzz-whole", &bytes);
    }
}

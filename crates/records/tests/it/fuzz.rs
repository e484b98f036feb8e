//! Parsers on hostile bytes: they never panic, always end, and keep their promises about lines and bytes.

use crate::support::{fixture, read_json, read_xml};
use proptest::prelude::*;

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

fn check_json(text: &[u8]) {
    let lines: Vec<&[u8]> = text.split(|b| *b == b'\n').collect();
    for parsed in read_json(text) {
        let line = lines[parsed.line as usize - 1];
        assert_eq!(parsed.raw, line.strip_suffix(b"\r").unwrap_or(line));
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

/// A fixture with some bytes changed, taken out or repeated.
fn mutated(name: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let edit =
        (any::<prop::sample::Index>(), 0_usize..40, prop::collection::vec(any::<u8>(), 0..3), any::<bool>());
    prop::collection::vec(edit, 1..6).prop_map(move |edits| {
        let mut text = fixture(name);
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

proptest! {
    #[test]
    fn xml_of_arbitrary_bytes(text in prop::collection::vec(any::<u8>(), 0..300)) {
        check_xml(&text);
        check_json(&text);
    }

    #[test]
    fn xml_of_arbitrary_markup(text in markup(XML)) {
        check_xml(&text);
    }

    #[test]
    fn xml_of_mutated_messages(text in prop_oneof![mutated("wco/import.xml"), mutated("wco/amended.xml")]) {
        check_xml(&text);
    }

    #[test]
    fn json_of_arbitrary_markup(text in markup(JSON)) {
        check_json(&text);
    }

    #[test]
    fn json_of_mutated_records(text in mutated("json/records.ndjson")) {
        check_json(&text);
    }
}

//! What the JSON reader makes of records and of what is wrong with them.

use crate::support::{fixture, read_json};
use tidegate_records::json::{JsonLimits, JsonReader};
use tidegate_records::value::parse_decimal;

/// Checks the findings of one line as `code pointer`.
fn check(line: &str, expected: &[&str]) {
    let read = read_json(line.as_bytes());
    assert_eq!(read.len(), 1, "{line}");
    let found: Vec<String> = read[0].findings.iter().map(|f| format!("{} {}", f.code, f.pointer)).collect();
    assert_eq!(found, expected, "{line}: {:?}", read[0].findings);
    assert!(read[0].findings.iter().all(|f| f.line == Some(1)));
}

#[test]
fn records_are_read_with_and_without_their_inspection() {
    let read = read_json(&fixture("json/records.ndjson"));
    assert_eq!(read.iter().map(|r| r.line).collect::<Vec<_>>(), [1, 3]);
    assert!(read.iter().all(|r| r.findings.is_empty()));
    let item = &read[0].declaration.goods_shipment.government_agency_goods_item[0];
    let mass = item.commodity.goods_measure.net_net_weight_measure.as_ref().unwrap();
    assert_eq!((mass.value, mass.unit.as_deref()), (parse_decimal("65.5").unwrap(), Some("KGM")));
    let inspection = read[0].inspection.as_ref().unwrap();
    assert_eq!(inspection.declaration_id.as_deref(), Some("XX123/LRN-0001"));
    assert_eq!(inspection.finding[0].type_code.as_deref(), Some("undervaluation"));
    assert_eq!((read[1].declaration.id.as_deref(), &read[1].inspection), (Some("26XX0000000000002"), &None));
}

#[test]
fn keys_that_the_model_does_not_have() {
    check(r#"{"type_cod":"IMA"}"#, &["json.unknown-key 42A"]);
    check(r#"{"declarant":{"ID":"1"}}"#, &["json.unknown-key 42A/57B"]);
    check(r#"{"declaration":{},"inspecton":{}}"#, &["json.unknown-key 42A"]);
    check(r#"{"inspection":{"result":"x"}}"#, &["json.unknown-key X30"]);
    check(r#"{"invoice_amount":{"value":"1","unit":"GBP"}}"#, &["json.unknown-key 42A/109"]);
    check(r#"{"id":"1","id":"2"}"#, &["json.duplicate-key 42A/D014"]);
    let read = read_json(br#"{"GoodsShipment":{"deep":[[[{}]]]}}"#);
    let message = &read[0].findings[0].message;
    assert_eq!(message, "`Declaration` has no field `GoodsShipment`; `goods_shipment` is the nearest");
}

#[test]
fn values_of_another_type() {
    check(r#"{"id":12}"#, &["json.wrong-type 42A/D014"]);
    check(r#"{"id":["12"]}"#, &["json.wrong-type 42A/D014"]);
    check(r#"{"goods_item_quantity":"3"}"#, &["json.wrong-type 42A/228"]);
    check(r#"{"goods_item_quantity":-3}"#, &["value.unreadable 42A/228"]);
    check(r#"{"goods_item_quantity":3.5}"#, &["json.wrong-type 42A/228"]);
    check(r#"{"invoice_amount":"12.5"}"#, &["json.wrong-type 42A/109"]);
    check(r#"{"invoice_amount":{"value":12.5,"currency":"GBP"}}"#, &["json.wrong-type 42A/109"]);
    check(r#"{"invoice_amount":{"currency":"GBP"}}"#, &["json.wrong-type 42A/109"]);
    check(r#"{"invoice_amount":{"value":"1,5"}}"#, &["value.unreadable 42A/109"]);
    check(r#"{"issue_date_time":"01/02/2026"}"#, &["value.unreadable 42A/D011"]);
    check(r#"{"id":"a\u0000b"}"#, &["value.unreadable 42A/D014"]);
    check(r#"{"declarant":"XX"}"#, &["json.wrong-type 42A/57B"]);
    check(r#"{"amendment":{}}"#, &["json.wrong-type 42A"]);
    check(
        r#"{"amendment":[{"change_reason_code":"1"},"x",{}]}"#,
        &["json.wrong-type 42A/06A[2]", "json.empty-object 42A/06A[2]", "json.empty-object 42A/06A[2]"],
    );
    check(r#"{"id":null,"declarant":null,"amendment":null}"#, &[]);
}

#[test]
fn records_that_are_no_json_object() {
    for line in
        ["x", "{", "[", "]", "[3]", "[[]]", "null", "3", r#"{"id":"1"} x"#, r#"{"id":"1",}"#, r#"{"id":"1"#]
    {
        check(line, &["json.not-well-formed 42A"]);
    }
    let read = read_json(b"{\"id\":\"\xfc\"}\n{\"id\":\"2\"}");
    assert_eq!(read[0].findings[0].code, "json.encoding");
    assert_eq!(read[1].declaration.id.as_deref(), Some("2"));
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    check(&deep, &["json.unknown-key 42A"]);
}

#[test]
fn what_a_record_may_hold_is_limited() {
    let limits = JsonLimits { line_bytes: 60, occurrences: 2, findings: 2 };
    let read = |line: &str| {
        let text = format!("{line}\n{{\"id\":\"next\"}}");
        let mut read: Vec<_> = JsonReader::with_limits(text.as_bytes(), limits).map(Result::unwrap).collect();
        assert_eq!(read.len(), 2);
        assert_eq!(read.pop().unwrap().declaration.id.as_deref(), Some("next"));
        read.remove(0)
    };
    let long = read(&format!("{{\"id\":\"{}\"}}", "x".repeat(60)));
    assert_eq!((long.findings[0].code, long.raw.len(), long.raw_is_complete), ("json.limit", 60, false));
    let many = read(r#"{"amendment":[{"pointer":[{},{},{},{}]}]}"#);
    assert_eq!(
        many.findings.iter().map(|f| f.code).collect::<Vec<_>>(),
        ["json.empty-object", "json.empty-object", "json.limit"]
    );
    let many = read(r#"{"amendment":[{"pointer":[{"tag_id":"1"}]}],"x":1}"#);
    assert_eq!(many.findings.len(), 1);
}

#[test]
fn records_over_many_lines_one_behind_the_other_and_in_a_list() {
    let lines = fixture("json/records.ndjson");
    let expected = read_json(&lines);
    let values: Vec<serde_json::Value> =
        expected.iter().map(|r| serde_json::from_slice(&r.raw).unwrap()).collect();
    let pretty = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap();
    let [first, second] = [&values[0], &values[1]];
    let list = serde_json::Value::from(values.clone());
    for text in [
        pretty(first) + "\n" + &pretty(second),
        pretty(first) + &pretty(second),
        format!("{first}{second}"),
        format!("{list}"),
        pretty(&list),
        pretty(&list).replace('\n', "\r\n"),
        format!("\u{feff}[{first}]\n[\n{second}\n,\n]\n"),
    ] {
        let read = read_json(text.as_bytes());
        assert_eq!(read.len(), 2, "{text}");
        for (read, expected) in read.iter().zip(&expected) {
            assert_eq!((&read.declaration, &read.inspection), (&expected.declaration, &expected.inspection));
            assert_eq!(read.findings, []);
            assert!(read.raw_is_complete);
            let line =
                text[..text.find(std::str::from_utf8(&read.raw).unwrap()).unwrap()].matches('\n').count();
            assert_eq!(read.line, line as u64 + 1);
        }
    }
}

#[test]
fn findings_stand_on_the_line_of_what_is_wrong() {
    let text = r#"{"id": "1"}
[
  {
    "id": 12,
    "goods_item_quantity": 3.5
  },
  {
    "type_cod": {
      "x": 1
    },
    "amendment": [
      {
        "change_reason_code": "1"
      },
      {
      }
    ],
    "total_package_quantity": -1
  },
  {
    "id": "3",
    "type_code": 01
  }
]"#;
    let read = read_json(text.as_bytes());
    let found: Vec<Vec<_>> =
        read.iter().map(|r| r.findings.iter().map(|f| (f.code, f.line.unwrap())).collect()).collect();
    assert_eq!(
        found,
        [
            vec![],
            vec![("json.wrong-type", 4), ("json.wrong-type", 5)],
            vec![("json.unknown-key", 8), ("json.empty-object", 15), ("value.unreadable", 18)],
            vec![("json.not-well-formed", 22)],
        ]
    );
    let message = &read[3].findings[0].message;
    assert_eq!(
        message,
        "the record is not one JSON object: invalid number on line 22, column 19; lines 20 to 23 are set aside"
    );
}

#[test]
fn reading_goes_on_behind_a_broken_record() {
    let text = "{\n  \"id\": \"1\n  \"type_code\": \"IMA\",\n  \"amendment\": [\n    {}\n  ]\n}\n{\n  \"id\": \"2\"\n}\n";
    let read = read_json(text.as_bytes());
    assert_eq!(read.len(), 2);
    assert_eq!(read[0].raw, text.as_bytes()[..text.find("\n{\n  \"id\": \"2").unwrap()]);
    let finding = &read[0].findings[0];
    assert_eq!((finding.code, finding.line), ("json.not-well-formed", Some(2)));
    assert!(finding.message.ends_with("; lines 1 to 7 are set aside"), "{}", finding.message);
    assert_eq!((read[1].declaration.id.as_deref(), read[1].line), (Some("2"), 8));

    let cut_off = read_json(b"[\n{\"id\":\"1\"},");
    assert_eq!(cut_off[0].findings, []);
    assert_eq!((cut_off[1].findings[0].code, cut_off[1].line), ("json.not-well-formed", 1));
    assert_eq!(cut_off.len(), 2);
}

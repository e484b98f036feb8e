//! What the XML reader makes of well-formed messages and of what surrounds them.

use crate::support::{OneByte, fixture, read_xml};
use tidegate_records::Severity;
use tidegate_records::model::{Declaration, Response};
use tidegate_records::value::{parse_decimal, parse_time};
use tidegate_records::wco::{Limits, Message, MessageReader, ParsedMessage};

pub fn declaration(parsed: &ParsedMessage) -> &Declaration {
    match &parsed.message {
        Some(Message::Declaration(declaration)) => declaration,
        other => panic!("no declaration but {other:?}"),
    }
}

fn response(parsed: &ParsedMessage) -> &Response {
    match &parsed.message {
        Some(Message::Response(response)) => response,
        other => panic!("no response but {other:?}"),
    }
}

#[test]
fn an_import_is_read_through_wrappers_prefixes_references_and_comments() {
    let text = fixture("wco/import.xml");
    let read = read_xml(&text);
    assert_eq!(read.len(), 1);
    let parsed = &read[0];
    assert_eq!(parsed.findings, []);
    assert_eq!(parsed.line, 12);
    assert!(parsed.raw.starts_with(b"<d:Declaration xmlns:d=") && parsed.raw.ends_with(b"</d:Declaration>"));
    assert_eq!(parsed.header.responsible_agency_name.as_deref(), Some("Customs & Excise"));
    assert_eq!(parsed.header.agency_assigned_customization_version_code.as_deref(), Some("v1"));

    let declaration = declaration(parsed);
    assert_eq!(declaration.acceptance_date_time, parse_time("2026-03-02T07:15:00Z", None).ok());
    assert_eq!(declaration.functional_reference_id.as_deref(), Some("LRN-0001"));
    assert_eq!(declaration.total_package_quantity, Some(12));
    assert_eq!(declaration.declarant.name.as_deref(), Some("Müller <Import>"));
    assert_eq!(declaration.declarant.id.as_deref(), Some("XX123"));
    let invoice = declaration.invoice_amount.as_ref().unwrap();
    assert_eq!((invoice.value, invoice.currency.as_deref()), (parse_decimal("1250.5").unwrap(), Some("GBP")));
    let items = &declaration.goods_shipment.government_agency_goods_item;
    assert_eq!(items.len(), 2);
    assert_eq!(items[0].commodity.description.as_deref(), Some("Shirts, 100 % cotton & <printed>"));
    let measure = &items[0].commodity.goods_measure;
    assert_eq!(measure.net_net_weight_measure.as_ref().unwrap().unit.as_deref(), Some("KGM"));
    assert_eq!(measure.tariff_quantity.as_ref().unwrap().unit.as_deref(), Some("NAR"));
    let issued = declaration.goods_shipment.invoice.issue_date_time;
    assert_eq!(issued, parse_time("2026-02-20", None).ok());
}

#[test]
fn a_response_is_read_without_any_namespace_and_with_both_declarations() {
    let read = read_xml(&fixture("wco/amended.xml"));
    let codes: Vec<_> = read[0].findings.iter().map(|f| (f.code, f.severity, f.line)).collect();
    let expected = [
        ("xml.namespace", Severity::Info, Some(5)),
        ("xml.missing-format-code", Severity::Warning, Some(23)),
    ];
    assert_eq!(codes, expected);
    assert_eq!(read[0].findings[1].pointer.as_str(), "07B/12B[1]/380");
    let response = response(&read[0]);
    assert_eq!(response.error[0].pointer[1].tag_id.as_deref(), Some("R144"));
    assert_eq!(response.declaration.version_id.as_deref(), Some("2"));
    assert_eq!(response.amended_declaration.goods_item_quantity, Some(2));
}

#[test]
fn reading_byte_by_byte_makes_no_difference() {
    for name in ["wco/import.xml", "wco/amended.xml"] {
        let text = fixture(name);
        let slow: Vec<_> = MessageReader::new(OneByte(&text)).map(Result::unwrap).collect();
        assert_eq!(slow, read_xml(&text), "{name}");
    }
}

#[test]
fn documents_follow_one_another_with_marks_and_declarations_between() {
    let document = |lrn: &str| {
        format!(
            "\u{feff}<?xml version='1.0' encoding='utf-8'?>\r\n<MetaData xmlns='urn:wco:datamodel:WCO:DEC-DMS:2'>\r\n\
             <WCOTypeName>{lrn}</WCOTypeName><Declaration><FunctionalReferenceID>{lrn}</FunctionalReferenceID>\
             </Declaration></MetaData>\r\n"
        )
    };
    let text: String = ["A", "B", "C"].map(document).concat();
    let read = read_xml(text.as_bytes());
    let seen: Vec<_> = read
        .iter()
        .map(|p| {
            assert_eq!(p.findings, []);
            assert_eq!(p.header.wco_type_name, declaration(p).functional_reference_id);
            (declaration(p).functional_reference_id.clone().unwrap(), p.line)
        })
        .collect();
    assert_eq!(seen, [("A".into(), 3), ("B".into(), 6), ("C".into(), 9)]);
}

#[test]
fn one_wrapper_may_hold_many_declarations() {
    let text = format!("<all>{}</all>", "<Declaration><ID>1</ID></Declaration>\n".repeat(2_000));
    let read = read_xml(text.as_bytes());
    assert_eq!(read.len(), 2_000);
    assert_eq!(read[1_999].line, 2_000);
    assert!(read.iter().all(|p| p.raw == b"<Declaration><ID>1</ID></Declaration>"));
}

#[test]
fn an_empty_source_holds_nothing() {
    for text in ["", "  \n", "<?xml version='1.0'?>\n<!-- nothing -->\n"] {
        assert_eq!(read_xml(text.as_bytes()), [], "{text:?}");
    }
}

#[test]
fn what_a_message_may_hold_is_limited() {
    let limits = Limits {
        depth: 6,
        message_bytes: 600,
        elements: 20,
        text_bytes: 50,
        attributes: 2,
        attribute_bytes: 20,
        occurrences: 3,
        findings: 4,
    };
    let cases = [
        ("depth", "<Contact><a><b><c><d><e/></d></c></b></a></Contact>".to_owned()),
        ("bytes", format!("<!-- {} -->", "x".repeat(700))),
        ("elements", "<AdditionalDocument><ID/></AdditionalDocument>".repeat(2) + &"<ID/>".repeat(20)),
        ("text", format!("<ID>{}</ID>", "x".repeat(51))),
        ("attributes", "<ID a='1' b='2' c='3'/>".to_owned()),
        ("attribute", format!("<ID a='{}'/>", "x".repeat(21))),
        ("occurrences", "<Amendment><ChangeReasonCode>1</ChangeReasonCode></Amendment>".repeat(4)),
        ("findings", "<x/>".repeat(9)),
    ];
    for (name, inside) in cases {
        let text =
            format!("<all><Declaration>{inside}</Declaration><Declaration><ID>9</ID></Declaration></all>");
        let read: Vec<_> = MessageReader::with_limits(text.as_bytes(), limits).map(Result::unwrap).collect();
        assert_eq!(read.len(), 2, "{name}: {read:#?}");
        assert!(read[0].findings.iter().any(|f| f.code == "xml.limit"), "{name}: {:?}", read[0].findings);
        assert!(read[0].findings.len() <= 6 && read[0].raw.len() <= 600, "{name}");
        assert_eq!(read[0].raw_is_complete, name != "bytes", "{name}");
        assert_eq!(declaration(&read[1]).id.as_deref(), Some("9"), "{name}");
    }
}

#[test]
fn a_source_that_fails_gives_the_error_once() {
    struct Failing(bool);
    impl std::io::Read for Failing {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            if self.0 {
                return Err(std::io::Error::other("the disk is gone"));
            }
            self.0 = true;
            into[..13].copy_from_slice(b"<Declaration>");
            Ok(13)
        }
    }
    let read: Vec<_> = MessageReader::new(Failing(false)).collect();
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].as_ref().unwrap_err().to_string(), "the disk is gone");
}

//! What the XML reader says about broken messages: code, place and line of every finding.

use crate::support::read_xml;
use crate::wco_reading::declaration;

/// Checks the error findings of a text as `code pointer line`, over all its messages.
fn check(text: &str, expected: &[&str]) {
    let found: Vec<String> = read_xml(text.as_bytes())
        .iter()
        .flat_map(|p| &p.findings)
        .filter(|f| f.severity == tidegate_records::Severity::Error)
        .map(|f| format!("{} {} {}", f.code, f.pointer, f.line.unwrap()))
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn elements_and_values_that_the_model_does_not_have() {
    check("<Declaration>\n<unknown/>\n</Declaration>", &["xml.unknown-element 42A 2"]);
    check(
        "<Declaration><GoodsShipment>\n<GovernmentAgencyGoodsItem/><GovernmentAgencyGoodsItem>\n\
         <Commodity><Descripton>x</Descripton></Commodity></GovernmentAgencyGoodsItem>\n\
         <GovernmentAgencyGoodsItem><SequenceNumeric>2</SequenceNumeric>\n<Origin>CN</Origin>\
         </GovernmentAgencyGoodsItem></GoodsShipment></Declaration>",
        &["xml.unknown-element 42A/67A/68A[1]/23A 3", "xml.unexpected-text 42A/67A/68A[1]/92A[1] 5"],
    );
    check(
        "<Declaration><ID>1</ID>\n<ID>2</ID><Declarant/>\n<Declarant><ID>3</ID></Declarant></Declaration>",
        &["xml.duplicate-element 42A/D014 2", "xml.duplicate-element 42A/57B 3"],
    );
    check(
        "<Declaration><InvoiceAmount>1,250.50</InvoiceAmount>\n<GoodsItemQuantity>1.5</GoodsItemQuantity>\n\
         <IssueDateTime>\n<DateTimeString formatCode='304'>2026</DateTimeString></IssueDateTime>\n\
         <ID>a<b>c</b></ID></Declaration>",
        &[
            "value.unreadable 42A/109 1",
            "value.unreadable 42A/228 2",
            "value.unreadable 42A/D011 4",
            "xml.unknown-element 42A/D014 5",
        ],
    );
    check(
        "<Declaration><IssueDateTime>20260101</IssueDateTime>\n\n stray </Declaration>",
        &["xml.unexpected-text 42A/D011 1", "xml.unexpected-text 42A 3"],
    );
}

#[test]
fn lines_end_with_line_feeds_alone() {
    check("<Declaration>\r\r\n stray </Declaration>", &["xml.unexpected-text 42A 2"]);
}

#[test]
fn the_nearest_element_is_suggested() {
    let read = read_xml(b"<Declaration><Declarent/></Declaration>");
    let finding = read[0].findings.last().unwrap();
    assert_eq!(
        finding.message,
        "`Declaration` has no element `Declarent`; `Declarant` is the nearest it has"
    );
}

#[test]
fn markup_that_is_not_well_formed_is_told_with_its_line() {
    let inside = |markup: &str| format!("<Declaration>\n{markup}\n<ID>1</ID></Declaration>");
    check(&inside("<!-- a\n--b -->"), &["xml.not-well-formed 42A 3"]);
    check(&inside("<!-- a --->"), &["xml.not-well-formed 42A 2"]);
    check(&inside("<!-- never closed\n<Submitter/>\n<!-- next -->"), &["xml.not-well-formed 42A 4"]);
    check(&inside("<TypeCode>A&B;</TypeCode>"), &["xml.not-well-formed 42A/D013 2"]);
    check(&inside("<TypeCode>A & B</TypeCode>"), &["xml.not-well-formed 42A/D013 2"]);
    check(&inside("<TypeCode>A&#0;</TypeCode>"), &["xml.not-well-formed 42A/D013 2"]);
    check(&inside("<TypeCode>A\u{1}</TypeCode>"), &["xml.not-well-formed 42A/D013 2"]);
    check(&inside("<TypeCode>A]]></TypeCode>"), &["xml.not-well-formed 42A/D013 2"]);
    check(&inside("<TypeCode a=1/>"), &["xml.not-well-formed 42A 2"]);
    check(&inside("<TypeCode a='1' a='2'/>"), &["xml.not-well-formed 42A 2"]);
    check(&inside("<Agent>\n<ID>2</Agent>"), &["xml.not-well-formed 42A/05A/R004 3"]);
    check(&inside("<TypeCode>1 < 2</TypeCode>"), &["xml.not-well-formed 42A/D013 2"]);
    check("<Declaration>\n<ID>1", &["xml.not-well-formed 42A/D014 2"]);
    check("<Declaration>\n<ID>1</ID><!", &["xml.not-well-formed 42A 2"]);
    check("text\n<Declaration/>", &["xml.not-well-formed 42A 1"]);
    check("<all>\n<Declaration/></al>", &["xml.not-well-formed 42A 2", "xml.not-well-formed 42A 2"]);
}

#[test]
fn a_lost_prefix_is_told_and_the_message_read() {
    let text = "<mdMetaData>\n<mdWCOTypeName>DEC</mdWCOTypeName><Declaration><IssueDateTime>\n\
                <pDateTimeString formatCode='102'>20260101</pDateTimeString></IssueDateTime></Declaration></mdMetaData>";
    check(text, &["xml.not-well-formed 42A 1", "xml.not-well-formed 42A/D011 3"]);
    let read = read_xml(text.as_bytes());
    assert_eq!(read[0].header.wco_type_name.as_deref(), Some("DEC"));
    assert!(declaration(&read[0]).issue_date_time.is_some());
    assert!(read[0].findings[0].message.contains("`md:MetaData` would be right"));
}

#[test]
fn document_types_are_refused_for_every_message_of_the_document() {
    let text = "<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY x 'y'>]>\n<a><Declaration/><Declaration/></a>\
                <?xml version='1.0'?><a><Declaration/></a>";
    check(text, &["xml.doctype-refused 42A 2", "xml.doctype-refused 42A 2"]);
}

#[test]
fn encodings_other_than_utf8_are_told() {
    check("<?xml version='1.0' encoding='ISO-8859-1'?><Declaration/>", &["xml.encoding 42A 1"]);
    let codes = |text: &[u8]| -> Vec<_> {
        read_xml(text).iter().flat_map(|p| &p.findings).map(|f| (f.code, f.line.unwrap())).collect()
    };
    assert!(codes(b"<Declaration>\n\n<ID>M\xfcller</ID></Declaration>").contains(&("xml.encoding", 3)));
    assert_eq!(codes(b"\xff\xfe<\0D\0"), [("xml.encoding", 1)]);
}

#[test]
fn other_kinds_of_messages_are_named_and_kept() {
    let text = "<?xml version='1.0'?>\n<i:inventoryLinkingMovementRequest xmlns:i='x'><i:Declaration/>\
                </i:inventoryLinkingMovementRequest>\n<order>\n1</order>";
    check(text, &["message.unknown-kind 42A 2", "message.unknown-kind 42A 3"]);
    let read = read_xml(text.as_bytes());
    assert!(read.iter().all(|p| p.message.is_none()));
    assert_eq!(read[1].raw, b"<order>\n1</order>");
    assert!(read[0].findings[0].message.contains("a movement of goods"));
}

/// After broken markup the next message is read as if nothing had happened, and every byte of the broken one is kept.
#[test]
fn a_broken_message_does_not_harm_the_next() {
    let good = "<Declaration><ID>good</ID></Declaration>";
    let cases = [
        ("<Declaration><ID>1</Declaration>", "<Declaration><ID>1</Declaration>"),
        (
            "<Declaration><Agent></ID></Agent></Declaration>",
            "<Declaration><Agent></ID></Agent></Declaration>",
        ),
        ("<Declaration><!bad><ID>1</ID></Declaration>", "<Declaration><!bad><ID>1</ID></Declaration>"),
        ("<Declaration><ID>\u{0}\u{0}</ID", "<Declaration><ID>\u{0}\u{0}</ID"),
    ];
    for (broken, raw) in cases {
        let wrapped = format!("<all><m>{broken}</m><m>{good}</m></all>");
        let documents = format!("<?xml version='1.0'?><m>{broken}</m>\n<?xml version='1.0'?><m>{good}</m>");
        for text in [wrapped, documents] {
            let read: Vec<_> =
                read_xml(text.as_bytes()).into_iter().filter(|p| p.message.is_some()).collect();
            assert_eq!(read.len(), 2, "{text}: {read:#?}");
            assert!(read[0].findings.iter().any(|f| f.code == "xml.not-well-formed"), "{text}");
            assert!(String::from_utf8_lossy(&read[0].raw).starts_with(raw), "{text}: {:?}", read[0].raw);
            assert_eq!(declaration(&read[1]).id.as_deref(), Some("good"), "{text}");
            assert_eq!(read[1].raw, good.as_bytes());
        }
    }
}

#[test]
fn a_message_that_is_not_closed_ends_with_its_wrapper() {
    let text = "<all><m><Declaration><ID>1</ID></m>\n<m><Declaration><ID>2</ID></Declaration></m></all>";
    check(text, &["xml.not-well-formed 42A 1"]);
    let read = read_xml(text.as_bytes());
    assert_eq!(read[0].raw, b"<Declaration><ID>1</ID>");
    assert_eq!(declaration(&read[1]).id.as_deref(), Some("2"));
}

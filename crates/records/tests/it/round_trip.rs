//! Every format gives back the record it was given.

use crate::support::arbitrary::records;
use crate::support::{read_json, read_xml};
use arrow::array::{AsArray, RecordBatch};
use proptest::prelude::*;
use tidegate_records::class::{Class, ClassDefinition, Defined, FieldDefinition, FieldKind};
use tidegate_records::columnar::{RowKey, RowReader, TableBuilder};
use tidegate_records::json::write_record;
use tidegate_records::model::{Declaration, Enterprise, Inspection, QuarantinedRecord, Response};
use tidegate_records::table::Table;
use tidegate_records::tables::{DECLARATION, ENTERPRISE, GOODS_ITEM, INSPECTION, QUARANTINE};
use tidegate_records::wco::{Message, MessageWriter, write_document};

fn xml_round_trip(message: &Message) -> Result<(), TestCaseError> {
    let mut text = Vec::new();
    write_document(&mut text, &message.header(), message).unwrap();
    let read = read_xml(&text);
    prop_assert_eq!(read.len(), 1);
    prop_assert_eq!(&read[0].findings, &[]);
    prop_assert_eq!(&read[0].header, &message.header());
    prop_assert_eq!(read[0].message.as_ref(), Some(message));
    Ok(())
}

/// Writes the records into one batch of a table and reads them back.
fn table_round_trip<C: Defined>(table: &'static Table, records: &[C]) -> Vec<C> {
    read_back(table, &batch_of(table, records, |_| RowKey::default()))
}

/// The records in one batch of a table.
fn batch_of<C: Defined>(table: &'static Table, records: &[C], key: impl Fn(&C) -> RowKey<'_>) -> RecordBatch {
    let mut builder = TableBuilder::new(table).unwrap();
    for record in records {
        builder.push(key(record), record).unwrap();
    }
    let batch = builder.finish().unwrap();
    assert_eq!(batch.num_rows(), records.len());
    batch
}

fn read_back<C: Defined>(table: &'static Table, batch: &RecordBatch) -> Vec<C> {
    let reader = RowReader::new(table, batch).unwrap();
    let read = |row| {
        let mut record = C::default();
        reader.read(row, &mut record).unwrap();
        record
    };
    (0..batch.num_rows()).map(read).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_declaration_through_xml(declaration in records::<Declaration>()) {
        xml_round_trip(&Message::Declaration(Box::new(declaration)))?;
    }

    #[test]
    fn a_response_through_xml(mut response in records::<Response>()) {
        // The first declaration says what the response is about; without it the amended values take its place.
        response.declaration.id = Some("MRN".into());
        xml_round_trip(&Message::Response(Box::new(response)))?;
    }

    #[test]
    fn many_declarations_through_one_document(declarations in prop::collection::vec(records::<Declaration>(), 0..4)) {
        let messages: Vec<Message> = declarations.into_iter().map(|d| Message::Declaration(Box::new(d))).collect();
        let mut writer = MessageWriter::new(Vec::new()).unwrap();
        for message in &messages {
            writer.write(&message.header(), message).unwrap();
        }
        let read = read_xml(&writer.finish().unwrap());
        if messages.is_empty() {
            prop_assert_eq!(read[0].findings[0].code, "message.unknown-kind");
        } else {
            let read: Vec<Message> = read.into_iter().filter_map(|p| p.message).collect();
            prop_assert_eq!(read, messages);
        }
    }

    #[test]
    fn a_record_through_json(declaration in records::<Declaration>(), inspection in records::<Inspection>()) {
        let mut inspection = Some(inspection).filter(|i| !i.is_empty());
        if let Some(inspection) = &mut inspection {
            inspection.declaration_id = declaration.declaration_id();
        }
        let inspection = inspection.filter(|i| !i.is_empty());
        let mut line = Vec::new();
        write_record(&mut line, &declaration, inspection.as_ref()).unwrap();
        let read = read_json(&line);
        prop_assert_eq!(read.len(), 1);
        prop_assert_eq!(&read[0].findings, &[]);
        prop_assert_eq!(&read[0].declaration, &declaration);
        prop_assert_eq!(&read[0].inspection, &inspection);
    }

    #[test]
    fn declarations_through_their_tables(declarations in prop::collection::vec(records::<Declaration>(), 0..4)) {
        let mut headers = declarations.clone();
        let items: Vec<_> = headers
            .iter_mut()
            .map(|d| std::mem::take(&mut d.goods_shipment.government_agency_goods_item))
            .collect();
        let read = table_round_trip(&DECLARATION, &headers);
        prop_assert_eq!(&read, &headers);
        prop_assert_eq!(table_round_trip(&DECLARATION, &declarations), headers, "items are stored elsewhere");
        let items = items.concat();
        prop_assert_eq!(table_round_trip(&GOODS_ITEM, &items), items);
    }

    #[test]
    fn other_records_through_their_tables(
        inspections in prop::collection::vec(records::<Inspection>(), 0..4),
        enterprises in prop::collection::vec(records::<Enterprise>(), 0..4),
        quarantined in prop::collection::vec(records::<QuarantinedRecord>(), 0..4),
    ) {
        prop_assert_eq!(table_round_trip(&INSPECTION, &inspections), inspections);
        prop_assert_eq!(table_round_trip(&ENTERPRISE, &enterprises), enterprises);
        prop_assert_eq!(table_round_trip(&QUARANTINE, &quarantined), quarantined);
    }
}

#[test]
fn what_the_key_says_is_not_kept_again() {
    let others =
        |batch: &RecordBatch| batch.column_by_name("other_values").unwrap().as_list::<i32>().values().len();
    let versions =
        [Some(2), Some(1), None].map(|version_numeric| Declaration { version_numeric, ..Default::default() });
    let batch = batch_of(&DECLARATION, &versions, |d| RowKey {
        version_number: d.version_number(),
        ..RowKey::default()
    });
    assert_eq!(others(&batch), 0);
    let read: Vec<Declaration> = read_back(&DECLARATION, &batch);
    // The first version need not be named.
    assert_eq!(read.iter().map(|d| d.version_numeric).collect::<Vec<_>>(), [Some(2), None, None]);
    assert_eq!(read.iter().map(Declaration::version_number).collect::<Vec<_>>(), [2, 1, 1]);

    let inspections =
        ["A", "B"].map(|id| Inspection { declaration_id: Some(id.into()), ..Default::default() });
    let batch = batch_of(&INSPECTION, &inspections, |_| RowKey { declaration_id: "A", ..RowKey::default() });
    assert_eq!(others(&batch), 1, "an inspection that names another declaration than its row");
    assert_eq!(read_back::<Inspection>(&INSPECTION, &batch), inspections);
}

/// A generator that leaves fields out would make the laws above say less than they seem to.
#[test]
fn the_generator_reaches_every_field() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let strategy = records::<Declaration>();
    let mut missing = leaves(Declaration::DEFINITION, "");
    for _ in 0..5_000 {
        let record = strategy.new_tree(&mut runner).unwrap().current();
        missing.retain(|path| {
            let path = tidegate_records::path::Path::parse(Declaration::DEFINITION, path).unwrap();
            path.leaf(&record).is_none_or(|leaf| leaf.is_empty())
        });
    }
    assert_eq!(missing, Vec::<String>::new());
}

/// Paths of the leaves of a class, each through the first occurrence of what repeats.
fn leaves(class: &'static ClassDefinition, prefix: &str) -> Vec<String> {
    let below = |field: &FieldDefinition| match field.kind {
        FieldKind::Leaf { .. } => vec![format!("{prefix}{}", field.name)],
        FieldKind::One(child) | FieldKind::Many(child) => leaves(child, &format!("{prefix}{}/", field.name)),
    };
    class.fields.iter().flat_map(below).collect()
}

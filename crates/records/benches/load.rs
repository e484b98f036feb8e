//! How fast the records of a country go from the bytes of a source to the columns of the lake, one core, no storage.
#![expect(clippy::unwrap_used, reason = "a bench stops at what it did not expect")]

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use tidegate_records::columnar::{RowKey, TableBuilder};
use tidegate_records::csv::CsvReader;
use tidegate_records::json::{JsonReader, write_record};
use tidegate_records::mapping::{From, Mapping, Unit, shipped};
use tidegate_records::model::Declaration;
use tidegate_records::reading::{RowLimits, SourceRecord};
use tidegate_records::tables::{DECLARATION, GOODS_ITEM, INSPECTION};
use tidegate_records::validate::validate;
use tidegate_records::wco::{Message, MessageReader, MessageWriter};

const DECLARATIONS: usize = 500;
const ITEMS: usize = 3;

/// What the columns of the shipped mapping hold; `#` stands for a number that differs from row to row.
const HEADER: &[(&str, &str)] = &[
    ("declaration_id", "26CN#"),
    ("version_number", "1"),
    ("accepted_at", "2026-03-02T08:15:00Z"),
    ("issued_at", "2026-03-01T17:40:12Z"),
    ("function_code", "9"),
    ("declaration_type_code", "IMA"),
    ("lrn", "LRN-2026-#"),
    ("office_id", "CN003100"),
    ("goods_item_count", "3"),
    ("package_count", "120"),
    ("invoice_amount", "48210.5"),
    ("invoice_currency", "USD"),
    ("gross_mass_total_kg", "2310.25"),
    ("declarant_id", "9131MA1#"),
    ("agent_id", "9131MB1#"),
    ("agent_function_code", "2"),
    ("exporter_name", "Harbour Textile Trading Company Limited"),
    ("exporter_country_code", "VN"),
    ("importer_id", "9131MA1#"),
    ("importer_name", "Eastern Light Import and Export Company Limited"),
    ("consignee_id", "9131MA1#"),
    ("seller_id", "VN-#"),
    ("seller_name", "Harbour Textile Trading Company Limited"),
    ("carrier_id", "COSU"),
    ("aeo_holder_id", "9131MA1#"),
    ("aeo_category_code", "AEOC"),
    ("export_country_code", "VN"),
    ("destination_country_code", "CN"),
    ("transaction_nature_code", "1"),
    ("incoterm_code", "CIF"),
    ("border_transport_mode_code", "1"),
    ("border_transport_means_id", "IMO9321483"),
    ("border_transport_nationality_code", "CN"),
    ("border_port_id", "CNSHA"),
    ("border_crossing_at", "2026-03-01T05:00:00Z"),
    ("container_code", "1"),
    ("container_seq", "1"),
    ("container_id", "CSLU#"),
    ("goods_location_name", "Yangshan terminal 3"),
    ("goods_location_type_code", "A"),
    ("transport_document_type_code", "705"),
    ("transport_document_category_code", "X"),
    ("transport_document_id", "COSU#"),
    ("trader_reference", "PO-#"),
    ("supervision_mode_code", "0110"),
    ("levy_nature_code", "101"),
    ("payment_arrangement_code", "1"),
    ("contract_id", "HT-2026-#"),
];

const ITEM: &[(&str, &str)] = &[
    ("procedure_code", "40"),
    ("previous_procedure_code", "00"),
    ("commodity_code", "6105100010"),
    ("commodity_description", "Men's shirts, knitted, of cotton"),
    ("specification", "4|3|knitted|men's|100 % cotton|brand: none"),
    ("origin_document_category_code", "Y"),
    ("origin_document_type_code", "861"),
    ("origin_document_id", "E2026VN#"),
    ("origin_document_name", "Certificate of origin"),
    ("origin_country_code", "VN"),
    ("gross_mass_kg", "770.083"),
    ("net_mass_kg", "701.5"),
    ("tariff_quantity", "3200"),
    ("tariff_quantity_unit", "NAR"),
    ("declared_quantity", "3200"),
    ("declared_quantity_unit", "NAR"),
    ("item_price", "16070.17"),
    ("item_price_currency", "USD"),
    ("customs_value", "115223.41"),
    ("statistical_value", "115223"),
    ("valuation_method_code", "1"),
    ("tariff_treatment_code", "300"),
    ("duty_type_code", "A00"),
    ("duty_regime_code", "300"),
    ("duty_rate_percent", "6.5"),
    ("duty_base", "115223.41"),
    ("duty_assessed", "7489.52"),
    ("duty_payment_method_code", "E"),
    ("second_duty_type_code", "B00"),
    ("second_duty_rate_percent", "13"),
    ("second_duty_base", "122712.93"),
    ("second_duty_assessed", "15952.68"),
    ("package_type_code", "CT"),
    ("package_seq", "1"),
    ("item_package_count", "40"),
    ("domestic_place_id", "31222"),
    ("inspection_result_code", "conform"),
    ("inspection_recorded_at", "2026-03-03T09:00:00Z"),
    ("inspection_lane_code", "red"),
];

fn main() {
    divan::main();
}

fn mapping() -> Mapping {
    shipped("national-csv").unwrap()
}

fn columns(mapping: &Mapping) -> Vec<&str> {
    let mut columns = Vec::new();
    for entry in mapping.declaration.iter().chain(&mapping.inspection) {
        if let From::Column { name, .. } = &entry.from {
            columns.push(name.as_str());
        }
        if let Some(Unit::Column(name)) = &entry.unit {
            columns.push(name);
        }
    }
    columns
}

/// The CSV of a country: a row for each goods item, with the columns of the shipped mapping.
fn csv() -> Vec<u8> {
    let mapping = mapping();
    let columns = columns(&mapping);
    let mut text = columns.join(",") + "\n";
    let value = |values: &[(&str, &str)], column: &str, number: usize| {
        let (_, value) = values.iter().find(|(name, _)| *name == column)?;
        Some(value.replace('#', &format!("{number:09}")))
    };
    for row in 0..DECLARATIONS * ITEMS {
        let values = columns.iter().map(|column| {
            if *column == "goods_item_seq" || *column == "inspection_item_seq" {
                return (row % ITEMS + 1).to_string();
            }
            let of_declaration = value(HEADER, column, row / ITEMS);
            let value = of_declaration.or_else(|| value(ITEM, column, row)).unwrap_or_default();
            if value.contains(',') { format!("\"{value}\"") } else { value }
        });
        text.push_str(&values.collect::<Vec<_>>().join(","));
        text.push('\n');
    }
    text.into_bytes()
}

fn records(csv: &[u8], mapping: &Mapping) -> impl Iterator<Item = SourceRecord> {
    CsvReader::new(csv, mapping, RowLimits::default()).unwrap().map(Result::unwrap)
}

fn declarations() -> impl Iterator<Item = Declaration> {
    records(&csv(), &mapping()).map(|record| record.declaration).collect::<Vec<_>>().into_iter()
}

fn xml() -> Vec<u8> {
    let mut writer = MessageWriter::new(Vec::new()).unwrap();
    for declaration in declarations() {
        let message = Message::Declaration(Box::new(declaration));
        writer.write(&message.header(), &message).unwrap();
    }
    writer.finish().unwrap()
}

fn ndjson() -> Vec<u8> {
    let mut text = Vec::new();
    declarations().for_each(|declaration| write_record(&mut text, &declaration, None).unwrap());
    text
}

/// Validates records and writes them into the columns of the lake.
fn load(records: impl Iterator<Item = SourceRecord>) -> usize {
    let [mut headers, mut items, mut results] =
        [&DECLARATION, &GOODS_ITEM, &INSPECTION].map(|table| TableBuilder::new(table).unwrap());
    for record in records {
        assert_eq!((record.findings, validate(&record.declaration)), (vec![], vec![]));
        let id = record.declaration.declaration_id().unwrap();
        let month = record.declaration.month().unwrap();
        let key =
            RowKey { month: &month, declaration_id: &id, version_number: 1, load_id: "1", source_row: 1 };
        headers.push(key, &record.declaration).unwrap();
        for item in &record.declaration.goods_shipment.government_agency_goods_item {
            items.push(key, item).unwrap();
        }
        record.inspections.iter().for_each(|result| results.push(key, result).unwrap());
    }
    [headers, items, results].map(|mut table| table.finish().unwrap().num_columns()).iter().sum()
}

#[divan::bench]
fn csv_read(bencher: Bencher) {
    let (source, mapping) = (csv(), mapping());
    bencher
        .counter(BytesCount::new(source.len()))
        .counter(ItemsCount::new(DECLARATIONS * ITEMS))
        .bench(|| records(&source, &mapping).count());
}

#[divan::bench]
fn csv_to_columns(bencher: Bencher) {
    let (source, mapping) = (csv(), mapping());
    bencher
        .counter(BytesCount::new(source.len()))
        .counter(ItemsCount::new(DECLARATIONS * ITEMS))
        .bench(|| load(records(&source, &mapping)));
}

#[divan::bench]
fn wco_xml_read(bencher: Bencher) {
    let source = xml();
    bencher
        .counter(BytesCount::new(source.len()))
        .counter(ItemsCount::new(DECLARATIONS))
        .bench(|| MessageReader::new(source.as_slice()).map(Result::unwrap).count());
}

#[divan::bench]
fn wco_xml_to_columns(bencher: Bencher) {
    let source = xml();
    bencher
        .counter(BytesCount::new(source.len()))
        .counter(ItemsCount::new(DECLARATIONS))
        .bench(|| load(MessageReader::new(source.as_slice()).map(|m| m.unwrap().into())));
}

#[divan::bench]
fn ndjson_read(bencher: Bencher) {
    let source = ndjson();
    bencher
        .counter(BytesCount::new(source.len()))
        .counter(ItemsCount::new(DECLARATIONS))
        .bench(|| JsonReader::new(source.as_slice()).map(Result::unwrap).count());
}

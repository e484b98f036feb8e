//! How fast messages and rows are read and checked, one at a time, without any storage.
#![expect(clippy::unwrap_used, reason = "a bench stops at what it did not expect")]

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use tidegate_records::csv::CsvReader;
use tidegate_records::json::JsonReader;
use tidegate_records::mapping::shipped;
use tidegate_records::reading::RowLimits;
use tidegate_records::validate::validate;
use tidegate_records::wco::{Message, MessageReader};

const XML: &[u8] = include_bytes!("../tests/fixtures/wco/import.xml");
const NDJSON: &[u8] = include_bytes!("../tests/fixtures/json/records.ndjson");
const CSV_HEADER: &str = "Declaration ID,Date,Office ID,Process Type,Import Type,Import Use,Payment Type,\
    Mode of Transport,Declarant ID,Importer ID,Seller ID,Courier ID,HS6 Code,Country of Departure,\
    Country of Origin,Tax Rate,Tax Type,Country of Origin Indicator,Net Mass,Item Price,Fraud,Critical Fraud\n";
const CSV_ROW: &str = ",2020-01-01,20,B,11,21,11,40,X4,WI,8D,,620822,CN,CN,5.2,FCN1,B,20.7,5353.02,1,2\n";

fn main() {
    divan::main();
}

/// A source of many records: one document after the other.
fn repeated(record: &[u8], times: usize) -> Vec<u8> {
    record.repeat(times)
}

#[divan::bench(args = [1, 1_000])]
fn wco_xml(bencher: Bencher, messages: usize) {
    let source = repeated(XML, messages);
    bencher
        .counter(BytesCount::new(source.len()))
        .counter(ItemsCount::new(messages))
        .bench(|| MessageReader::new(source.as_slice()).map(|m| m.unwrap().findings.len()).sum::<usize>());
}

#[divan::bench(args = [1, 1_000])]
fn ndjson(bencher: Bencher, times: usize) {
    let source = repeated(NDJSON, times);
    bencher
        .counter(BytesCount::new(source.len()))
        .bench(|| JsonReader::new(source.as_slice()).map(|r| r.unwrap().findings.len()).sum::<usize>());
}

#[divan::bench(args = [1, 1_000])]
fn csv_through_a_mapping(bencher: Bencher, rows: usize) {
    let mapping = shipped("kcs-import").unwrap();
    let mut source = CSV_HEADER.to_owned();
    for row in 0..rows {
        source.push_str(&row.to_string());
        source.push_str(CSV_ROW);
    }
    bencher.counter(BytesCount::new(source.len())).counter(ItemsCount::new(rows)).bench(|| {
        let reader = CsvReader::new(source.as_bytes(), &mapping, RowLimits::default()).unwrap();
        reader.map(|r| r.unwrap().findings.len()).sum::<usize>()
    });
}

#[divan::bench]
fn validate_a_declaration(bencher: Bencher) {
    let parsed = MessageReader::new(XML).next().unwrap().unwrap();
    let Some(Message::Declaration(declaration)) = parsed.message else {
        panic!("the fixture is a declaration")
    };
    bencher.counter(ItemsCount::new(1_usize)).bench(|| validate(&declaration));
}

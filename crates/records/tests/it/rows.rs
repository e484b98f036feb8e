//! Sources of rows: rows of one declaration, units from columns, and the same rows as CSV and as Parquet.

use arrow::array::{
    ArrayRef, Date32Array, DictionaryArray, Float64Array, Int32Array, RecordBatch, StringArray, StructArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Int32Type};
use parquet::arrow::ArrowWriter;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use tidegate_records::csv::CsvReader;
use tidegate_records::finding::has_error;
use tidegate_records::mapping::Mapping;
use tidegate_records::parquet::{MappedParquet, ParquetWriter, ReadParquetError, WholeParquet};
use tidegate_records::reading::{MAX_GOODS_ITEMS, RowLimits, SourceRecord};
use tidegate_records::validate::validate;
use tidegate_records::value::format_time;

/// A mapping whose rows are goods items.
pub const MAPPING: &str = r#"
name = "rows"
description = "Rows for the tests"
[[declaration]]
column = "declaration_id"
path = "ID"
required = true
[[declaration]]
column = "accepted"
path = "AcceptanceDateTime"
format = "%Y-%m-%d"
required = true
[[declaration]]
column = "item"
path = "GoodsShipment/GovernmentAgencyGoodsItem/SequenceNumeric"
[[declaration]]
column = "code"
path = "GoodsShipment/GovernmentAgencyGoodsItem/Commodity/Classification/ID"
required = true
[[declaration]]
column = "price"
path = "GoodsShipment/GovernmentAgencyGoodsItem/Commodity/InvoiceLine/ItemChargeAmount"
unit_column = "currency"
[[declaration]]
column = "mass"
path = "GoodsShipment/GovernmentAgencyGoodsItem/Commodity/GoodsMeasure/NetNetWeightMeasure"
[[inspection]]
column = "result"
path = "ResultCode"
optional = true
"#;

pub const HEADER: &str = "declaration_id,accepted,item,code,price,currency,mass,result\n";

pub fn mapping() -> Mapping {
    Mapping::parse("rows", MAPPING).unwrap()
}

fn records(rows: &str) -> Vec<SourceRecord> {
    let text = format!("{HEADER}{rows}");
    CsvReader::new(text.as_bytes(), &mapping(), RowLimits::default()).unwrap().map(Result::unwrap).collect()
}

fn codes(record: &SourceRecord) -> Vec<&'static str> {
    record.findings.iter().map(|f| f.code).collect()
}

#[test]
fn consecutive_rows_of_a_declaration_are_its_goods_items() {
    let records = records(
        "A,2026-03-02,1,620822,12.5,EUR,3,\nA,2026-03-02,2,850440,7,USD,,\nB,2026-03-03,1,850440,1,,2,\nA,2026-03-02,3,1,1,EUR,1,\n",
    );
    let ids: Vec<_> = records.iter().map(|r| r.declaration.id.as_deref().unwrap()).collect();
    assert_eq!(ids, ["A", "B", "A"], "rows that come again later are another record");
    let items = &records[0].declaration.goods_shipment.government_agency_goods_item;
    let prices: Vec<_> =
        items.iter().filter_map(|i| i.commodity.invoice_line.item_charge_amount.as_ref()).collect();
    assert_eq!(prices[0].currency.as_deref(), Some("EUR"));
    assert_eq!(prices[1].currency.as_deref(), Some("USD"));
    let mass = items[0].commodity.goods_measure.net_net_weight_measure.as_ref().unwrap();
    assert_eq!(mass.unit.as_deref(), Some("KGM"), "a mass without a unit is in kilograms");
    assert_eq!(validate(&records[0].declaration), []);
    assert_eq!(
        records[0].original.text(),
        "A,2026-03-02,1,620822,12.5,EUR,3,\nA,2026-03-02,2,850440,7,USD,,"
    );
    let price = &records[1].declaration.goods_shipment.government_agency_goods_item[0];
    assert_eq!(price.commodity.invoice_line.item_charge_amount.as_ref().unwrap().currency, None);
    assert_eq!(records.iter().map(|r| r.line).collect::<Vec<_>>(), [2, 4, 5]);
}

#[test]
fn rows_that_disagree_set_the_whole_declaration_aside() {
    let rows =
        "A,2026-03-02,1,620822,1,EUR,3,\nA,2026-03-09,2,850440,7,USD,,\nA,2026-03-09,3,850440,7,USD,,\n";
    let records = records(rows);
    assert_eq!(records.len(), 1);
    let [finding] = records[0].findings.as_slice() else { panic!("{:?}", records[0].findings) };
    assert_eq!(
        (finding.code, finding.pointer.as_str(), finding.line),
        ("record.inconsistent", "42A/023", Some(3))
    );
    assert!(
        finding.message.contains("column `accepted` is 2026-03-09") && finding.message.contains("line 2")
    );
    assert_eq!(records[0].original.text(), rows.trim_end());
}

#[test]
fn an_unreadable_row_takes_its_declaration_with_it() {
    let records = records(
        "A,2026-03-02,1,620822,1,EUR,3,\nA,2026-03-02,2,850440,x,EUR,3,\nbroken\nA,2026-03-02,3,1,1,EUR,1,\nbroken\nB,2026-03-02,1,1,1,,1,\n",
    );
    assert_eq!(
        records.iter().map(codes).collect::<Vec<_>>(),
        [vec!["value.unreadable", "csv.field-count"], vec!["csv.field-count"], vec![]]
    );
    assert_eq!(records[0].findings[0].pointer.as_str(), "42A/67A/68A[2]/23A/79A/112", "the item of the row");
    assert_eq!(records[0].original.text().lines().count(), 4);
}

#[test]
fn a_result_that_every_row_repeats_is_one_and_others_belong_to_their_items() {
    let row = |item: u32, result: &str| format!("A,2026-03-02,{item},620822,1,EUR,3,{result}\n");
    let same = records(&(row(1, "conform") + &row(2, "conform")));
    assert_eq!(same[0].inspections.len(), 1);
    assert_eq!(same[0].inspections[0].goods_item_numeric, None);
    let different = records(&(row(1, "conform") + &row(2, "discrepancy") + &row(3, "")));
    let results: Vec<_> =
        different[0].inspections.iter().map(|i| (i.goods_item_numeric, i.result_code.as_deref())).collect();
    assert_eq!(results, [(Some(1), Some("conform")), (Some(2), Some("discrepancy"))]);
}

#[test]
fn a_declaration_with_too_many_items_is_refused_without_losing_a_row() {
    use std::fmt::Write as _;
    let mut rows = String::new();
    for item in 1..=2 * MAX_GOODS_ITEMS + 5 {
        writeln!(rows, "A,2026-03-02,{item},620822,1,EUR,3,").unwrap();
    }
    rows.push_str("B,2026-03-02,1,620822,1,EUR,3,\n");
    let records = records(&rows);
    let of_a = &records[..records.len() - 1];
    assert_eq!(of_a.len(), 3);
    assert!(of_a.iter().all(|r| codes(r) == ["record.too-long"]), "{:?}", of_a[2].findings);
    assert_eq!(
        of_a.iter().map(|r| r.original.text().lines().count()).sum::<usize>(),
        2 * MAX_GOODS_ITEMS + 5
    );
    assert_eq!(codes(&records[3]), Vec::<&str>::new());
}

/// Three declarations in columns of several types; the last one has no date that the mapping needs.
pub fn batch() -> RecordBatch {
    let ids = StringArray::from(vec!["A", "A", "B", "C"]);
    let dates = Date32Array::from(vec![20_514, 20_514, 20_515, 20_516]);
    let items = Float64Array::from(vec![1.0, 2.0, 1.0, 1.0]);
    let codes: DictionaryArray<Int32Type> =
        vec![Some("620822"), Some("850440"), Some("850440"), None].into_iter().collect();
    let prices = Float64Array::from(vec![Some(12.5), None, Some(12.5), Some(1e300)]);
    let currencies = StringArray::from(vec![Some("EUR"), None, Some("EUR"), None]);
    let masses = Int32Array::from(vec![3, 4, 5, 6]);
    let columns: [(&str, ArrayRef); 7] = [
        ("declaration_id", Arc::new(ids)),
        ("accepted", Arc::new(dates)),
        ("item", Arc::new(items)),
        ("code", Arc::new(codes)),
        ("price", Arc::new(prices)),
        ("currency", Arc::new(currencies)),
        ("mass", Arc::new(masses)),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

pub fn parquet_file(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn columns_of_any_type_are_read_as_the_same_rows_would_be() {
    let file = stored("columns", &parquet_file(&batch()));
    let from_columns: Vec<SourceRecord> =
        MappedParquet::new(file, &mapping(), RowLimits::default()).unwrap().map(Result::unwrap).collect();
    let from_text = records(
        "A,2026-03-02,1,620822,12.5,EUR,3,\nA,2026-03-02,2,850440,,,4,\nB,2026-03-03,1,850440,12.5,EUR,5,\n",
    );
    assert_eq!(from_columns.len(), 3);
    for (columns, text) in from_columns.iter().zip(&from_text) {
        assert_eq!(columns.declaration, text.declaration);
        assert_eq!(columns.findings, []);
    }
    assert!(has_error(&from_columns[2].findings));
    assert_eq!(codes(&from_columns[2]), ["value.missing", "value.unreadable"]);
    let raw = from_columns[2].original.text();
    assert!(
        raw.starts_with(r#"{"declaration_id":"C","accepted":"2026-03-04","item":"1","code":null,"#),
        "{raw}"
    );
}

#[test]
fn moments_that_name_no_offset_have_that_of_the_mapping() {
    let text = MAPPING.replace("format = \"%Y-%m-%d\"\n", "");
    let east = text.replacen("[[declaration]]", "utc_offset = \"+08:00\"\n[[declaration]]", 1);
    let [utc, east] = [text, east].map(|text| Mapping::parse("rows", &text).unwrap());
    let accepted = |record: SourceRecord| format_time(&record.declaration.acceptance_date_time.unwrap());
    let rows = ["2026-03-01T00:30:00", "2026-03-01T00:30:00Z", "2026-03-01"]
        .map(|accepted| format!("{accepted},{accepted},1,620822,1,EUR,3,\n"));
    let rows = format!("{HEADER}{}", rows.concat());
    let of_text = |mapping: &Mapping| {
        let reader = CsvReader::new(rows.as_bytes(), mapping, RowLimits::default()).unwrap();
        reader.map(|record| accepted(record.unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(of_text(&utc), ["2026-03-01T00:30:00Z", "2026-03-01T00:30:00Z", "2026-03-01T00:00:00Z"]);
    assert_eq!(of_text(&east), ["2026-02-28T16:30:00Z", "2026-03-01T00:30:00Z", "2026-03-01T00:00:00Z"]);

    let moments = TimestampMicrosecondArray::from(vec![1_772_325_000_000_000; 4]);
    for (name, moments, expected) in [
        ("bare", moments.clone(), "2026-02-28T16:30:00Z"),
        ("zoned", moments.with_timezone("UTC"), "2026-03-01T00:30:00Z"),
    ] {
        let batch = batch();
        let moments: ArrayRef = Arc::new(moments);
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
            let column = if field.name() == "accepted" { &moments } else { column };
            (field.name().clone(), Arc::clone(column))
        });
        let file = stored(name, &parquet_file(&RecordBatch::try_from_iter(columns).unwrap()));
        let first = MappedParquet::new(file, &east, RowLimits::default()).unwrap().next().unwrap();
        assert_eq!(accepted(first.unwrap()), expected, "{name}");
    }
}

#[test]
fn a_file_of_columns_that_does_not_fit_says_why() {
    let open = |bytes: Vec<u8>| {
        MappedParquet::new(stored("unfit", &bytes), &mapping(), RowLimits::default()).err().unwrap()
    };
    assert!(matches!(open(b"no parquet".to_vec()), ReadParquetError::File(_)));
    let batch = batch();
    let error = open(parquet_file(&batch.project(&[0, 1, 2, 3, 4]).unwrap())).to_string();
    assert!(error.contains("needs: currency, mass; it has: declaration_id, "), "{error}");
    let nested: ArrayRef = Arc::new(StructArray::from(vec![(
        Arc::new(Field::new("x", DataType::Int32, false)),
        batch.column(6).clone(),
    )]));
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns());
    let columns =
        columns.map(|(f, c)| (f.name().clone(), if f.name() == "mass" { nested.clone() } else { c.clone() }));
    let error = open(parquet_file(&RecordBatch::try_from_iter(columns).unwrap())).to_string();
    assert!(error.starts_with("column `mass` holds Struct"), "{error}");
    let error = WholeParquet::new(stored("unfit", &parquet_file(&batch)), RowLimits::default())
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("--mapping"), "{error}");
}

/// A file with given bytes; each test has its own name.
pub fn stored(name: &str, bytes: &[u8]) -> File {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("rows-{name}.parquet"));
    std::fs::write(&path, bytes).unwrap();
    File::open(path).unwrap()
}

/// A file of one whole declaration.
pub fn whole_file(declaration: &tidegate_records::model::Declaration) -> Vec<u8> {
    let mut writer = ParquetWriter::new(Vec::new()).unwrap();
    writer.write(tidegate_records::columnar::RowKey::default(), declaration).unwrap();
    writer.finish().unwrap()
}

//! What is written to files reads back as what was generated.

use crate::columns::{chunks, plain};
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::path::Path;
use tidegate_records::mapping::{Mapping, RowMapper};
use tidegate_records::value::Text;
use tidegate_sim::{Configuration, Generator, csv_mapping};

fn read(path: &Path) -> RecordBatch {
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    let batches: Vec<RecordBatch> = reader.map(|b| plain(&b.unwrap())).collect();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

#[test]
fn parquet_holds_the_chunks_and_keeps_the_truth_elsewhere() {
    let home = tempfile::tempdir().unwrap();
    let (tables, truth) = (home.path().join("tables"), home.path().join("truth"));
    let configuration = Configuration::new(4, 2026, 2_500);
    let generator = Generator::new(configuration.clone()).unwrap();
    let mut told = Vec::new();
    let written = generator.write_parquet(&tables, &truth, 2, |done| told.push(done)).unwrap();
    assert_eq!(told, [2_048, 2_500]);
    let chunks = chunks(configuration);
    let whole = |batch: fn(&tidegate_sim::Chunk) -> &RecordBatch| {
        let batches: Vec<RecordBatch> = chunks.iter().map(|c| plain(batch(c))).collect();
        concat_batches(&batches[0].schema(), &batches).unwrap()
    };
    assert_eq!(read(&tables.join("declaration.parquet")), whole(|c| &c.declarations));
    assert_eq!(read(&tables.join("goods_item.parquet")), whole(|c| &c.goods_items));
    assert_eq!(read(&tables.join("inspection.parquet")), whole(|c| &c.inspections));
    assert_eq!(read(&truth.join("truth.parquet")), whole(|c| &c.truth));
    assert_eq!(written.declarations, whole(|c| &c.declarations).num_rows() as u64);
    assert_eq!(written.enterprises, read(&tables.join("enterprise.parquet")).num_rows() as u64);
    assert_eq!(std::fs::read_dir(&tables).unwrap().count(), 5, "nothing but the five tables");
    assert_eq!(written.filings, read(&tables.join("special_filing.parquet")).num_rows() as u64);
    let refused = generator.write_parquet(&tables, &tables.join("../tables"), 1, |_| ()).unwrap_err();
    assert!(refused.to_string().contains("another directory"), "{refused}");
}

#[test]
fn csv_reads_back_through_the_mapping_without_a_finding() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("csv/year.csv");
    let configuration = Configuration { currency: "EUR".to_owned(), ..Configuration::new(4, 2026, 600) };
    let generator = Generator::new(configuration).unwrap();
    let written = generator.write_csv(&file, &home.path().join("truth"), 2, |_| ()).unwrap();
    let mapping = Mapping::parse("national-csv", &csv_mapping("EUR")).unwrap();
    let mut reader = csv::Reader::from_path(&file).unwrap();
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let mapper = RowMapper::bind(&mapping, &header).unwrap();
    let chunk = generator.chunk(0).unwrap();
    let values = crate::columns::decimals(&chunk.goods_items, "customs_value_amount");
    let codes = crate::columns::texts(&chunk.goods_items, "commodity_code");
    let (mut rows, mut results) = (0, 0);
    for (line, row) in reader.records().enumerate() {
        let row = row.unwrap();
        let record = mapper.map(|i| row.get(i), line as u64 + 2);
        assert!(record.findings.is_empty(), "{:?}", record.findings);
        let item = &record.declaration.goods_shipment.government_agency_goods_item[0];
        let value = item.customs_value_amount.as_ref().unwrap();
        assert_eq!(value.currency.as_deref(), Some("EUR"));
        assert_eq!(
            (value.value * tidegate_records::value::Decimal::from(1_000)).normalize().to_string(),
            values[rows].to_string()
        );
        assert_eq!(item.commodity.classification[0].id.as_deref(), Some(codes[rows]));
        if let Some(inspection) = &record.inspection {
            results += 1;
            assert_eq!(inspection.goods_item_numeric, item.sequence_numeric);
            assert_eq!(inspection.declaration_id, record.declaration.id.as_deref().map(Text::from));
            assert!(inspection.recorded_date_time > record.declaration.acceptance_date_time);
        }
        rows += 1;
    }
    assert_eq!(rows as u64, written.goods_items);
    assert_eq!(rows, chunk.goods_items.num_rows());
    assert!(results > 20, "{results}");
    assert!(home.path().join("truth/truth.parquet").is_file());
}

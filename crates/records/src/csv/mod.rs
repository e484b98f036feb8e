//! CSV sources: rows read one by one through a mapping; consecutive rows of one declaration make one record.

mod tee;

use crate::class::Defined;
use crate::finding::{Finding, Severity};
use crate::mapping::{MappedRecord, Mapping, RowMapper};
use crate::model::Declaration;
use crate::path::Pointer;
use crate::reading::{Grouped, Grouping, MappedRow, Original, RowLimits, SourceRecord};
use std::io::Read;
use tee::Tee;

/// Why a CSV source cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// The header lacks columns that the mapping needs.
    #[error("the file lacks the column{} {}; its header has: {header}", plural(.missing.len()), quoted(.missing))]
    MissingColumns {
        /// Columns the mapping needs.
        missing: Vec<String>,
        /// Columns there are.
        header: String,
    },
    /// The file is empty.
    #[error("the file is empty; a header row is needed")]
    Empty,
    /// The source cannot be read, or a row is longer than the limit.
    #[error("the source cannot be read at line {line}: {cause}")]
    Unreadable {
        /// Line from 1.
        line: u64,
        /// What the reader says.
        cause: csv::Error,
    },
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}

/// Reads the records of a CSV source through a mapping.
///
/// What is wrong with a record is in its findings; an error is given only when the source cannot be read on.
pub struct CsvReader<'r> {
    records: Grouped<Rows<'r>>,
}

impl<'r> CsvReader<'r> {
    /// Reads the header and binds the mapping to it.
    ///
    /// # Errors
    /// When the header lacks a column that the mapping needs.
    pub fn new(
        source: impl Read + Send + 'r,
        mapping: &Mapping,
        limits: RowLimits,
    ) -> Result<Self, CsvError> {
        let rows = Rows::new(Box::new(source), mapping, limits.row_bytes)?;
        Ok(Self { records: Grouped::new(rows, Grouping::of(mapping), limits) })
    }
}

impl Iterator for CsvReader<'_> {
    type Item = Result<SourceRecord, CsvError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.records.next()
    }
}

/// Boxed, so that reading is compiled once, here, and as fast wherever it is called from.
type Source<'r> = Box<dyn Read + Send + 'r>;

/// The rows after the header.
struct Rows<'r> {
    reader: csv::Reader<Tee<Source<'r>>>,
    mapper: RowMapper,
    fields: usize,
    row: csv::ByteRecord,
    failed: bool,
}

impl<'r> Rows<'r> {
    fn new(source: Source<'r>, mapping: &Mapping, max_row_bytes: usize) -> Result<Self, CsvError> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(mapping.delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(Tee::new(source, max_row_bytes));
        let mut header = csv::ByteRecord::new();
        let found =
            reader.read_byte_record(&mut header).map_err(|cause| CsvError::Unreadable { line: 1, cause })?;
        if !found {
            return Err(CsvError::Empty);
        }
        let names: Vec<String> = header
            .iter()
            .map(|h| String::from_utf8_lossy(h).trim_start_matches('\u{feff}').trim().to_owned())
            .collect();
        let mapper = RowMapper::bind(mapping, &names)
            .map_err(|missing| CsvError::MissingColumns { missing, header: names.join(", ") })?;
        Ok(Self { reader, mapper, fields: names.len(), row: header, failed: false })
    }

    fn next_row(&mut self) -> Result<Option<MappedRow>, CsvError> {
        let start = self.reader.position().clone();
        self.reader.get_mut().forget_before(start.byte());
        let found = self
            .reader
            .read_byte_record(&mut self.row)
            .map_err(|cause| CsvError::Unreadable { line: start.line(), cause })?;
        if !found {
            return Ok(None);
        }
        let line = self.row.position().map_or(start.line(), csv::Position::line);
        let original = Original::Text(self.raw());
        Ok(Some(MappedRow { record: Box::new(self.map(line)), line, original }))
    }

    /// What the row that was read last says.
    fn map(&mut self, line: u64) -> MappedRecord {
        if self.row.len() != self.fields {
            let message = format!(
                "the row has {} fields, the header {}; check the quotes around it",
                self.row.len(),
                self.fields
            );
            return refused("csv.field-count", line, message);
        }
        match csv::StringRecord::from_byte_record(std::mem::take(&mut self.row)) {
            Ok(row) => {
                let record = self.mapper.map(|i| row.get(i), line);
                self.row = row.into_byte_record();
                record
            }
            Err(error) => {
                let message =
                    format!("field {} is not UTF-8; convert the file", error.utf8_error().field() + 1);
                self.row = error.into_byte_record();
                refused("csv.encoding", line, message)
            }
        }
    }

    /// The row that was read last, exactly as it stands in the source but for its line end.
    fn raw(&self) -> Vec<u8> {
        let start = self.row.position().map_or(0, csv::Position::byte);
        let bytes = self.reader.get_ref().between(start, self.reader.position().byte());
        let end = bytes.iter().rposition(|b| !matches!(b, b'\r' | b'\n')).map_or(0, |last| last + 1);
        bytes[..end].to_vec()
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<MappedRow, CsvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let row = self.next_row();
        self.failed = row.is_err();
        row.transpose()
    }
}

fn refused(code: &'static str, line: u64, message: String) -> MappedRecord {
    let pointer = Pointer::root(Declaration::DEFINITION);
    let finding = Finding { code, severity: Severity::Error, pointer, line: Some(line), message };
    MappedRecord { findings: vec![finding], ..MappedRecord::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::shipped;

    const HEADER: &str = "Declaration ID,Date,Office ID,Process Type,Import Type,Import Use,Payment Type,\
        Mode of Transport,Declarant ID,Importer ID,Seller ID,Courier ID,HS6 Code,Country of Departure,\
        Country of Origin,Tax Rate,Tax Type,Country of Origin Indicator,Net Mass,Item Price,Fraud,Critical Fraud\n";
    const ROW: &str =
        "77854751,2020-01-01,20,B,11,21,11,40,X4,WI,8D,,620822,CN,CN,5.2,FCN1,B,20.7,5353.02,1,2\n";

    fn records(text: &str) -> Vec<SourceRecord> {
        let mapping = shipped("kcs-import").unwrap();
        CsvReader::new(text.as_bytes(), &mapping, RowLimits::default()).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn a_row_becomes_a_declaration_and_an_inspection() {
        let records = records(&format!("{HEADER}{ROW}"));
        let record = &records[0];
        assert_eq!(record.findings, []);
        let declaration = &record.declaration;
        let item = &declaration.goods_shipment.government_agency_goods_item[0];
        assert_eq!(declaration.declaration_id().as_deref(), Some("77854751"));
        assert_eq!(declaration.border_transport_means.mode_code.as_deref(), Some("4"));
        assert_eq!(declaration.consignment.carrier.id, None);
        assert_eq!(item.commodity.classification[0].id.as_deref(), Some("620822"));
        let price = item.commodity.invoice_line.item_charge_amount.as_ref().unwrap();
        assert_eq!((price.value.to_string().as_str(), price.currency.as_deref()), ("5353.02", Some("KRW")));
        let inspection = &record.inspections[0];
        assert_eq!(inspection.result_code.as_deref(), Some("discrepancy"));
        assert_eq!(inspection.finding[0].severity_code.as_deref(), Some("critical"));
        assert_eq!(crate::validate::validate(declaration), []);
    }

    #[test]
    fn a_bad_row_keeps_its_text_and_says_where_it_is() {
        let bad = ROW.replace("2020-01-01", "01/01/2020").replace("20.7", "twenty");
        let text = format!("{HEADER}{ROW}{bad}1,2\n\"7\n8\",x\n{ROW}");
        let records = records(&text);
        assert_eq!(records.len(), 5);
        assert_eq!(records[1].original.text(), bad.trim_end());
        let codes: Vec<_> = records[1].findings.iter().map(|f| (f.code, f.line)).collect();
        assert_eq!(
            codes,
            [("value.unreadable", Some(3)); 3],
            "date of declaration, mass, date of inspection"
        );
        assert!(records[1].findings[0].message.contains("%Y-%m-%d"), "{}", records[1].findings[0].message);
        assert_eq!(
            (records[2].findings[0].code, records[2].original.text().as_str()),
            ("csv.field-count", "1,2")
        );
        assert_eq!((records[3].line, records[3].original.text().as_str()), (5, "\"7\n8\",x"));
        assert_eq!((records[4].line, records[4].findings.len()), (7, 0));
    }

    #[test]
    fn a_file_that_does_not_fit_the_mapping_says_what_is_missing() {
        let mapping = shipped("kcs-import").unwrap();
        let open = |text: &'static str| {
            CsvReader::new(text.as_bytes(), &mapping, RowLimits::default()).err().unwrap()
        };
        let message = open("Declaration ID,Datum\n").to_string();
        assert!(message.starts_with("the file lacks the columns `Date`, "), "{message}");
        assert!(matches!(open(""), CsvError::Empty));
    }

    #[test]
    fn a_row_without_end_stops_at_the_limit() {
        let mapping = shipped("kcs-import").unwrap();
        let text = format!("{HEADER}\"{}", "x".repeat(300_000));
        let mut reader = CsvReader::new(
            text.as_bytes(),
            &mapping,
            RowLimits { row_bytes: 100_000, ..RowLimits::default() },
        )
        .unwrap();
        let error = reader.next().unwrap().unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
        assert!(reader.next().is_none(), "it stops there");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_set_aside_readably() {
        let mapping = shipped("kcs-import").unwrap();
        let mut bytes = format!("{HEADER}{}", ROW.replace("FCN1", "FCN?")).into_bytes();
        let at = bytes.iter().rposition(|b| *b == b'?').unwrap();
        bytes[at] = 0xE9;
        let mut reader = CsvReader::new(bytes.as_slice(), &mapping, RowLimits::default()).unwrap();
        let record = reader.next().unwrap().unwrap();
        assert_eq!(record.findings[0].code, "csv.encoding");
        assert!(record.original.text().contains("\\xE9"));
    }
}

//! Writes a country to one flat CSV, one goods item a row with its inspection result beside it. The columns are
//! those of the shipped mapping `national-csv`, so that what is written here is what ingest reads.

use crate::chunk::Filed;
use crate::error::SimulationError;
use crate::generator::{Generator, in_order};
use crate::truth::{TruthBuilder, truth_schema};
use crate::write_parquet::ParquetFile;
use crate::written::{Written, two_directories};
use arrow::array::RecordBatch;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use tidegate_records::class::{Class, ClassDefinition, Defined, LeafRef};
use tidegate_records::json::write_object;
use tidegate_records::model::{Declaration, Inspection};
use tidegate_records::path::Path as RecordPath;
use tidegate_records::value::format_time;

const MAPPING: &str = include_str!("../../../mappings/national-csv.toml");
/// Currency of the amounts in the shipped mapping.
const SHIPPED_CURRENCY: &str = "\"CNY\"";

/// The text of the mapping that reads what [`Generator::write_csv`] writes: `national-csv` with the currency given.
pub fn csv_mapping(currency: &str) -> String {
    MAPPING.replace(SHIPPED_CURRENCY, &format!("\"{currency}\""))
}

/// File of the filings of a CSV, in a folder beside it, so that either folder holds files of one format.
pub fn filings_beside(file: &Path) -> PathBuf {
    let filings = file.with_extension("ndjson");
    file.with_file_name("special_filing").join(filings.file_name().unwrap_or_default())
}

/// Rows of one chunk.
struct Rows {
    csv: Vec<u8>,
    truth: RecordBatch,
    written: Written,
    end: u64,
}

impl Generator {
    /// Writes one CSV with a header, the filings beside it ([`filings_beside`]), and `truth.parquet` into another directory.
    /// `progress` is told the declarations generated so far.
    ///
    /// # Errors
    /// When a file cannot be written, or the truth would come to lie beside the CSV.
    pub fn write_csv(
        &self,
        file: &Path,
        truth_directory: &Path,
        threads: usize,
        mut progress: impl FnMut(u64),
    ) -> Result<Written, SimulationError> {
        let directory = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        two_directories(directory, truth_directory)?;
        let columns = Columns::new(&csv_mapping(&self.configuration().currency))?;
        let failed = |e: std::io::Error| SimulationError::write(file, e);
        let mut output = File::create(file).map_err(failed)?;
        output.write_all(&columns.header(file)?).map_err(failed)?;
        let mut truth = ParquetFile::create(truth_directory, "truth", truth_schema())?;
        let mut written = Written::default();
        in_order(
            self.chunk_count(),
            threads,
            |number| self.rows(number, &columns, file),
            |rows: Rows| {
                output.write_all(&rows.csv).map_err(failed)?;
                truth.write(&rows.truth)?;
                written.declarations += rows.written.declarations;
                written.goods_items += rows.written.goods_items;
                written.inspections += rows.written.inspections;
                progress(rows.end);
                Ok::<(), SimulationError>(())
            },
        )?;
        output.sync_all().map_err(failed)?;
        truth.close()?;
        written.filings = self.write_filings(&filings_beside(file))?;
        Ok(written)
    }

    /// Writes the filings of special packaging, one JSON object a line.
    fn write_filings(&self, file: &Path) -> Result<u64, SimulationError> {
        let failed = |e: std::io::Error| SimulationError::write(file, e);
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut output = BufWriter::new(File::create(file).map_err(failed)?);
        let mut written = 0;
        for filing in self.world.filed() {
            write_object(&mut output, &filing).map_err(failed)?;
            written += 1;
        }
        output.flush().map_err(failed)?;
        Ok(written)
    }

    fn rows(&self, number: u64, columns: &Columns, file: &Path) -> Result<Rows, SimulationError> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut truth = TruthBuilder::new();
        let mut written = Written::default();
        for declared in self.world.declared(number) {
            let filed = self.world.file(&declared);
            written.inspections += filed.inspections.len() as u64;
            columns.write(&filed, &mut writer, &mut written).map_err(|e| SimulationError::write(file, e))?;
            truth.push(&self.world, &declared, &self.world.declaration_id(&declared.shipment));
        }
        let csv = writer.into_inner().map_err(|e| SimulationError::write(file, e))?;
        Ok(Rows { csv, truth: truth.finish()?, written, end: self.world.serials(number).end })
    }
}

/// One column: its name and the path of its value.
struct Column {
    name: String,
    path: RecordPath,
    /// Whether it holds the unit or currency of the value.
    is_unit: bool,
}

/// Columns of the CSV: those of the mapping, in its order.
struct Columns {
    declaration: Vec<Column>,
    inspection: Vec<Column>,
}

impl Columns {
    fn new(mapping: &str) -> Result<Self, SimulationError> {
        const FILE: &str = "mappings/national-csv.toml";
        let mapping: toml::Table = toml::from_str(mapping).map_err(|e| SimulationError::data(FILE, e))?;
        let columns = |list: &str, class: &'static ClassDefinition| {
            let entries = mapping.get(list).and_then(toml::Value::as_array).into_iter().flatten();
            let mut columns = Vec::new();
            for entry in entries {
                let text = |key: &str| entry.get(key).and_then(toml::Value::as_str);
                let Some(path) = text("path") else { continue };
                let (path, _) =
                    RecordPath::parse_leaf(class, path).map_err(|e| SimulationError::data(FILE, e))?;
                for (key, is_unit) in [("column", false), ("unit_column", true)] {
                    let column =
                        text(key).map(|name| Column { name: name.to_owned(), path: path.clone(), is_unit });
                    columns.extend(column);
                }
            }
            Ok::<_, SimulationError>(columns)
        };
        Ok(Self {
            declaration: columns("declaration", Declaration::DEFINITION)?,
            inspection: columns("inspection", Inspection::DEFINITION)?,
        })
    }

    fn header(&self, file: &Path) -> Result<Vec<u8>, SimulationError> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer
            .write_record(self.declaration.iter().chain(&self.inspection).map(|c| &c.name))
            .map_err(|e| SimulationError::write(file, e))?;
        writer.into_inner().map_err(|e| SimulationError::write(file, e))
    }

    fn write(
        &self,
        filed: &Filed,
        writer: &mut csv::Writer<Vec<u8>>,
        written: &mut Written,
    ) -> csv::Result<()> {
        for version in &filed.versions {
            written.declarations += 1;
            let mut declaration = version.clone();
            // Paths of the mapping name the first item; each item in turn takes that place.
            let items = std::mem::take(&mut declaration.goods_shipment.government_agency_goods_item);
            for item in items {
                written.goods_items += 1;
                let inspection = result_of(filed, item.sequence_numeric);
                declaration.goods_shipment.government_agency_goods_item = vec![item];
                for column in &self.declaration {
                    writer.write_field(value(column, &declaration))?;
                }
                for column in &self.inspection {
                    writer.write_field(inspection.as_ref().map(|i| value(column, i)).unwrap_or_default())?;
                }
                writer.write_record(None::<&[u8]>)?;
            }
        }
        Ok(())
    }
}

/// The result that holds for an item: its own, or that of the whole declaration.
fn result_of(filed: &Filed, item: Option<u32>) -> Option<Inspection> {
    let holds = |i: &&Inspection| i.goods_item_numeric.is_none() || i.goods_item_numeric == item;
    let inspection = filed.inspections.iter().find(holds)?;
    Some(Inspection { goods_item_numeric: item, ..inspection.clone() })
}

fn value(column: &Column, record: &dyn Class) -> String {
    match column.path.leaf(record) {
        Some(LeafRef::Amount(Some(amount))) if column.is_unit => {
            amount.currency.as_deref().unwrap_or_default().to_owned()
        }
        Some(LeafRef::Measure(Some(measure))) if column.is_unit => {
            measure.unit.as_deref().unwrap_or_default().to_owned()
        }
        Some(LeafRef::Text(Some(text))) => text.to_owned(),
        Some(LeafRef::Count(Some(count))) => count.to_string(),
        Some(LeafRef::Decimal(Some(number))) => number.normalize().to_string(),
        Some(LeafRef::Amount(Some(amount))) => amount.value.normalize().to_string(),
        Some(LeafRef::Measure(Some(measure))) => measure.value.normalize().to_string(),
        Some(LeafRef::Time(Some(time))) => format_time(&time),
        _ => String::new(),
    }
}

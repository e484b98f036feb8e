//! Writes a country to Parquet files, chunk by chunk.

use crate::error::SimulationError;
use crate::generator::Generator;
use crate::truth::truth_schema;
use crate::written::{Written, two_directories};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::path::{Path, PathBuf};
use tidegate_records::tables;

/// Rows of a row group: bounds the memory of the writer.
const ROW_GROUP: usize = 131_072;

/// One Parquet file being written.
pub(crate) struct ParquetFile {
    path: PathBuf,
    writer: ArrowWriter<File>,
}

impl ParquetFile {
    pub(crate) fn create(directory: &Path, name: &str, schema: SchemaRef) -> Result<Self, SimulationError> {
        let path = directory.join(format!("{name}.parquet"));
        let file = File::create(&path).map_err(|e| SimulationError::write(&path, e))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .build();
        let writer = ArrowWriter::try_new(file, schema, Some(properties))
            .map_err(|e| SimulationError::write(&path, e))?;
        Ok(Self { path, writer })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), SimulationError> {
        self.writer.write(batch).map_err(|e| SimulationError::write(&self.path, e))
    }

    pub(crate) fn close(self) -> Result<(), SimulationError> {
        self.writer.close().map(|_| ()).map_err(|e| SimulationError::write(&self.path, e))
    }
}

impl Generator {
    /// Writes `declaration.parquet`, `goods_item.parquet`, `inspection.parquet`, `enterprise.parquet` and
    /// `special_filing.parquet` into one
    /// directory and `truth.parquet` into another. `progress` is told the declarations generated so far.
    ///
    /// # Errors
    /// When a file cannot be written, or both directories are one.
    pub fn write_parquet(
        &self,
        directory: &Path,
        truth_directory: &Path,
        threads: usize,
        mut progress: impl FnMut(u64),
    ) -> Result<Written, SimulationError> {
        two_directories(directory, truth_directory)?;
        let create = |table: &tidegate_records::table::Table| {
            ParquetFile::create(directory, table.name, table.schema())
        };
        let mut declarations = create(&tables::DECLARATION)?;
        let mut goods_items = create(&tables::GOODS_ITEM)?;
        let mut inspections = create(&tables::INSPECTION)?;
        let mut truth = ParquetFile::create(truth_directory, "truth", truth_schema())?;
        let mut written = Written::default();
        self.deliver(threads, |chunk| {
            declarations.write(&chunk.declarations)?;
            goods_items.write(&chunk.goods_items)?;
            inspections.write(&chunk.inspections)?;
            truth.write(&chunk.truth)?;
            written.add(&chunk);
            progress(self.world.serials(chunk.number).end);
            Ok::<(), SimulationError>(())
        })?;
        let mut enterprises = create(&tables::ENTERPRISE)?;
        for batch in self.enterprises() {
            let batch = batch?;
            written.enterprises += batch.num_rows() as u64;
            enterprises.write(&batch)?;
        }
        let mut filings = create(&tables::SPECIAL_FILING)?;
        for batch in self.filings()? {
            written.filings += batch.num_rows() as u64;
            filings.write(&batch)?;
        }
        for file in [declarations, goods_items, inspections, truth, enterprises, filings] {
            file.close()?;
        }
        Ok(written)
    }
}

//! A Parquet file of rows, read through a mapping: the columns by name, the row groups as a stream.

use super::ReadParquetError;
use super::columns::{is_dated, is_scalar, texts};
use crate::mapping::{Entry, From, Mapping, RowMapper, Unit};
use crate::reading::{Grouped, Grouping, MappedRow, Original, RowLimits, SourceRecord};
use arrow::array::{Array, RecordBatch, StringArray};
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::file::reader::ChunkReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Reads the records of a Parquet file through a mapping; consecutive rows of one declaration make one record.
pub struct MappedParquet {
    records: Grouped<Rows>,
}

impl MappedParquet {
    /// Reads the footer and binds the mapping to the columns.
    ///
    /// # Errors
    /// When the file is no Parquet file, lacks a column that the mapping needs, or has one of no single values there.
    pub fn new(
        source: impl ChunkReader + 'static,
        mapping: &Mapping,
        limits: RowLimits,
    ) -> Result<Self, ReadParquetError> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(source)?;
        let schema = builder.schema().clone();
        check_columns(mapping, &schema)?;
        let names: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
        let mapping = without_date_formats(mapping, &schema);
        let mapper = RowMapper::bind(&mapping, &names).map_err(|missing| {
            ReadParquetError::MissingColumns { missing: missing.join(", "), columns: names.join(", ") }
        })?;
        let needed = names.iter().map(|name| columns_of(&mapping).any(|column| column == name.trim()));
        let rows = Rows {
            batches: Batches::open(builder, limits)?,
            mapper,
            needed: needed.collect(),
            batch: Arc::new(RecordBatch::new_empty(schema)),
            texts: Vec::new(),
            next: 0,
        };
        Ok(Self { records: Grouped::new(rows, Grouping::of(&mapping), limits) })
    }

    /// Rows read so far, and rows of the file.
    pub fn progress(&self) -> (u64, u64) {
        self.records.rows().batches.progress()
    }
}

impl Iterator for MappedParquet {
    type Item = Result<SourceRecord, ReadParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.records.next()
    }
}

fn entries(mapping: &Mapping) -> impl Iterator<Item = &Entry> {
    mapping.declaration.iter().chain(&mapping.inspection)
}

/// Names of the columns that a mapping reads.
fn columns_of(mapping: &Mapping) -> impl Iterator<Item = &str> {
    entries(mapping).flat_map(|entry| {
        let value = match &entry.from {
            From::Column { name, .. } => Some(name.as_str()),
            From::Value(_) => None,
        };
        let unit = match &entry.unit {
            Some(Unit::Column(name)) => Some(name.as_str()),
            _ => None,
        };
        value.into_iter().chain(unit)
    })
}

fn check_columns(mapping: &Mapping, schema: &Schema) -> Result<(), ReadParquetError> {
    for field in schema.fields() {
        if !is_scalar(field.data_type()) && columns_of(mapping).any(|name| name == field.name().trim()) {
            let (column, found) = (field.name().clone(), field.data_type().to_string());
            return Err(ReadParquetError::Column { column, found });
        }
    }
    Ok(())
}

/// The mapping for the columns of a file: a column of dates needs no format.
fn without_date_formats(mapping: &Mapping, schema: &Schema) -> Mapping {
    let mut mapping = mapping.clone();
    for entry in mapping.declaration.iter_mut().chain(&mut mapping.inspection) {
        let From::Column { name, .. } = &entry.from else { continue };
        let field = schema.fields().iter().find(|f| f.name().trim() == name);
        if field.is_some_and(|f| is_dated(f.data_type())) {
            entry.format = None;
        }
    }
    mapping
}

/// The batches of a file. A file damaged in its middle can make the decoder panic; that ends the source with an
/// error like any other.
pub(super) struct Batches {
    reader: ParquetRecordBatchReader,
    pub(super) rows_read: u64,
    rows: u64,
    failed: bool,
}

impl Batches {
    pub(super) fn open<T: ChunkReader + 'static>(
        builder: ParquetRecordBatchReaderBuilder<T>,
        limits: RowLimits,
    ) -> Result<Self, ReadParquetError> {
        let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or_default();
        let reader = builder.with_batch_size(limits.batch_rows).build()?;
        Ok(Self { reader, rows_read: 0, rows, failed: false })
    }

    /// Rows read so far, and rows of the file.
    pub(super) fn progress(&self) -> (u64, u64) {
        (self.rows_read, self.rows)
    }

    pub(super) fn next(&mut self) -> Result<Option<RecordBatch>, ReadParquetError> {
        let row = self.rows_read;
        if self.failed {
            return Ok(None);
        }
        self.failed = true;
        let next = catch_unwind(AssertUnwindSafe(|| self.reader.next()));
        let next = next.map_err(|_| ReadParquetError::Damaged { row })?;
        let batch = next.transpose().map_err(|cause| ReadParquetError::Batch { row, cause })?;
        self.failed = false;
        self.rows_read += batch.as_ref().map_or(0, RecordBatch::num_rows) as u64;
        Ok(batch)
    }
}

/// The rows of a file, mapped.
struct Rows {
    batches: Batches,
    mapper: RowMapper,
    /// Which columns the mapping reads.
    needed: Vec<bool>,
    batch: Arc<RecordBatch>,
    /// Texts of the columns of the batch that are needed.
    texts: Vec<Option<StringArray>>,
    next: usize,
}

impl Rows {
    /// Goes to the next batch with rows; gives whether there is one.
    fn advance(&mut self) -> Result<bool, ReadParquetError> {
        while self.next == self.batch.num_rows() {
            let row = self.batches.rows_read;
            let Some(batch) = self.batches.next()? else { return Ok(false) };
            let columns = batch.columns().iter().zip(&self.needed);
            let texts: Result<Vec<_>, ArrowError> =
                columns.map(|(column, needed)| needed.then(|| texts(column)).transpose()).collect();
            self.texts = texts.map_err(|cause| ReadParquetError::Batch { row, cause })?;
            self.batch = Arc::new(batch);
            self.next = 0;
        }
        Ok(true)
    }
}

impl Iterator for Rows {
    type Item = Result<MappedRow, ReadParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.advance() {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => {
                self.batches.failed = true;
                return Some(Err(error));
            }
        }
        let row = self.next;
        self.next += 1;
        let read_before = self.batches.rows_read - self.batch.num_rows() as u64;
        let line = read_before + row as u64 + 1;
        let field = |column: usize| {
            let texts = self.texts.get(column)?.as_ref()?;
            texts.is_valid(row).then(|| texts.value(row))
        };
        let record = self.mapper.map(field, line);
        Some(Ok(MappedRow {
            record: Box::new(record),
            line,
            original: Original::Row(self.batch.clone(), row),
        }))
    }
}

//! A Parquet file of whole declarations, as [`super::ParquetWriter`] writes it; it needs no mapping.

use super::mapped::Batches;
use super::writer::whole_schema;
use super::{GOODS_ITEMS, ReadParquetError};
use crate::class::Defined;
use crate::columnar::RowReader;
use crate::finding::{Finding, Severity};
use crate::model::{Declaration, GovernmentAgencyGoodsItem};
use crate::path::Pointer;
use crate::reading::{Original, RowLimits, SourceRecord};
use crate::tables::{DECLARATION, GOODS_ITEM};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Schema;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::ChunkReader;
use std::sync::Arc;

/// Reads the declarations of an exported file.
pub struct WholeParquet {
    batches: Batches,
    batch: Option<Batch>,
    next: usize,
}

/// One batch with the readers of its two tables.
struct Batch {
    rows: Arc<RecordBatch>,
    declarations: RowReader,
    goods_items: RowReader,
    /// Where the goods items of each row start; one more at the end.
    offsets: Vec<usize>,
}

impl WholeParquet {
    /// Reads the footer and checks the columns.
    ///
    /// # Errors
    /// When the file is no Parquet file, or has another layout.
    pub fn new(source: impl ChunkReader + 'static, limits: RowLimits) -> Result<Self, ReadParquetError> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(source)?;
        check_layout(builder.schema())?;
        Ok(Self { batches: Batches::open(builder, limits)?, batch: None, next: 0 })
    }

    /// Rows read so far, and rows of the file.
    pub fn progress(&self) -> (u64, u64) {
        self.batches.progress()
    }

    fn next_record(&mut self) -> Result<Option<SourceRecord>, ReadParquetError> {
        while self.batch.as_ref().is_none_or(|batch| self.next == batch.rows.num_rows()) {
            let Some(rows) = self.batches.next()? else { return Ok(None) };
            self.batch = Some(Batch::new(rows)?);
            self.next = 0;
        }
        let Some(batch) = &self.batch else { return Ok(None) };
        let row = self.next;
        self.next += 1;
        let line = self.batches.rows_read - (batch.rows.num_rows() - row) as u64 + 1;
        Ok(Some(batch.record(row, line)))
    }
}

impl Iterator for WholeParquet {
    type Item = Result<SourceRecord, ReadParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_record().transpose()
    }
}

fn check_layout(found: &Schema) -> Result<(), ReadParquetError> {
    for field in whole_schema().fields() {
        match found.field_with_name(field.name()) {
            Ok(column) if column.data_type() == field.data_type() => {}
            Ok(_) => {
                return Err(ReadParquetError::Layout(format!("column `{}` has another type", field.name())));
            }
            Err(_) => return Err(ReadParquetError::Layout(format!("column `{}` is missing", field.name()))),
        }
    }
    Ok(())
}

impl Batch {
    fn new(rows: RecordBatch) -> Result<Self, ReadParquetError> {
        let missing = || ReadParquetError::Layout(format!("column `{GOODS_ITEMS}` is missing"));
        let lists = rows.column_by_name(GOODS_ITEMS).ok_or_else(missing)?.as_list::<i32>();
        let items = RecordBatch::from(lists.values().as_struct());
        let offsets = lists.value_offsets().iter().map(|o| usize::try_from(*o).unwrap_or_default()).collect();
        Ok(Self {
            declarations: RowReader::new(&DECLARATION, &rows)?,
            goods_items: RowReader::new(&GOODS_ITEM, &items)?,
            offsets,
            rows: Arc::new(rows),
        })
    }

    /// The record of a row; what cannot be read back is a finding.
    fn record(&self, row: usize, line: u64) -> SourceRecord {
        let mut declaration = Declaration::default();
        let mut result = self.declarations.read(row, &mut declaration);
        for item in self.offsets[row]..self.offsets[row + 1] {
            let mut goods_item = GovernmentAgencyGoodsItem::default();
            result = result.and_then(|()| self.goods_items.read(item, &mut goods_item));
            declaration.goods_shipment.government_agency_goods_item.push(goods_item);
        }
        let finding = result.err().map(|error| Finding {
            code: "value.unreadable",
            severity: Severity::Error,
            pointer: Pointer::root(Declaration::DEFINITION),
            line: Some(line),
            message: error.to_string(),
        });
        SourceRecord {
            declaration,
            inspections: Vec::new(),
            findings: finding.into_iter().collect(),
            line,
            original: Original::Row(self.rows.clone(), row),
        }
    }
}

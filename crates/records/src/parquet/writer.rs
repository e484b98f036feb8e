//! Writes declarations to a Parquet file that holds each as a whole: one row with the columns of the table of
//! declarations, and its goods items in a list column with those of the table of goods items.

use super::GOODS_ITEMS;
use crate::columnar::{RowKey, TableBuilder, WriteValueError};
use crate::model::Declaration;
use crate::table::Table;
use crate::tables::{DECLARATION, GOODS_ITEM};
use arrow::array::{ArrayRef, ListArray, RecordBatch, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use std::io::Write;
use std::sync::Arc;

/// Rows and goods items that wait to be written, and rows of a row group: they bound the memory of the writer.
const WAITING: usize = 8_192;
const ROW_GROUP: usize = 65_536;

/// Why declarations cannot be written to a Parquet file.
#[derive(Debug, thiserror::Error)]
pub enum WriteParquetError {
    /// The file cannot be written.
    #[error("the file cannot be written: {0}")]
    File(#[from] ParquetError),
    /// A record does not fit the columns.
    #[error(transparent)]
    Record(#[from] WriteValueError),
    /// The columns do not form a batch.
    #[error("declarations do not form a batch: {0}")]
    Batch(#[from] ArrowError),
}

/// Schema of a file of whole declarations.
pub(super) fn whole_schema() -> SchemaRef {
    let mut fields = DECLARATION.schema().fields().to_vec();
    fields.push(Arc::new(Field::new(GOODS_ITEMS, DataType::List(item_field()), false)));
    Arc::new(Schema::new(fields))
}

fn item_field() -> Arc<Field> {
    let fields = GOODS_ITEM.schema().fields().clone();
    Arc::new(Field::new("element", DataType::Struct(fields), false))
}

/// Writes one file of whole declarations.
pub struct ParquetWriter<W: Write + Send> {
    writer: ArrowWriter<W>,
    declarations: TableBuilder,
    goods_items: TableBuilder,
    /// Where the goods items of each waiting declaration end.
    offsets: Vec<i32>,
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Starts the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(out: W) -> Result<Self, WriteParquetError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .build();
        let builder = |table: &'static Table| TableBuilder::new(table);
        Ok(Self {
            writer: ArrowWriter::try_new(out, whole_schema(), Some(properties))?,
            declarations: builder(&DECLARATION)?,
            goods_items: builder(&GOODS_ITEM)?,
            offsets: vec![0],
        })
    }

    /// Adds a declaration under its key.
    ///
    /// # Errors
    /// When a value does not fit its column, or the file cannot be written.
    pub fn write(&mut self, key: RowKey<'_>, declaration: &Declaration) -> Result<(), WriteParquetError> {
        self.declarations.push(key, declaration)?;
        for item in &declaration.goods_shipment.government_agency_goods_item {
            self.goods_items.push(key, item)?;
        }
        let end = i32::try_from(self.goods_items.len()).map_err(|_| WriteValueError::TooManyRows)?;
        self.offsets.push(end);
        if self.declarations.len() + self.goods_items.len() >= WAITING { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), WriteParquetError> {
        let (declarations, items) = (self.declarations.finish()?, self.goods_items.finish()?);
        let offsets = OffsetBuffer::new(std::mem::replace(&mut self.offsets, vec![0]).into());
        let items: ArrayRef = Arc::new(StructArray::from(items));
        let mut columns = declarations.columns().to_vec();
        columns.push(Arc::new(ListArray::try_new(item_field(), offsets, items, None)?));
        Ok(self.writer.write(&RecordBatch::try_new(whole_schema(), columns)?)?)
    }

    /// Ends the file and gives the output back.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> Result<W, WriteParquetError> {
        self.flush()?;
        Ok(self.writer.into_inner()?)
    }
}

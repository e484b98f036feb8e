//! Declarations of the lake made whole again: each header with its goods items.

use crate::JobError;
use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type};
use futures::StreamExt;
use tidegate_query::{Answer, Platform, Principal, literal};
use tidegate_records::class::Defined;
use tidegate_records::columnar::RowReader;
use tidegate_records::model::{Declaration, GovernmentAgencyGoodsItem};
use tidegate_records::table::Table;
use tidegate_records::tables::{DECLARATION, GOODS_ITEM};

/// Purpose of the reads of an export.
pub(crate) const PURPOSE: &str = "job export";

/// One version of a declaration, whole.
pub(crate) struct StoredDeclaration {
    pub(crate) id: String,
    pub(crate) version_number: i64,
    pub(crate) declaration: Declaration,
}

/// The declarations of a month, ordered by id and version, in bounded memory: two sorted streams side by side.
pub(crate) struct StoredDeclarations {
    headers: Rows,
    items: Rows,
}

impl StoredDeclarations {
    /// Those that meet a condition over the table `declaration`.
    pub(crate) async fn open(platform: &Platform, month: &str, condition: &str) -> Result<Self, JobError> {
        let month = literal(month);
        let chosen = format!("FROM declaration WHERE month = {month} AND ({condition})");
        let headers =
            format!("SELECT {} {chosen} ORDER BY declaration_id, version_number", columns(&DECLARATION, ""));
        let items = format!(
            "SELECT {} FROM (SELECT * FROM goods_item WHERE month = {month}) i \
             LEFT SEMI JOIN (SELECT declaration_id, version_number {chosen}) d \
             ON d.declaration_id = i.declaration_id AND d.version_number = i.version_number \
             ORDER BY i.declaration_id, i.version_number, i.goods_item_seq",
            columns(&GOODS_ITEM, "i.")
        );
        Ok(Self {
            headers: Rows::open(platform, &DECLARATION, &headers).await?,
            items: Rows::open(platform, &GOODS_ITEM, &items).await?,
        })
    }

    pub(crate) async fn next(&mut self) -> Result<Option<StoredDeclaration>, JobError> {
        let Some(key) = self.headers.key().await? else { return Ok(None) };
        let mut headers: Vec<Declaration> = self.headers.records_of(&key).await?;
        let items: Vec<GovernmentAgencyGoodsItem> = self.items.records_of(&key).await?;
        if headers.len() > 1 {
            // Loads at the same time do not see one another.
            let (declaration, version) = key;
            let cause = format!(
                "version {version} was loaded {} times; leave it out with a condition",
                headers.len()
            );
            return Err(JobError::Export { declaration, cause });
        }
        let mut declaration = headers.swap_remove(0);
        if declaration.version_number() != key.1 {
            declaration.version_numeric = u32::try_from(key.1).ok();
        }
        declaration.goods_shipment.government_agency_goods_item = items;
        let (id, version_number) = key;
        Ok(Some(StoredDeclaration { id, version_number, declaration }))
    }
}

fn columns(table: &Table, prefix: &str) -> String {
    let names: Vec<String> = table.columns.iter().map(|c| format!("{prefix}\"{}\"", c.name)).collect();
    names.join(", ")
}

/// Declaration and version that a row belongs to.
type Key = (String, i64);

/// Rows of a table in the order of their declarations.
struct Rows {
    table: &'static Table,
    stream: Answer,
    batch: Option<Batch>,
}

struct Batch {
    reader: RowReader,
    ids: ArrayRef,
    versions: ArrayRef,
    row: usize,
    rows: usize,
}

impl Rows {
    async fn open(platform: &Platform, table: &'static Table, sql: &str) -> Result<Self, JobError> {
        let plan = platform.plan_for(&Principal::LocalOwner, PURPOSE, sql).await?;
        Ok(Self { table, stream: plan.stream()?, batch: None })
    }

    /// The batch with the next row; nothing at the end.
    async fn batch(&mut self) -> Result<Option<&mut Batch>, JobError> {
        while self.batch.as_ref().is_none_or(|batch| batch.row == batch.rows) {
            let Some(batch) = self.stream.next().await else { return Ok(None) };
            self.batch = Some(Batch::new(self.table, &batch?)?);
        }
        Ok(self.batch.as_mut())
    }

    /// Key of the next row; nothing at the end.
    async fn key(&mut self) -> Result<Option<Key>, JobError> {
        Ok(self.batch().await?.map(|batch| batch.key()))
    }

    /// The records of the next rows, as long as they belong to a declaration.
    async fn records_of<C: Defined>(&mut self, key: &Key) -> Result<Vec<C>, JobError> {
        let mut records = Vec::new();
        while let Some(batch) = self.batch().await?
            && batch.key() == *key
        {
            let mut record = C::default();
            batch.reader.read(batch.row, &mut record)?;
            records.push(record);
            batch.row += 1;
        }
        Ok(records)
    }
}

impl Batch {
    fn new(table: &'static Table, batch: &RecordBatch) -> Result<Self, JobError> {
        let column = |name, data_type: &DataType| {
            let column = crate::columns::column(batch, name)?;
            if column.data_type() == data_type {
                return Ok(column);
            }
            Err(JobError::Missing(format!("column {name} has another type than its table definition says")))
        };
        Ok(Self {
            reader: RowReader::new(table, batch)?,
            ids: column("declaration_id", &DataType::Utf8)?,
            versions: column("version_number", &DataType::Int64)?,
            row: 0,
            rows: batch.num_rows(),
        })
    }

    fn key(&self) -> Key {
        let id = self.ids.as_string::<i32>().value(self.row).to_owned();
        (id, self.versions.as_primitive::<Int64Type>().value(self.row))
    }
}

//! Appending finished batches, such as a generated country, to the tables of the lake in one go.

use crate::JobError;
use crate::home::Home;
use crate::ingest::writer;
use arrow::array::RecordBatch;
use tidegate_lake::{AppTransaction, LakeWriter};
use tidegate_records::tables::{DECLARATION, ENTERPRISE, GOODS_ITEM, INSPECTION, SPECIAL_FILING};

/// An append under way; nothing is visible before [`Appender::commit`].
pub struct Appender<'a> {
    home: &'a Home,
    app_id: String,
    declarations: LakeWriter,
    goods_items: LakeWriter,
    inspections: LakeWriter,
    enterprises: LakeWriter,
    filings: LakeWriter,
}

impl<'a> Appender<'a> {
    /// Begins an append under a name; one name is appended once.
    ///
    /// # Errors
    /// When the lake fails.
    pub async fn new(home: &'a Home, name: &str) -> Result<Self, JobError> {
        Ok(Self {
            home,
            app_id: format!("append/{name}"),
            declarations: writer(home, &DECLARATION).await?,
            goods_items: writer(home, &GOODS_ITEM).await?,
            inspections: writer(home, &INSPECTION).await?,
            enterprises: writer(home, &ENTERPRISE).await?,
            filings: writer(home, &SPECIAL_FILING).await?,
        })
    }

    /// Adds rows of declarations, their goods items and their inspections.
    ///
    /// # Errors
    /// When the batches do not fit the tables.
    pub async fn declarations(
        &mut self,
        declarations: &RecordBatch,
        goods_items: &RecordBatch,
        inspections: &RecordBatch,
    ) -> Result<(), JobError> {
        self.declarations.write(declarations).await?;
        self.goods_items.write(goods_items).await?;
        Ok(self.inspections.write(inspections).await?)
    }

    /// Adds rows of enterprises.
    ///
    /// # Errors
    /// When the batch does not fit the table.
    pub async fn enterprises(&mut self, enterprises: &RecordBatch) -> Result<(), JobError> {
        Ok(self.enterprises.write(enterprises).await?)
    }

    /// Adds rows of filings of special packaging.
    ///
    /// # Errors
    /// When the batch does not fit the table.
    pub async fn filings(&mut self, filings: &RecordBatch) -> Result<(), JobError> {
        Ok(self.filings.write(filings).await?)
    }

    /// Makes everything visible at once; gives whether anything was new.
    ///
    /// # Errors
    /// When the lake fails.
    pub async fn commit(self) -> Result<bool, JobError> {
        let transaction = AppTransaction { app_id: self.app_id, sequence: 1 };
        let mut versions = Vec::new();
        for writer in [self.declarations, self.goods_items, self.inspections, self.enterprises, self.filings]
        {
            versions.push(writer.commit(Some(&transaction)).await?);
        }
        self.home.lake.record_snapshot(self.home.now, versions.iter()).await?;
        Ok(versions.iter().any(|v| !v.already_applied))
    }
}

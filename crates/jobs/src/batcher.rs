//! Records on their way into the tables of the lake: sound ones become rows of declarations, goods items and
//! inspections, the others are set aside whole.

use crate::JobError;
use crate::batches::Batcher;
use crate::check::{Checked, Key, reason};
use crate::configuration::Load;
use arrow::array::RecordBatch;
use chrono::{DateTime, Utc};
use tidegate_records::columnar::{RowKey, TableBuilder};
use tidegate_records::finding::Finding;
use tidegate_records::model::{DataFinding, QuarantinedRecord};
use tidegate_records::reading::SourceRecord;
use tidegate_records::tables::{DATA_FINDING, DECLARATION, GOODS_ITEM, INSPECTION, QUARANTINE};

/// Batches of one stretch of an input, by table.
pub(crate) struct LoadBatch {
    pub(crate) declarations: RecordBatch,
    pub(crate) goods_items: RecordBatch,
    pub(crate) inspections: RecordBatch,
    pub(crate) quarantine: RecordBatch,
    pub(crate) findings: RecordBatch,
}

/// Makes the batches of a load.
pub(crate) struct LoadBatcher {
    load_id: String,
    /// Month of the load.
    month: String,
    /// Whether a record that would be set aside stops the load.
    strict: bool,
    limits: Load,
    declarations: TableBuilder,
    goods_items: TableBuilder,
    inspections: TableBuilder,
    quarantine: TableBuilder,
    findings: TableBuilder,
    bytes_set_aside: usize,
}

impl LoadBatcher {
    /// For a load that began at a moment.
    pub(crate) fn new(
        load_id: String,
        began: DateTime<Utc>,
        strict: bool,
        limits: Load,
    ) -> Result<Self, JobError> {
        Ok(Self {
            load_id,
            month: began.format("%Y-%m").to_string(),
            strict,
            limits,
            declarations: TableBuilder::new(&DECLARATION)?,
            goods_items: TableBuilder::new(&GOODS_ITEM)?,
            inspections: TableBuilder::new(&INSPECTION)?.loaded_at(began),
            quarantine: TableBuilder::new(&QUARANTINE)?,
            findings: TableBuilder::new(&DATA_FINDING)?,
            bytes_set_aside: 0,
        })
    }

    fn accept(&mut self, key: &Key, number: u64, record: &SourceRecord) -> Result<(), JobError> {
        let key = key.row(&self.load_id, number);
        self.declarations.push(key, &record.declaration)?;
        for item in &record.declaration.goods_shipment.government_agency_goods_item {
            self.goods_items.push(key, item)?;
        }
        for inspection in &record.inspections {
            self.inspections.push(key, inspection)?;
        }
        for finding in &record.findings {
            self.findings.push(key, &DataFinding::from(finding))?;
        }
        Ok(())
    }

    fn set_aside(&mut self, source_name: &str, checked: &Checked) -> Result<(), JobError> {
        let SourceRecord { declaration, findings, line, original, .. } = &checked.record;
        if self.strict {
            refuse(source_name, *line, findings)?;
        }
        let number = checked.number as i64;
        let key = RowKey { load_id: &self.load_id, source_row: number, ..RowKey::default() };
        let raw = original.text();
        self.bytes_set_aside += raw.len();
        let mut quarantined = quarantined(source_name, &self.month, *line, findings, &raw);
        quarantined.declaration_id = declaration.declaration_id();
        Ok(self.quarantine.push(key, &quarantined)?)
    }
}

/// Refuses a record that an error sets aside, as a strict load does.
pub(crate) fn refuse(source_name: &str, line: u64, findings: &[Finding]) -> Result<(), JobError> {
    match reason(findings) {
        None => Ok(()),
        Some(finding) => {
            let (path, finding) = (source_name.to_owned(), finding.to_string());
            Err(JobError::Strict { path, line, finding })
        }
    }
}

/// A record that is set aside in a month, whole, with what is wrong with it.
pub(crate) fn quarantined(
    source_name: &str,
    month: &str,
    line: u64,
    findings: &[Finding],
    raw: &str,
) -> QuarantinedRecord {
    QuarantinedRecord {
        source_name: Some(source_name.into()),
        line_numeric: u32::try_from(line).ok(),
        raw: Some(raw.into()),
        finding: findings.iter().map(DataFinding::from).collect(),
        month: Some(month.into()),
        declaration_id: None,
    }
}

impl Batcher for LoadBatcher {
    type Batch = LoadBatch;

    fn push(&mut self, source_name: &str, checked: Checked) -> Result<(), JobError> {
        match &checked.key {
            Some(key) => self.accept(key, checked.number, &checked.record),
            None => self.set_aside(source_name, &checked),
        }
    }

    fn is_full(&self) -> bool {
        let rows = self.declarations.len().max(self.goods_items.len()) + self.quarantine.len();
        rows >= self.limits.batch_rows || self.bytes_set_aside >= self.limits.waiting_bytes
    }

    fn is_empty(&self) -> bool {
        self.declarations.is_empty() && self.quarantine.is_empty()
    }

    fn finish(&mut self) -> Result<LoadBatch, JobError> {
        self.bytes_set_aside = 0;
        Ok(LoadBatch {
            declarations: self.declarations.finish()?,
            goods_items: self.goods_items.finish()?,
            inspections: self.inspections.finish()?,
            quarantine: self.quarantine.finish()?,
            findings: self.findings.finish()?,
        })
    }
}

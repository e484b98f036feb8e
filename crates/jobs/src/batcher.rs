//! Records on their way into tables: sound ones become rows of declarations, goods items and inspections, the
//! others are set aside whole.

use crate::JobError;
use arrow::array::RecordBatch;
use std::collections::{BTreeMap, HashSet};
use tidegate_records::Finding;
use tidegate_records::class::Defined;
use tidegate_records::columnar::{RowKey, TableBuilder};
use tidegate_records::csv::CsvRow;
use tidegate_records::finding::{Severity, has_error};
use tidegate_records::model::{DataFinding, Declaration, QuarantinedRecord};
use tidegate_records::path::Pointer;
use tidegate_records::tables::{DATA_FINDING, DECLARATION, GOODS_ITEM, INSPECTION, QUARANTINE};
use tidegate_records::validate::validate;
use tidegate_records::value::Text;
use twox_hash::XxHash3_128;

/// Batches of one stretch of a source, by table.
pub(crate) struct Batches {
    pub declarations: RecordBatch,
    pub goods_items: RecordBatch,
    pub inspections: RecordBatch,
    pub quarantine: RecordBatch,
    pub findings: RecordBatch,
}

/// Counts of a load.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Records read.
    pub read: u64,
    /// Records accepted.
    pub accepted: u64,
    /// Goods items of accepted records.
    pub goods_items: u64,
    /// Accepted records with a result of an inspection.
    pub inspected: u64,
    /// Results that found a discrepancy.
    pub discrepancies: u64,
    /// Records set aside.
    pub quarantined: u64,
    /// Findings by code and severity.
    pub findings: BTreeMap<String, u64>,
}

pub(crate) struct Batcher {
    load_id: String,
    source_name: String,
    declarations: TableBuilder,
    goods_items: TableBuilder,
    inspections: TableBuilder,
    quarantine: TableBuilder,
    findings: TableBuilder,
    /// Hashes of the declaration ids so far: 16 bytes each for the time of the load.
    seen: HashSet<u128>,
    pub(crate) counts: Counts,
}

impl Batcher {
    pub(crate) fn new(load_id: String, source_name: String) -> Result<Self, JobError> {
        Ok(Self {
            load_id,
            source_name,
            declarations: TableBuilder::new(&DECLARATION)?,
            goods_items: TableBuilder::new(&GOODS_ITEM)?,
            inspections: TableBuilder::new(&INSPECTION)?,
            quarantine: TableBuilder::new(&QUARANTINE)?,
            findings: TableBuilder::new(&DATA_FINDING)?,
            seen: HashSet::new(),
            counts: Counts::default(),
        })
    }

    /// Records that wait for [`Batcher::finish`].
    pub(crate) fn waiting(&self) -> usize {
        self.declarations.len() + self.quarantine.len()
    }

    /// Takes one record in; gives the finding that set it aside, if one did.
    pub(crate) fn push(
        &mut self,
        row: &CsvRow,
        raw: impl FnOnce() -> String,
    ) -> Result<Option<Finding>, JobError> {
        self.counts.read += 1;
        let mut findings = row.record.findings.clone();
        if !has_error(&findings) {
            let on_the_whole = validate(&row.record.declaration);
            findings.extend(on_the_whole.into_iter().map(|f| Finding { line: Some(row.line), ..f }));
        }
        let id = row.record.declaration.declaration_id();
        if let Some(id) = &id
            && !has_error(&findings)
            && !self.seen.insert(XxHash3_128::oneshot(id.as_bytes()))
        {
            findings.push(duplicate(id, row.line));
        }
        for finding in &findings {
            let key = format!("{} {}", finding.severity.as_str(), finding.code);
            *self.counts.findings.entry(key).or_default() += 1;
        }
        match (id, row.record.declaration.month()) {
            (Some(id), Some(month)) if !has_error(&findings) => {
                self.accept(row, &id, &month, &findings)?;
                Ok(None)
            }
            _ => {
                self.set_aside(row, &findings, raw())?;
                Ok(findings.into_iter().find(|f| f.severity == Severity::Error))
            }
        }
    }

    fn accept(
        &mut self,
        row: &CsvRow,
        id: &Text,
        month: &Text,
        findings: &[Finding],
    ) -> Result<(), JobError> {
        let load_id = self.load_id.clone();
        let version_number = row.record.declaration.version_numeric.map_or(1, i64::from);
        let key = RowKey {
            month,
            declaration_id: id,
            version_number,
            load_id: &load_id,
            source_row: row.number as i64,
        };
        self.declarations.push(key, &row.record.declaration)?;
        for item in &row.record.declaration.goods_shipment.government_agency_goods_item {
            self.goods_items.push(key, item)?;
            self.counts.goods_items += 1;
        }
        if let Some(inspection) = &row.record.inspection {
            self.inspections.push(key, inspection)?;
            self.counts.inspected += 1;
            self.counts.discrepancies += u64::from(inspection.result_code.as_deref() == Some("discrepancy"));
        }
        for finding in findings {
            self.findings.push(key, &DataFinding::from(finding))?;
        }
        self.counts.accepted += 1;
        Ok(())
    }

    fn set_aside(&mut self, row: &CsvRow, findings: &[Finding], raw: String) -> Result<(), JobError> {
        let load_id = self.load_id.clone();
        let key = RowKey { load_id: &load_id, source_row: row.number as i64, ..RowKey::default() };
        let record = QuarantinedRecord {
            source_name: Some(self.source_name.as_str().into()),
            line_numeric: u32::try_from(row.line).ok(),
            raw: Some(raw.into()),
            finding: findings.iter().map(DataFinding::from).collect(),
        };
        self.quarantine.push(key, &record)?;
        self.counts.quarantined += 1;
        Ok(())
    }

    /// The waiting records as batches.
    pub(crate) fn finish(&mut self) -> Result<Batches, JobError> {
        Ok(Batches {
            declarations: self.declarations.finish()?,
            goods_items: self.goods_items.finish()?,
            inspections: self.inspections.finish()?,
            quarantine: self.quarantine.finish()?,
            findings: self.findings.finish()?,
        })
    }
}

fn duplicate(id: &str, line: u64) -> Finding {
    Finding {
        code: "record.duplicate",
        severity: Severity::Error,
        pointer: Pointer::root(Declaration::DEFINITION).leaf("D014"),
        line: Some(line),
        message: format!("declaration `{id}` stands in this source already; each declaration may come once"),
    }
}

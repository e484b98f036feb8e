//! A run of consecutive declarations as batches of the tables.

use crate::error::SimulationError;
use crate::examination::Examination;
use crate::flaw::Declared;
use crate::record::{amount, text};
use crate::truth::TruthBuilder;
use crate::world::World;
use arrow::array::RecordBatch;
use tidegate_records::columnar::{RowKey, TableBuilder};
use tidegate_records::model::{Declaration, Inspection, InspectionFinding};
use tidegate_records::tables;

/// Declarations of one chunk, without amended versions. Not a setting: the parts of a split consignment never cross
/// a chunk, so that another size would be another country.
pub const CHUNK_DECLARATIONS: u64 = 2_048;
/// Rows of the source that are left free for each declaration, so that no row number depends on another chunk:
/// the most items one declaration can have.
const ROWS_A_DECLARATION: i64 = 1_000;

/// Consecutive declarations with everything about them.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// Position in the year, from 0.
    pub number: u64,
    /// Rows of [`tables::DECLARATION`], by acceptance; an amended declaration has two.
    pub declarations: RecordBatch,
    /// Rows of [`tables::GOODS_ITEM`], in the order of the declarations.
    pub goods_items: RecordBatch,
    /// Rows of [`tables::INSPECTION`], in the order of the declarations. A declaration whose goods conform has one
    /// row without an item; one with a discrepancy has a row for each item.
    pub inspections: RecordBatch,
    /// Ground truth; see [`crate::truth_schema`].
    pub truth: RecordBatch,
}

/// One declaration of a chunk as records, the way an officer's system would hold it.
#[derive(Debug)]
pub(crate) struct Filed {
    pub(crate) serial: u64,
    /// Every version, oldest first.
    pub(crate) versions: Vec<Declaration>,
    pub(crate) inspections: Vec<Inspection>,
}

impl World {
    /// Serial numbers of a chunk.
    pub(crate) fn serials(&self, number: u64) -> std::ops::Range<u64> {
        let end = (number + 1).saturating_mul(CHUNK_DECLARATIONS).min(self.configuration.declarations);
        number.saturating_mul(CHUNK_DECLARATIONS).min(end)..end
    }

    /// Declarations of a chunk, in order.
    pub(crate) fn declared(&self, number: u64) -> impl Iterator<Item = Declared> + '_ {
        let range = self.serials(number);
        let mut next = range.start;
        std::iter::from_fn(move || {
            (next < range.end).then(|| {
                let together = self.declare(next, range.end);
                next += together.len() as u64;
                together
            })
        })
        .flatten()
    }

    /// Files a declaration: its versions, and its inspection when it is selected.
    pub(crate) fn file(&self, declared: &Declared) -> Filed {
        let shipment = &declared.shipment;
        let serial = shipment.serial;
        if let Some(lane) = self.select(shipment) {
            let examination = self.examine(declared, lane);
            let inspections = self.inspections(declared, &examination);
            return Filed { serial, versions: vec![self.declaration(shipment, None)], inspections };
        }
        let versions = match self.amended(declared) {
            Some(amended) => {
                vec![self.declaration(&amended.first, None), self.declaration(shipment, Some(&amended))]
            }
            None => vec![self.declaration(shipment, None)],
        };
        Filed { serial, versions, inspections: Vec::new() }
    }

    pub(crate) fn inspections(&self, declared: &Declared, examination: &Examination) -> Vec<Inspection> {
        let found = &examination.discrepancies;
        let result = |item: Option<usize>| {
            let findings: Vec<InspectionFinding> = found
                .iter()
                .filter(|d| Some(d.item) == item)
                .map(|d| InspectionFinding {
                    type_code: text(d.kind),
                    severity_code: text(d.severity),
                    revenue_amount: amount(d.recovered, &self.configuration.currency),
                    description: None,
                })
                .collect();
            Inspection {
                declaration_id: text(self.declaration_id(&declared.shipment)),
                goods_item_numeric: item.and_then(|i| u32::try_from(i + 1).ok()),
                recorded_date_time: Some(examination.recorded_at),
                lane_code: text(examination.lane.code()),
                officer_id: text(&examination.officer),
                result_code: text(if findings.is_empty() { "conform" } else { "discrepancy" }),
                finding: findings,
            }
        };
        if found.is_empty() {
            vec![result(None)]
        } else {
            (0..declared.shipment.items.len()).map(|item| result(Some(item))).collect()
        }
    }

    /// The batches of a chunk.
    pub(crate) fn chunk(&self, number: u64) -> Result<Chunk, SimulationError> {
        let mut declarations = TableBuilder::new(&tables::DECLARATION)?;
        let mut goods_items = TableBuilder::new(&tables::GOODS_ITEM)?;
        let mut inspections = TableBuilder::new(&tables::INSPECTION)?;
        let mut truth = TruthBuilder::new();
        let load_id = self.load_id();
        for declared in self.declared(number) {
            let filed = self.file(&declared);
            let declaration_id = self.declaration_id(&declared.shipment);
            let month = filed.versions[0].month().unwrap_or_default();
            let mut key = RowKey {
                month: &month,
                declaration_id: &declaration_id,
                version_number: 1,
                load_id: &load_id,
                source_row: 0,
            };
            for (version, declaration) in filed.versions.iter().enumerate() {
                key.version_number = version as i64 + 1;
                key.source_row = filed.serial as i64 * ROWS_A_DECLARATION + version as i64 + 1;
                declarations.push(key, declaration)?;
                for item in &declaration.goods_shipment.government_agency_goods_item {
                    goods_items.push(key, item)?;
                }
            }
            for (position, inspection) in filed.inspections.iter().enumerate() {
                key.source_row = filed.serial as i64 * ROWS_A_DECLARATION + position as i64 + 1;
                inspections.push(key, inspection)?;
            }
            truth.push(self, &declared, &declaration_id);
        }
        Ok(Chunk {
            number,
            declarations: declarations.finish()?,
            goods_items: goods_items.finish()?,
            inspections: inspections.finish()?,
            truth: truth.finish()?,
        })
    }

    /// Name of the load that every row says it came with.
    pub(crate) fn load_id(&self) -> String {
        format!("simulated-{}-{}", self.configuration.year, self.configuration.seed)
    }
}

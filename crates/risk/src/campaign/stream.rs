//! What is lodged, and who inspects it.

use crate::features::{FeatureSet, PrepareError, Prepared};
use crate::selection::Lane;
use arrow::array::RecordBatch;
use chrono::NaiveDate;
use std::ops::Range;
use std::sync::Arc;

/// Why records form no stream.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The records lack something.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// Consignments are not in order of their days, or their items do not follow on one another.
    #[error("consignment {0} is out of order: consignments come by day, and their goods items without gap")]
    Order(usize),
}

/// A consignment of a stream.
#[derive(Debug, Clone)]
pub struct Consignment {
    /// Day of acceptance.
    pub day: NaiveDate,
    /// Office.
    pub office: Arc<str>,
    /// Grade of the trader on the day.
    pub grade: Arc<str>,
    /// What its draw is about.
    pub root: Arc<str>,
    /// Rows of its goods items.
    pub items: Range<usize>,
}

/// Consignments by day, with their goods items.
pub struct Stream {
    pub(super) records: RecordBatch,
    pub(super) names: Vec<u64>,
    pub(super) consignments: Vec<Consignment>,
    prepared: Prepared,
}

impl Stream {
    /// Rows as they are assessed, a name for each, and the consignments that they belong to.
    ///
    /// # Errors
    /// When a column is missing, or consignments are out of order.
    pub fn new(
        set: &FeatureSet,
        records: RecordBatch,
        names: Vec<u64>,
        consignments: Vec<Consignment>,
    ) -> Result<Self, StreamError> {
        let mut next = 0;
        for (position, one) in consignments.iter().enumerate() {
            let by_day = position == 0 || consignments[position - 1].day <= one.day;
            if !by_day || one.items.start != next || one.items.end <= next {
                return Err(StreamError::Order(position));
            }
            next = one.items.end;
        }
        if next != records.num_rows() || next != names.len() {
            return Err(StreamError::Order(consignments.len()));
        }
        Ok(Self { prepared: set.prepare(&records)?, records, names, consignments })
    }

    /// The consignments, in order.
    pub fn consignments(&self) -> &[Consignment] {
        &self.consignments
    }

    /// Revenue at stake in a consignment.
    pub fn stake(&self, consignment: usize) -> f64 {
        self.consignments[consignment].items.clone().map(|row| self.prepared.revenue[row].max(0.0)).sum()
    }

    /// Positions of the consignments of some days, the last included.
    pub fn of_days(&self, first: NaiveDate, last: NaiveDate) -> Range<usize> {
        let before = |limit: &dyn Fn(NaiveDate) -> bool| self.consignments.partition_point(|c| limit(c.day));
        before(&|day| day < first)..before(&|day| day <= last)
    }

    /// Goods items of the consignments before a position.
    pub(super) fn rows_before(&self, consignment: usize) -> usize {
        consignment.checked_sub(1).map_or(0, |last| self.consignments[last].items.end)
    }

    /// The first rows, prepared.
    pub(super) fn prepared(&self, rows: usize) -> Prepared {
        self.prepared.first(rows)
    }
}

/// The result of an inspection.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspected {
    /// Day on which it is recorded, counted from 1970-01-01; it can be learnt from after that day.
    pub recorded_day: i32,
    /// By goods item: whether a discrepancy is reported.
    pub items: Vec<bool>,
    /// By goods item: what it brought.
    pub revenue: Vec<f64>,
}

/// Who inspects.
pub trait Officers {
    /// Inspects a consignment of the stream, by its position, in a lane.
    fn inspect(&self, consignment: usize, lane: Lane) -> Inspected;
}

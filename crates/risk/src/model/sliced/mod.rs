//! The sliced forest: hundreds of rows walk a tree at once, without a branch or a gather.
//!
//! A value becomes a *bin*, the number of the forest's thresholds of its feature that it reaches ([`bins`]). For a *block* of
//! 512 rows, each distinct condition of the forest, "this bin is above that cut", becomes a *plane* of one bit for each
//! row; bits of bins answer sixteen by sixteen conditions from two halves ([`block`]). A tree is then a tree of bitwise
//! selections between planes, which gives the bits of each row's leaf number (in a symmetric tree the planes are the bits),
//! and leaf values are added in tree order in the forest's accumulator, so that every margin has the bits of the plain
//! evaluation.
//!
//! Trees that are deeper than six splits are cut into [`pieces`], those that would take too many are walked, and so are
//! rows that are too few for a block ([`walk`]). The text of evaluation is one ([`block`]); registers come as lanes, of
//! AVX-512 ([`avx512`]), AVX2 ([`avx2`]) or a word ([`portable`]), and [`dispatch`] chooses between them when it runs.
#![expect(
    clippy::inline_always,
    reason = "what is not inlined into a function that has a processor's instructions is compiled without them"
)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod bins;
mod block;
mod conditions;
mod dispatch;
mod pieces;
mod plan;
mod plane;
mod portable;
#[cfg(test)]
mod tests;
mod walk;

pub use dispatch::InstructionSet;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bins::BinColumn;
use plan::{GROUP_PLANES, GroupPlanes, Plan};
use plane::{Plane, ROWS, Sum};
use walk::turned;

use super::accumulator::Accumulator;
use super::tree::Tree;

/// Fewer rows than this are walked one by one: a block takes as long for one row as for all of its own. Measured, both
/// ways take as long for some 25 rows with AVX-512 and for some 80 with one word.
const LEAST_ROWS: usize = 48;

/// Rows that are binned before they are evaluated: enough to read each feature in long runs, few enough for their bins to
/// stay in a processor's second cache.
const CHUNK: usize = 8 * ROWS;

/// Bins of rows, made by a forest and good for it alone.
#[derive(Clone)]
pub struct Bins {
    rows: usize,
    /// Block by block, column by column; what is behind the last row means nothing.
    columns: Vec<[u8; ROWS]>,
    /// What the bins were made by.
    made_by: Arc<[BinColumn]>,
}

impl Bins {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }
}

impl fmt::Debug for Bins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bins").field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// A forest compiled for evaluation.
#[derive(Clone)]
pub(super) struct SlicedForest {
    plan: Arc<Plan>,
    instructions: InstructionSet,
}

impl fmt::Debug for SlicedForest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlicedForest").field("instructions", &self.instructions).finish_non_exhaustive()
    }
}

impl SlicedForest {
    /// Compiles trees for the fastest instructions of this machine.
    pub(super) fn new(accumulator: Accumulator, base_score: f64, trees: &[Tree]) -> Self {
        let plan = Arc::new(Plan::new(accumulator, base_score, trees));
        Self { plan, instructions: InstructionSet::fastest() }
    }

    /// The same with other instructions.
    pub(super) fn with_instructions(&self, instructions: InstructionSet) -> Self {
        Self { plan: Arc::clone(&self.plan), instructions }
    }

    /// The margin of one row, in log-odds; `value(feature)` gives the row's value of a feature.
    pub(super) fn margin(&self, value: impl Fn(usize) -> f32) -> f64 {
        let bins = turned(self.plan.columns.iter().map(|column| column.bin(value(column.feature))));
        self.plan.walk(&bins)
    }

    /// The margin of every row of columns in feature order, in log-odds.
    pub(super) fn margins(&self, columns: &[Vec<f32>], rows: usize) -> Vec<f64> {
        let walked = if rows % ROWS < LEAST_ROWS { rows % ROWS } else { 0 };
        let mut margins = Vec::with_capacity(rows);
        let mut bins = Vec::new();
        let mut planes = None;
        for first in (0..rows - walked).step_by(CHUNK) {
            let chunk = first..(rows - walked).min(first + CHUNK);
            self.bin_chunk(columns, chunk.clone(), &mut bins);
            self.append_blocks(&bins, chunk.len(), &mut planes, &mut margins);
        }
        margins.extend((rows - walked..rows).map(|row| self.margin(|feature| columns[feature][row])));
        margins
    }

    /// The bins of every row of columns in feature order.
    pub(super) fn bins(&self, columns: &[Vec<f32>], rows: usize) -> Bins {
        let mut bins = Vec::new();
        self.bin_chunk(columns, 0..rows, &mut bins);
        Bins { rows, columns: bins, made_by: Arc::clone(&self.plan.columns) }
    }

    /// The margin of every row, in log-odds; `None` if another forest made the bins.
    pub(super) fn margins_of_bins(&self, bins: &Bins) -> Option<Vec<f64>> {
        if !Arc::ptr_eq(&bins.made_by, &self.plan.columns) {
            return None;
        }
        let mut margins = Vec::with_capacity(bins.rows);
        self.append_blocks(&bins.columns, bins.rows, &mut None, &mut margins);
        Some(margins)
    }

    fn bin_chunk(&self, columns: &[Vec<f32>], rows: Range<usize>, bins: &mut Vec<[u8; ROWS]>) {
        let width = self.plan.columns.len();
        bins.resize(rows.len().div_ceil(ROWS) * width, [0; ROWS]);
        for (position, column) in self.plan.columns.iter().enumerate() {
            let values = columns[column.feature][rows.clone()].chunks(ROWS);
            for (values, bins) in values.zip(bins.iter_mut().skip(position).step_by(width)) {
                self.instructions.bin(column, values, bins);
            }
        }
    }

    /// Appends the margins of the first `rows` rows of blocks; `planes` is room to work in, made when it is needed.
    fn append_blocks(
        &self,
        bins: &[[u8; ROWS]],
        rows: usize,
        planes: &mut Option<Box<GroupPlanes>>,
        margins: &mut Vec<f64>,
    ) {
        let width = self.plan.columns.len();
        for (block, first) in (0..rows).step_by(ROWS).enumerate() {
            let bins = &bins[block * width..][..width];
            let count = ROWS.min(rows - first);
            if count < LEAST_ROWS {
                let walk = |row: usize| self.plan.walk(&turned(bins.iter().map(|column| column[row])));
                margins.extend((0..count).map(walk));
                continue;
            }
            let planes = planes.get_or_insert_with(room);
            match self.plan.accumulator {
                Accumulator::F64 => self.append_block::<f64>(bins, count, planes, margins),
                Accumulator::F32 => self.append_block::<f32>(bins, count, planes, margins),
            }
        }
    }

    /// Appends the margins of the first `count` rows of a block.
    fn append_block<S: Sum>(
        &self,
        bins: &[[u8; ROWS]],
        count: usize,
        planes: &mut GroupPlanes,
        margins: &mut Vec<f64>,
    ) {
        let mut block = [S::of(0.0); ROWS];
        self.instructions.margins(&self.plan, bins, planes, &mut block);
        margins.extend(block[..count].iter().map(|&margin| Into::<f64>::into(margin)));
    }
}

fn room() -> Box<GroupPlanes> {
    let Ok(planes) = vec![Plane::ZERO; GROUP_PLANES].into_boxed_slice().try_into() else {
        unreachable!("a list of that length is such an array");
    };
    planes
}

//! Bins: a feature's value as the number of the forest's thresholds that it reaches, in one byte.

use super::plane::ROWS;

/// Most thresholds of one bin column; a feature that the forest splits at more has several columns.
pub(super) const MAX_EDGES: usize = 254;

/// The bin of a missing value.
pub(super) const MISSING: u8 = 255;

/// Up to [`MAX_EDGES`] thresholds of one feature, and so one byte for each value of it.
pub(super) struct BinColumn {
    /// Position of the feature.
    pub(super) feature: usize,
    /// Steps of a search.
    pub(super) levels: usize,
    /// The thresholds as a complete search tree of that many levels, root first, level by level; NaN, which nothing
    /// reaches, fills it up.
    pub(super) edges: [f32; 256],
}

impl BinColumn {
    /// `thresholds` are ascending, distinct and at most [`MAX_EDGES`].
    pub(super) fn new(feature: usize, thresholds: &[f32]) -> Self {
        let levels = (thresholds.len() + 1).next_power_of_two().trailing_zeros() as usize;
        let mut edges = [f32::NAN; 256];
        for level in 0..levels {
            let span = 1 << (levels - level);
            for place in 0..1 << level {
                let edge = thresholds.get(place * span + span / 2 - 1).copied().unwrap_or(f32::NAN);
                edges[(1 << level) - 1 + place] = edge;
            }
        }
        Self { feature, levels, edges }
    }

    /// How many thresholds are `<=` a value, or [`MISSING`].
    #[inline(always)]
    pub(super) fn bin(&self, value: f32) -> u8 {
        let mut place = 0;
        for _ in 0..self.levels {
            place = 2 * place + 1 + usize::from(self.edges[place % 256] <= value);
        }
        if value.is_nan() { MISSING } else { (place + 1 - (1 << self.levels)) as u8 }
    }
}

/// The bins of up to [`ROWS`] values, into the first places of `bins`.
#[inline(always)]
pub(super) fn bin_column(column: &BinColumn, values: &[f32], bins: &mut [u8; ROWS]) {
    for (bin, value) in bins.iter_mut().zip(values) {
        *bin = column.bin(*value);
    }
}

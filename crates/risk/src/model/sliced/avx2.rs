//! AVX2: a plane is two registers; bins come by permuted and gathered thresholds.
#![expect(unsafe_code, reason = "instructions that a processor may lack are unsafe to ask for")]

use std::arch::x86_64::{
    __m256i, _CMP_LE_OQ, _CMP_UNORD_Q, _mm_cvtsi32_si128, _mm256_add_epi32, _mm256_and_si256,
    _mm256_andnot_si256, _mm256_castps_si256, _mm256_cmp_ps, _mm256_i32gather_ps, _mm256_load_si256,
    _mm256_loadu_ps, _mm256_or_si256, _mm256_permutevar8x32_ps, _mm256_set1_epi64x, _mm256_setzero_si256,
    _mm256_sll_epi64, _mm256_srl_epi64, _mm256_store_si256, _mm256_storeu_si256, _mm256_sub_epi32,
    _mm256_xor_si256,
};

use super::bins::BinColumn;
use super::block;
use super::plan::{GroupPlanes, Plan};
use super::plane::{Lane, LeafValues, Plane, ROWS, Sum};
use super::portable;

impl Lane for __m256i {
    const PER_PLANE: usize = 2;

    #[inline(always)]
    fn load(plane: &Plane, index: usize) -> Self {
        let half = plane.0.as_chunks::<4>().0[index].as_ptr();
        // SAFETY: a lane is only entered where AVX2 is. Half a plane is 32 bytes, and planes are aligned to 64.
        unsafe { _mm256_load_si256(half.cast()) }
    }

    #[inline(always)]
    fn store(self, plane: &mut Plane, index: usize) {
        let half = plane.0.as_chunks_mut::<4>().0[index].as_mut_ptr();
        // SAFETY: a lane is only entered where AVX2 is. Half a plane is 32 bytes, and planes are aligned to 64.
        unsafe { _mm256_store_si256(half.cast(), self) }
    }

    #[inline(always)]
    fn splat(word: u64) -> Self {
        // SAFETY: a lane is only entered where AVX2 is.
        unsafe { _mm256_set1_epi64x(word.cast_signed()) }
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        // SAFETY: a lane is only entered where AVX2 is.
        unsafe { _mm256_and_si256(self, other) }
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        // SAFETY: a lane is only entered where AVX2 is.
        unsafe { _mm256_or_si256(self, other) }
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        // SAFETY: a lane is only entered where AVX2 is.
        unsafe { _mm256_xor_si256(self, other) }
    }

    #[inline(always)]
    fn without(self, other: Self) -> Self {
        // SAFETY: a lane is only entered where AVX2 is.
        unsafe { _mm256_andnot_si256(other, self) }
    }

    #[inline(always)]
    fn shift_up<const BITS: u32>(self) -> Self {
        // SAFETY: a lane is only entered where AVX2 is.
        unsafe { _mm256_sll_epi64(self, _mm_cvtsi32_si128(BITS.cast_signed())) }
    }

    #[inline(always)]
    fn shift_down<const BITS: u32>(self) -> Self {
        // SAFETY: a lane is only entered where AVX2 is.
        unsafe { _mm256_srl_epi64(self, _mm_cvtsi32_si128(BITS.cast_signed())) }
    }

    #[inline(always)]
    fn select(self, ones: Self, zeros: Self) -> Self {
        zeros.xor(self.and(ones.xor(zeros)))
    }

    #[inline(always)]
    fn add_leaves(numbers: &[Plane; 8], leaves: &LeafValues, margins: &mut [f64; ROWS]) {
        portable::add_leaves(numbers, leaves, margins);
    }

    #[inline(always)]
    fn add_narrow_leaves(numbers: &[Plane; 8], leaves: &LeafValues, margins: &mut [f32; ROWS]) {
        portable::add_leaves(numbers, leaves, margins);
    }
}

/// [`block::margins`].
#[target_feature(enable = "avx2")]
pub(super) fn margins<S: Sum>(
    plan: &Plan,
    bins: &[[u8; ROWS]],
    planes: &mut GroupPlanes,
    margins: &mut [S; ROWS],
) {
    block::margins::<__m256i, S>(plan, bins, planes, margins);
}

/// Searches eight values at once: the edges of the first levels by permutation, the others by a gather.
#[target_feature(enable = "avx2")]
pub(super) fn bin_column(column: &BinColumn, values: &[f32], bins: &mut [u8; ROWS]) {
    for (values, bins) in values.chunks(8).zip(bins.as_chunks_mut::<8>().0) {
        let mut eight = [f32::NAN; 8];
        eight[..values.len()].copy_from_slice(values);
        *bins = bin_eight(column, &eight);
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn bin_eight(column: &BinColumn, values: &[f32; 8]) -> [u8; 8] {
    // SAFETY: eight f32 are 32 bytes, and any alignment will do.
    let value = unsafe { _mm256_loadu_ps(values.as_ptr()) };
    let mut place = _mm256_setzero_si256();
    for level in 0..column.levels.min(8) {
        let edges = &column.edges[(1 << level) - 1..];
        // SAFETY: level k has 2^k edges and places below 2^k; there are 255 edges and one more number.
        let edge = unsafe {
            match level {
                0..=3 => _mm256_permutevar8x32_ps(_mm256_loadu_ps(edges.as_ptr()), place),
                _ => _mm256_i32gather_ps::<4>(edges.as_ptr(), place),
            }
        };
        let reached = _mm256_castps_si256(_mm256_cmp_ps::<_CMP_LE_OQ>(edge, value));
        place = _mm256_sub_epi32(_mm256_add_epi32(place, place), reached);
    }
    let missing = _mm256_castps_si256(_mm256_cmp_ps::<_CMP_UNORD_Q>(value, value));
    let mut bins = [0_i32; 8];
    // SAFETY: eight i32 are 32 bytes, and any alignment will do.
    unsafe { _mm256_storeu_si256(bins.as_mut_ptr().cast(), _mm256_or_si256(place, missing)) };
    // Of -1, which stands for missing, the lowest byte is 255.
    bins.map(|bin| bin as u8)
}

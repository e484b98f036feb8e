//! Bins of sixteen values at once, with the thresholds of each level of the search in registers.

use std::arch::x86_64::{
    __m512, __m512i, _CMP_LE_OQ, _CMP_UNORD_Q, _MM_HINT_T0, _mm_prefetch, _mm_storeu_si128,
    _mm512_cmp_ps_mask, _mm512_cvtepi32_epi8, _mm512_loadu_ps, _mm512_mask_blend_ps, _mm512_mask_mov_epi32,
    _mm512_movm_epi32, _mm512_permutex2var_ps, _mm512_permutexvar_ps, _mm512_set1_epi32,
    _mm512_setzero_si512, _mm512_slli_epi32, _mm512_sub_epi32, _mm512_test_epi32_mask,
};

use super::super::bins::{BinColumn, MISSING};
use super::super::plane::ROWS;

/// How many values ahead memory is asked for: a page, since the processor itself looks ahead only within one. Measured, binning
/// from memory becomes a fifth to a third faster.
const AHEAD: usize = 1_024;

/// Searches sixteen values at once, with the edges of each level in registers.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vbmi")]
pub(in super::super) fn bin_column(column: &BinColumn, values: &[f32], bins: &mut [u8; ROWS]) {
    match column.levels {
        0 => bin_levels::<0>(&column.edges, values, bins),
        1 => bin_levels::<1>(&column.edges, values, bins),
        2 => bin_levels::<2>(&column.edges, values, bins),
        3 => bin_levels::<3>(&column.edges, values, bins),
        4 => bin_levels::<4>(&column.edges, values, bins),
        5 => bin_levels::<5>(&column.edges, values, bins),
        6 => bin_levels::<6>(&column.edges, values, bins),
        7 => bin_levels::<7>(&column.edges, values, bins),
        _ => bin_levels::<8>(&column.edges, values, bins),
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vbmi")]
fn bin_levels<const LEVELS: usize>(edges: &[f32; 256], values: &[f32], bins: &mut [u8; ROWS]) {
    let bins = bins.as_chunks_mut::<16>().0;
    let (sixteens, rest) = values.as_chunks::<16>();
    for (values, bins) in sixteens.iter().zip(&mut *bins) {
        bin_sixteen::<LEVELS>(edges, values, bins);
    }
    if let (Some(bins), false) = (bins.get_mut(sixteens.len()), rest.is_empty()) {
        let mut last = [f32::NAN; 16];
        last[..rest.len()].copy_from_slice(rest);
        bin_sixteen::<LEVELS>(edges, &last, bins);
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vbmi")]
fn bin_sixteen<const LEVELS: usize>(edges: &[f32; 256], values: &[f32; 16], bins: &mut [u8; 16]) {
    // SAFETY: sixteen f32 are 64 bytes, and any alignment will do.
    let value = unsafe { _mm512_loadu_ps(values.as_ptr()) };
    _mm_prefetch::<_MM_HINT_T0>(values.as_ptr().wrapping_add(AHEAD).cast());
    let mut place = _mm512_setzero_si512();
    for level in 0..LEVELS {
        let reached = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(edge_at(edges, level, place), value);
        let doubled = _mm512_slli_epi32::<1>(place);
        place = _mm512_sub_epi32(doubled, _mm512_movm_epi32(reached));
    }
    let missing = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(value, value);
    let bin = _mm512_mask_mov_epi32(place, missing, _mm512_set1_epi32(MISSING.into()));
    // SAFETY: the instruction stores sixteen bytes, and any alignment will do.
    unsafe { _mm_storeu_si128(bins.as_mut_ptr().cast(), _mm512_cvtepi32_epi8(bin)) };
}

/// Of the 2^level edges of a level, the one at the place of each value.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vbmi")]
fn edge_at(edges: &[f32; 256], level: usize, place: __m512i) -> __m512 {
    let sixteen = |index: usize| load_sixteen(edges, (1 << level) - 1 + 16 * index);
    let pair = |index: usize| _mm512_permutex2var_ps(sixteen(2 * index), place, sixteen(2 * index + 1));
    let is_set = |bit| _mm512_test_epi32_mask(place, _mm512_set1_epi32(bit));
    match level {
        0..=4 => _mm512_permutexvar_ps(place, sixteen(0)),
        5 => pair(0),
        6 => _mm512_mask_blend_ps(is_set(32), pair(0), pair(1)),
        _ => {
            let odd = is_set(32);
            let low = _mm512_mask_blend_ps(odd, pair(0), pair(1));
            let high = _mm512_mask_blend_ps(odd, pair(2), pair(3));
            _mm512_mask_blend_ps(is_set(64), low, high)
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_sixteen(edges: &[f32; 256], first: usize) -> __m512 {
    let sixteen: &[f32; 16] = edges[first..].first_chunk().unwrap_or(&[f32::NAN; 16]);
    // SAFETY: sixteen f32 are 64 bytes, and any alignment will do.
    unsafe { _mm512_loadu_ps(sixteen.as_ptr()) }
}

//! AVX-512: a plane is one register; leaf values come by permuted bytes, bins by permuted thresholds.
#![expect(unsafe_code, reason = "instructions that a processor may lack are unsafe to ask for")]

mod leaves;
mod search;

use std::arch::x86_64::{
    __m512i, _mm512_and_si512, _mm512_andnot_si512, _mm512_load_si512, _mm512_or_si512, _mm512_set1_epi64,
    _mm512_slli_epi64, _mm512_srli_epi64, _mm512_store_si512, _mm512_ternarylogic_epi64, _mm512_xor_si512,
};

pub(super) use search::bin_column;

use super::block;
use super::plan::{GroupPlanes, Plan};
use super::plane::{Lane, LeafValues, Plane, ROWS, Sum};

impl Lane for __m512i {
    const PER_PLANE: usize = 1;

    #[inline(always)]
    fn load(plane: &Plane, _index: usize) -> Self {
        // SAFETY: a lane is only entered where AVX-512 is. A plane is 64 bytes, aligned to 64.
        unsafe { _mm512_load_si512(plane.0.as_ptr().cast()) }
    }

    #[inline(always)]
    fn store(self, plane: &mut Plane, _index: usize) {
        // SAFETY: a lane is only entered where AVX-512 is. A plane is 64 bytes, aligned to 64.
        unsafe { _mm512_store_si512(plane.0.as_mut_ptr().cast(), self) }
    }

    #[inline(always)]
    fn splat(word: u64) -> Self {
        // SAFETY: a lane is only entered where AVX-512 is.
        unsafe { _mm512_set1_epi64(word.cast_signed()) }
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        // SAFETY: a lane is only entered where AVX-512 is.
        unsafe { _mm512_and_si512(self, other) }
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        // SAFETY: a lane is only entered where AVX-512 is.
        unsafe { _mm512_or_si512(self, other) }
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        // SAFETY: a lane is only entered where AVX-512 is.
        unsafe { _mm512_xor_si512(self, other) }
    }

    #[inline(always)]
    fn without(self, other: Self) -> Self {
        // SAFETY: a lane is only entered where AVX-512 is.
        unsafe { _mm512_andnot_si512(other, self) }
    }

    #[inline(always)]
    fn shift_up<const BITS: u32>(self) -> Self {
        // SAFETY: a lane is only entered where AVX-512 is.
        unsafe { _mm512_slli_epi64::<BITS>(self) }
    }

    #[inline(always)]
    fn shift_down<const BITS: u32>(self) -> Self {
        // SAFETY: a lane is only entered where AVX-512 is.
        unsafe { _mm512_srli_epi64::<BITS>(self) }
    }

    #[inline(always)]
    fn select(self, ones: Self, zeros: Self) -> Self {
        // SAFETY: a lane is only entered where AVX-512 is. The table 0xCA is `self ? ones : zeros`.
        unsafe { _mm512_ternarylogic_epi64::<0xCA>(self, ones, zeros) }
    }

    #[inline(always)]
    fn add_leaves(numbers: &[Plane; 8], values: &LeafValues, margins: &mut [f64; ROWS]) {
        // SAFETY: a lane is only entered where AVX-512 is, with the extensions named there.
        unsafe { leaves::add_leaves(numbers, values, margins) }
    }

    #[inline(always)]
    fn add_narrow_leaves(numbers: &[Plane; 8], values: &LeafValues, margins: &mut [f32; ROWS]) {
        // SAFETY: a lane is only entered where AVX-512 is, with the extensions named there.
        unsafe { leaves::add_narrow_leaves(numbers, values, margins) }
    }
}

/// [`block::margins`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vbmi")]
pub(super) fn margins<S: Sum>(
    plan: &Plan,
    bins: &[[u8; ROWS]],
    planes: &mut GroupPlanes,
    margins: &mut [S; ROWS],
) {
    block::margins::<__m512i, S>(plan, bins, planes, margins);
}

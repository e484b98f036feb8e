//! Leaf values of 64 rows at once: each byte of the values by one permutation, then the bytes joined.

use std::arch::x86_64::{
    __m512i, _mm512_add_pd, _mm512_add_ps, _mm512_castsi512_pd, _mm512_castsi512_ps, _mm512_loadu_pd,
    _mm512_loadu_ps, _mm512_loadu_si512, _mm512_mask_permutexvar_epi8, _mm512_maskz_permutexvar_epi8,
    _mm512_permutexvar_epi8, _mm512_set1_epi8, _mm512_storeu_pd, _mm512_storeu_ps, _mm512_testn_epi8_mask,
    _mm512_unpackhi_epi8, _mm512_unpackhi_epi16, _mm512_unpackhi_epi32, _mm512_unpacklo_epi8,
    _mm512_unpacklo_epi16, _mm512_unpacklo_epi32,
};

use super::super::plane::{LEAVES, Lane, LeafValues, NOTHING, OUTSIDE, Plane, ROWS};

/// Row of 64 that stands at each byte of a register, so that unpacking byte by byte, two by two and four by four within
/// each quarter leaves eight consecutive rows in each register.
const UNPACKED_ORDER: [u8; 64] = unpacked_order();

const fn unpacked_order() -> [u8; 64] {
    let mut rows = [0; 64];
    let mut place = 0;
    while place < 64 {
        let (quarter, eight, pair) = (place / 16, place % 16 / 2, place % 2);
        rows[place] = (8 * eight + 2 * quarter + pair) as u8;
        place += 1;
    }
    rows
}

/// Looks up each byte of 64 leaf values at once, then joins the bytes to values.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vbmi")]
pub(super) fn add_leaves(numbers: &[Plane; 8], leaves: &LeafValues, margins: &mut [f64; ROWS]) {
    let order = load_bytes(&UNPACKED_ORDER);
    let nothing = _mm512_set1_epi8((NOTHING.to_bits() >> 56) as i8);
    let [b0, b1, b2, b3, b4, b5, b6, b7] = &leaves.bytes;
    let [t0, t1, t2, t3] = [load_bytes(b0), load_bytes(b1), load_bytes(b2), load_bytes(b3)];
    let [t4, t5, t6, t7] = [load_bytes(b4), load_bytes(b5), load_bytes(b6), load_bytes(b7)];
    for (numbers, margins) in numbers.iter().zip(margins.as_chunks_mut::<64>().0) {
        let number = _mm512_permutexvar_epi8(order, <__m512i as Lane>::load(numbers, 0));
        let inside = _mm512_testn_epi8_mask(number, _mm512_set1_epi8(1 << OUTSIDE));
        let byte = |table| _mm512_maskz_permutexvar_epi8(inside, number, table);
        let highest = _mm512_mask_permutexvar_epi8(nothing, inside, number, t7);
        let [p0, p1] = [_mm512_unpacklo_epi8(byte(t0), byte(t1)), _mm512_unpackhi_epi8(byte(t0), byte(t1))];
        let [p2, p3] = [_mm512_unpacklo_epi8(byte(t2), byte(t3)), _mm512_unpackhi_epi8(byte(t2), byte(t3))];
        let [p4, p5] = [_mm512_unpacklo_epi8(byte(t4), byte(t5)), _mm512_unpackhi_epi8(byte(t4), byte(t5))];
        let [p6, p7] = [_mm512_unpacklo_epi8(byte(t6), highest), _mm512_unpackhi_epi8(byte(t6), highest)];
        let low = [
            _mm512_unpacklo_epi16(p0, p2),
            _mm512_unpackhi_epi16(p0, p2),
            _mm512_unpacklo_epi16(p1, p3),
            _mm512_unpackhi_epi16(p1, p3),
        ];
        let high = [
            _mm512_unpacklo_epi16(p4, p6),
            _mm512_unpackhi_epi16(p4, p6),
            _mm512_unpacklo_epi16(p5, p7),
            _mm512_unpackhi_epi16(p5, p7),
        ];
        for ((low, high), margins) in low.into_iter().zip(high).zip(margins.as_chunks_mut::<16>().0) {
            let [first, second] = margins.as_chunks_mut::<8>().0 else { continue };
            add(first, _mm512_unpacklo_epi32(low, high));
            add(second, _mm512_unpackhi_epi32(low, high));
        }
    }
}

/// Row of 64 that stands at each byte of a register, so that unpacking byte by byte and two by two within each quarter leaves
/// sixteen consecutive rows in each register.
const NARROW_ORDER: [u8; 64] = narrow_order();

const fn narrow_order() -> [u8; 64] {
    let mut rows = [0; 64];
    let mut place = 0;
    while place < 64 {
        let (quarter, register, row) = (place / 16, place % 16 / 4, place % 4);
        rows[place] = (16 * register + 4 * quarter + row) as u8;
        place += 1;
    }
    rows
}

/// [`add_leaves`] for values of f32, which have half as many bytes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vbmi")]
pub(super) fn add_narrow_leaves(numbers: &[Plane; 8], leaves: &LeafValues, margins: &mut [f32; ROWS]) {
    let order = load_bytes(&NARROW_ORDER);
    let nothing = _mm512_set1_epi8((NOTHING.to_bits() >> 56) as i8);
    let [b0, b1, b2, b3, ..] = &leaves.bytes;
    let [t0, t1, t2, t3] = [load_bytes(b0), load_bytes(b1), load_bytes(b2), load_bytes(b3)];
    for (numbers, margins) in numbers.iter().zip(margins.as_chunks_mut::<64>().0) {
        let number = _mm512_permutexvar_epi8(order, <__m512i as Lane>::load(numbers, 0));
        let inside = _mm512_testn_epi8_mask(number, _mm512_set1_epi8(1 << OUTSIDE));
        let byte = |table| _mm512_maskz_permutexvar_epi8(inside, number, table);
        let highest = _mm512_mask_permutexvar_epi8(nothing, inside, number, t3);
        let [p0, p1] = [_mm512_unpacklo_epi8(byte(t0), byte(t1)), _mm512_unpackhi_epi8(byte(t0), byte(t1))];
        let [p2, p3] = [_mm512_unpacklo_epi8(byte(t2), highest), _mm512_unpackhi_epi8(byte(t2), highest)];
        let values = [
            _mm512_unpacklo_epi16(p0, p2),
            _mm512_unpackhi_epi16(p0, p2),
            _mm512_unpacklo_epi16(p1, p3),
            _mm512_unpackhi_epi16(p1, p3),
        ];
        for (values, margins) in values.into_iter().zip(margins.as_chunks_mut::<16>().0) {
            add_narrow(margins, values);
        }
    }
}

/// Adds the f32 whose bits stand in a register.
#[inline]
#[target_feature(enable = "avx512f")]
fn add_narrow(margins: &mut [f32; 16], values: __m512i) {
    // SAFETY: sixteen f32 are 64 bytes, and any alignment will do.
    let before = unsafe { _mm512_loadu_ps(margins.as_ptr()) };
    let after = _mm512_add_ps(before, _mm512_castsi512_ps(values));
    // SAFETY: sixteen f32 are 64 bytes, and any alignment will do.
    unsafe { _mm512_storeu_ps(margins.as_mut_ptr(), after) }
}

/// Adds the f64 whose bits stand in a register.
#[inline]
#[target_feature(enable = "avx512f")]
fn add(margins: &mut [f64; 8], values: __m512i) {
    // SAFETY: eight f64 are 64 bytes, and any alignment will do.
    let before = unsafe { _mm512_loadu_pd(margins.as_ptr()) };
    let after = _mm512_add_pd(before, _mm512_castsi512_pd(values));
    // SAFETY: eight f64 are 64 bytes, and any alignment will do.
    unsafe { _mm512_storeu_pd(margins.as_mut_ptr(), after) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_bytes(bytes: &[u8; LEAVES]) -> __m512i {
    // SAFETY: the array is 64 bytes, and any alignment will do.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

//! Lanes of one word, for every processor.

use super::plane::{Lane, LeafValues, Plane, ROWS, Sum};

impl Lane for u64 {
    const PER_PLANE: usize = 8;

    #[inline(always)]
    fn load(plane: &Plane, index: usize) -> Self {
        plane.0[index]
    }

    #[inline(always)]
    fn store(self, plane: &mut Plane, index: usize) {
        plane.0[index] = self;
    }

    #[inline(always)]
    fn splat(word: u64) -> Self {
        word
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self & other
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        self | other
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self ^ other
    }

    #[inline(always)]
    fn without(self, other: Self) -> Self {
        self & !other
    }

    #[inline(always)]
    fn shift_up<const BITS: u32>(self) -> Self {
        self << BITS
    }

    #[inline(always)]
    fn shift_down<const BITS: u32>(self) -> Self {
        self >> BITS
    }

    #[inline(always)]
    fn select(self, ones: Self, zeros: Self) -> Self {
        (self & ones) | (!self & zeros)
    }

    #[inline(always)]
    fn add_leaves(numbers: &[Plane; 8], leaves: &LeafValues, margins: &mut [f64; ROWS]) {
        add_leaves(numbers, leaves, margins);
    }

    #[inline(always)]
    fn add_narrow_leaves(numbers: &[Plane; 8], leaves: &LeafValues, margins: &mut [f32; ROWS]) {
        add_leaves(numbers, leaves, margins);
    }
}

/// Looks the leaves up one by one.
#[inline(always)]
pub(super) fn add_leaves<S: Sum>(numbers: &[Plane; 8], leaves: &LeafValues, margins: &mut [S; ROWS]) {
    for (numbers, margins) in numbers.iter().zip(margins.as_chunks_mut::<64>().0) {
        for (word, margins) in numbers.0.iter().zip(margins.as_chunks_mut::<8>().0) {
            for (number, margin) in word.to_le_bytes().into_iter().zip(margins) {
                *margin = margin.plus(leaves.values[usize::from(number % 128)]);
            }
        }
    }
}

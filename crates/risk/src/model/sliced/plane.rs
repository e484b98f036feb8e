//! Planes: one bit for each row of a block, and the few operations that evaluation needs of them.

use super::super::accumulator::Accumulator;

/// Rows of a block: what one AVX-512 register holds as bits, so that the columns of a block stay near the processor.
pub(super) const ROWS: usize = 512;

/// Words of a plane.
const WORDS: usize = ROWS / 64;

/// One bit for each row of a block.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Plane(pub(super) [u64; WORDS]);

impl Plane {
    pub(super) const ZERO: Self = Self([0; WORDS]);

    /// Bytes `64 index..64 index + 64` of a block, as a plane.
    #[inline(always)]
    pub(super) fn of_bytes(bytes: &[u8; ROWS], index: usize) -> Self {
        let mut words = [0; WORDS];
        for (word, bytes) in words.iter_mut().zip(bytes[64 * index..].as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        Self(words)
    }
}

/// A part of a plane that one register holds. An implementation is only entered on a machine that has its
/// instructions; see [`dispatch`](super::dispatch).
pub(super) trait Lane: Copy {
    /// How many make a plane.
    const PER_PLANE: usize;

    /// Part `index` of a plane.
    fn load(plane: &Plane, index: usize) -> Self;
    /// Puts part `index` of a plane back.
    fn store(self, plane: &mut Plane, index: usize);
    /// Every word alike.
    fn splat(word: u64) -> Self;
    fn and(self, other: Self) -> Self;
    fn or(self, other: Self) -> Self;
    fn xor(self, other: Self) -> Self;
    /// `self & !other`.
    fn without(self, other: Self) -> Self;
    /// Shifts each word towards its high bits.
    fn shift_up<const BITS: u32>(self) -> Self;
    /// Shifts each word towards its low bits.
    fn shift_down<const BITS: u32>(self) -> Self;
    /// Bit by bit: `ones` where a bit is set, else `zeros`.
    fn select(self, ones: Self, zeros: Self) -> Self;

    /// Adds to each row's margin the leaf value of its number, in log-odds. Numbers are bytes below 128, row by row.
    fn add_leaves(numbers: &[Plane; 8], leaves: &LeafValues, margins: &mut [f64; ROWS]);

    /// The same in f32.
    fn add_narrow_leaves(numbers: &[Plane; 8], leaves: &LeafValues, margins: &mut [f32; ROWS]);
}

/// A type in which a block's margins are added up.
pub(super) trait Sum: Copy + Into<f64> {
    /// Of a value that it has exactly.
    fn of(value: f64) -> Self;
    /// `self + value`, where it has the value exactly.
    fn plus(self, value: f64) -> Self;
    /// [`Lane::add_leaves`] or its like.
    fn add_leaves<L: Lane>(numbers: &[Plane; 8], leaves: &LeafValues, margins: &mut [Self; ROWS]);
}

impl Sum for f64 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn plus(self, value: f64) -> Self {
        self + value
    }

    #[inline(always)]
    fn add_leaves<L: Lane>(numbers: &[Plane; 8], leaves: &LeafValues, margins: &mut [Self; ROWS]) {
        L::add_leaves(numbers, leaves, margins);
    }
}

impl Sum for f32 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value as Self
    }

    #[inline(always)]
    fn plus(self, value: f64) -> Self {
        self + value as Self
    }

    #[inline(always)]
    fn add_leaves<L: Lane>(numbers: &[Plane; 8], leaves: &LeafValues, margins: &mut [Self; ROWS]) {
        L::add_narrow_leaves(numbers, leaves, margins);
    }
}

/// Leaves of a piece.
pub(super) const LEAVES: usize = 64;

/// Bit of a leaf number that says that the row does not come to the piece.
pub(super) const OUTSIDE: usize = 6;

/// The leaf values of a piece by number, in log-odds.
pub(super) struct LeafValues {
    /// Those of the leaves, then [`NOTHING`] for every number with the bit [`OUTSIDE`].
    pub(super) values: [f64; 2 * LEAVES],
    /// Those of the leaves byte by byte: `bytes[k][number]` is byte `k`, little-endian, of the value in the accumulator's type;
    /// of an f32 there are four.
    pub(super) bytes: [[u8; LEAVES]; 8],
}

/// What changes no sum: `x + -0.0` is `x` to the last bit, for -0.0 too.
pub(super) const NOTHING: f64 = -0.0;

impl LeafValues {
    pub(super) fn new(leaves: &[f64; LEAVES], accumulator: Accumulator) -> Self {
        let mut values = [NOTHING; 2 * LEAVES];
        values[..LEAVES].copy_from_slice(leaves);
        let bytes = leaves.map(|value| match accumulator {
            Accumulator::F64 => value.to_le_bytes(),
            Accumulator::F32 => u64::from((value as f32).to_bits()).to_le_bytes(),
        });
        Self { values, bytes: std::array::from_fn(|byte| bytes.map(|value| value[byte])) }
    }
}

/// Transposes the 8 x 8 bits that stand at the same byte of eight planes: bit `b` of byte `m` of plane `i` becomes bit `i`
/// of byte `m` of plane `b` (Warren, Hacker's Delight, 7-3). So rows of bytes become planes of bits, and back.
#[inline(always)]
pub(super) fn transpose<L: Lane>(planes: &mut [L; 8]) {
    for low in [0, 1, 2, 3] {
        exchange::<L, 4>(planes, low, low + 4, 0x0f0f_0f0f_0f0f_0f0f);
    }
    for low in [0, 1, 4, 5] {
        exchange::<L, 2>(planes, low, low + 2, 0x3333_3333_3333_3333);
    }
    for low in [0, 2, 4, 6] {
        exchange::<L, 1>(planes, low, low + 1, 0x5555_5555_5555_5555);
    }
}

/// Exchanges the bits of plane `low` that stand `BITS` above `mask` with those of plane `high` under `mask`.
#[inline(always)]
fn exchange<L: Lane, const BITS: u32>(planes: &mut [L; 8], low: usize, high: usize, mask: u64) {
    let differing = planes[low].shift_down::<BITS>().xor(planes[high]).and(L::splat(mask));
    planes[high] = planes[high].xor(differing);
    planes[low] = planes[low].xor(differing.shift_up::<BITS>());
}

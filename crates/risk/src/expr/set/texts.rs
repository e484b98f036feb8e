//! The distinct texts of a column, and what depends on a text alone, worked out for them in place of each row.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt32Array, new_null_array};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow::compute::{cast, concat, take};
use arrow::datatypes::{DataType, Int32Type};

use crate::expr::error::EvaluateError;

/// Bits of a word.
const BITS: usize = 64;

/// A column of texts: each text once, at last the absent one if a row has none, and the position of each row's text.
pub(super) struct Distinct {
    texts: ArrayRef,
    positions: Vec<u32>,
}

impl Distinct {
    pub(super) fn of(column: &ArrayRef) -> Result<Self, EvaluateError> {
        let kind = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let encoded = cast(column, &kind)?;
        let encoded = encoded.as_dictionary::<Int32Type>();
        let keys = encoded.keys();
        if keys.null_count() == 0 {
            let positions = keys.values().iter().map(|key| *key as u32).collect();
            return Ok(Self { texts: Arc::clone(encoded.values()), positions });
        }
        let absent = encoded.values().len() as u32;
        let positions = keys.iter().map(|key| key.map_or(absent, |key| key as u32)).collect();
        Ok(Self { texts: concat(&[encoded.values(), &new_null_array(&DataType::Utf8, 1)])?, positions })
    }

    pub(super) fn texts(&self) -> ArrayRef {
        Arc::clone(&self.texts)
    }

    /// The column, row by row.
    pub(super) fn rows(&self) -> Result<ArrayRef, EvaluateError> {
        Ok(take(&self.texts, &UInt32Array::from(self.positions.clone()), None)?)
    }

    /// The column of other texts that are made of these.
    pub(super) fn renamed(
        &self,
        other: impl FnOnce(ArrayRef) -> Result<ArrayRef, EvaluateError>,
    ) -> Result<Self, EvaluateError> {
        let Self { texts, positions } = Self::of(&other(self.texts())?)?;
        Ok(Self { texts, positions: self.positions.iter().map(|text| positions[*text as usize]).collect() })
    }

    /// Up to [`BITS`] conditions, row by row, from their answers for each text.
    pub(super) fn of_rows(&self, answers: &[ArrayRef]) -> Vec<ArrayRef> {
        let answers: Vec<&BooleanArray> = answers.iter().map(AsArray::as_boolean).collect();
        let values: Vec<Option<&BooleanBuffer>> =
            answers.iter().map(|answer| Some(answer.values())).collect();
        let known: Vec<Option<&BooleanBuffer>> =
            answers.iter().map(|answer| answer.nulls().map(NullBuffer::inner)).collect();
        let values = self.spread(&values);
        let known = if known.iter().any(Option::is_some) { self.spread(&known) } else { Vec::new() };
        let of_rows = |(position, values): (usize, BooleanBuffer)| {
            let nulls =
                answers[position].nulls().and_then(|_| known.get(position).cloned().map(NullBuffer::new));
            let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
            Arc::new(BooleanArray::new(values, nulls)) as ArrayRef
        };
        values.into_iter().enumerate().map(of_rows).collect()
    }

    /// Bits by text as bits by row: a text has one word with a bit of each condition, 64 rows are looked up at once, and
    /// their words turned so that each condition has one with a bit of each row.
    fn spread(&self, conditions: &[Option<&BooleanBuffer>]) -> Vec<BooleanBuffer> {
        let mut of_text = vec![0_u64; self.texts.len()];
        for (bit, condition) in conditions.iter().enumerate() {
            for text in condition.iter().flat_map(|condition| condition.set_indices()) {
                of_text[text] |= 1 << bit;
            }
        }
        let words = self.positions.len().div_ceil(BITS);
        let mut of_condition: Vec<Vec<u64>> = conditions.iter().map(|_| Vec::with_capacity(words)).collect();
        for rows in self.positions.chunks(BITS) {
            let mut square = [0_u64; BITS];
            for (word, text) in square.iter_mut().zip(rows) {
                *word = of_text[*text as usize];
            }
            transpose(&mut square);
            for (words, word) in of_condition.iter_mut().zip(square) {
                words.push(word.to_le());
            }
        }
        let bits = |words| BooleanBuffer::new(Buffer::from_vec(words), 0, self.positions.len());
        of_condition.into_iter().map(bits).collect()
    }
}

/// Turns a square of bits, so that bit c of word r becomes bit r of word c (Warren, Hacker's Delight, section 7-3).
fn transpose(square: &mut [u64; BITS]) {
    let (mut width, mut mask) = (BITS / 2, u64::from(u32::MAX));
    while width > 0 {
        let mut row = 0;
        while row < BITS {
            let swapped = ((square[row] >> width) ^ square[row + width]) & mask;
            square[row] ^= swapped << width;
            square[row + width] ^= swapped;
            row = (row + width + 1) & !width;
        }
        width /= 2;
        mask ^= mask << width;
    }
}

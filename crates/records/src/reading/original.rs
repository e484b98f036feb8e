//! The original of a record: what is set aside when the record cannot be used.

use crate::parquet::row_as_json;
use arrow::array::RecordBatch;
use std::fmt::Write as _;
use std::sync::Arc;

/// A record as it came; made into text only when somebody asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Original {
    /// Bytes of the source without the line end.
    Text(Vec<u8>),
    /// A row of a columnar source.
    Row(Arc<RecordBatch>, usize),
    /// The rows of one declaration.
    Rows(Vec<Original>),
}

impl Original {
    /// The text: bytes that are not UTF-8 as `\xNN`, a row of columns as a JSON object, rows on lines of their own.
    pub fn text(&self) -> String {
        match self {
            Self::Text(bytes) => escape_non_utf8(bytes),
            Self::Row(batch, row) => row_as_json(batch, *row),
            Self::Rows(rows) => rows.iter().map(Self::text).collect::<Vec<_>>().join("\n"),
        }
    }

    /// Bytes of its own that it holds in memory.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Text(bytes) => bytes.len(),
            // The batch is shared by its rows.
            Self::Row(..) => size_of::<Self>(),
            Self::Rows(rows) => rows.iter().map(Self::bytes).sum(),
        }
    }
}

/// Text of bytes; those that are not UTF-8 become `\xNN`.
fn escape_non_utf8(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(text, "\\x{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_text_stay_readable() {
        let rows = [b"a,b".to_vec(), b"a,\xE9".to_vec()].map(Original::Text).to_vec();
        assert_eq!(Original::Rows(rows).text(), "a,b\na,\\xE9");
    }
}

//! Canonical bytes: little-endian numbers and length-prefixed lists behind a magic word and a version.
//!
//! Each value has exactly one encoding and each accepted encoding decodes to a value that encodes to the same
//! bytes, so that a hash of the bytes names the value. Counts are checked against a limit and against the bytes
//! that are left before anything is allocated.

use thiserror::Error;

use super::calibration_error::CalibrationError;
use super::forest::ForestError;
use super::matrix::FeatureMatrixError;
use super::tree::TreeError;

/// Why bytes do not decode.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes begin otherwise than this kind of value does.
    #[error("the bytes begin with {found:02x?}; they should begin with {expected:02x?}")]
    Magic {
        /// The four bytes such a value begins with.
        expected: [u8; 4],
        /// The four bytes there are.
        found: [u8; 4],
    },
    /// The encoding is of a version this program does not know.
    #[error("the encoding has version {found}; this program reads versions 1 to {supported}")]
    Version {
        /// The version in the bytes.
        found: u16,
        /// The newest version that can be read.
        supported: u16,
    },
    /// The bytes end too early.
    #[error("the bytes end at {length}; {wanted} more are needed at {offset}")]
    Truncated {
        /// Where reading stopped.
        offset: usize,
        /// How many bytes are needed there.
        wanted: usize,
        /// How many bytes there are in all.
        length: usize,
    },
    /// Bytes are left over.
    #[error("the value ends at {offset}, the bytes at {length}; nothing may follow the value")]
    TrailingBytes {
        /// Where the value ended.
        offset: usize,
        /// How many bytes there are in all.
        length: usize,
    },
    /// A list is longer than allowed.
    #[error("{found} {what} at {offset}; at most {limit} are allowed")]
    TooMany {
        /// What the list holds.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The longest allowed.
        limit: usize,
        /// Where its length stands.
        offset: usize,
    },
    /// A byte that says which kind follows says none.
    #[error("{found} at {offset} is no kind of {what}")]
    Tag {
        /// What was expected.
        what: &'static str,
        /// The byte.
        found: u8,
        /// Where it stands.
        offset: usize,
    },
    /// A list that must be in order is not.
    #[error("{0} are not in order")]
    Unordered(&'static str),
    /// A name is not UTF-8.
    #[error("the name at {offset} is not UTF-8")]
    Utf8 {
        /// Where the name begins.
        offset: usize,
    },
    /// The decoded nodes are not a tree.
    #[error("tree {tree}: {error}")]
    Tree {
        /// The tree, from 0.
        tree: usize,
        /// What is wrong with it.
        error: TreeError,
    },
    /// The decoded trees are not a forest.
    #[error(transparent)]
    Forest(#[from] ForestError),
    /// The decoded numbers are not a calibration.
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
}

impl From<FeatureMatrixError> for DecodeError {
    fn from(error: FeatureMatrixError) -> Self {
        Self::Forest(error.into())
    }
}

/// Begins an encoding with its magic word and version.
pub(crate) fn header(magic: [u8; 4], version: u16) -> Vec<u8> {
    let mut bytes = magic.to_vec();
    bytes.extend(version.to_le_bytes());
    bytes
}

/// Appends the length of a list. Every list is bounded far below 2^32 by the type that holds it.
pub(crate) fn put_count(bytes: &mut Vec<u8>, count: usize) {
    bytes.extend((count as u32).to_le_bytes());
}

/// Reads an encoding from front to back.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    /// Checks magic word and version, of which there is but one, and stands behind them.
    pub(crate) fn new(bytes: &'a [u8], magic: [u8; 4], version: u16) -> Result<Self, DecodeError> {
        let (reader, found) = Self::of_versions(bytes, magic, version)?;
        if found == version { Ok(reader) } else { Err(DecodeError::Version { found, supported: version }) }
    }

    /// Checks the magic word and that the version is at most `newest`, stands behind them, and gives the version.
    pub(crate) fn of_versions(
        bytes: &'a [u8],
        magic: [u8; 4],
        newest: u16,
    ) -> Result<(Self, u16), DecodeError> {
        let mut reader = Self { bytes, offset: 0 };
        let found = reader.array()?;
        if found != magic {
            return Err(DecodeError::Magic { expected: magic, found });
        }
        let found = u16::from_le_bytes(reader.array()?);
        if !(1..=newest).contains(&found) {
            return Err(DecodeError::Version { found, supported: newest });
        }
        Ok((reader, found))
    }

    /// The next `wanted` bytes.
    pub(crate) fn take(&mut self, wanted: usize) -> Result<&'a [u8], DecodeError> {
        let rest = &self.bytes[self.offset..];
        let Some(taken) = rest.get(..wanted) else {
            let (offset, length) = (self.offset, self.bytes.len());
            return Err(DecodeError::Truncated { offset, wanted, length });
        };
        self.offset += wanted;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn i32(&mut self) -> Result<i32, DecodeError> {
        self.array().map(i32::from_le_bytes)
    }

    pub(crate) fn u128(&mut self) -> Result<u128, DecodeError> {
        self.array().map(u128::from_le_bytes)
    }

    pub(crate) fn f32(&mut self) -> Result<f32, DecodeError> {
        self.array().map(f32::from_le_bytes)
    }

    pub(crate) fn f64(&mut self) -> Result<f64, DecodeError> {
        self.array().map(f64::from_le_bytes)
    }

    /// The length of a list whose items take at least `item_bytes` each.
    pub(crate) fn count(
        &mut self,
        what: &'static str,
        limit: usize,
        item_bytes: usize,
    ) -> Result<usize, DecodeError> {
        let offset = self.offset;
        let found = self.u32()? as usize;
        if found > limit {
            return Err(DecodeError::TooMany { what, found, limit, offset });
        }
        let wanted = found * item_bytes;
        if wanted > self.bytes.len() - self.offset {
            return Err(DecodeError::Truncated { offset: self.offset, wanted, length: self.bytes.len() });
        }
        Ok(found)
    }

    /// A length-prefixed UTF-8 string of at most `limit` bytes.
    pub(crate) fn string(&mut self, what: &'static str, limit: usize) -> Result<String, DecodeError> {
        let length = self.count(what, limit, 1)?;
        let offset = self.offset;
        let bytes = self.take(length)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| DecodeError::Utf8 { offset })
    }

    /// The error for a kind byte that was just read and means nothing.
    pub(crate) fn unknown_tag(&self, what: &'static str, found: u8) -> DecodeError {
        DecodeError::Tag { what, found, offset: self.offset - 1 }
    }

    /// Checks that everything was read.
    pub(crate) fn finish(self) -> Result<(), DecodeError> {
        if self.offset == self.bytes.len() {
            Ok(())
        } else {
            Err(DecodeError::TrailingBytes { offset: self.offset, length: self.bytes.len() })
        }
    }
}

//! SHA-256 hashes, and the length-prefixed way in which several fields become one hash.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::hex;

/// A SHA-256 hash (FIPS 180-4), shown as 64 lowercase hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash256([u8; 32]);

impl Hash256 {
    /// Wraps 32 bytes that are a hash already.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Hashes `content`.
    pub fn of(content: &[u8]) -> Self {
        Self(Sha256::digest(content).into())
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Hash256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(f, &self.0)
    }
}

impl fmt::Debug for Hash256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash256({self})")
    }
}

/// A text that is not a hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a hash; a hash has 64 hexadecimal digits")]
pub struct ParseHash256Error(String);

impl FromStr for Hash256 {
    type Err = ParseHash256Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        hex::parse(text).map(Self).ok_or_else(|| ParseHash256Error(text.to_owned()))
    }
}

/// Hashes fields one after another, each behind its length as eight big-endian bytes, so that no two different
/// lists of fields give the same input. The first field names what is hashed and the version of its layout.
pub(crate) struct FieldHasher(Sha256);

impl FieldHasher {
    pub(crate) fn new(layout: &str) -> Self {
        Self(Sha256::new()).field(layout.as_bytes())
    }

    pub(crate) fn field(mut self, bytes: &[u8]) -> Self {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
        self
    }

    pub(crate) fn finish(self) -> Hash256 {
        Hash256(self.0.finalize().into())
    }
}

/// Fields one after another in the way that [`FieldHasher`] hashes them: each behind its length.
pub(crate) fn encode(fields: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for field in fields {
        bytes.extend((field.len() as u64).to_be_bytes());
        bytes.extend(*field);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hash_of_abc_is_the_one_of_the_standard() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Hash256::of(b"abc").to_string(), expected);
    }

    #[test]
    fn text_that_is_not_a_hash_is_refused() {
        for text in ["", "ab", &"g".repeat(64), &"é".repeat(32), &"a".repeat(66)] {
            assert_eq!(text.parse::<Hash256>(), Err(ParseHash256Error(text.to_owned())));
        }
    }

    #[test]
    fn moving_a_byte_between_fields_changes_the_hash() {
        let hash = |a: &[u8], b: &[u8]| FieldHasher::new("test").field(a).field(b).finish();
        assert_ne!(hash(b"ab", b"c"), hash(b"a", b"bc"));
    }

    #[test]
    fn encoded_fields_are_what_is_hashed() {
        let hashed = FieldHasher::new("test").field(b"ab").field(b"").finish();
        assert_eq!(Hash256::of(&encode(&[b"test", b"ab", b""])), hashed);
    }

    proptest! {
        #[test]
        fn a_shown_hash_reads_back(bytes: [u8; 32]) {
            let hash = Hash256::new(bytes);
            prop_assert_eq!(hash.to_string().parse(), Ok(hash));
        }
    }
}

//! Bytes as lowercase hexadecimal digits and back.

use std::fmt;

/// Writes bytes as lowercase hexadecimal digits.
pub(crate) fn write(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// Bytes that are shown as lowercase hexadecimal digits.
pub(crate) struct Shown<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.0)
    }
}

/// Exactly `N` bytes from twice as many digits.
pub(crate) fn parse<const N: usize>(text: &str) -> Option<[u8; N]> {
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = (nibble(digits[0])? << 4 | nibble(digits[1])?) as u8;
    }
    Some(bytes)
}

/// Bytes from twice as many digits, however many.
pub(crate) fn parse_any(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    let pairs = (0..text.len()).step_by(2).map(|start| parse::<1>(&text[start..start + 2]));
    pairs.map(|byte| byte.map(|[byte]| byte)).collect()
}

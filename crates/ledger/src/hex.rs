//! Bytes as lowercase hexadecimal digits and back.

use std::fmt;

/// Writes bytes as lowercase hexadecimal digits.
pub(crate) fn write(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
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

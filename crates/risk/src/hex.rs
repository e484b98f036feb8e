//! Bytes as lower-case hexadecimal digits.

/// The two digits of each byte.
const DIGITS: [[u8; 2]; 256] = {
    let digits = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    pairs
};

/// Lower-case hexadecimal digits of bytes.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    push_hex(&mut text, bytes);
    text
}

/// Writes lower-case hexadecimal digits of bytes to the end of a text.
pub fn push_hex(text: &mut String, bytes: &[u8]) {
    text.extend(pairs(bytes).flatten().map(char::from));
}

/// The two lower-case hexadecimal digits of each byte.
pub fn pairs(bytes: &[u8]) -> impl Iterator<Item = [u8; 2]> {
    bytes.iter().map(|byte| DIGITS[usize::from(*byte)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_the_formatter() {
        let bytes: Vec<u8> = (0..=255).collect();
        let formatted: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex(&bytes), formatted.concat());
    }
}

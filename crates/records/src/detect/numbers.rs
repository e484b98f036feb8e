//! Numbers with check digits.

use chrono::NaiveDate;

/// Whether a text is the number of a resident identity card: 17 digits with a date of birth, and a check character by
/// ISO 7064 MOD 11-2 (GB 11643-1999).
pub fn resident_identity(text: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10X98765432";
    let bytes = text.as_bytes();
    let Some((check, digits)) = bytes.split_last() else { return false };
    if digits.len() != WEIGHTS.len() || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let number = |from: usize, to: usize| {
        digits[from..to].iter().fold(0_u32, |number, digit| number * 10 + u32::from(digit - b'0'))
    };
    let is_date = (1800..=2199).contains(&number(6, 10))
        && NaiveDate::from_ymd_opt(number(6, 10).cast_signed(), number(10, 12), number(12, 14)).is_some();
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    is_date && CHECKS[(sum % 11) as usize] == check.to_ascii_uppercase()
}

/// Whether a text is a unified social credit code: 18 characters of an alphabet of 31, the last a check character by
/// MOD 31 with powers of 3 as weights (GB 32100-2015, 5.6).
pub fn credit_code(text: &str) -> bool {
    const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let bytes = text.as_bytes();
    if bytes.len() != 18 || !bytes[..2].iter().all(u8::is_ascii_alphanumeric) {
        return false;
    }
    let value = |byte: &u8| ALPHABET.iter().position(|known| known == byte);
    let Some(values) = bytes.iter().map(value).collect::<Option<Vec<usize>>>() else { return false };
    // The administrative division is of digits.
    if !bytes[2..8].iter().all(u8::is_ascii_digit) {
        return false;
    }
    let mut weight = 1;
    let mut sum = 0;
    for value in &values[..17] {
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    (31 - sum % 31) % 31 == values[17]
}

/// Whether a text is the number of a payment card: 13 to 19 digits that begin as the large issuers' do, 3 to 6, Mastercard's 2221 to
/// 2720 or 9558 of China's largest bank, with a check digit by Luhn's formula (ISO/IEC 7812-1, annex B).
pub fn bank_card(text: &str) -> bool {
    let digits: Vec<u32> =
        text.bytes().filter(u8::is_ascii_digit).map(|digit| u32::from(digit - b'0')).collect();
    let is_grouped = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b' ' || byte == b'-');
    if !is_grouped || !(13..=19).contains(&digits.len()) {
        return false;
    }
    let first_four = digits[..4].iter().fold(0, |number, digit| number * 10 + digit);
    if !matches!(first_four, 2221..=2720 | 3000..=6999 | 9558) {
        return false;
    }
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, digit)| match (i % 2, digit * 2) {
            (0, _) => *digit,
            (_, doubled) => doubled / 10 + doubled % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_hold_and_no_neighbour_does() {
        // GB 11643-1999, annex; GB 32100-2015, annex; test numbers of card schemes.
        type Holds = fn(&str) -> bool;
        let cases: [(Holds, &[&str]); 3] = [
            (resident_identity, &["11010519491231002X", "440524188001010014"]),
            (credit_code, &["91350100M000100Y43"]),
            (
                bank_card,
                &[
                    "4111111111111111",
                    "5555 5555 5555 4444",
                    "6011-1111-1111-1117",
                    "2221000000000009",
                    "2223 0031 2200 3222",
                    "2720999999999996",
                    "9558800200000123451",
                ],
            ),
        ];
        for (holds, examples) in cases {
            for example in examples {
                assert!(holds(example), "{example}");
                let last = example.len() - 1;
                let others = (0..10).map(|digit| format!("{}{digit}", &example[..last]));
                assert!(others.filter(|other| other != example).all(|other| !holds(&other)), "{example}");
            }
        }
    }

    #[test]
    fn other_texts_are_none() {
        for text in [
            "",
            "1",
            "4700",
            "110105194912310021",
            // The check character is right, and there is no 30 February.
            "110105194902300020",
            "91350100M000100Y4I",
            "0000000000000000",
            "2220000000000000",
            "2721000000000004",
            "é1010519491231002X",
        ] {
            assert!(!resident_identity(text) && !credit_code(text) && !bank_card(text), "{text}");
        }
    }
}

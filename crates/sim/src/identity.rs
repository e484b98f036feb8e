//! Numbers and names: of enterprises, foreign parties, declarations, officers and containers.

use crate::random::{Purpose, Stream};

const BASE_36: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// Serials of four base-36 digits.
const SERIALS: u64 = 36_u64.pow(4);

/// Registration number of an enterprise: four digits of its office, one of its zone, one of its kind (`8` for a
/// broker), four that tell enterprises apart. The last four hide the order of `index` and never repeat.
pub(crate) fn enterprise_id(seed: u64, index: u64, office: &str, broker: bool) -> String {
    // 36^4 has the prime factors 2 and 3 only, so an odd factor not divisible by 3 permutes the serials.
    let offset = Stream::new(seed, Purpose::Name, u64::MAX).bits() % SERIALS;
    let serial = (index % SERIALS * 742_211 + offset) % SERIALS;
    let mut stream = Stream::new(seed, Purpose::Name, index);
    let zone = 1 + stream.below(6);
    let kind = if broker { 8 } else { 1 + stream.below(6) };
    format!("{office}{zone}{kind}{}", base_36(serial, 4))
}

/// Digits of a number in base 36, with leading zeros.
pub(crate) fn base_36(mut number: u64, digits: usize) -> String {
    let mut text = vec![b'0'; digits];
    for digit in text.iter_mut().rev() {
        *digit = BASE_36[(number % 36) as usize];
        number /= 36;
    }
    text.into_iter().map(char::from).collect()
}

/// Name of an enterprise of the importing country.
pub(crate) fn enterprise_name(seed: u64, index: u64, broker: bool) -> String {
    const PLACES: [&str; 20] = [
        "Anping",
        "Beihe",
        "Changlin",
        "Dongshan",
        "Fuan",
        "Guangming",
        "Haibin",
        "Jinling",
        "Kunhe",
        "Lianhu",
        "Minjiang",
        "Nanwan",
        "Pingyuan",
        "Qingquan",
        "Ruicheng",
        "Shuangqiao",
        "Taihe",
        "Wanfeng",
        "Xiangyang",
        "Yongning",
    ];
    const WORDS: [&str; 20] = [
        "Bright",
        "Century",
        "Delta",
        "Eastern",
        "Evergreen",
        "First",
        "Golden Bridge",
        "Harmony",
        "Horizon",
        "Jade",
        "Lucky Star",
        "New Era",
        "Ocean",
        "Pioneer",
        "Prosper",
        "Silver Lake",
        "Summit",
        "Sunrise",
        "Union",
        "Victory",
    ];
    const TRADES: [&str; 8] = [
        "Trading",
        "Import and Export",
        "Industry",
        "Technology",
        "International Trade",
        "Supply Chain",
        "Materials",
        "Commerce",
    ];
    let mut stream = Stream::pair(seed, Purpose::Name, 1, index);
    let (place, word) = (PLACES[stream.below(20)], WORDS[stream.below(20)]);
    let trade = if broker { "Customs Services" } else { TRADES[stream.below(8)] };
    format!("{place} {word} {trade} Co., Ltd.")
}

/// Number and name of a foreign seller.
pub(crate) fn seller(seed: u64, country: &str, index: u64) -> (String, String) {
    const WORDS: [&str; 16] = [
        "Alpha", "Atlas", "Borealis", "Cascade", "Condor", "Crown", "Everest", "Falcon", "Global",
        "Meridian", "Nova", "Orion", "Pacific", "Sterling", "Titan", "Vertex",
    ];
    const FORMS: [&str; 8] =
        ["Corp.", "Ltd.", "Group", "Industries", "Trading", "Exports", "Holdings", "Supply"];
    let mut stream = Stream::pair(seed, Purpose::Seller, u64::from_be_bytes(padded(country)), index);
    let id = format!("{country}{}", base_36(stream.bits(), 7));
    let name = format!("{} {} {country}-{index}", WORDS[stream.below(16)], FORMS[stream.below(8)]);
    (id, name)
}

fn padded(text: &str) -> [u8; 8] {
    let mut bytes = [0; 8];
    for (to, from) in bytes.iter_mut().zip(text.bytes()) {
        *to = from;
    }
    bytes
}

/// Customs number of a declaration: office, year, import flag, nine digits of the year's serial.
pub(crate) fn declaration_id(office: &str, year: i32, serial: u64) -> String {
    format!("{office}{year:04}1{:09}", serial + 1)
}

/// Serial number of a declaration from its customs number.
pub(crate) fn serial(declaration_id: &str) -> Option<u64> {
    let digits = declaration_id.get(declaration_id.len().checked_sub(9)?..)?;
    digits.parse::<u64>().ok()?.checked_sub(1)
}

/// An officer of an office.
pub(crate) fn officer_id(office: &str, officer: usize) -> String {
    format!("{office}-{:02}", officer + 1)
}

/// Number of a container with its check digit (ISO 6346).
pub(crate) fn container_id(stream: &mut Stream) -> String {
    const OWNERS: [&str; 6] = ["CSNU", "MSKU", "TGHU", "OOLU", "EGHU", "HLXU"];
    let mut id = format!("{}{:06}", OWNERS[stream.below(6)], stream.below(1_000_000));
    id.push(check_digit(&id));
    id
}

/// Letters count from 10 without the multiples of 11; positions weigh powers of two.
fn check_digit(id: &str) -> char {
    let value = |byte: u8| match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        letter => {
            let position = u32::from(letter - b'A') + 10;
            position + (position - 1) / 10
        }
    };
    let sum: u32 = id.bytes().enumerate().map(|(position, byte)| value(byte) << position).sum();
    char::from(b'0' + (sum % 11 % 10) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn enterprise_numbers_never_repeat() {
        let ids: BTreeSet<String> =
            (0..60_000).map(|i| enterprise_id(9, i, "2248", i % 7 == 0)[6..].to_owned()).collect();
        assert_eq!(ids.len(), 60_000);
        assert_eq!(enterprise_id(9, 3, "2248", true).len(), 10);
    }

    #[test]
    fn check_digits_follow_iso_6346() {
        // The example of the standard: CSQU 305438 3.
        assert_eq!(check_digit("CSQU305438"), '3');
        assert_eq!(container_id(&mut Stream::new(1, Purpose::Name, 0)).len(), 11);
    }

    #[test]
    fn a_declaration_number_has_eighteen_digits() {
        assert_eq!(declaration_id("2248", 2026, 41), "224820261000000042");
        assert_eq!(serial("224820261000000042"), Some(41));
    }
}

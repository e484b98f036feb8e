//! Files in the layout of the shipped mapping, made from a seed: goods with their own rate of discrepancies, some
//! of which come again.

use std::fmt::Write;

pub const HEADER: &str = "Declaration ID,Date,Office ID,Process Type,Import Type,Import Use,Payment Type,\
    Mode of Transport,Declarant ID,Importer ID,Seller ID,Courier ID,HS6 Code,Country of Departure,\
    Country of Origin,Tax Rate,Tax Type,Country of Origin Indicator,Net Mass,Item Price,Fraud,Critical Fraud";

/// `SplitMix64` (Steele, Lea, Flood 2014).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n
    }
}

const CODES: [&str; 6] = ["620822", "392690", "950300", "850440", "440890", "690721"];
const COUNTRIES: [&str; 4] = ["CN", "JP", "US", "VN"];

/// Rows of one year, `first_id` upwards; textiles from China are often wrong.
pub fn rows(seed: u64, year: i32, count: usize, first_id: usize) -> Vec<String> {
    let mut random = Random(seed);
    let mut rows = Vec::new();
    for index in 0..count {
        let (month, day) = (1 + index * 12 / count, 1 + random.below(28));
        let code = CODES[random.below(6) as usize];
        let country = COUNTRIES[random.below(4) as usize];
        let mass = 1 + random.below(40);
        let price = mass * (100 + random.below(50));
        let risky = code == "620822" && country == "CN" || mass > 36;
        let fraud = u8::from(random.below(100) < if risky { 80 } else { 10 });
        let mut row = String::new();
        write!(
            row,
            "{},{year}-{month:02}-{day:02},20,B,11,21,11,40,D{},I{},S1,,{code},{country},{country},5.2,A,G,{mass}.5,{price},{fraud},{fraud}",
            first_id + index,
            random.below(5),
            random.below(50),
        )
        .unwrap();
        rows.push(row);
    }
    rows
}

/// The fields of a row, to be altered: textiles from China, which are often wrong.
pub fn fields() -> Vec<String> {
    rows(1, 2025, 1, 1)[0].split(',').map(str::to_owned).collect()
}

/// The line of the result of an inspection.
pub fn result(declaration: &str, moment: &str, code: &str) -> String {
    format!(r#"{{"declaration_id":"{declaration}","recorded_date_time":"{moment}","result_code":"{code}"}}"#)
}

/// The line of the grade that an enterprise has from a moment on.
pub fn graded(enterprise: &str, since: &str, grade: &str) -> String {
    format!(r#"{{"id":"{enterprise}","grade_code":"{grade}","grade_effective_date_time":"{since}"}}"#)
}

/// Lines in another order.
pub fn shuffled(lines: &[String], seed: u64) -> Vec<String> {
    let (mut random, mut lines) = (Random(seed), lines.to_vec());
    for last in (1..lines.len()).rev() {
        lines.swap(last, random.below(last as u64 + 1) as usize);
    }
    lines
}

/// A file of rows.
pub fn file(rows: &[String]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

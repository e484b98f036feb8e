//! Records filled from bytes through the definitions of their classes, for property tests: fewer bytes give
//! smaller records, so that a failing case shrinks to a small one.

use chrono::DateTime;
use proptest::prelude::*;
use tidegate_records::class::{Class, Defined, FieldDefinition, FieldMut, LeafMut};
use tidegate_records::value::{Amount, Decimal, Measure, Text, Time};

/// Records of a class.
pub fn records<C: Defined>() -> impl Strategy<Value = C> {
    prop::collection::vec(any::<u8>(), 0..1500).prop_map(|bytes| {
        let mut record = C::default();
        fill(&mut record, &mut Bytes(bytes.into_iter()));
        record
    })
}

struct Bytes(std::vec::IntoIter<u8>);

impl Bytes {
    fn next(&mut self) -> u8 {
        self.0.next().unwrap_or(0)
    }

    fn number(&mut self) -> u64 {
        (0..8).fold(0, |number, _| number << 8 | u64::from(self.next()))
    }

    /// True in three of eight cases; never when the bytes are used up.
    fn chance(&mut self) -> bool {
        self.next() >= 160
    }
}

fn fill(class: &mut dyn Class, bytes: &mut Bytes) {
    for (index, field) in class.definition().fields.iter().enumerate() {
        if !bytes.chance() {
            continue;
        }
        match class.field_mut(index) {
            FieldMut::Leaf(leaf) => set(leaf, field, bytes),
            FieldMut::One(child) => fill(child, bytes),
            FieldMut::Many(list) => {
                for _ in 0..=bytes.next() % 3 {
                    let child = list.push();
                    fill(child, bytes);
                    // What holds nothing is no occurrence.
                    if child.is_empty() {
                        list.pop();
                    }
                }
            }
        }
    }
}

fn set(leaf: LeafMut<'_>, field: &FieldDefinition, bytes: &mut Bytes) {
    match leaf {
        LeafMut::Text(slot) => *slot = text(bytes),
        LeafMut::Count(slot) => *slot = Some(bytes.number() as u32),
        LeafMut::Decimal(slot) => *slot = Some(decimal(bytes, 6)),
        LeafMut::Amount(slot) => {
            let currency = if bytes.chance() { text(bytes) } else { Some("GBP".into()) };
            *slot = Some(Amount { value: decimal(bytes, 3), currency });
        }
        LeafMut::Measure(slot) => {
            let unit = field.default_unit().map(Text::from).or_else(|| text(bytes));
            *slot = Some(Measure { value: decimal(bytes, 6), unit });
        }
        LeafMut::Time(slot) => *slot = Some(time(bytes)),
    }
}

/// Text with everything that some format has to escape; canonical text has no white space around it.
fn text(bytes: &mut Bytes) -> Option<Text> {
    const PIECES: &[&str] = &[
        "A",
        "z",
        "0",
        " ",
        "\n",
        "\t",
        "\r",
        "\r\n",
        "<",
        ">",
        "&",
        "&amp;",
        "\"",
        "'",
        "]]>",
        "--",
        "\\",
        "/",
        "[1]",
        "é",
        "中",
        "\u{1f6a2}",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "{",
        "}",
        ",",
        ";",
        "null",
        "<!--",
        "\u{7f}",
    ];
    let length = bytes.next() % 8 + 1;
    let text: String = (0..length).map(|_| PIECES[usize::from(bytes.next()) % PIECES.len()]).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.into())
}

/// A decimal that fits the lake's columns: fifteen digits before the point.
fn decimal(bytes: &mut Bytes, scale: u8) -> Decimal {
    let scale = u32::from(bytes.next() % (scale + 1));
    let mantissa = (bytes.number() % 1_000_000_000_000_000) as i64;
    let sign = if bytes.next() >= 192 { -1 } else { 1 };
    Decimal::new(sign * mantissa, scale).normalize()
}

/// A moment from 1970 to 2099, in whole seconds half of the time.
fn time(bytes: &mut Bytes) -> Time {
    let seconds = bytes.number() % 4_100_000_000;
    let micros = if bytes.next() < 128 { 0 } else { bytes.number() % 1_000_000 };
    DateTime::from_timestamp(seconds as i64, micros as u32 * 1_000).unwrap()
}

//! A code list in memory: entries sorted by code, and where each code's entries stand.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use chrono::{NaiveDate, ParseResult};

use super::{Code, DateRange};

/// The entries of one data file.
pub(super) struct Table {
    codes: Vec<Code>,
    /// Where the periods of a code stand in `codes`.
    places: HashMap<&'static str, Range<usize>, BuildHasherDefault<Fnv>>,
}

/// The FNV-1a hash of 64 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>): fast on codes of a few bytes. The keys
/// are ours and fixed, so nobody can choose them to collide, which the standard hasher takes time to prevent.
struct Fnv(u64);

impl Table {
    /// Reads a data file: `#` lines, a header, then `code,from,until,detail,name` sorted by code and time.
    ///
    /// The files are compiled in, so a line that does not read is a fault of ours; a test counts them.
    pub(super) fn read(file: &'static str) -> Self {
        let codes: Vec<Code> = rows(file).filter_map(read_code).collect();
        let mut places: HashMap<_, Range<usize>, _> = HashMap::default();
        for (at, entry) in codes.iter().enumerate() {
            places.entry(entry.code).or_insert(at..at).end = at + 1;
        }
        Self { codes, places }
    }

    pub(super) fn codes(&self) -> &[Code] {
        &self.codes
    }

    /// The entries of `code`, one for each period; empty when there is none.
    pub(super) fn periods(&self, code: &str) -> &[Code] {
        self.places.get(code).map_or(&[], |place| &self.codes[place.clone()])
    }
}

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The data lines of a file: neither comment nor header.
pub(super) fn rows(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().filter(|line| !line.starts_with('#')).skip(1)
}

/// One line; the name stands last, in quotes when it holds a comma, and holds no quote itself.
fn read_code(line: &'static str) -> Option<Code> {
    let mut fields = line.splitn(5, ',');
    let mut next = || fields.next();
    let (code, from, until, detail, name) = (next()?, next()?, next()?, next()?, next()?);
    let valid = DateRange { from: read_day(from).ok()?, until: read_day(until).ok()? };
    Some(Code { code, name: name.trim_matches('"'), valid, detail })
}

fn read_day(text: &str) -> ParseResult<Option<NaiveDate>> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some) }
}

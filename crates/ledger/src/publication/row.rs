//! The rows that are published, as CSV: one for each commitment, in the order of the log.

use super::draw::Outcome;
use super::fault::RowsError;
use crate::{Commitment, DrawParts, Hash256, NewCommitment, PolicyStateVersion, SALT_BYTES, hex};

/// A commitment and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedRow {
    /// 1, 2, 3 and so on.
    pub sequence: u64,
    /// What was committed.
    pub content: NewCommitment,
    /// Hash of the commitment.
    pub hash: Hash256,
    /// What came of it.
    pub outcome: Outcome,
}

/// The columns, in order. One letter stands for what it does in the formulas.
const COLUMNS: [&str; 31] = [
    "sequence",
    "root",
    "version",
    "office",
    "day",
    "close",
    "list_number",
    "list_rows",
    "waiting",
    "slots_taken",
    "least_lane",
    "mandatory",
    "g",
    "f",
    "m",
    "e",
    "r",
    "p",
    "policy_state",
    "bundle",
    "salt",
    "hash",
    "u",
    "tau",
    "pi",
    "component",
    "is_candidate",
    "is_selected",
    "is_queued",
    "lane",
    "is_abandoned",
];

impl PublishedRow {
    /// A commitment and what the decision about it has stored.
    pub fn new(commitment: &Commitment, outcome: Outcome) -> Self {
        Self {
            sequence: commitment.sequence,
            content: commitment.content.clone(),
            hash: commitment.hash,
            outcome,
        }
    }

    /// Numbers are written with as many digits as give their bits again, flags as 0 and 1.
    fn to_fields(&self) -> [String; COLUMNS.len()] {
        let NewCommitment { parts, .. } = &self.content;
        let (content, outcome) = (&self.content, &self.outcome);
        let number = |number: f64| format!("{number:?}");
        let flag = |flag: bool| u8::from(flag).to_string();
        [
            self.sequence.to_string(),
            content.root.clone(),
            content.version.to_string(),
            content.office.clone(),
            content.day.to_string(),
            content.close.to_string(),
            content.list_number.to_string(),
            content.list_rows.to_string(),
            content.waiting.to_string(),
            content.slots_taken.to_string(),
            content.least_lane.to_string(),
            flag(parts.mandatory),
            number(parts.guaranteed),
            number(parts.floor),
            number(parts.multiplier),
            number(parts.exploration),
            number(parts.ramp),
            number(parts.probability),
            content.policy_state.to_string(),
            content.bundle.to_string(),
            Hash256::new(content.salt).to_string(),
            self.hash.to_string(),
            number(outcome.draw),
            number(outcome.tau),
            number(outcome.realised_probability),
            outcome.component.to_string(),
            flag(outcome.is_candidate),
            flag(outcome.is_selected),
            flag(outcome.is_queued),
            outcome.lane.to_string(),
            flag(outcome.is_abandoned),
        ]
    }

    fn from_fields(row: u64, fields: &csv::StringRecord) -> Result<Self, RowsError> {
        let mut next = Fields { row, record: fields, column: 0 };
        let sequence = next.parsed()?;
        let (root, version, office) = (next.text(), next.parsed()?, next.text());
        let (day, close, list_number) = (next.parsed()?, next.parsed()?, next.parsed()?);
        let (list_rows, waiting, slots_taken) = (next.parsed()?, next.parsed()?, next.parsed()?);
        let least_lane = next.parsed()?;
        let parts = DrawParts {
            mandatory: next.flag()?,
            guaranteed: next.parsed()?,
            floor: next.parsed()?,
            multiplier: next.parsed()?,
            exploration: next.parsed()?,
            ramp: next.parsed()?,
            probability: next.parsed()?,
        };
        let policy_state = PolicyStateVersion(next.parsed()?);
        let (bundle, salt) = (next.parsed()?, next.read(hex::parse::<SALT_BYTES>)?);
        let content = NewCommitment {
            root,
            version,
            office,
            day,
            close,
            list_number,
            list_rows,
            waiting,
            slots_taken,
            least_lane,
            parts,
            policy_state,
            bundle,
            salt,
        };
        let hash = next.parsed()?;
        let outcome = Outcome {
            draw: next.parsed()?,
            tau: next.parsed()?,
            realised_probability: next.parsed()?,
            component: next.parsed()?,
            is_candidate: next.flag()?,
            is_selected: next.flag()?,
            is_queued: next.flag()?,
            lane: next.parsed()?,
            is_abandoned: next.flag()?,
        };
        Ok(Self { sequence, content, hash, outcome })
    }
}

/// The fields of a row, read one after another.
struct Fields<'a> {
    row: u64,
    record: &'a csv::StringRecord,
    column: usize,
}

impl Fields<'_> {
    fn read<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, RowsError> {
        let text = self.record.get(self.column).unwrap_or_default();
        let column = COLUMNS[self.column];
        self.column += 1;
        parse(text).ok_or_else(|| RowsError::Value { row: self.row, column, found: text.to_owned() })
    }

    fn parsed<T: std::str::FromStr>(&mut self) -> Result<T, RowsError> {
        self.read(|text| text.parse().ok())
    }

    fn flag(&mut self) -> Result<bool, RowsError> {
        self.read(|text| ["0", "1"].iter().position(|flag| *flag == text).map(|flag| flag == 1))
    }

    fn text(&mut self) -> String {
        self.column += 1;
        self.record.get(self.column - 1).unwrap_or_default().to_owned()
    }
}

/// The file of these rows.
///
/// # Errors
/// [`RowsError::Syntax`], for which there is no reason in memory.
pub fn write_rows(rows: &[PublishedRow]) -> Result<String, RowsError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(syntax)?;
    for row in rows {
        writer.write_record(row.to_fields()).map_err(syntax)?;
    }
    let bytes = writer.into_inner().map_err(|error| RowsError::Syntax(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| RowsError::Syntax(error.to_string()))
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` calls it")]
fn syntax(error: csv::Error) -> RowsError {
    RowsError::Syntax(error.to_string())
}

/// The rows of a file.
///
/// # Errors
/// [`RowsError`].
pub fn read_rows(file: &str) -> Result<Vec<PublishedRow>, RowsError> {
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let found = reader.headers().map_err(syntax)?;
    if found.iter().ne(COLUMNS) {
        let found = found.iter().collect::<Vec<_>>().join(", ");
        return Err(RowsError::Columns { found, right: COLUMNS.join(", ") });
    }
    (1..)
        .zip(reader.records())
        .map(|(row, record)| PublishedRow::from_fields(row, &record.map_err(syntax)?))
        .collect()
}

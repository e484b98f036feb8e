//! Reads records from JSON, one at a time.

use super::context::Context;
use super::pieces::{Piece, Pieces, Place};
use super::value::{Target, Value, read_entry};
use crate::class::{Class, ClassDefinition, Defined};
use crate::finding::{Finding, Severity};
use crate::model::{Declaration, Inspection};
use crate::path::{MAX_OCCURRENCE, Pointer, nearest};
use crate::value::shorten;
use crate::wco::{newlines, report::Report};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

/// Limits on JSON. Nesting needs none: the model bounds what is read, the rest is skipped without recursion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonLimits {
    /// Bytes of one record, on one line or on many.
    pub line_bytes: usize,
    /// Occurrences of one repeating class in one place.
    pub occurrences: usize,
    /// Findings kept for one record.
    pub findings: usize,
}

impl Default for JsonLimits {
    fn default() -> Self {
        Self { line_bytes: 16 << 20, occurrences: MAX_OCCURRENCE, findings: 1_000 }
    }
}

/// What was read of one record.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedRecord {
    /// The declaration, as far as it could be read.
    pub declaration: Declaration,
    /// The inspection, when the record has one; it names the declaration of the record unless it names another.
    pub inspection: Option<Inspection>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// Line where it starts, from 1.
    pub line: u64,
    /// The record as it came, from its first byte to its last; empty for a list that is not closed.
    pub raw: Vec<u8>,
    /// Whether `raw` is all of it; a record beyond the limit keeps only its start.
    pub raw_is_complete: bool,
}

/// Reads JSON record by record: one on each line (NDJSON), over many lines, one behind the other, or in a list. What
/// stands between the records of a list is passed over, be a comma missing or too many. The memory needed is that
/// of one record.
///
/// A broken record is set aside as it came. When it is broken on its first line, reading goes on with the next line;
/// otherwise with the next line that starts a record and is not indented deeper than the broken one.
///
/// What is wrong with a record is in its findings; an error is given only when the source cannot be read.
pub struct JsonReader<'r> {
    /// Boxed, so that reading is compiled once, here, and as fast wherever it is called from.
    pieces: Pieces<Box<dyn BufRead + Send + 'r>>,
    limits: JsonLimits,
}

impl<'r> JsonReader<'r> {
    /// Reads a source within the usual limits.
    pub fn new(source: impl BufRead + Send + 'r) -> Self {
        Self::with_limits(source, JsonLimits::default())
    }

    /// Reads a source within given limits.
    pub fn with_limits(source: impl BufRead + Send + 'r, limits: JsonLimits) -> Self {
        Self { pieces: Pieces::new(Box::new(source), limits.line_bytes), limits }
    }

    fn read_record(&self, piece: Piece) -> ParsedRecord {
        let (mut declaration, mut inspection) = (Declaration::default(), None);
        let mut findings = Vec::new();
        read_piece(&piece, Declaration::DEFINITION, &self.limits, &mut findings, |text, findings| {
            let line = Rc::new(Cell::new(piece.start.line));
            let root = Root {
                declaration: &mut declaration,
                inspection: &mut inspection,
                findings,
                limits: &self.limits,
                line: Rc::clone(&line),
            };
            read_text(text, &line, root)
        });
        if let Some(inspection) = &mut inspection
            && inspection.declaration_id.is_none()
        {
            inspection.declaration_id = declaration.declaration_id();
        }
        ParsedRecord {
            declaration,
            inspection,
            findings,
            line: piece.start.line,
            raw: piece.bytes,
            raw_is_complete: piece.is_complete,
        }
    }
}

/// Reads the text of a piece; a piece that is no text or no JSON gives a finding.
pub(super) fn read_piece(
    piece: &Piece,
    class: &'static ClassDefinition,
    limits: &JsonLimits,
    findings: &mut Vec<Finding>,
    read: impl FnOnce(&str, &mut Vec<Finding>) -> serde_json::Result<()>,
) {
    let line = piece.start.line;
    let (code, line, message) = if !piece.is_complete {
        ("json.limit", line, format!("the record is longer than {} bytes", limits.line_bytes))
    } else if piece.bytes.is_empty() {
        let message = "the list that starts here is not closed; is the source cut off?".to_owned();
        ("json.not-well-formed", line, message)
    } else if let Ok(text) = std::str::from_utf8(&piece.bytes) {
        let Err(error) = read(text, findings) else { return };
        let (line, message) = not_well_formed(&error, text, piece.start);
        ("json.not-well-formed", line, message)
    } else {
        ("json.encoding", line, "the record is not UTF-8; convert the file".to_owned())
    };
    let pointer = Pointer::root(class);
    findings.push(Finding { code, severity: Severity::Error, pointer, line: Some(line), message });
}

/// Reads a text that is one value; `line` follows the lines of the source.
pub(super) fn read_text(
    text: &str,
    line: &Rc<Cell<u64>>,
    seed: impl for<'a> DeserializeSeed<'a, Value = ()>,
) -> serde_json::Result<()> {
    // Reading from a slice is quicker, and nothing is to be counted on one line.
    if text.contains('\n') {
        let counted = Counted { bytes: text.as_bytes(), line: Rc::clone(line), line_ended: false };
        let mut json = serde_json::Deserializer::from_reader(counted);
        seed.deserialize(&mut json).and_then(|()| json.end())
    } else {
        let mut json = serde_json::Deserializer::from_str(text);
        seed.deserialize(&mut json).and_then(|()| json.end())
    }
}

/// Line where a text stops being one JSON object, and a message with what is set aside.
fn not_well_formed(error: &serde_json::Error, text: &str, start: Place) -> (u64, String) {
    let shown = error.to_string();
    let cause = shown.split_once(" at line ").map_or(shown.as_str(), |(cause, _)| cause);
    // A line end where none may be counts as the start of the next line there.
    let lines = error.line().saturating_sub(if error.column() == 0 { 2 } else { 1 });
    let column = match error.column() {
        0 => text.lines().nth(lines).map_or(0, str::len) + 1,
        column => column,
    };
    let column = column as u64 + if lines == 0 { start.column } else { 0 };
    let line = start.line + lines as u64;
    let last = start.line + newlines(text.as_bytes());
    let set_aside = match last - start.line {
        0 => "its line is set aside".to_owned(),
        _ => format!("lines {} to {last} are set aside", start.line),
    };
    let message =
        format!("the record is not one JSON object: {cause} on line {line}, column {column}; {set_aside}");
    (line, message)
}

impl Iterator for JsonReader<'_> {
    type Item = io::Result<ParsedRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        let piece = self.pieces.next()?;
        Some(piece.map(|piece| self.read_record(piece)))
    }
}

/// Keys of a record that holds more than a declaration.
const ENVELOPE: [&str; 2] = ["declaration", "inspection"];

/// The object of a record: a declaration, or an envelope around one, as its first key tells.
struct Root<'a> {
    declaration: &'a mut Declaration,
    inspection: &'a mut Option<Inspection>,
    findings: &'a mut Vec<Finding>,
    limits: &'a JsonLimits,
    /// Line of the source that reading has come to.
    line: Rc<Cell<u64>>,
}

impl Root<'_> {
    fn context(&self, root: &'static ClassDefinition) -> Context {
        let report = Report::new(root, self.limits.findings, "json.limit");
        Context { report, line: Rc::clone(&self.line), occurrences: self.limits.occurrences }
    }

    fn declaration<'de, A: MapAccess<'de>>(
        &mut self,
        first: Option<String>,
        map: &mut A,
        context: &mut Context,
    ) -> Result<(), A::Error> {
        let mut seen = vec![false; Declaration::DEFINITION.fields.len()];
        let mut key = first;
        while let Some(name) = key {
            read_entry(self.declaration, &mut seen, &name, map, context)?;
            key = map.next_key()?;
        }
        Ok(())
    }

    fn envelope<'de, A: MapAccess<'de>>(
        &mut self,
        first: Option<String>,
        map: &mut A,
        context: &mut Context,
    ) -> Result<(), A::Error> {
        let mut seen = [false; ENVELOPE.len()];
        let mut key = first;
        while let Some(name) = key {
            match ENVELOPE.iter().position(|k| *k == name) {
                Some(index) if std::mem::replace(&mut seen[index], true) => {
                    context
                        .error("json.duplicate-key", format!("`{name}` is there twice; the first is kept"));
                    map.next_value::<IgnoredAny>()?;
                }
                Some(0) => map.next_value_seed(Value { target: Target::Class(self.declaration), context })?,
                Some(_) => self.inspection(map)?,
                None => {
                    let hint =
                        nearest(&name, ENVELOPE.into_iter()).map(|n| format!("; `{n}` is the nearest"));
                    let hint = hint.unwrap_or_default();
                    let message = format!(
                        "`{}` is neither `declaration` nor `inspection`, the two parts of a record{hint}",
                        shorten(&name)
                    );
                    context.error("json.unknown-key", message);
                    map.next_value::<IgnoredAny>()?;
                }
            }
            key = map.next_key()?;
        }
        Ok(())
    }

    fn inspection<'de, A: MapAccess<'de>>(&mut self, map: &mut A) -> Result<(), A::Error> {
        let mut context = self.context(Inspection::DEFINITION);
        let mut inspection = Inspection::default();
        let target = Target::Class(&mut inspection);
        let result = map.next_value_seed(Value { target, context: &mut context });
        self.findings.extend(context.report.into_findings());
        if !inspection.is_empty() {
            *self.inspection = Some(inspection);
        }
        result
    }
}

/// A text that counts its lines as far as it is read.
struct Counted<'a> {
    bytes: &'a [u8],
    line: Rc<Cell<u64>>,
    line_ended: bool,
}

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let (Some((byte, rest)), Some(place)) = (self.bytes.split_first(), into.first_mut()) else {
            return Ok(0);
        };
        // The parser looks one byte ahead: a line is over when something of the next is read.
        self.line.set(self.line.get() + u64::from(self.line_ended));
        self.line_ended = *byte == b'\n';
        *place = *byte;
        self.bytes = rest;
        Ok(1)
    }
}

impl<'de> DeserializeSeed<'de> for Root<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Root<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut context = self.context(Declaration::DEFINITION);
        let first: Option<String> = map.next_key()?;
        let result = if first.as_deref().is_some_and(|key| ENVELOPE.contains(&key)) {
            self.envelope(first, &mut map, &mut context)
        } else {
            self.declaration(first, &mut map, &mut context)
        };
        self.findings.extend(context.report.into_findings());
        result
    }
}

//! Reads records from NDJSON, one line at a time.

use super::lines::{Line, Lines};
use super::value::{Context, Target, Value, read_entry};
use crate::class::{Class, ClassDefinition, Defined};
use crate::finding::{Finding, Severity};
use crate::model::{Declaration, Inspection};
use crate::path::{MAX_OCCURRENCE, Pointer, nearest};
use crate::value::shorten;
use crate::wco::report::Report;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;
use std::io::{self, BufRead};

/// Limits on NDJSON. Nesting needs none: the model bounds what is read, the rest is skipped without recursion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonLimits {
    /// Bytes of one line.
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

/// What was read of one line.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedRecord {
    /// The declaration, as far as it could be read.
    pub declaration: Declaration,
    /// The inspection, when the line has one; it names the declaration of the line unless it names another.
    pub inspection: Option<Inspection>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// Line of the source, from 1.
    pub line: u64,
    /// The line exactly as it came, without its end.
    pub raw: Vec<u8>,
    /// Whether `raw` is all of it; a line beyond the limit keeps only its start.
    pub raw_is_complete: bool,
}

/// Reads NDJSON record by record; blank lines are passed over.
///
/// What is wrong with a record is in its findings; an error is given only when the source cannot be read.
pub struct JsonReader<'r> {
    /// Boxed, so that reading is compiled once, here, and as fast wherever it is called from.
    lines: Lines<Box<dyn BufRead + Send + 'r>>,
    limits: JsonLimits,
    failed: bool,
}

impl<'r> JsonReader<'r> {
    /// Reads a source within the usual limits.
    pub fn new(source: impl BufRead + Send + 'r) -> Self {
        Self::with_limits(source, JsonLimits::default())
    }

    /// Reads a source within given limits.
    pub fn with_limits(source: impl BufRead + Send + 'r, limits: JsonLimits) -> Self {
        Self { lines: Lines::new(Box::new(source), limits.line_bytes), limits, failed: false }
    }

    fn read_record(&self, line: Line) -> ParsedRecord {
        let Line { number, bytes, is_complete } = line;
        let mut record = ParsedRecord {
            declaration: Declaration::default(),
            inspection: None,
            findings: Vec::new(),
            line: number,
            raw: bytes,
            raw_is_complete: is_complete,
        };
        let refuse = |code, message| Finding {
            code,
            severity: Severity::Error,
            pointer: Pointer::root(Declaration::DEFINITION),
            line: Some(number),
            message,
        };
        if !is_complete {
            let message = format!("the line is longer than {} bytes", self.limits.line_bytes);
            record.findings.push(refuse("json.limit", message));
            return record;
        }
        let Ok(text) = std::str::from_utf8(&record.raw) else {
            record
                .findings
                .push(refuse("json.encoding", "the line is not UTF-8; convert the file".to_owned()));
            return record;
        };
        let text = if number == 1 { text.trim_start_matches('\u{feff}') } else { text };
        let mut json = serde_json::Deserializer::from_str(text);
        let root = Root {
            declaration: &mut record.declaration,
            inspection: &mut record.inspection,
            findings: &mut record.findings,
            limits: &self.limits,
            line: number,
        };
        if let Err(error) = root.deserialize(&mut json).and_then(|()| json.end()) {
            let message =
                format!("the line is not one JSON object: {error}; write each record on a line of its own");
            record.findings.push(refuse("json.not-well-formed", message));
        }
        if let Some(inspection) = &mut record.inspection
            && inspection.declaration_id.is_none()
        {
            inspection.declaration_id = record.declaration.declaration_id();
        }
        record
    }
}

impl Iterator for JsonReader<'_> {
    type Item = io::Result<ParsedRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            match self.lines.next() {
                Ok(Some(line)) if line.bytes.iter().all(u8::is_ascii_whitespace) && line.is_complete => {}
                Ok(Some(line)) => return Some(Ok(self.read_record(line))),
                Ok(None) => return None,
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

/// Keys of a line that holds more than a declaration.
const ENVELOPE: [&str; 2] = ["declaration", "inspection"];

/// The object of a line: a declaration, or an envelope around one, as its first key tells.
struct Root<'a> {
    declaration: &'a mut Declaration,
    inspection: &'a mut Option<Inspection>,
    findings: &'a mut Vec<Finding>,
    limits: &'a JsonLimits,
    line: u64,
}

impl Root<'_> {
    fn context(&self, root: &'static ClassDefinition) -> Context {
        let report = Report::new(root, self.limits.findings, "json.limit");
        Context { report, line: self.line, occurrences: self.limits.occurrences }
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

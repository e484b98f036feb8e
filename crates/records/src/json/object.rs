//! Reads records of one kind from JSON, each an object of the kind's class.

use super::context::Context;
use super::pieces::{Piece, Pieces};
use super::reader::{JsonLimits, read_piece, read_text};
use super::value::{Target, Value};
use crate::class::Class;
use crate::finding::Finding;
use crate::tables::RecordKind;
use crate::wco::report::Report;
use std::cell::Cell;
use std::io::{self, BufRead};
use std::rc::Rc;

/// What was read of one record of a kind.
#[derive(Debug)]
pub struct ParsedObject {
    /// The record, as far as it could be read.
    pub record: Box<dyn Class>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// Line where it starts, from 1.
    pub line: u64,
    /// The record as it came; a record beyond the limit keeps its start.
    pub raw: Vec<u8>,
}

/// Reads records of a kind as [`super::JsonReader`] reads declarations: one on each line, over many lines, or in a list.
pub struct ObjectReader<'r> {
    pieces: Pieces<Box<dyn BufRead + Send + 'r>>,
    kind: &'static RecordKind,
    limits: JsonLimits,
}

impl<'r> ObjectReader<'r> {
    /// Reads a source of records of a kind within limits.
    pub fn new(source: impl BufRead + Send + 'r, kind: &'static RecordKind, limits: JsonLimits) -> Self {
        Self { pieces: Pieces::new(Box::new(source), limits.line_bytes), kind, limits }
    }

    fn read_record(&self, piece: Piece) -> ParsedObject {
        let class = self.kind.table.class;
        let (mut record, mut findings) = ((self.kind.empty)(), Vec::new());
        read_piece(&piece, class, &self.limits, &mut findings, |text, findings| {
            let line = Rc::new(Cell::new(piece.start.line));
            let report = Report::new(class, self.limits.findings, "json.limit");
            let occurrences = self.limits.occurrences;
            let mut context = Context { report, line: Rc::clone(&line), occurrences };
            let value = Value { target: Target::Class(&mut *record), context: &mut context };
            let result = read_text(text, &line, value);
            findings.extend(context.report.into_findings());
            result
        });
        ParsedObject { record, findings, line: piece.start.line, raw: piece.bytes }
    }
}

impl Iterator for ObjectReader<'_> {
    type Item = io::Result<ParsedObject>;

    fn next(&mut self) -> Option<Self::Item> {
        let piece = self.pieces.next()?;
        Some(piece.map(|piece| self.read_record(piece)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<ParsedObject> {
        let kind = RecordKind::named("treatment_event").unwrap();
        let source = io::Cursor::new(text.as_bytes().to_vec());
        ObjectReader::new(source, kind, JsonLimits::default()).map(Result::unwrap).collect()
    }

    #[test]
    fn records_of_a_kind_are_read_and_what_is_wrong_is_pointed_at() {
        let text = "{\"declaration_id\":\"D1\",\"type_code\":\"sealed\",\"officer\":[{\"id\":\"O1\"},{\"id\":\"O2\"}]}\n\
                    {\"declaration\":\"D2\"}\nno JSON\n[1]\n";
        let read = read(text);
        assert_eq!(read[0].findings, []);
        assert_eq!(read[0].record.definition().name, "TreatmentEvent");
        let codes: Vec<(u64, &str)> = read[1..].iter().map(|r| (r.line, r.findings[0].code)).collect();
        assert_eq!(codes[..2], [(2, "json.unknown-key"), (3, "json.not-well-formed")]);
        assert!(read[1].findings[0].message.contains("declaration_id"), "{:?}", read[1].findings);
        assert!(read[1].findings[0].pointer.as_str().starts_with("X33"));
    }
}

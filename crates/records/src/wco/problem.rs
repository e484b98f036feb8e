//! Problems before they are findings: what is wrong on which line, the place in the record not yet known.

use crate::finding::{Finding, Severity};
use crate::path::Pointer;

/// Something wrong on a line.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) code: &'static str,
    pub(super) severity: Severity,
    pub(super) line: u64,
    pub(super) message: String,
}

impl Problem {
    pub(super) fn error(code: &'static str, line: u64, message: String) -> Self {
        Self { code, severity: Severity::Error, line, message }
    }

    pub(super) fn not_well_formed(line: u64, message: String) -> Self {
        Self::error("xml.not-well-formed", line, message)
    }

    pub(super) fn limit(line: u64, message: String) -> Self {
        Self::error("xml.limit", line, message)
    }

    pub(super) fn at(self, pointer: Pointer) -> Finding {
        let Self { code, severity, line, message } = self;
        Finding { code, severity, pointer, line: Some(line), message }
    }
}

/// A problem after which the parser cannot simply go on.
#[derive(Debug)]
pub(super) struct Fatal {
    pub(super) problem: Problem,
    pub(super) state: Broken,
}

/// Where the parser stands after a fatal problem.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// After an end tag of this name, which does not match the element that is open.
    EndTag(String),
    /// After an XML declaration, while elements of the document before are open.
    NewDocument,
    /// Somewhere inside markup: the next message has to be looked for.
    Lost,
    /// At the end of the source, while elements are open.
    Ended,
}

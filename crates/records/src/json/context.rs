//! What is known while a record is read.

use crate::wco::report::Report;
use std::cell::Cell;
use std::rc::Rc;

/// What is known while a record is read.
pub(super) struct Context {
    pub(super) report: Report,
    /// Line of the source that reading has come to.
    pub(super) line: Rc<Cell<u64>>,
    /// Occurrences of one repeating class in one place.
    pub(super) occurrences: usize,
}

impl Context {
    pub(super) fn error(&mut self, code: &'static str, message: String) {
        self.report.error(code, self.line.get(), message);
    }

    pub(super) fn refuse(&mut self, found: &str, expected: &str) {
        self.error("json.wrong-type", format!("{found} stands where {expected} would be right"));
    }
}

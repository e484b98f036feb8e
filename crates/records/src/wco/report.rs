//! The findings about one record under way, each with the place it belongs to.

use crate::class::{ClassDefinition, FieldDefinition};
use crate::finding::{Finding, Severity};
use crate::path::Pointer;

/// Collects findings while a record is read; knows the place being read.
#[derive(Debug)]
pub(crate) struct Report {
    root: &'static ClassDefinition,
    place: Vec<Step>,
    findings: Vec<Finding>,
    most: usize,
    /// Code of the finding that says that there were more.
    limit_code: &'static str,
}

#[derive(Debug, Clone, Copy)]
struct Step {
    id: &'static str,
    occurrence: Option<usize>,
}

impl Report {
    /// Starts at a root class; `most` findings are kept, then one of `limit_code` says that there are more.
    pub(crate) fn new(root: &'static ClassDefinition, most: usize, limit_code: &'static str) -> Self {
        Self { root, place: Vec::new(), findings: Vec::new(), most, limit_code }
    }

    /// Goes into a field; `occurrence` counts from 0 where it repeats.
    pub(crate) fn enter(&mut self, field: &FieldDefinition, occurrence: Option<usize>) {
        self.place.push(Step { id: field.id, occurrence });
    }

    /// Comes back out of a field.
    pub(crate) fn leave(&mut self) {
        self.place.pop();
    }

    /// Pointer to the place being read.
    pub(crate) fn pointer(&self) -> Pointer {
        let root = Pointer::root(self.root);
        self.place.iter().fold(root, |pointer, step| pointer.class(step.id, step.occurrence))
    }

    /// Adds a finding about the place being read.
    pub(crate) fn add(&mut self, code: &'static str, severity: Severity, line: u64, message: String) {
        let pointer = self.pointer();
        self.push(Finding { code, severity, pointer, line: Some(line), message });
    }

    /// Adds an error about the place being read.
    pub(crate) fn error(&mut self, code: &'static str, line: u64, message: String) {
        self.add(code, Severity::Error, line, message);
    }

    /// Adds a finding made elsewhere.
    pub(crate) fn push(&mut self, finding: Finding) {
        match self.findings.len().cmp(&self.most) {
            std::cmp::Ordering::Less => self.findings.push(finding),
            std::cmp::Ordering::Equal => self.findings.push(Finding {
                code: self.limit_code,
                severity: Severity::Error,
                message: format!("there are more than {} findings; the others are left out", self.most),
                ..finding
            }),
            std::cmp::Ordering::Greater => {}
        }
    }

    /// The findings, in the order they were made.
    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}

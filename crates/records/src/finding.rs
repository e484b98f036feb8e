//! Findings: what is wrong with a record, where, and what would be right. Parsing and validation return
//! findings beside the record, never a bare error.

use crate::path::Pointer;
use std::fmt;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Info,
    /// Probably wrong, but the record can be used.
    Warning,
    /// Wrong: the record is set aside until it is corrected.
    Error,
}

impl Severity {
    /// Name in tables and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One finding about one place of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable code, such as `code.unknown`; see [`crate::validate::CATALOGUE`].
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// Place in the record by WCO ids.
    pub pointer: Pointer,
    /// Line of the source text, from 1, where the source has lines.
    pub line: Option<u64>,
    /// What is wrong and what would be right, for a person.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} at {}", self.severity.as_str(), self.code, self.pointer)?;
        if let Some(line) = self.line {
            write!(f, " (line {line})")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Whether any finding is an error.
pub fn has_error(findings: &[Finding]) -> bool {
    findings.iter().any(|f| f.severity == Severity::Error)
}

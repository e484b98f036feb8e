//! What the readers of every format yield: a declaration with its results, what is wrong with it, where it stands
//! in its source, and its original text.

mod grouping;
mod limits;
mod original;

pub use grouping::MAX_GOODS_ITEMS;
pub(crate) use grouping::{Grouped, Grouping, MappedRow};
pub use limits::RowLimits;
pub use original::Original;

use crate::class::Defined;
use crate::finding::{Finding, Severity};
use crate::json::ParsedRecord;
use crate::model::{Declaration, Inspection, Response};
use crate::path::Pointer;
use crate::wco::{Message, ParsedMessage};

/// One record of a source.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceRecord {
    /// The declaration, as far as it could be read.
    pub declaration: Declaration,
    /// Results of inspections that stand beside it.
    pub inspections: Vec<Inspection>,
    /// What is wrong with it as read; validation adds to that.
    pub findings: Vec<Finding>,
    /// Line where it starts, from 1; the number of its first row in a format without lines.
    pub line: u64,
    /// The record as it came.
    pub original: Original,
}

impl From<ParsedRecord> for SourceRecord {
    fn from(parsed: ParsedRecord) -> Self {
        Self {
            declaration: parsed.declaration,
            inspections: parsed.inspection.into_iter().collect(),
            findings: parsed.findings,
            line: parsed.line,
            original: Original::Text(parsed.raw),
        }
    }
}

impl From<ParsedMessage> for SourceRecord {
    /// A response and a message that could not be read become an empty declaration with an error.
    fn from(parsed: ParsedMessage) -> Self {
        let mut findings = parsed.findings;
        let declaration = match parsed.message {
            Some(Message::Declaration(declaration)) => *declaration,
            Some(Message::Response(response)) => {
                let function = response.function_code.as_deref().unwrap_or("none");
                let about = response.declaration.id.as_deref().unwrap_or("a declaration without number");
                let message = format!(
                    "the message is an answer of the authority (function {function}) about {about}; \
                     only declarations are loaded"
                );
                findings.push(Finding {
                    code: "message.not-a-declaration",
                    severity: Severity::Error,
                    pointer: Pointer::root(Response::DEFINITION),
                    line: Some(parsed.line),
                    message,
                });
                Declaration::default()
            }
            None => Declaration::default(),
        };
        let original = Original::Text(parsed.raw);
        Self { declaration, inspections: Vec::new(), findings, line: parsed.line, original }
    }
}

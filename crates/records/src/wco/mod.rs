//! WCO XML: declarations and responses of the WCO Data Model (3.6, customisation DMS 2), in and out.
//!
//! Reading is streaming and lenient about what surrounds a message (wrappers, prefixes, namespaces, several
//! documents one after the other) and strict about the message: every element must be known, every value
//! readable, and nothing is dropped without a finding. DTDs and entities are refused.
//!
//! Codes of the findings made here: `xml.not-well-formed`, `xml.encoding`, `xml.doctype-refused`, `xml.limit`,
//! `xml.unknown-element`, `xml.duplicate-element`, `xml.unexpected-text`, `value.unreadable` and
//! `message.unknown-kind` are errors; `xml.empty-element`, `xml.missing-format-code` and
//! `xml.undeclared-prefix` are warnings; `xml.namespace` and `xml.unknown-attribute` are remarks.

mod document;
mod header;
mod leaf;
mod limits;
mod message;
mod names;
mod problem;
mod reader;
mod record;
mod recover;
pub(crate) mod report;
mod source;
mod tokens;
mod writer;

pub(crate) use source::newlines;
pub(crate) use tokens::is_character;

pub use header::MessageHeader;
pub use limits::Limits;
pub use message::{Message, ParsedMessage};
pub use reader::MessageReader;
pub use writer::{MessageWriter, WriteXmlError, write_document};

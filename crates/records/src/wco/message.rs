//! Messages as they are parsed: a declaration or a response, with its header, findings and original bytes.

use super::header::MessageHeader;
use crate::class::Class;
use crate::finding::Finding;
use crate::model::{Declaration, Response};

/// A message of the WCO family.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// A declaration, an amendment, a cancellation or another request of a trader.
    Declaration(Box<Declaration>),
    /// An answer of the authority.
    Response(Box<Response>),
}

impl Message {
    /// An empty message of the element name that starts it.
    pub(super) fn of_element(name: &str) -> Option<Self> {
        match name {
            "Declaration" => Some(Self::Declaration(Box::default())),
            "Response" => Some(Self::Response(Box::default())),
            _ => None,
        }
    }

    /// The record seen through its definition.
    pub fn record(&self) -> &dyn Class {
        match self {
            Self::Declaration(declaration) => declaration.as_ref(),
            Self::Response(response) => response.as_ref(),
        }
    }

    pub(super) fn record_mut(&mut self) -> &mut dyn Class {
        match self {
            Self::Declaration(declaration) => declaration.as_mut(),
            Self::Response(response) => response.as_mut(),
        }
    }

    /// The least a header must say about the message.
    pub fn header(&self) -> MessageHeader {
        let name = match self {
            Self::Declaration(_) => "DEC",
            Self::Response(_) => "RES",
        };
        MessageHeader {
            wco_data_model_version_code: Some("3.6".into()),
            wco_type_name: Some(name.into()),
            ..MessageHeader::default()
        }
    }
}

/// What was read of one message.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedMessage {
    /// Header of the document the message came in.
    pub header: MessageHeader,
    /// The message, as far as it could be read; nothing when it is of another kind.
    pub message: Option<Message>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// Line where it starts, from 1.
    pub line: u64,
    /// Its bytes exactly as they came, from its start tag to its end tag.
    pub raw: Vec<u8>,
    /// Whether `raw` is all of it; a message beyond the limit keeps only its start.
    pub raw_is_complete: bool,
}

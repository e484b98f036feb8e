//! What surrounds messages: documents, wrappers and headers.

use super::header::MessageHeader;
use super::message::{Message, ParsedMessage};
use super::names::lost_prefix;
use super::problem::Problem;
use super::source::Source;
use super::tokens::{Tag, Token, Tokens, is_blank};
use crate::class::{Class, ClassDefinition, Defined, FieldMut, LeafMut};
use crate::model::Declaration;
use crate::path::Pointer;
use crate::value::{Text, shorten};
use std::io::Read;

/// Problems kept of what surrounds messages.
const MOST_PROBLEMS: usize = 100;

/// Elements that start or wrap a message.
pub(super) const STARTS: [&str; 3] = ["MetaData", "Declaration", "Response"];

/// Root elements of messages that hold a declaration without declaring anything, or nothing of the kind.
const OTHER_KINDS: &[(&str, &str)] = &[
    ("DeclarationFullResponse", "a view of a declaration as the authority keeps it"),
    ("inventoryLinkingMovementRequest", "a movement of goods reported by a location"),
    ("inventoryLinkingMovementResponse", "an answer to a movement of goods"),
    ("inventoryLinkingMovementTotalsResponse", "an answer to a movement of goods"),
    ("inventoryLinkingConsolidationRequest", "a consolidation of consignments"),
    ("inventoryLinkingQueryRequest", "a query about consignments"),
    ("inventoryLinkingQueryResponse", "an answer to a query about consignments"),
    ("inventoryLinkingControlResponse", "an answer to a movement of goods"),
    ("InventoryLinkingImportsValidateMovementRequest", "a check of an import against an inventory"),
    (
        "InventoryLinkingImportsValidateMovementResponse",
        "an answer to a check of an import against an inventory",
    ),
];

/// What a token outside messages leads to.
pub(super) enum Found {
    /// Read on.
    Nothing,
    /// A message starts.
    Message(Tag, Message),
    /// A document ends that leaves something to tell.
    Left(Box<ParsedMessage>),
    /// The source ends.
    End(Option<Box<ParsedMessage>>),
}

/// The document being read.
#[derive(Debug, Default)]
pub(super) struct Document {
    root: Option<Root>,
    header: MessageHeader,
    /// Position of the header field being read.
    header_field: Option<usize>,
    header_text: String,
    messages: u64,
    /// Problems that concern every message of the document.
    lasting: Vec<Problem>,
    /// Problems that concern the next message.
    pending: Vec<Problem>,
    /// Whether wrappers were lost sight of: their end tags then mean nothing.
    lost: bool,
}

#[derive(Debug)]
struct Root {
    name: Text,
    line: u64,
    /// What the document is, when it is known to be none of ours.
    other_kind: Option<&'static str>,
}

impl Document {
    pub(super) fn take_problems(&mut self, problems: &mut Vec<Problem>) {
        for problem in problems.drain(..) {
            self.add(problem);
        }
    }

    pub(super) fn add(&mut self, problem: Problem) {
        let list = if problem.code == "xml.doctype-refused" { &mut self.lasting } else { &mut self.pending };
        if list.len() < MOST_PROBLEMS {
            list.push(problem);
        }
    }

    /// Whether the wrappers of the document were lost sight of.
    pub(super) fn is_lost(&self) -> bool {
        self.lost
    }

    pub(super) fn accept<R: Read>(&mut self, token: Token, tokens: &mut Tokens<'_, R>) -> Found {
        match token {
            Token::Start(tag) => return self.start(tag, tokens),
            Token::End => return self.end(tokens),
            Token::Text { line } => self.text(&tokens.text, line, tokens.open.depth()),
            Token::Document => self.lost = false,
            Token::Ended => return Found::End(self.close(tokens.source(), true).map(Box::new)),
        }
        Found::Nothing
    }

    fn start<R: Read>(&mut self, tag: Tag, tokens: &mut Tokens<'_, R>) -> Found {
        if self.root.is_none() {
            let other_kind = OTHER_KINDS.iter().find(|(name, _)| *name == tag.local()).map(|(_, kind)| *kind);
            self.root = Some(Root { name: tag.local().into(), line: tag.line, other_kind });
            tokens.source().keep_from_event();
        }
        if self.root.as_ref().is_some_and(|r| r.other_kind.is_some()) {
            return Found::Nothing;
        }
        let mut name = tag.local();
        if let Some((element, meant)) = lost_prefix(name, STARTS.into_iter()) {
            let message =
                format!("`{}` has lost the colon of its prefix; `{meant}` would be right", tag.name);
            self.lasting.push(Problem::not_well_formed(tag.line, message));
            name = element;
        }
        if let Some(message) = Message::of_element(name) {
            self.messages += 1;
            self.header_field = None;
            tokens.source().keep_from_event();
            tokens.open.namespaces.begin_message();
            return Found::Message(tag, message);
        }
        if name == "MetaData" {
            self.header = MessageHeader::default();
        }
        let fields = MessageHeader::DEFINITION.fields;
        let name = lost_prefix(name, fields.iter().map(|f| f.element)).map_or(name, |(element, _)| element);
        self.header_field = fields.iter().position(|f| f.element == name);
        self.header_text.clear();
        Found::Nothing
    }

    fn text(&mut self, text: &str, line: u64, depth: usize) {
        const LONGEST: usize = 1 << 10;
        if depth == 0 {
            let outside = text.trim_matches(is_blank);
            if !outside.is_empty() {
                let message = format!("text `{}` stands outside of every element", shorten(outside));
                self.add(Problem::not_well_formed(line, message));
            }
        } else if self.header_field.is_some() && self.header_text.len() + text.len() <= LONGEST {
            self.header_text.push_str(text);
        }
    }

    fn end<R: Read>(&mut self, tokens: &mut Tokens<'_, R>) -> Found {
        if let Some(index) = self.header_field.take() {
            let text = self.header_text.trim();
            if let FieldMut::Leaf(LeafMut::Text(slot)) = self.header.field_mut(index) {
                *slot = (!text.is_empty()).then(|| text.into());
            }
        }
        if tokens.open.depth() > 0 {
            return Found::Nothing;
        }
        self.close(tokens.source(), true).map_or(Found::Nothing, |parsed| Found::Left(Box::new(parsed)))
    }

    /// A message was read: what is known about it, with the problems of what surrounds it first.
    pub(super) fn message(&mut self, message: Message, line: u64) -> ParsedMessage {
        let problems = self.lasting.iter().cloned().chain(self.pending.drain(..));
        let pointer = Pointer::root(message.record().definition());
        ParsedMessage {
            header: self.header.clone(),
            findings: problems.map(|p| p.at(pointer.clone())).collect(),
            message: Some(message),
            line,
            raw: Vec::new(),
            raw_is_complete: true,
        }
    }

    /// The document ends, before the current piece of markup or after it.
    pub(super) fn close<R: Read>(
        &mut self,
        source: &mut Source<R>,
        with_event: bool,
    ) -> Option<ParsedMessage> {
        let document = std::mem::replace(self, Self { lost: self.lost, ..Self::default() });
        let line = document.root.as_ref().map_or_else(|| source.line(), |root| root.line);
        let unknown = document.root.as_ref().filter(|_| document.messages == 0).map(Root::unknown);
        document.leave(source, with_event, line, unknown)
    }

    /// The document cannot be read further.
    pub(super) fn lose<R: Read>(&mut self, source: &mut Source<R>) -> Option<ParsedMessage> {
        let document = std::mem::replace(self, Self { lost: true, ..Self::default() });
        let line = document.root.as_ref().map_or_else(|| source.line(), |root| root.line);
        document.leave(source, true, line, None)
    }

    fn leave<R: Read>(
        self,
        source: &mut Source<R>,
        with_event: bool,
        line: u64,
        unknown: Option<Problem>,
    ) -> Option<ParsedMessage> {
        let (raw, raw_is_complete) = source.take_kept(with_event);
        let lasting = self.lasting.into_iter().filter(|_| self.messages == 0);
        let problems: Vec<Problem> = lasting.chain(self.pending).chain(unknown).collect();
        if problems.is_empty() {
            return None;
        }
        let root: &'static ClassDefinition = Declaration::DEFINITION;
        let line = problems.first().map_or(line, |p| p.line.min(line));
        let findings = problems.into_iter().map(|p| p.at(Pointer::root(root))).collect();
        Some(ParsedMessage { header: self.header, message: None, findings, line, raw, raw_is_complete })
    }
}

impl Root {
    fn unknown(&self) -> Problem {
        let name = shorten(&self.name);
        let what = match self.other_kind {
            Some(kind) => format!("`{name}` is {kind}"),
            None => format!("`{name}` holds neither a `Declaration` nor a `Response`"),
        };
        let message = format!("{what}; only declarations and responses of the WCO Data Model are read");
        Problem::error("message.unknown-kind", self.line, message)
    }
}

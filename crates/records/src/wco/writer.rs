//! Writes messages as WCO XML, in the order and the namespaces of the schema.

use super::header::MessageHeader;
use super::message::Message;
use super::names::{DECLARATION, DECLARATION_VALUES, METADATA, OURS, RESPONSE, RESPONSE_VALUES};
use super::report::Report;
use super::tokens::is_character;
use crate::class::{Class, FieldDefinition, FieldRef, LeafRef};
use crate::path::Pointer;
use crate::value::{Time, format_time};
use chrono::Datelike;
use std::io::{self, Write};

/// Why a message cannot be written as XML.
#[derive(Debug, thiserror::Error)]
pub enum WriteXmlError {
    /// The text cannot be written out.
    #[error("the message cannot be written: {0}")]
    Write(#[from] io::Error),
    /// XML has no way to write a control character.
    #[error("the text at {pointer} holds the control character U+{character:04X}, which XML cannot")]
    Character {
        /// Place of the text.
        pointer: Pointer,
        /// Code point of the character.
        character: u32,
    },
    /// A moment outside the years that four digits can say.
    #[error("the moment at {pointer} is not in the years 0000 to 9999")]
    Moment {
        /// Place of the moment.
        pointer: Pointer,
    },
}

/// Writes a document of one message.
///
/// # Errors
/// When the message holds what XML cannot, or cannot be written out.
pub fn write_document(
    out: &mut impl Write,
    header: &MessageHeader,
    message: &Message,
) -> Result<(), WriteXmlError> {
    let text = message_text(header, message, 0)?;
    out.write_all(PROLOGUE.as_bytes())?;
    Ok(out.write_all(text.as_bytes())?)
}

/// Writes many messages into one document, each in its own `MetaData`, below a wrapper of ours.
pub struct MessageWriter<W> {
    out: W,
}

impl<W: Write> MessageWriter<W> {
    /// Starts the document.
    ///
    /// # Errors
    /// When it cannot be written out.
    pub fn new(mut out: W) -> io::Result<Self> {
        writeln!(out, "{PROLOGUE}<tg:Messages xmlns:tg=\"{OURS}\">")?;
        Ok(Self { out })
    }

    /// Adds a message.
    ///
    /// # Errors
    /// When the message holds what XML cannot, or cannot be written out; nothing of it is written in the
    /// first case.
    pub fn write(&mut self, header: &MessageHeader, message: &Message) -> Result<(), WriteXmlError> {
        let text = message_text(header, message, 1)?;
        Ok(self.out.write_all(text.as_bytes())?)
    }

    /// Ends the document and gives the output back.
    ///
    /// # Errors
    /// When it cannot be written out.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(b"</tg:Messages>\n")?;
        self.out.flush()?;
        Ok(self.out)
    }
}

const PROLOGUE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

fn message_text(header: &MessageHeader, message: &Message, depth: usize) -> Result<String, WriteXmlError> {
    let (namespace, values) = match message {
        Message::Declaration(_) => (DECLARATION, DECLARATION_VALUES),
        Message::Response(_) => (RESPONSE, RESPONSE_VALUES),
    };
    let record = message.record();
    let report = Report::new(record.definition(), 0, "xml.limit");
    let mut writer = Writer { text: String::new(), depth, report };
    writer.open("md:MetaData", &[("xmlns:md", METADATA), ("xmlns", namespace)]);
    for (index, field) in header.definition().fields.iter().enumerate() {
        writer.field("md:", header.field(index), field)?;
    }
    let name = record.definition().name;
    writer.open(name, &[("xmlns:ds", values), ("xmlns:tg", OURS)]);
    writer.fields(record)?;
    writer.close(name);
    writer.close("md:MetaData");
    Ok(writer.text)
}

struct Writer {
    text: String,
    depth: usize,
    /// Knows the place being written.
    report: Report,
}

impl Writer {
    fn fields(&mut self, class: &dyn Class) -> Result<(), WriteXmlError> {
        let fields = class.definition().fields;
        for (index, field) in fields.iter().enumerate() {
            // The second field of one element name is the same element as a declaration has it.
            if fields[..index].iter().any(|f| f.element == field.element) {
                self.amended(class.field(index), field)?;
                continue;
            }
            self.field(if field.is_extension() { "tg:" } else { "" }, class.field(index), field)?;
        }
        Ok(())
    }

    fn field(
        &mut self,
        prefix: &str,
        value: FieldRef<'_>,
        field: &'static FieldDefinition,
    ) -> Result<(), WriteXmlError> {
        let name = format!("{prefix}{}", field.element);
        match value {
            FieldRef::Leaf(leaf) if leaf.is_empty() => {}
            FieldRef::Leaf(leaf) => {
                self.report.enter(field, None);
                self.leaf(&name, leaf)?;
                self.report.leave();
            }
            FieldRef::One(class) if class.is_empty() => {}
            FieldRef::One(class) => self.class(&name, class, field, None)?,
            FieldRef::Many(list) => {
                for (occurrence, class) in (0..list.len()).filter_map(|i| Some((i, list.get(i)?))) {
                    self.class(&name, class, field, Some(occurrence))?;
                }
            }
        }
        Ok(())
    }

    fn class(
        &mut self,
        name: &str,
        class: &dyn Class,
        field: &'static FieldDefinition,
        occurrence: Option<usize>,
    ) -> Result<(), WriteXmlError> {
        self.report.enter(field, occurrence);
        self.open(name, &[]);
        self.fields(class)?;
        self.close(name);
        self.report.leave();
        Ok(())
    }

    fn amended(&mut self, value: FieldRef<'_>, field: &'static FieldDefinition) -> Result<(), WriteXmlError> {
        let FieldRef::One(class) = value else { return Ok(()) };
        if class.is_empty() {
            return Ok(());
        }
        self.report.enter(field, None);
        self.open(field.element, &[("xmlns", DECLARATION), ("xmlns:ds", DECLARATION_VALUES)]);
        self.fields(class)?;
        self.close(field.element);
        self.report.leave();
        Ok(())
    }

    fn leaf(&mut self, name: &str, leaf: LeafRef<'_>) -> Result<(), WriteXmlError> {
        let (text, attribute) = match leaf {
            LeafRef::Text(Some(text)) => (text.to_owned(), None),
            LeafRef::Count(Some(count)) => (count.to_string(), None),
            LeafRef::Decimal(Some(decimal)) => (decimal.to_string(), None),
            LeafRef::Amount(Some(amount)) => {
                (amount.value.to_string(), amount.currency.as_deref().map(|c| ("currencyID", c)))
            }
            LeafRef::Measure(Some(measure)) => {
                (measure.value.to_string(), measure.unit.as_deref().map(|u| ("unitCode", u)))
            }
            LeafRef::Time(Some(time)) => return self.moment(name, &time),
            _ => return Ok(()),
        };
        self.element(name, attribute, &text)
    }

    /// A moment in whole seconds is written in the form the schema asks for, code 304; code 304 has no
    /// fractions, so that any other is written in ISO 8601 without a code.
    fn moment(&mut self, name: &str, time: &Time) -> Result<(), WriteXmlError> {
        if !(0..=9999).contains(&time.year()) {
            return Err(WriteXmlError::Moment { pointer: self.report.pointer() });
        }
        self.open(name, &[]);
        if time.timestamp_subsec_nanos() == 0 {
            let text = time.format("%Y%m%d%H%M%SZ").to_string();
            self.element("ds:DateTimeString", Some(("formatCode", "304")), &text)?;
        } else {
            self.element("ds:DateTimeString", None, &format_time(time))?;
        }
        self.close(name);
        Ok(())
    }

    fn element(
        &mut self,
        name: &str,
        attribute: Option<(&str, &str)>,
        text: &str,
    ) -> Result<(), WriteXmlError> {
        self.indent();
        self.push(&["<", name]);
        if let Some((key, value)) = attribute {
            self.push(&[" ", key, "=\""]);
            self.escaped(value)?;
            self.push(&["\""]);
        }
        self.push(&[">"]);
        self.escaped(text)?;
        self.push(&["</", name, ">\n"]);
        Ok(())
    }

    fn escaped(&mut self, text: &str) -> Result<(), WriteXmlError> {
        for c in text.chars() {
            match c {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                // White space that a parser would change is written as a reference.
                '\r' => self.text.push_str("&#13;"),
                '\n' => self.text.push_str("&#10;"),
                '\t' => self.text.push_str("&#9;"),
                c if is_character(c) => self.text.push(c),
                c => {
                    return Err(WriteXmlError::Character {
                        pointer: self.report.pointer(),
                        character: c as u32,
                    });
                }
            }
        }
        Ok(())
    }

    /// Opens an element; the values of its attributes need no escapes.
    fn open(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.indent();
        self.push(&["<", name]);
        for (key, value) in attributes {
            self.push(&[" ", key, "=\"", value, "\""]);
        }
        self.push(&[">\n"]);
        self.depth += 1;
    }

    fn close(&mut self, name: &str) {
        self.depth -= 1;
        self.indent();
        self.push(&["</", name, ">\n"]);
    }

    fn indent(&mut self) {
        for _ in 0..self.depth {
            self.text.push_str("  ");
        }
    }

    fn push(&mut self, parts: &[&str]) {
        for part in parts {
            self.text.push_str(part);
        }
    }
}

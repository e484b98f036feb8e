//! Well-formed XML as a stream of tokens: tags matched, references resolved, DTDs refused, limits kept.

use super::limits::Limits;
use super::names::{Namespaces, is_name, local};
use super::problem::{Broken, Fatal, Problem};
use super::source::{Source, newlines};
use crate::value::{Text, shorten};
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::{Error, Reader, XmlVersion};
use std::io::Read;

/// One token; the characters of [`Token::Text`] are in [`Tokens::text`].
#[derive(Debug)]
pub(super) enum Token {
    Start(Tag),
    End,
    /// `line` is that of the first character that is not blank.
    Text {
        line: u64,
    },
    /// An XML declaration: a document starts.
    Document,
    /// The source ends with no element open.
    Ended,
}

/// A start tag.
#[derive(Debug)]
pub(super) struct Tag {
    pub(super) name: Text,
    /// Bytes of the prefix with its colon.
    prefix: usize,
    /// Local names and values; namespace declarations and `xsi:` attributes are left out.
    pub(super) attributes: Vec<(Text, Text)>,
    pub(super) line: u64,
}

impl Tag {
    fn new(name: &str, attributes: Vec<(Text, Text)>, line: u64) -> Self {
        Self { name: name.into(), prefix: name.len() - local(name).len(), attributes, line }
    }

    pub(super) fn local(&self) -> &str {
        &self.name[self.prefix..]
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&Text> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value)
    }
}

/// The elements that are open, wrappers included. They outlive the parser, which starts anew after a fatal problem.
#[derive(Debug, Default)]
pub(super) struct OpenElements {
    names: Vec<(Text, u64)>,
    pub(super) namespaces: Namespaces,
}

impl OpenElements {
    pub(super) fn depth(&self) -> usize {
        self.names.len()
    }

    /// Closes the elements deeper than `depth`.
    pub(super) fn close_to(&mut self, depth: usize) {
        self.names.truncate(depth);
        self.namespaces.leave(depth);
    }

    /// How many elements are open outside the innermost one of a name.
    pub(super) fn depth_outside(&self, name: &str) -> Option<usize> {
        self.names.iter().rposition(|(n, _)| n == name)
    }

    fn innermost(&self) -> String {
        self.names.last().map_or_else(String::new, |(name, line)| format!("`<{name}>` of line {line}"))
    }
}

pub(super) struct Tokens<'a, R> {
    xml: Reader<&'a mut Source<R>>,
    pub(super) open: &'a mut OpenElements,
    pub(super) limits: &'a Limits,
    event: Vec<u8>,
    elements: usize,
    /// Characters of the last text token.
    pub(super) text: String,
    /// What was wrong with the last token, though reading goes on.
    pub(super) problems: Vec<Problem>,
}

impl<'a, R: Read> Tokens<'a, R> {
    pub(super) fn new(source: &'a mut Source<R>, open: &'a mut OpenElements, limits: &'a Limits) -> Self {
        let mut xml = Reader::from_reader(source);
        let config = xml.config_mut();
        config.expand_empty_elements = true;
        // Matching tags is done here, across restarts of the parser.
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        Self { xml, open, limits, event: Vec::new(), elements: 0, text: String::new(), problems: Vec::new() }
    }

    pub(super) fn source(&mut self) -> &mut Source<R> {
        self.xml.get_mut()
    }

    /// Outside messages: what counts towards the limits of one message starts again.
    pub(super) fn allow(&mut self) {
        self.source().allow();
        self.elements = 0;
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Result<Token, Fatal> {
        loop {
            self.source().begin_event();
            let line = self.source().line();
            let mut event = std::mem::take(&mut self.event);
            event.clear();
            let token = match self.xml.read_event_into(&mut event) {
                Ok(read) => self.accept(&read, line),
                Err(error) => self.refuse(&error, line),
            };
            self.event = event;
            if let Some(token) = token? {
                return Ok(token);
            }
        }
    }

    fn accept(&mut self, event: &Event<'_>, line: u64) -> Result<Option<Token>, Fatal> {
        match event {
            Event::Start(start) | Event::Empty(start) => self.start(start, line).map(Some),
            Event::End(end) => self.end(end.name().as_ref(), line).map(Some),
            Event::Text(text) => Ok(Some(self.set_text(text, &text.xml10_content(), line))),
            Event::CData(text) => Ok(Some(self.set_text(text, &text.xml10_content(), line))),
            Event::GeneralRef(reference) => Ok(Some(self.reference(reference, line))),
            Event::Comment(comment) => self.check_comment(comment, line).map(|()| None),
            Event::PI(_) => Ok(None),
            Event::DocType(_) => {
                let message = "document type and entity declarations are refused; remove `<!DOCTYPE …>`";
                self.problems.push(Problem::error("xml.doctype-refused", line, message.to_owned()));
                Ok(None)
            }
            Event::Decl(declaration) => self.document(declaration, line).map(Some),
            Event::Eof if self.open.depth() == 0 => Ok(Some(Token::Ended)),
            Event::Eof => {
                let message =
                    format!("the source ends inside {}, which is not closed", self.open.innermost());
                Err(Fatal { problem: Problem::not_well_formed(line, message), state: Broken::Ended })
            }
        }
    }

    fn start(&mut self, start: &BytesStart<'_>, line: u64) -> Result<Token, Fatal> {
        let name = start.name();
        let name = name.as_ref();
        if !is_name(name) {
            let message =
                format!("`{}` is not the name of an element; is `<` meant as `&lt;`?", shorten(name));
            return Err(lost(Problem::not_well_formed(line, message)));
        }
        self.elements += 1;
        if self.elements > self.limits.elements {
            let message = format!("the message has more than {} elements", self.limits.elements);
            return Err(lost(Problem::limit(line, message)));
        }
        if self.open.depth() >= self.limits.depth {
            let message = format!("`<{}>` is nested more than {} deep", shorten(name), self.limits.depth);
            return Err(lost(Problem::limit(line, message)));
        }
        self.open.names.push((name.into(), line));
        let attributes = self.attributes(start, line);
        Ok(Token::Start(Tag::new(name, attributes, line)))
    }

    fn attributes(&mut self, start: &BytesStart<'_>, line: u64) -> Vec<(Text, Text)> {
        let mut kept = Vec::new();
        for (count, attribute) in start.attributes().enumerate() {
            if count == self.limits.attributes {
                let message = format!("an element has more than {} attributes", self.limits.attributes);
                self.problems.push(Problem::limit(line, message));
                break;
            }
            let attribute = match attribute {
                Ok(attribute) => attribute,
                Err(error) => {
                    let message =
                        format!("the attributes of `{}` are broken: {error}", start.name().as_ref());
                    self.problems.push(Problem::not_well_formed(line, message));
                    continue;
                }
            };
            let key = attribute.key.as_ref();
            if attribute.value.len() > self.limits.attribute_bytes {
                let limit = self.limits.attribute_bytes;
                let message = format!("attribute `{}` is longer than {limit} bytes", shorten(key));
                self.problems.push(Problem::limit(line, message));
                continue;
            }
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = match value {
                Ok(value) if !attribute.value.contains('<') => value,
                _ => {
                    let shown = shorten(key);
                    let message =
                        format!("the value of attribute `{shown}` holds a `<` or `&` that is not escaped");
                    self.problems.push(Problem::not_well_formed(line, message));
                    continue;
                }
            };
            match key.split_once(':') {
                None if key == "xmlns" => self.declare("", &value),
                Some(("xmlns", prefix)) => self.declare(prefix, &value),
                Some(("xsi" | "xml", _)) => {}
                _ => kept.push((local(key).into(), value.trim().into())),
            }
        }
        kept
    }

    fn declare(&mut self, prefix: &str, uri: &str) {
        let depth = self.open.depth();
        self.open.namespaces.declare(depth, prefix, uri);
    }

    fn end(&mut self, name: &str, line: u64) -> Result<Token, Fatal> {
        let message = match self.open.names.last() {
            Some((open, _)) if open == name => {
                self.open.close_to(self.open.depth() - 1);
                return Ok(Token::End);
            }
            Some((open, opened)) => {
                let shown = shorten(name);
                format!(
                    "`</{shown}>` does not close `<{open}>` of line {opened}; `</{open}>` would be right here"
                )
            }
            None => format!("`</{}>` closes nothing; no element is open", shorten(name)),
        };
        let problem = Problem::not_well_formed(line, message);
        Err(Fatal { problem, state: Broken::EndTag(name.to_owned()) })
    }

    fn document(&mut self, declaration: &BytesDecl<'_>, line: u64) -> Result<Token, Fatal> {
        if let Some(Ok(encoding)) = declaration.encoding()
            && !["utf-8", "utf8", "us-ascii", "ascii"].contains(&encoding.to_ascii_lowercase().as_str())
        {
            let message = format!("encoding {} is not read; convert the file to UTF-8", shorten(&encoding));
            self.problems.push(Problem::error("xml.encoding", line, message));
        }
        if self.open.depth() == 0 {
            return Ok(Token::Document);
        }
        let message = format!("a new document starts inside {}, which is not closed", self.open.innermost());
        Err(Fatal { problem: Problem::not_well_formed(line, message), state: Broken::NewDocument })
    }

    /// Takes the characters of a text, whose line ends are normalised; lines are counted in the text as it came.
    fn set_text(&mut self, raw: &str, text: &str, line: u64) -> Token {
        self.text.clear();
        self.text.push_str(text);
        if !is_plain(text) {
            self.check_text(text, line);
        }
        // Nearly all that is blank is ASCII.
        let content = raw.trim_ascii_start().trim_start_matches(is_blank);
        Token::Text { line: line + newlines(&raw.as_bytes()[..raw.len() - content.len()]) }
    }

    fn check_text(&mut self, text: &str, line: u64) {
        if let Some(c) = text.chars().find(|c| !is_character(*c)) {
            let message = format!("character U+{:04X} is not allowed in XML", c as u32);
            self.problems.push(Problem::not_well_formed(line, message));
        }
        // A CDATA section ends with the first `]]>` and so never holds one.
        if text.contains("]]>") {
            let message = "`]]>` in text must be written `]]&gt;`".to_owned();
            self.problems.push(Problem::not_well_formed(line, message));
        }
    }

    /// The characters of a reference; one that is not known gives a problem and no characters.
    fn reference(&mut self, reference: &BytesRef<'_>, line: u64) -> Token {
        self.text.clear();
        let known = match reference.resolve_char_ref() {
            Ok(Some(c)) => is_character(c).then_some(c),
            Ok(None) => match reference.as_ref() {
                "amp" => Some('&'),
                "lt" => Some('<'),
                "gt" => Some('>'),
                "quot" => Some('"'),
                "apos" => Some('\''),
                _ => None,
            },
            Err(_) => None,
        };
        if let Some(c) = known {
            self.text.push(c);
        } else {
            let message = format!(
                "`&{};` is not known; only &amp; &lt; &gt; &quot; &apos; and character references are read",
                shorten(reference)
            );
            self.problems.push(Problem::not_well_formed(line, message));
        }
        Token::Text { line }
    }

    /// A comment that holds the start of another was never closed and swallowed what lies between.
    fn check_comment(&mut self, comment: &str, line: u64) -> Result<(), Fatal> {
        // `<!-- a --->` ends with a hyphen before its end, which XML refuses as well.
        let position = comment.find("--").or_else(|| comment.strip_suffix('-').map(str::len));
        let Some(position) = position else { return Ok(()) };
        let at = line + newlines(&comment.as_bytes()[..position]);
        let message = format!(
            "`--` inside the comment that starts on line {line}; a comment must not hold it, and ends with `-->`"
        );
        let problem = Problem::not_well_formed(at, message);
        if comment.contains("<!--") {
            return Err(lost(problem));
        }
        self.problems.push(problem);
        Ok(())
    }

    /// What an error of the parser means; those it can go on after become problems.
    fn refuse(&mut self, error: &Error, line: u64) -> Result<Option<Token>, Fatal> {
        let problem = match error {
            Error::IllFormed(quick_xml::errors::IllFormedError::UnclosedReference) => {
                let message = "`&` starts a reference; write `&amp;` where the character is meant".to_owned();
                self.problems.push(Problem::not_well_formed(line, message));
                return Ok(None);
            }
            Error::IllFormed(cause) => {
                self.problems.push(Problem::not_well_formed(line, cause.to_string()));
                return Ok(None);
            }
            Error::Io(_) if self.source().is_exhausted() => {
                let limit = self.limits.message_bytes;
                Problem::limit(line, format!("a message or a piece of markup is longer than {limit} bytes"))
            }
            Error::Encoding(_) => {
                let bytes = self.source().event_bytes();
                let valid = std::str::from_utf8(bytes).map_or_else(|e| e.valid_up_to(), str::len);
                let line = line + newlines(&bytes[..valid]);
                Problem::error("xml.encoding", line, "the text is not UTF-8; convert the file".to_owned())
            }
            other => Problem::not_well_formed(line, format!("broken markup starts here: {other}")),
        };
        Err(lost(problem))
    }
}

fn lost(problem: Problem) -> Fatal {
    Fatal { problem, state: Broken::Lost }
}

/// Whether nothing in a text can be wrong: printable ASCII and line ends, as nearly all text is.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'\n' | b' '..=b'~') && b != b']')
}

/// Whether a character shows nothing: white space, or the byte order mark at the start of a document.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

/// Whether XML 1.0 allows a character.
pub(crate) fn is_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

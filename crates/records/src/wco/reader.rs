//! Finds the messages of a source under whatever surrounds them, one at a time.

use super::document::{Document, Found};
use super::limits::Limits;
use super::message::{Message, ParsedMessage};
use super::problem::{Broken, Problem};
use super::record::RecordReader;
use super::recover::{Landing, recover};
use super::report::Report;
use super::source::Source;
use super::tokens::{OpenElements, Tag, Tokens};
use std::io::{self, Read};

/// Reads WCO XML message by message. A source may hold one document, many of them one after the other, or one
/// wrapper around many messages; the memory needed is that of one message.
///
/// What is wrong with a message is in its findings; an error is given only when the source cannot be read.
pub struct MessageReader<'r> {
    /// Boxed, so that reading is compiled once, here, and as fast wherever it is called from.
    source: Source<Box<dyn Read + Send + 'r>>,
    open: OpenElements,
    document: Document,
    limits: Limits,
    started: bool,
    finished: bool,
}

/// A message as far as its elements say, its bytes not yet taken.
struct Underway {
    parsed: ParsedMessage,
    tag: Tag,
    /// Elements open outside of it.
    depth: usize,
    broken: Option<Broken>,
}

/// How far one look at the source came.
enum Step {
    Message(Box<Underway>),
    /// Something to tell without a message.
    Left(Option<Box<ParsedMessage>>),
    /// Nothing more can be read here.
    Lost,
}

impl<'r> MessageReader<'r> {
    /// Reads a source within the usual limits.
    pub fn new(source: impl Read + Send + 'r) -> Self {
        Self::with_limits(source, Limits::default())
    }

    /// Reads a source within given limits.
    pub fn with_limits(source: impl Read + Send + 'r, limits: Limits) -> Self {
        Self {
            source: Source::new(Box::new(source), limits.message_bytes),
            open: OpenElements::default(),
            document: Document::default(),
            limits,
            started: false,
            finished: false,
        }
    }

    /// Reads on; gives nothing when reading has to start again after broken markup.
    fn read_on(&mut self) -> io::Result<Option<ParsedMessage>> {
        if !std::mem::replace(&mut self.started, true) && self.is_utf16()? {
            let message = "the source is UTF-16; convert the file to UTF-8".to_owned();
            self.document.add(Problem::error("xml.encoding", 1, message));
            self.finished = true;
            return Ok(self.document.close(&mut self.source, true));
        }
        let step = self.scan();
        if let Some(failure) = self.source.take_failure() {
            return Err(failure);
        }
        match step {
            Step::Message(underway) => self.finish(*underway).map(Some),
            Step::Left(parsed) => Ok(parsed.map(|p| *p)),
            Step::Lost => {
                let landing = recover(&mut self.source, None)?;
                self.open.close_to(0);
                self.finished = landing == Landing::End;
                Ok(self.document.lose(&mut self.source))
            }
        }
    }

    fn is_utf16(&mut self) -> io::Result<bool> {
        let start = self.source.peek(2)?;
        Ok(matches!(start, [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [b'<', 0, ..] | [0, b'<', ..]))
    }

    /// Reads what surrounds messages up to the end of the next message, or to where something is to be told.
    fn scan(&mut self) -> Step {
        let mut tokens = Tokens::new(&mut self.source, &mut self.open, &self.limits);
        let document = &mut self.document;
        loop {
            tokens.allow();
            let token = tokens.next();
            document.take_problems(&mut tokens.problems);
            let fatal = match token {
                Ok(token) => match document.accept(token, &mut tokens) {
                    Found::Nothing => continue,
                    Found::Message(tag, message) => {
                        return Step::Message(Box::new(read_message(document, &mut tokens, tag, message)));
                    }
                    Found::Left(parsed) => return Step::Left(Some(parsed)),
                    Found::End(parsed) => {
                        self.finished = true;
                        return Step::Left(parsed);
                    }
                },
                Err(fatal) => fatal,
            };
            let closed = match fatal.state {
                Broken::EndTag(name) => {
                    let depth = tokens.open.depth_outside(&name);
                    if depth.is_none() && document.is_lost() {
                        continue;
                    }
                    document.add(fatal.problem);
                    let Some(depth) = depth else { continue };
                    tokens.open.close_to(depth);
                    if depth > 0 {
                        continue;
                    }
                    true
                }
                Broken::NewDocument => {
                    document.add(fatal.problem);
                    tokens.open.close_to(0);
                    false
                }
                Broken::Ended => {
                    document.add(fatal.problem);
                    self.finished = true;
                    true
                }
                Broken::Lost => {
                    document.add(fatal.problem);
                    return Step::Lost;
                }
            };
            return Step::Left(document.close(tokens.source(), closed).map(Box::new));
        }
    }

    /// Takes the bytes of a message that was read, after finding its end when its markup is broken.
    fn finish(&mut self, underway: Underway) -> io::Result<ParsedMessage> {
        let Underway { mut parsed, tag, depth, broken } = underway;
        let mut with_event = true;
        match broken {
            None => {}
            Some(Broken::Ended) => self.finished = true,
            Some(Broken::EndTag(name)) if name == tag.name => self.open.close_to(depth),
            Some(Broken::EndTag(name)) if self.open.depth_outside(&name).is_some_and(|d| d < depth) => {
                let outside = self.open.depth_outside(&name).unwrap_or(depth);
                with_event = false;
                self.open.close_to(outside);
            }
            Some(Broken::NewDocument) => {
                with_event = false;
                self.open.close_to(0);
            }
            Some(Broken::EndTag(_) | Broken::Lost) => {
                let landing = recover(&mut self.source, Some(tag.local()))?;
                self.open.close_to(if landing == Landing::NextDocument { 0 } else { depth });
                self.finished = landing == Landing::End;
            }
        }
        (parsed.raw, parsed.raw_is_complete) = self.source.take_kept(with_event);
        if self.open.depth() == 0 {
            // Nothing is told twice: a document that held a message leaves nothing here.
            self.document.close(&mut self.source, true);
        }
        Ok(parsed)
    }
}

fn read_message<R: Read>(
    document: &mut Document,
    tokens: &mut Tokens<'_, R>,
    tag: Tag,
    mut message: Message,
) -> Underway {
    let depth = tokens.open.depth() - 1;
    let mut report = Report::new(message.record().definition(), tokens.limits.findings, "xml.limit");
    let result = RecordReader::new(tokens, &mut report).read(message.record_mut(), &tag);
    let mut parsed = document.message(message, tag.line);
    parsed.findings.extend(report.into_findings());
    Underway { parsed, tag, depth, broken: result.err() }
}

impl Iterator for MessageReader<'_> {
    type Item = io::Result<ParsedMessage>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.finished {
            match self.read_on() {
                Ok(Some(parsed)) => return Some(Ok(parsed)),
                Ok(None) => {}
                Err(error) => {
                    self.finished = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

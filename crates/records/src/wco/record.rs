//! Reads the elements of one message into a record, driven by the definitions of its classes.

use super::leaf;
use super::names::lost_prefix;
use super::problem::Broken;
use super::report::Report;
use super::tokens::{Tag, Token, Tokens};
use crate::class::{Class, ClassDefinition, FieldDefinition, FieldKind, FieldMut, LeafKind, LeafMut};
use crate::finding::Severity;
use crate::path::nearest;
use crate::value::{ParseValueError, trimmed};
use std::io::Read;

/// Child that holds the characters of a moment.
const MOMENT: &str = "DateTimeString";

pub(super) struct RecordReader<'t, 'a, R> {
    tokens: &'t mut Tokens<'a, R>,
    report: &'t mut Report,
}

impl<'t, 'a, R: Read> RecordReader<'t, 'a, R> {
    pub(super) fn new(tokens: &'t mut Tokens<'a, R>, report: &'t mut Report) -> Self {
        Self { tokens, report }
    }

    /// Reads a message whose start tag was read, up to its end tag.
    pub(super) fn read(&mut self, record: &mut dyn Class, tag: &Tag) -> Result<(), Broken> {
        self.begin(tag, &[]);
        self.class(record)
    }

    fn next(&mut self) -> Result<Token, Broken> {
        let token = self.tokens.next();
        if !self.tokens.problems.is_empty() {
            self.take_problems();
        }
        token.map_err(|fatal| {
            let finding = fatal.problem.at(self.report.pointer());
            self.report.push(finding);
            fatal.state
        })
    }

    fn take_problems(&mut self) {
        for problem in self.tokens.problems.drain(..) {
            self.report.push(problem.at(self.report.pointer()));
        }
    }

    /// Remarks on the namespace and the attributes of an element.
    fn begin(&mut self, tag: &Tag, known: &[&str]) {
        if let Some(problem) = self.tokens.open.namespaces.remark(&tag.name, tag.line) {
            self.report.push(problem.at(self.report.pointer()));
        }
        for (name, _) in tag.attributes.iter().filter(|(name, _)| !known.contains(&name.as_str())) {
            let message = format!("attribute `{name}` of `{}` is not kept", tag.local());
            self.report.add("xml.unknown-attribute", Severity::Info, tag.line, message);
        }
    }

    fn class(&mut self, class: &mut dyn Class) -> Result<(), Broken> {
        let definition = class.definition();
        let mut seen = vec![false; definition.fields.len()];
        loop {
            match self.next()? {
                Token::Start(tag) => match self.find(definition, &seen, &tag) {
                    Some(index) => {
                        seen[index] = true;
                        self.field(class.field_mut(index), &definition.fields[index], &tag)?;
                    }
                    None => self.skip()?,
                },
                Token::Text { line } => self.refuse_text(definition.name, line),
                Token::End | Token::Document | Token::Ended => return Ok(()),
            }
        }
    }

    /// Position of the field an element belongs to. A class may have two fields of one element name, as a
    /// response has two declarations: the occurrences go to them in order.
    fn find(&mut self, class: &'static ClassDefinition, seen: &[bool], tag: &Tag) -> Option<usize> {
        let name = tag.local();
        let free = |index: usize, name: &str| {
            let field = &class.fields[index];
            field.element == name && (!seen[index] || matches!(field.kind, FieldKind::Many(_)))
        };
        let position = |name: &str| (0..class.fields.len()).find(|index| free(*index, name));
        if let Some(index) = position(name) {
            return Some(index);
        }
        if let Some(field) = class.fields.iter().find(|f| f.element == name) {
            self.report.enter(field, None);
            let message = format!("`{name}` occurs again; `{}` may have one, the first is kept", class.name);
            self.report.error("xml.duplicate-element", tag.line, message);
            self.report.leave();
            return None;
        }
        if let Some(element) = self.lost_prefix(tag, class.fields.iter().map(|f| f.element)) {
            return position(element);
        }
        let hint = match nearest(name, class.fields.iter().map(|f| f.element)) {
            Some(nearest) => format!("; `{nearest}` is the nearest it has"),
            None => String::new(),
        };
        let message = format!("`{}` has no element `{}`{hint}", class.name, crate::value::shorten(name));
        self.report.error("xml.unknown-element", tag.line, message);
        None
    }

    fn lost_prefix<'n>(&mut self, tag: &Tag, candidates: impl Iterator<Item = &'n str>) -> Option<&'n str> {
        let (element, meant) = lost_prefix(tag.local(), candidates)?;
        let message = format!("`{}` has lost the colon of its prefix; `{meant}` would be right", tag.name);
        self.report.error("xml.not-well-formed", tag.line, message);
        Some(element)
    }

    fn field(
        &mut self,
        value: FieldMut<'_>,
        field: &'static FieldDefinition,
        tag: &Tag,
    ) -> Result<(), Broken> {
        match value {
            FieldMut::Leaf(leaf) => {
                self.report.enter(field, None);
                self.leaf(leaf, field, tag)?;
            }
            FieldMut::One(class) => {
                self.report.enter(field, None);
                self.begin(tag, &[]);
                self.class(class)?;
            }
            FieldMut::Many(list) => {
                let occurrence = list.len();
                self.report.enter(field, Some(occurrence));
                if occurrence >= self.tokens.limits.occurrences {
                    let message = format!("`{}` occurs more than {occurrence} times", field.element);
                    self.report.error("xml.limit", tag.line, message);
                    return Err(Broken::Lost);
                }
                self.begin(tag, &[]);
                let class = list.push();
                self.class(class)?;
                if class.is_empty() {
                    list.pop();
                    let message = format!("`{}` holds nothing and is left out", field.element);
                    self.report.add("xml.empty-element", Severity::Warning, tag.line, message);
                }
            }
        }
        self.report.leave();
        Ok(())
    }

    fn leaf(&mut self, leaf: LeafMut<'_>, field: &'static FieldDefinition, tag: &Tag) -> Result<(), Broken> {
        if let LeafMut::Time(slot) = leaf {
            return self.moment(slot, field, tag);
        }
        self.begin(tag, leaf::attribute_of(&leaf).as_slice());
        let Some(text) = self.characters(field)? else { return Ok(()) };
        let text = trimmed(&text);
        if !text.is_empty()
            && let Err(error) = leaf::set(leaf, field, text, tag)
        {
            self.unreadable(field, tag.line, &error);
        }
        Ok(())
    }

    /// Reads the characters of an element up to its end tag; nothing when they are beyond the limit.
    fn characters(&mut self, field: &FieldDefinition) -> Result<Option<String>, Broken> {
        let mut characters = String::new();
        let mut fits = true;
        loop {
            match self.next()? {
                Token::Text { line } => {
                    if fits && characters.len() + self.tokens.text.len() > self.tokens.limits.text_bytes {
                        fits = false;
                        let limit = self.tokens.limits.text_bytes;
                        let message = format!("the text of `{}` is longer than {limit} bytes", field.element);
                        self.report.error("xml.limit", line, message);
                    }
                    if fits {
                        characters.push_str(&self.tokens.text);
                    }
                }
                Token::Start(child) => {
                    self.refuse_child(field, &child);
                    self.skip()?;
                }
                Token::End | Token::Document | Token::Ended => return Ok(fits.then_some(characters)),
            }
        }
    }

    /// Reads a moment, which is the text of a child.
    fn moment(
        &mut self,
        slot: &mut Option<crate::value::Time>,
        field: &'static FieldDefinition,
        tag: &Tag,
    ) -> Result<(), Broken> {
        self.begin(tag, &[]);
        loop {
            match self.next()? {
                Token::Start(child) => {
                    let known = child.local() == MOMENT
                        || self.lost_prefix(&child, std::iter::once(MOMENT)).is_some();
                    if !known {
                        self.refuse_child(field, &child);
                        self.skip()?;
                        continue;
                    }
                    self.begin(&child, &["formatCode"]);
                    let Some(text) = self.characters(field)? else { continue };
                    self.set_moment(slot, field, text.trim(), &child);
                }
                Token::Text { line } => self.refuse_text(field.element, line),
                Token::End | Token::Document | Token::Ended => return Ok(()),
            }
        }
    }

    fn set_moment(
        &mut self,
        slot: &mut Option<crate::value::Time>,
        field: &'static FieldDefinition,
        text: &str,
        tag: &Tag,
    ) {
        if text.is_empty() {
            return;
        }
        if slot.is_some() {
            let message = format!("`{}` holds a second moment; the first is kept", field.element);
            self.report.error("xml.duplicate-element", tag.line, message);
            return;
        }
        match leaf::moment(text, tag.attribute("formatCode").map(AsRef::as_ref)) {
            Ok((time, form)) => {
                *slot = Some(time);
                if let Some(form) = form {
                    let message =
                        format!("`{MOMENT}` has no formatCode; `{text}` was read in the form {form}");
                    self.report.add("xml.missing-format-code", Severity::Warning, tag.line, message);
                }
            }
            Err(error) => self.unreadable(field, tag.line, &error),
        }
    }

    fn unreadable(&mut self, field: &FieldDefinition, line: u64, error: &ParseValueError) {
        self.report.error("value.unreadable", line, format!("`{}`: {error}", field.element));
    }

    fn refuse_child(&mut self, field: &FieldDefinition, child: &Tag) {
        let expected = match field.kind {
            FieldKind::Leaf { kind: LeafKind::Time, .. } => format!("`{MOMENT}`"),
            _ => "text".to_owned(),
        };
        let name = crate::value::shorten(child.local());
        let message = format!("`{}` has no element `{name}`; it holds {expected}", field.element);
        self.report.error("xml.unknown-element", child.line, message);
    }

    /// Text where elements are expected.
    fn refuse_text(&mut self, element: &str, line: u64) {
        // Nearly all that stands between elements is blank, and ASCII.
        let text = self.tokens.text.trim_ascii().trim();
        if text.is_empty() {
            return;
        }
        let shown = crate::value::shorten(text);
        let message = format!("`{element}` holds elements, not the text `{shown}`");
        self.report.error("xml.unexpected-text", line, message);
    }

    /// Reads on to the end tag of the element that was started.
    fn skip(&mut self) -> Result<(), Broken> {
        let mut depth = 1_u32;
        while depth > 0 {
            match self.next()? {
                Token::Start(_) => depth += 1,
                Token::End => depth -= 1,
                Token::Text { .. } => {}
                Token::Document | Token::Ended => break,
            }
        }
        Ok(())
    }
}

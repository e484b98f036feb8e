//! Cuts a source into the texts of its records, whatever lines they stand on, none longer than a limit in memory.

use super::structure::{Step, Structure};
use crate::wco::newlines;
use std::io::{self, BufRead};

/// Byte order mark.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A place in the source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// From 1.
    pub(super) line: u64,
    /// Bytes before it on its line.
    pub(super) column: u64,
    /// Blanks at the start of its line, as far as they were passed.
    indent: u64,
}

impl Place {
    fn pass(&mut self, bytes: &[u8]) {
        let line = bytes.iter().rposition(|b| *b == b'\n').map_or(bytes, |end| &bytes[end + 1..]);
        if line.len() < bytes.len() {
            *self = Self { line: self.line + newlines(bytes), column: 0, indent: 0 };
        }
        if self.starts_line() {
            self.indent += line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count() as u64;
        }
        self.column += line.len() as u64;
    }

    /// Whether nothing but blanks stands before it on its line.
    fn starts_line(&self) -> bool {
        self.column == self.indent
    }
}

/// Text that should be one record.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) start: Place,
    /// Without blanks at its ends; empty when the source ends inside a list, which starts there.
    pub(super) bytes: Vec<u8>,
    /// Whether `bytes` is all of it; a longer one keeps its start.
    pub(super) is_complete: bool,
}

/// A list of records that is open.
struct List {
    start: Place,
    /// Whether its end may be in something that was set aside.
    is_unsure: bool,
}

pub(super) struct Pieces<R> {
    source: R,
    limit: usize,
    place: Place,
    list: Option<List>,
    /// Whether the source could not be read on.
    failed: bool,
}

impl<R: BufRead> Iterator for Pieces<R> {
    type Item = io::Result<Piece>;

    /// The next piece; nothing behind an error.
    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let piece = self.read();
        self.failed = piece.is_err();
        piece.transpose()
    }
}

impl<R: BufRead> Pieces<R> {
    pub(super) fn new(source: R, limit: usize) -> Self {
        Self { source, limit, place: Place { line: 1, column: 0, indent: 0 }, list: None, failed: false }
    }

    /// The next piece; `None` at the end of the source.
    fn read(&mut self) -> io::Result<Option<Piece>> {
        let mut piece = self.begin();
        if piece.start.line == 1 && piece.start.column == 0 {
            self.take_mark(&mut piece)?;
        }
        while piece.bytes.is_empty() {
            let Some(byte) = self.peek()? else { return Ok(self.unclosed_list()) };
            piece = self.begin();
            match byte {
                b'{' => self.take_value(&mut piece)?,
                b'[' if self.list.is_some() => self.take_value(&mut piece)?,
                b'[' => {
                    self.list = Some(List { start: self.place, is_unsure: false });
                    self.pass(1)?;
                }
                b']' if self.list.take().is_some() => self.pass(1)?,
                b',' if self.list.is_some() => self.pass(1)?,
                _ if byte.is_ascii_whitespace() => self.pass(1)?,
                _ => self.take_rest(&mut piece, self.list.is_some())?,
            }
        }
        piece.bytes.truncate(piece.bytes.trim_ascii_end().len());
        Ok(Some(piece))
    }

    /// Passes over the byte order mark; what begins like one and is none is taken.
    fn take_mark(&mut self, piece: &mut Piece) -> io::Result<()> {
        while piece.bytes.len() < MARK.len() && self.peek()? == MARK.get(piece.bytes.len()).copied() {
            self.take(piece, 1)?;
        }
        if piece.bytes == MARK {
            piece.bytes.clear();
        } else if !piece.bytes.is_empty() {
            self.take_rest(piece, false)?;
        }
        Ok(())
    }

    /// What says, once, that the source ends inside a list.
    fn unclosed_list(&mut self) -> Option<Piece> {
        let list = self.list.take().filter(|list| !list.is_unsure)?;
        Some(Piece { start: list.start, bytes: Vec::new(), is_complete: true })
    }

    /// Takes an object, or a list where an object should be, and what stands behind it on its last line and can
    /// neither separate records nor start one.
    fn take_value(&mut self, piece: &mut Piece) -> io::Result<()> {
        let mut structure = Structure::new(self.limit);
        loop {
            let available = fill(&mut self.source)?;
            let mut step = Step::Inside;
            let end = available.iter().position(|byte| {
                step = structure.step(*byte);
                step != Step::Inside
            });
            let length = end.unwrap_or(available.len());
            match step {
                Step::Inside if length == 0 => return self.set_aside(piece),
                Step::Inside => self.take(piece, length)?,
                Step::Broken => {
                    self.take(piece, length)?;
                    return self.set_aside(piece);
                }
                Step::Closed => {
                    self.take(piece, length + 1)?;
                    return self.take_what_follows(piece);
                }
            }
        }
    }

    fn take_what_follows(&mut self, piece: &mut Piece) -> io::Result<()> {
        let in_list = self.list.is_some();
        while let Some(byte) = self.peek()? {
            match byte {
                b'\n' | b'{' => break,
                b',' | b']' if in_list => break,
                b'[' if !in_list => break,
                _ if byte.is_ascii_whitespace() => self.take(piece, 1)?,
                _ => return self.take_rest(piece, in_list),
            }
        }
        Ok(())
    }

    /// Takes the rest of a broken value: of its line when it broke on its first, as a record that should have been
    /// whole on it; otherwise everything before the next line that starts a value no deeper than it started itself.
    fn set_aside(&mut self, piece: &mut Piece) -> io::Result<()> {
        let other_start = if let Some(list) = &mut self.list {
            list.is_unsure = true;
            b']'
        } else {
            b'['
        };
        if self.place.line == piece.start.line {
            return self.take_rest(piece, false);
        }
        while let Some(byte) = self.peek()? {
            let is_outside = self.place.starts_line() && self.place.indent <= piece.start.indent;
            match byte {
                b'{' if is_outside => break,
                _ if is_outside && byte == other_start => break,
                _ if byte.is_ascii_whitespace() => self.take(piece, 1)?,
                _ => self.take_rest(piece, false)?,
            }
        }
        Ok(())
    }

    /// Takes the rest of the line, or what is left of it up to a separator of a list.
    fn take_rest(&mut self, piece: &mut Piece, to_separator: bool) -> io::Result<()> {
        let is_end = |b: &u8| *b == b'\n' || to_separator && matches!(b, b',' | b']');
        loop {
            let available = fill(&mut self.source)?;
            let end = available.iter().position(is_end);
            let length = end.unwrap_or(available.len());
            self.take(piece, length)?;
            if end.is_some() || length == 0 {
                return Ok(());
            }
        }
    }

    fn begin(&self) -> Piece {
        Piece { start: self.place, bytes: Vec::new(), is_complete: true }
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(fill(&mut self.source)?.first().copied())
    }

    /// Moves bytes that were looked at into a piece, as far as it may hold them.
    fn take(&mut self, piece: &mut Piece, count: usize) -> io::Result<()> {
        let bytes = &fill(&mut self.source)?[..count];
        let kept = count.min(self.limit - piece.bytes.len());
        piece.is_complete &= kept == count;
        piece.bytes.extend_from_slice(&bytes[..kept]);
        self.pass(count)
    }

    /// Passes over bytes that were looked at.
    fn pass(&mut self, count: usize) -> io::Result<()> {
        self.place.pass(&fill(&mut self.source)?[..count]);
        self.source.consume(count);
        Ok(())
    }
}

/// Bytes that were read ahead; none at the end.
fn fill(source: &mut impl BufRead) -> io::Result<&[u8]> {
    // An interrupted read is tried again; the borrow checker wants the result fetched anew.
    while let Err(error) = source.fill_buf() {
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    source.fill_buf()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines and texts of the pieces of a source, read a few bytes at a time.
    fn pieces(text: &str, limit: usize) -> Vec<(u64, String)> {
        let pieces = Pieces::new(io::BufReader::with_capacity(3, text.as_bytes()), limit);
        let cut = |p: &Piece| if p.is_complete { "" } else { "…" };
        pieces
            .map(Result::unwrap)
            .map(|p| (p.start.line, String::from_utf8(p.bytes.clone()).unwrap() + cut(&p)))
            .collect()
    }

    fn check(text: &str, expected: &[(u64, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(line, text)| (*line, (*text).to_owned())).collect();
        assert_eq!(pieces(text, 100), expected, "{text}");
    }

    #[test]
    fn records_on_lines_over_lines_and_one_behind_the_other() {
        check("\u{feff}{\"a\":1}\r\n\n  {\"a\":2} \n", &[(1, "{\"a\":1}"), (3, "{\"a\":2}")]);
        check("{\n \"a\": [\n{}\n]}\n{\n}", &[(1, "{\n \"a\": [\n{}\n]}"), (5, "{\n}")]);
        check("{}{\"a\":\"}\"} {}\n", &[(1, "{}"), (1, "{\"a\":\"}\"}"), (1, "{}")]);
    }

    #[test]
    fn a_list_of_records() {
        check("[]", &[]);
        check("[{}, {},\n {\n}\n]\n{}", &[(1, "{}"), (1, "{}"), (2, "{\n}"), (5, "{}")]);
        check("[1, [{}],{} x,null]", &[(1, "1"), (1, "[{}]"), (1, "{} x"), (1, "null")]);
        check("{}\n[{},\n", &[(1, "{}"), (2, "{}"), (2, "")]);
    }

    #[test]
    fn what_is_no_record_is_set_aside_line_by_line() {
        check("x {}\n]\n{} y\n{}", &[(1, "x {}"), (2, "]"), (3, "{} y"), (4, "{}")]);
        check("\u{feff}\u{feff}\n{}", &[(1, "\u{feff}"), (2, "{}")]);
        check("\u{fefe}{}\n{}", &[(1, "\u{fefe}{}"), (2, "{}")]);
    }

    #[test]
    fn reading_resumes_where_the_next_record_starts() {
        // A record that ought to be whole on its line.
        check("{\"a\":1\n{\"a\":2}", &[(1, "{\"a\":1"), (2, "{\"a\":2}")]);
        check("{\"a\":[1}\nx\n{}", &[(1, "{\"a\":[1}"), (2, "x"), (3, "{}")]);
        check("{\"a\":\"1\n{}", &[(1, "{\"a\":\"1"), (2, "{}")]);
        // A record over lines: lines that start deeper belong to it.
        let broken = "{\n  \"a\": \"x\n  \"b\": [\n  {}]\n}";
        check(&format!("{broken}\n{{}}"), &[(1, broken), (6, "{}")]);
        let broken = "{\n  \"a\": [}\n  }";
        check(
            &format!("[\n  {broken},\n  {{}}\n]\n{{}}"),
            &[(2, &format!("{broken},")), (5, "{}"), (7, "{}")],
        );
        check("[{\"a\":[1}, {}]\n", &[(1, "{\"a\":[1}, {}]")]);
        check("{\n\"a\": {", &[(1, "{\n\"a\": {")]);
    }

    #[test]
    fn a_piece_keeps_to_the_limit() {
        let long = pieces("{\"a\":\"0123456789\"}\n{}\n0123456789\n[{},{\n\"a\":[[[[[[[[[1\n\n]\n{}", 8);
        let expected =
            [(1, "{\"a\":\"01…"), (2, "{}"), (3, "01234567…"), (4, "{}"), (4, "{\n\"a\":[[…"), (8, "{}")];
        assert_eq!(long, expected.map(|(line, text)| (line, text.to_owned())));
    }
}

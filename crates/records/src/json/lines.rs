//! Lines of a source, none longer than a limit in memory.

use std::io::{self, BufRead};

/// One line without its end.
pub(super) struct Line {
    /// Number from 1.
    pub(super) number: u64,
    pub(super) bytes: Vec<u8>,
    /// Whether `bytes` is all of the line; a longer one keeps its start.
    pub(super) is_complete: bool,
}

pub(super) struct Lines<R> {
    source: R,
    limit: usize,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(source: R, limit: usize) -> Self {
        Self { source, limit, number: 0 }
    }

    /// The next line; `None` at the end of the source.
    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        let mut line = Line { number: self.number + 1, bytes: Vec::new(), is_complete: true };
        let mut any = false;
        loop {
            let available = match self.source.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if available.is_empty() {
                break;
            }
            any = true;
            let end = available.iter().position(|b| *b == b'\n');
            let content = &available[..end.unwrap_or(available.len())];
            let room = self.limit - line.bytes.len();
            line.is_complete &= content.len() <= room;
            line.bytes.extend_from_slice(&content[..content.len().min(room)]);
            let used = end.map_or(available.len(), |e| e + 1);
            self.source.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        self.number += 1;
        if line.bytes.last() == Some(&b'\r') {
            line.bytes.pop();
        }
        Ok(Some(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_with_any_line_end_and_keep_to_the_limit() {
        let source = io::BufReader::with_capacity(3, &b"one\r\n\nthree is long\nfour"[..]);
        let mut lines = Lines::new(source, 5);
        let mut seen = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            seen.push((line.number, String::from_utf8(line.bytes).unwrap(), line.is_complete));
        }
        let expected = [(1, "one", true), (2, "", true), (3, "three", false), (4, "four", true)];
        assert_eq!(seen, expected.map(|(number, text, complete)| (number, text.to_owned(), complete)));
    }
}

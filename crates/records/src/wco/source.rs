//! The bytes of a source as the XML parser sees them: lines counted, reading bounded, and the bytes of the
//! message under way kept, so that they can be set aside exactly as they came.

use std::io::{self, BufRead, Read};

/// Bytes asked of the inner reader at once.
const CHUNK: usize = 64 << 10;

pub(super) struct Source<R> {
    inner: R,
    /// Bytes from `mark`, or from `event`, up to what was read ahead.
    buffer: Vec<u8>,
    /// Next byte to read.
    at: usize,
    /// Where the current piece of markup starts.
    event: usize,
    /// Where the message under way starts, when its bytes are kept.
    mark: Option<usize>,
    /// Start of a message that grew beyond the limit.
    cut: Option<Vec<u8>>,
    limit: usize,
    /// Bytes the parser may still take before it is stopped.
    budget: usize,
    line: u64,
    ended: bool,
    failure: Option<io::Error>,
}

impl<R: Read> Source<R> {
    pub(super) fn new(inner: R, limit: usize) -> Self {
        Self {
            inner,
            buffer: Vec::new(),
            at: 0,
            event: 0,
            mark: None,
            cut: None,
            limit,
            budget: limit,
            line: 1,
            ended: false,
            failure: None,
        }
    }

    /// Line of the next byte, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The next byte starts a piece of markup or text.
    pub(super) fn begin_event(&mut self) {
        self.event = self.at;
    }

    /// Bytes of the current piece of markup or text, as far as they were read.
    pub(super) fn event_bytes(&self) -> &[u8] {
        &self.buffer[self.event..self.at]
    }

    /// Lets the parser take as much as one message may hold.
    pub(super) fn allow(&mut self) {
        self.budget = self.limit;
    }

    /// Whether the parser was stopped by the limit.
    pub(super) fn is_exhausted(&self) -> bool {
        self.budget == 0
    }

    /// Why the inner reader failed, when it did.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Keeps the bytes from the current piece of markup on.
    pub(super) fn keep_from_event(&mut self) {
        self.mark = Some(self.event);
        self.cut = None;
    }

    /// Gives the bytes kept, up to the current piece of markup or with it, and whether they are complete.
    pub(super) fn take_kept(&mut self, with_event: bool) -> (Vec<u8>, bool) {
        let end = if with_event { self.at } else { self.event };
        let mark = self.mark.take();
        match (self.cut.take(), mark) {
            (Some(cut), _) => (cut, false),
            (None, Some(mark)) => {
                let kept = self.buffer.get(mark..end).unwrap_or_default();
                (kept[..kept.len().min(self.limit)].to_vec(), kept.len() <= self.limit)
            }
            (None, None) => (Vec::new(), true),
        }
    }

    /// The next bytes without taking them, at least `wanted` unless the source ends before.
    pub(super) fn peek(&mut self, wanted: usize) -> io::Result<&[u8]> {
        while self.buffer.len() - self.at < wanted && !self.ended {
            self.refill()?;
        }
        Ok(&self.buffer[self.at..])
    }

    fn refill(&mut self) -> io::Result<()> {
        if let Some(mark) = self.mark
            && self.at - mark > self.limit
        {
            self.cut = Some(self.buffer[mark..mark + self.limit].to_vec());
            self.mark = None;
        }
        let keep = self.mark.unwrap_or(self.event).min(self.at);
        if keep > 0 {
            self.buffer.drain(..keep);
            self.at -= keep;
            self.event = self.event.saturating_sub(keep);
            self.mark = self.mark.map(|m| m - keep);
        }
        let start = self.buffer.len();
        self.buffer.resize(start + CHUNK, 0);
        let read = loop {
            match self.inner.read(&mut self.buffer[start..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.buffer.truncate(start + *read.as_ref().unwrap_or(&0));
        match read {
            Ok(0) => self.ended = true,
            Ok(_) => {}
            Err(error) => {
                let kind = error.kind();
                self.failure = Some(error);
                return Err(kind.into());
            }
        }
        Ok(())
    }

    /// Takes bytes whatever the budget.
    pub(super) fn skip(&mut self, count: usize) {
        self.line += newlines(&self.buffer[self.at..self.at + count]);
        self.at += count;
    }
}

/// Line ends among bytes, counted in bytes as long as a byte holds the count: many of them fit one register.
pub(crate) fn newlines(bytes: &[u8]) -> u64 {
    let counted = |part: &[u8]| part.iter().fold(0_u8, |n, b| n.wrapping_add(u8::from(*b == b'\n')));
    bytes.chunks(u8::MAX.into()).map(|part| u64::from(counted(part))).sum()
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(into.len());
        into[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.budget == 0 {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        let budget = self.budget;
        let available = self.peek(1)?;
        Ok(&available[..available.len().min(budget)])
    }

    fn consume(&mut self, count: usize) {
        self.budget = self.budget.saturating_sub(count);
        self.skip(count);
    }
}

//! A reader that keeps the bytes of the row under way, so that its original text can be shown.

use std::io::{self, Read};

/// Keeps what was read since a given position; refuses to keep more than a limit.
pub(super) struct Tee<R> {
    inner: R,
    kept: Vec<u8>,
    /// Position in the source of the first byte kept.
    start: u64,
    limit: usize,
}

/// What one read may bring beyond the row under way: the buffer of the CSV reader.
const READ_AHEAD: usize = 1 << 16;

impl<R: Read> Tee<R> {
    pub(super) fn new(inner: R, limit: usize) -> Self {
        Self { inner, kept: Vec::new(), start: 0, limit }
    }

    /// Drops the bytes before a position; cheap enough to call for every row, since it moves them only when
    /// half of what is kept can go.
    pub(super) fn forget_before(&mut self, position: u64) {
        let ahead =
            usize::try_from(position.saturating_sub(self.start)).unwrap_or(usize::MAX).min(self.kept.len());
        if ahead > READ_AHEAD / 2 {
            self.kept.drain(..ahead);
            self.start += ahead as u64;
        }
    }

    pub(super) fn between(&self, from: u64, to: u64) -> &[u8] {
        let index =
            |p: u64| usize::try_from(p.saturating_sub(self.start)).unwrap_or(usize::MAX).min(self.kept.len());
        &self.kept[index(from)..index(to)]
    }
}

impl<R: Read> Read for Tee<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.kept.len() > self.limit + 2 * READ_AHEAD {
            let message =
                format!("a row is longer than the limit of {} bytes; is a quote missing?", self.limit);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let read = self.inner.read(buffer)?;
        self.kept.extend_from_slice(&buffer[..read]);
        Ok(read)
    }
}

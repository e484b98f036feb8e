//! Standard output. Who reads it may leave before the end, as `head` does: the command then says nothing more and goes on, so
//! that no work is left half done and what was read is written down. Whatever else keeps it from being written is an error.

use std::fmt::Arguments;
use std::io::{Error, ErrorKind, StdoutLock, Write, stdout};
use std::sync::OnceLock;
use tidegate_jobs::JobError;

/// As that of the standard library, which panics when nobody reads any more.
macro_rules! print {
    ($($text:tt)*) => { $crate::output::print(format_args!($($text)*)) };
}

/// As that of the standard library, which panics when nobody reads any more.
macro_rules! println {
    () => { $crate::output::print(format_args!("\n")) };
    ($($text:tt)*) => { $crate::output::print(format_args!("{}\n", format_args!($($text)*))) };
}

/// Why nothing is written any more.
static FAILURE: OnceLock<Error> = OnceLock::new();

/// Standard output for what writes to a writer; what cannot be written is dropped.
pub struct Output;

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        attempt(|output| output.write_all(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        attempt(Write::flush);
        Ok(())
    }
}

/// Writes a text.
pub fn print(text: Arguments<'_>) {
    attempt(|output| output.write_fmt(text));
}

fn attempt(write: impl FnOnce(&mut StdoutLock<'static>) -> std::io::Result<()>) {
    if FAILURE.get().is_none()
        && let Err(error) = write(&mut stdout().lock())
    {
        drop(FAILURE.set(error));
    }
}

/// Writes what waits to be written.
///
/// # Errors
/// When something was not written although somebody reads.
pub fn end() -> Result<(), JobError> {
    attempt(Write::flush);
    match FAILURE.get() {
        Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(JobError::File {
            path: "standard output".to_owned(),
            cause: Error::new(error.kind(), error.to_string()),
        }),
        _ => Ok(()),
    }
}

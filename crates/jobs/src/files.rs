//! Small files as wholes: read and written, with what went wrong said with their path.

use crate::JobError;
use std::fmt::Display;
use std::path::Path;
use tidegate_ledger::{ParsePublicKeyError, PublicKey};

/// The text of a file.
pub(crate) fn read_file(path: &Path) -> Result<String, JobError> {
    std::fs::read_to_string(path).map_err(JobError::file(path))
}

/// Writes a file into a folder, which is made when it is not there.
pub(crate) fn write_file(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> Result<(), JobError> {
    let path = folder.join(name);
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, content));
    written.map_err(JobError::file(&path))
}

/// The public key in a file.
pub(crate) fn read_public_key(path: &Path) -> Result<PublicKey, JobError> {
    read_file(path)?.trim().parse().map_err(|error: ParsePublicKeyError| wrong(path, &error))
}

/// That a file is not what it should be.
pub(crate) fn wrong(path: &Path, error: &dyn Display) -> JobError {
    JobError::Missing(format!("{}: {error}", path.display()))
}

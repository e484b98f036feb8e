//! The verification of published files, which needs no home.

use crate::JobError;
use std::path::{Path, PathBuf};
use tidegate_ledger::publication::{
    Kept, PERIOD_FILE, Publication, PublishedPeriod, ROWS_FILE, Verified, read_rows,
};
use tidegate_ledger::{PublicKey, SignedCheckpoint};

/// What to verify.
#[derive(Debug, Clone, Default)]
pub struct VerifyOptions {
    /// A folder for each period.
    pub folders: Vec<PathBuf>,
    /// File with the public key of the log, 64 hexadecimal digits, that was known before.
    pub public_key: Option<PathBuf>,
    /// File with a JSON list of checkpoints that were kept while the periods were open.
    pub kept: Option<PathBuf>,
}

/// Verifies published periods together.
///
/// # Errors
/// The first fault, with its period and row; a file that cannot be read.
pub fn verify(options: &VerifyOptions) -> Result<Verified, JobError> {
    let publications =
        options.folders.iter().map(|folder| read(folder)).collect::<Result<Vec<_>, JobError>>()?;
    let public_key = options.public_key.as_deref().map(public_key).transpose()?;
    let checkpoints = options.kept.as_deref().map(kept).transpose()?.unwrap_or_default();
    let kept = Kept { public_key, checkpoints };
    tidegate_ledger::publication::verify(&publications, &kept)
        .map_err(|fault| JobError::Missing(format!("the draws do not hold: {fault}")))
}

fn read(folder: &Path) -> Result<Publication, JobError> {
    let (period, rows) = (folder.join(PERIOD_FILE), folder.join(ROWS_FILE));
    let of_period = PublishedPeriod::from_json(&read_file(&period)?).map_err(|e| wrong(&period, &e))?;
    let of_rows = read_rows(&read_file(&rows)?).map_err(|e| wrong(&rows, &e))?;
    Ok(Publication { period: of_period, rows: of_rows })
}

fn public_key(path: &Path) -> Result<PublicKey, JobError> {
    read_file(path)?.trim().parse().map_err(|e: tidegate_ledger::ParsePublicKeyError| wrong(path, &e))
}

fn kept(path: &Path) -> Result<Vec<SignedCheckpoint>, JobError> {
    serde_json::from_str(&read_file(path)?).map_err(|e| wrong(path, &e))
}

fn wrong(path: &Path, error: &dyn std::fmt::Display) -> JobError {
    JobError::Missing(format!("{}: {error}", path.display()))
}

fn read_file(path: &Path) -> Result<String, JobError> {
    std::fs::read_to_string(path).map_err(|cause| JobError::File { path: path.display().to_string(), cause })
}

/// Writes a file into a folder, which is made when it is not there.
pub(super) fn write_file(folder: &Path, name: &str, text: &str) -> Result<(), JobError> {
    let path = folder.join(name);
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text));
    written.map_err(|cause| JobError::File { path: path.display().to_string(), cause })
}

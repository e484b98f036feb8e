//! The verification of published files, which needs no home.

use crate::JobError;
use crate::files::{read_file, read_public_key, wrong};
use std::path::{Path, PathBuf};
use tidegate_ledger::SignedCheckpoint;
use tidegate_ledger::publication::{
    Kept, PERIOD_FILE, Publication, PublishedPeriod, ROWS_FILE, Verified, read_rows,
};

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
    let public_key = options.public_key.as_deref().map(read_public_key).transpose()?;
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

fn kept(path: &Path) -> Result<Vec<SignedCheckpoint>, JobError> {
    serde_json::from_str(&read_file(path)?).map_err(|e| wrong(path, &e))
}

//! Access policies as files and as versions in the ledger.

use crate::files::{read_file, write_file};
use crate::{Home, JobError};
use std::path::Path;
use tidegate_ledger::PolicyVersion;
use tidegate_query::policy::{Policy, PolicyFiles};

/// Largest file of a policy: thousands of rules.
const MOST_BYTES: u64 = 1 << 20;
/// Files of one policy.
const MOST_FILES: usize = 100;

/// The files of the policy in force, with its version; the shipped ones have none.
///
/// # Errors
/// When the ledger fails, or holds what is no policy.
pub async fn in_force(home: &Home) -> Result<(PolicyFiles, Option<PolicyVersion>), JobError> {
    Ok(match home.ledger.policy_in_force().await? {
        None => (Policy::shipped_files(), None),
        Some(policy) => (policy.files, Some(policy.version)),
    })
}

/// Reads the files of a policy from a folder.
///
/// # Errors
/// When files cannot be read, or are too large or too many.
pub fn read(folder: &Path) -> Result<PolicyFiles, JobError> {
    let failed = |path: &Path, cause| JobError::File { path: path.display().to_string(), cause };
    let mut files = PolicyFiles::new();
    for entry in std::fs::read_dir(folder).map_err(|cause| failed(folder, cause))? {
        let path = entry.map_err(|cause| failed(folder, cause))?.path();
        let size = std::fs::metadata(&path).map_err(|cause| failed(&path, cause))?.len();
        if size > MOST_BYTES || files.len() == MOST_FILES {
            let path = path.display();
            return Err(JobError::Missing(format!(
                "{path}: a policy has at most {MOST_FILES} files of {MOST_BYTES} bytes"
            )));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files.insert(name, read_file(&path)?);
    }
    Ok(files)
}

/// Writes the files of a policy to a folder, which is made when it is not there.
///
/// # Errors
/// When files cannot be written.
pub fn write(folder: &Path, files: &PolicyFiles) -> Result<(), JobError> {
    files.iter().try_for_each(|(name, text)| write_file(folder, name, text))
}

//! Access policies as files and as versions in the ledger.

use crate::files::{read_file, write_file};
use crate::{Home, JobError};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::path::Path;
use tidegate_ledger::{Act, Door, MAX_POLICY_BYTES, MAX_POLICY_FILES, PolicyVersion, PrincipalId};
use tidegate_query::QueryError;
use tidegate_query::policy::{Policy, PolicyFiles};

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
    let (mut files, mut bytes) = (PolicyFiles::new(), 0);
    for entry in std::fs::read_dir(folder).map_err(|cause| failed(folder, cause))? {
        let path = entry.map_err(|cause| failed(folder, cause))?.path();
        bytes += std::fs::metadata(&path).map_err(|cause| failed(&path, cause))?.len();
        if bytes > MAX_POLICY_BYTES as u64 || files.len() == MAX_POLICY_FILES {
            let path = path.display();
            return Err(JobError::Missing(format!(
                "{path}: a policy has at most {MAX_POLICY_FILES} files, of {MAX_POLICY_BYTES} bytes together"
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

/// A policy version as the home knows it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct KnownPolicy {
    /// Its number.
    pub version: i64,
    /// SHA-256 of its files.
    pub sha256: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// When.
    pub proposed_at: DateTime<Utc>,
    /// Why.
    pub reason: String,
    /// `waits`, `approved` or `rejected`.
    pub state: &'static str,
    /// Who decided it.
    pub decided_by: Option<String>,
    /// Whether it is in force.
    pub is_in_force: bool,
}

/// Every policy version, the oldest first.
///
/// # Errors
/// When the ledger fails.
pub async fn known(home: &Home) -> Result<Vec<KnownPolicy>, JobError> {
    let in_force = home.ledger.policy_in_force().await?.map(|policy| policy.version);
    let names: HashMap<PrincipalId, String> =
        home.ledger.principals().await?.into_iter().map(|known| (known.id, known.name)).collect();
    let name = |id: PrincipalId| names.get(&id).cloned().unwrap_or_default();
    let all = home.ledger.policies().await?.into_iter().map(|policy| KnownPolicy {
        version: policy.version.0,
        sha256: policy.sha256.to_string(),
        proposed_by: name(policy.proposed_by),
        proposed_at: policy.proposed_at,
        reason: policy.reason,
        state: policy.verdict.as_ref().map_or("waits", |verdict| verdict.state()),
        decided_by: policy.verdict.as_ref().map(|verdict| name(verdict.decided_by)),
        is_in_force: in_force == Some(policy.version),
    });
    Ok(all.collect())
}

/// Proposes the files of a folder, which are checked first.
///
/// # Errors
/// When the files are no policy, nobody has the name, or the ledger refuses the proposal.
pub async fn propose(home: &Home, folder: &Path, by: &str, reason: &str) -> Result<PolicyVersion, JobError> {
    let files = read(folder)?;
    Policy::parse(&files).map_err(QueryError::from)?;
    Ok(home.ledger.propose_policy(&files, &act(home, by, reason).await?).await?)
}

/// Approves or rejects a version; an approved one is in force in every door at once.
///
/// # Errors
/// When nobody has the name, there is no such version, or the ledger refuses: who proposed it does not approve it.
pub async fn decide(
    home: &Home,
    version: i64,
    is_approved: bool,
    by: &str,
    reason: &str,
) -> Result<(), JobError> {
    let act = act(home, by, reason).await?;
    Ok(home.ledger.decide_policy(PolicyVersion(version), is_approved, &act).await?)
}

async fn act(home: &Home, by: &str, reason: &str) -> Result<Act, JobError> {
    let by = crate::people::named(home, by).await?.id;
    Ok(Act { by, door: Door::Cli, reason: reason.to_owned(), at: home.now })
}

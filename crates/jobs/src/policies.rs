//! Access policies as files and as versions in the ledger.

use crate::files::{read_file, write_file};
use crate::people::Names;
use crate::verdict::KnownVerdict;
use crate::{Home, JobError};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::path::Path;
use tidegate_ledger::{
    Act, LedgerError, MAX_POLICY_BYTES, MAX_POLICY_FILES, PolicyName, PolicyVersion, Verdict,
};
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

/// What the audit chain calls a policy: its version, or the hash of the shipped files.
///
/// # Errors
/// When no version can have the files.
pub fn name(files: &PolicyFiles, version: Option<PolicyVersion>) -> Result<PolicyName, JobError> {
    Ok(match version {
        Some(version) => PolicyName::Version(version),
        None => PolicyName::Shipped(tidegate_ledger::Policy::hash_of(files)?),
    })
}

/// The policy in force, checked.
pub(crate) async fn checked(home: &Home) -> Result<Policy, JobError> {
    let (files, _) = in_force(home).await?;
    Ok(Policy::parse(&files).map_err(QueryError::from)?)
}

/// Says which of the roles no policy names, with those that policies do; nothing when there are none. They may come with a later
/// version of the policy, and give nothing until then.
///
/// # Errors
/// When the ledger fails, or holds a policy that this program does not understand.
pub async fn note_of_roles(home: &Home, roles: &BTreeSet<String>) -> Result<Option<String>, JobError> {
    if roles.is_empty() {
        return Ok(None);
    }
    let known = checked(home).await?.roles();
    let list = |roles: Vec<&str>| roles.join(", ");
    let unknown: Vec<&str> = roles.difference(&known).map(String::as_str).collect();
    if unknown.is_empty() {
        return Ok(None);
    }
    let (unknown, known) = (list(unknown), list(known.iter().map(String::as_str).collect()));
    Ok(Some(format!("the policy in force gives nothing to the role {unknown}; it names {known}")))
}

/// Reads the files of a policy from a folder.
///
/// # Errors
/// When files cannot be read, or are too large or too many.
pub fn read(folder: &Path) -> Result<PolicyFiles, JobError> {
    let (mut files, mut bytes) = (PolicyFiles::new(), 0);
    for entry in std::fs::read_dir(folder).map_err(JobError::file(folder))? {
        let path = entry.map_err(JobError::file(folder))?.path();
        bytes += std::fs::metadata(&path).map_err(JobError::file(&path))?.len();
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
    /// Why it was proposed.
    pub reason: String,
    /// By whom.
    pub proposed_by: String,
    /// When.
    pub proposed_at: DateTime<Utc>,
    /// `waits`, `approved` or `rejected`.
    pub state: &'static str,
    /// What was decided; none while it waits.
    pub verdict: Option<KnownVerdict>,
    /// Whether it is in force.
    pub is_in_force: bool,
}

/// Makes policy versions known.
struct Knowing {
    in_force: Option<PolicyVersion>,
    names: Names,
}

impl Knowing {
    async fn of(home: &Home) -> Result<Self, JobError> {
        let in_force = home.ledger.policy_in_force().await?.map(|policy| policy.version);
        Ok(Self { in_force, names: Names::read(home).await? })
    }

    fn known(&self, policy: tidegate_ledger::Policy) -> KnownPolicy {
        KnownPolicy {
            version: policy.version.0,
            sha256: policy.sha256.to_string(),
            reason: policy.reason,
            proposed_by: self.names.of(policy.proposed_by),
            proposed_at: policy.proposed_at,
            state: policy.verdict.as_ref().map_or("waits", Verdict::state),
            verdict: policy.verdict.map(|verdict| KnownVerdict::of(verdict, &self.names)),
            is_in_force: self.in_force == Some(policy.version),
        }
    }
}

/// Every policy version, the oldest first.
///
/// # Errors
/// When the ledger fails.
pub async fn known(home: &Home) -> Result<Vec<KnownPolicy>, JobError> {
    let knowing = Knowing::of(home).await?;
    Ok(home.ledger.policies().await?.into_iter().map(|policy| knowing.known(policy)).collect())
}

/// One policy version with its files.
///
/// # Errors
/// [`LedgerError::Unknown`] when there is none; when the ledger fails.
pub async fn version(home: &Home, number: i64) -> Result<(KnownPolicy, PolicyFiles), JobError> {
    let unknown = || LedgerError::Unknown { what: "policy version", key: number.to_string() };
    let mut policy = home.ledger.policy(PolicyVersion(number)).await?.ok_or_else(unknown)?;
    let files = std::mem::take(&mut policy.files);
    Ok((Knowing::of(home).await?.known(policy), files))
}

/// Proposes files, which are checked first.
///
/// # Errors
/// [`JobError::AccessPolicy`] when the files are no policy, with file and line; when the ledger refuses the proposal.
pub async fn propose(home: &Home, files: &PolicyFiles, act: &Act) -> Result<PolicyVersion, JobError> {
    Policy::parse(files).map_err(JobError::AccessPolicy)?;
    Ok(home.ledger.propose_policy(files, act).await?)
}

/// Approves or rejects a version; an approved one is in force in every door at once.
///
/// # Errors
/// When there is no such version, or the ledger refuses: who proposed it does not approve it.
pub async fn decide(home: &Home, version: i64, approved: bool, act: &Act) -> Result<(), JobError> {
    Ok(home.ledger.decide_policy(PolicyVersion(version), approved, act).await?)
}

//! Policy versions: who may read what, as files; proposed by one person, approved by another, never edited.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use crate::act::Act;
use crate::audit::AuditEvent;
use crate::{Hash256, Ledger, LedgerError, PolicyVersion, PrincipalId, Verdict, column, principal};

/// Files of one version.
pub const MAX_POLICY_FILES: usize = 256;
/// Longest content, as JSON.
pub const MAX_POLICY_BYTES: usize = 1 << 20;

/// A policy version with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its version.
    pub version: PolicyVersion,
    /// Texts by the names of their files.
    pub files: BTreeMap<String, String>,
    /// SHA-256 of the canonical JSON of the files.
    pub sha256: Hash256,
    /// Why it was proposed.
    pub reason: String,
    /// By whom.
    pub proposed_by: PrincipalId,
    /// When.
    pub proposed_at: DateTime<Utc>,
    /// None while it waits.
    pub verdict: Option<Verdict>,
}

type Stored =
    (i64, String, Vec<u8>, String, i64, i64, Option<bool>, Option<String>, Option<i64>, Option<i64>);

/// One version, the one in force, or all of them.
const SELECT: &str = "SELECT p.version, p.content, p.sha256, p.reason, p.proposed_by, p.proposed_at,
    v.approved, v.reason, v.decided_by, v.decided_at
    FROM policy_versions p LEFT JOIN policy_verdicts v ON v.version = p.version
    WHERE (?1 IS NULL OR p.version = ?1)
        AND (?2 = 0 OR p.version = (SELECT max(version) FROM policy_verdicts WHERE approved = 1))
    ORDER BY p.version";

impl Policy {
    /// The hash that files have as a version.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] for files that no version can have.
    pub fn hash_of(files: &BTreeMap<String, String>) -> Result<Hash256, LedgerError> {
        Ok(Hash256::of(content(files)?.as_bytes()))
    }

    fn from_stored(stored: Stored) -> Result<Self, LedgerError> {
        let (version, content, sha256, reason, proposed_by, proposed_at, approved, why, by, at) = stored;
        let row = column::Row { table: "policy_versions", key: version };
        let sha256 = row.hash(&sha256)?;
        if Hash256::of(content.as_bytes()) != sha256 {
            return Err(row.damaged("its content does not have its hash"));
        }
        let verdict = Verdict::from_stored(&row, (approved, why, by, at))?;
        Ok(Self {
            version: PolicyVersion(version),
            files: serde_json::from_str(&content).map_err(|error| row.damaged(error.to_string()))?,
            sha256,
            reason,
            proposed_by: PrincipalId(proposed_by),
            proposed_at: row.time(proposed_at)?,
            verdict,
        })
    }
}

impl Ledger {
    /// Records a policy version that waits for a verdict. Whether its texts mean anything is for the caller to check.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] for no file, a blank name, too much text, or somebody who is no person or disabled.
    pub async fn propose_policy(
        &self,
        files: &BTreeMap<String, String>,
        act: &Act,
    ) -> Result<PolicyVersion, LedgerError> {
        let content = content(files)?;
        let sha256 = Hash256::of(content.as_bytes());
        let mut tx = self.begin_write().await?;
        principal::acting_person(&mut tx, act.by, "who proposes a policy").await?;
        let statement = "INSERT INTO policy_versions
            (version, content, sha256, reason, proposed_by, proposed_at)
            SELECT coalesce(max(version), 0) + 1, ?, ?, ?, ?, ? FROM policy_versions RETURNING version";
        let version: i64 = sqlx::query_scalar(statement)
            .bind(content)
            .bind(sha256.as_bytes().as_slice())
            .bind(act.reason.as_str())
            .bind(act.by.0)
            .bind(column::from_time(act.at))
            .fetch_one(&mut *tx)
            .await?;
        let detail = format!("policy version {version} ({sha256}) proposed");
        act.record(&mut tx, AuditEvent::Policy, detail).await?;
        tx.commit().await?;
        Ok(PolicyVersion(version))
    }

    /// Approves or rejects a policy version; an approved one is in force at once. Where the local owner is the only
    /// person there ever was, it may approve its own.
    ///
    /// # Errors
    /// [`LedgerError::SamePrincipal`] when who proposed it approves it although there is another person;
    /// [`LedgerError::Invalid`] when a later version is in force, and for somebody who may not act;
    /// [`LedgerError::Already`]; [`LedgerError::Unknown`].
    pub async fn decide_policy(
        &self,
        version: PolicyVersion,
        approved: bool,
        act: &Act,
    ) -> Result<(), LedgerError> {
        let mut tx = self.begin_write().await?;
        principal::acting_person(&mut tx, act.by, "who decides a policy").await?;
        let key = version.to_string();
        let policy = find(&mut tx, Some(version), false).await?.pop();
        let policy =
            policy.ok_or_else(|| LedgerError::Unknown { what: "policy version", key: key.clone() })?;
        if let Some(verdict) = policy.verdict {
            let state = verdict.state();
            return Err(LedgerError::Already { what: "policy version", key, state });
        }
        if approved {
            may_approve(&mut tx, &policy, act).await?;
        }
        let statement = "INSERT INTO policy_verdicts (version, approved, reason, decided_by, decided_at)
            VALUES (?, ?, ?, ?, ?)";
        sqlx::query(statement)
            .bind(version.0)
            .bind(approved)
            .bind(act.reason.as_str())
            .bind(act.by.0)
            .bind(column::from_time(act.at))
            .execute(&mut *tx)
            .await?;
        let verb = if approved { "approved, in force" } else { "rejected" };
        let detail = format!("policy version {version} ({}) {verb}", policy.sha256);
        act.record(&mut tx, AuditEvent::Policy, detail).await?;
        Ok(tx.commit().await?)
    }

    /// The newest policy version that was approved; none before the first.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] for a content that does not have its hash.
    pub async fn policy_in_force(&self) -> Result<Option<Policy>, LedgerError> {
        Ok(find(&mut *self.pool().acquire().await?, None, true).await?.pop())
    }

    /// The policy version of this number, if there is one.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] for a content that does not have its hash.
    pub async fn policy(&self, version: PolicyVersion) -> Result<Option<Policy>, LedgerError> {
        Ok(find(&mut *self.pool().acquire().await?, Some(version), false).await?.pop())
    }

    /// Every policy version, in the order of proposal.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub async fn policies(&self) -> Result<Vec<Policy>, LedgerError> {
        find(&mut *self.pool().acquire().await?, None, false).await
    }
}

async fn may_approve(
    connection: &mut SqliteConnection,
    policy: &Policy,
    act: &Act,
) -> Result<(), LedgerError> {
    if act.by == policy.proposed_by && !principal::owner_is_alone(connection).await? {
        return Err(LedgerError::SamePrincipal { what: "policy version", key: policy.version.to_string() });
    }
    let newer = find(connection, None, true).await?.pop().filter(|newer| newer.version > policy.version);
    if newer.is_some() {
        let found = policy.version.to_string();
        let right = "later than the version in force; propose it anew";
        return Err(LedgerError::Invalid { what: "the policy version to approve", found, right });
    }
    Ok(())
}

async fn find(
    connection: &mut SqliteConnection,
    version: Option<PolicyVersion>,
    only_in_force: bool,
) -> Result<Vec<Policy>, LedgerError> {
    let stored: Vec<Stored> = sqlx::query_as(SELECT)
        .bind(version.map(|version| version.0))
        .bind(only_in_force)
        .fetch_all(connection)
        .await?;
    stored.into_iter().map(Policy::from_stored).collect()
}

/// The canonical JSON of files: an object with its names in order.
fn content(files: &BTreeMap<String, String>) -> Result<String, LedgerError> {
    let invalid = |what, found, right| Err(LedgerError::Invalid { what, found, right });
    if files.is_empty() || files.len() > MAX_POLICY_FILES {
        return invalid("the number of policy files", files.len().to_string(), "1 to 256");
    }
    files.keys().try_for_each(|name| column::require_name("the name of a policy file", name))?;
    match serde_json::to_string(files) {
        Ok(content) if content.len() <= MAX_POLICY_BYTES => Ok(content),
        Ok(content) => invalid("the policy", format!("{} bytes long", content.len()), "at most 1 MiB"),
        Err(error) => invalid("the policy", error.to_string(), "texts"),
    }
}

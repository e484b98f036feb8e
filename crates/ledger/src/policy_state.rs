//! Versions of the selection policy's state (floors, multipliers, thresholds); every decision names the one it used.

use chrono::{DateTime, Utc};

use crate::ledger::WriteTransaction;
use crate::{Hash256, Ledger, LedgerError, PolicyStateVersion, column};

/// A state to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPolicyState {
    /// The state as JSON, in the caller's canonical encoding: the bytes are stored and hashed as they are.
    pub content: String,
    /// From when on it is in force, until a later version.
    pub effective_from: DateTime<Utc>,
    /// The version it was derived from, which must still be the newest; none for the first.
    pub based_on: Option<PolicyStateVersion>,
    /// When it is recorded.
    pub recorded_at: DateTime<Utc>,
}

/// A recorded state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyState {
    /// Its version.
    pub version: PolicyStateVersion,
    /// Hash of its content.
    pub sha256: Hash256,
    /// What was appended.
    pub state: NewPolicyState,
}

type Stored = (i64, String, Vec<u8>, i64, Option<i64>, i64);

impl PolicyState {
    fn from_stored(stored: Stored) -> Result<Self, LedgerError> {
        let (version, content, sha256, effective_from, based_on, recorded_at) = stored;
        let row = column::Row { table: "policy_states", key: version };
        let sha256 = row.hash(&sha256)?;
        if Hash256::of(content.as_bytes()) != sha256 {
            return Err(row.damaged("its content does not give its hash"));
        }
        let state = NewPolicyState {
            content,
            effective_from: row.time(effective_from)?,
            based_on: based_on.map(PolicyStateVersion),
            recorded_at: row.time(recorded_at)?,
        };
        Ok(Self { version: PolicyStateVersion(version), sha256, state })
    }
}

impl Ledger {
    /// Appends a state and gives its version. Two controllers that read the same version cannot both append: the
    /// second must look again.
    ///
    /// # Errors
    /// [`LedgerError::StalePolicyState`]; [`LedgerError::Invalid`] for content that is not JSON.
    pub async fn append_policy_state(&self, new: &NewPolicyState) -> Result<PolicyStateVersion, LedgerError> {
        column::require_json("the content of a policy state", &new.content)?;
        let mut tx = self.begin_write().await?;
        let newest: Option<i64> =
            sqlx::query_scalar("SELECT max(version) FROM policy_states").fetch_one(&mut *tx).await?;
        let newest = newest.map(PolicyStateVersion);
        if newest != new.based_on {
            return Err(LedgerError::StalePolicyState { based_on: new.based_on, newest });
        }
        let version = newest.map_or(1, |newest| newest.0 + 1);
        let statement =
            "INSERT INTO policy_states (version, content, sha256, effective_from, based_on, recorded_at)
            VALUES (?, ?, ?, ?, ?, ?)";
        sqlx::query(statement)
            .bind(version)
            .bind(new.content.as_str())
            .bind(Hash256::of(new.content.as_bytes()).as_bytes().as_slice())
            .bind(column::from_time(new.effective_from))
            .bind(new.based_on.map(|version| version.0))
            .bind(column::from_time(new.recorded_at))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(PolicyStateVersion(version))
    }

    /// The state with this version.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`]; [`LedgerError::Damaged`] when its content was changed.
    pub async fn policy_state(&self, version: PolicyStateVersion) -> Result<PolicyState, LedgerError> {
        let stored = sqlx::query_as(BY_VERSION).bind(version.0).fetch_optional(self.pool()).await?;
        PolicyState::from_stored(stored.ok_or_else(|| unknown(version))?)
    }

    /// The state in force at `at`: the latest `effective_from` not after `at`, and of equal ones the latest version.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] when its content was changed.
    pub async fn policy_state_at(&self, at: DateTime<Utc>) -> Result<Option<PolicyState>, LedgerError> {
        let statement =
            "SELECT version, content, sha256, effective_from, based_on, recorded_at FROM policy_states
            WHERE effective_from <= ? ORDER BY effective_from DESC, version DESC LIMIT 1";
        let at = column::from_time(at);
        let stored = sqlx::query_as(statement).bind(at).fetch_optional(self.pool()).await?;
        stored.map(PolicyState::from_stored).transpose()
    }

    /// The state with the highest version, in force or not yet; what the next one is derived from.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] when its content was changed.
    pub async fn newest_policy_state(&self) -> Result<Option<PolicyState>, LedgerError> {
        let statement =
            "SELECT version, content, sha256, effective_from, based_on, recorded_at FROM policy_states
            ORDER BY version DESC LIMIT 1";
        let stored = sqlx::query_as(statement).fetch_optional(self.pool()).await?;
        stored.map(PolicyState::from_stored).transpose()
    }
}

const BY_VERSION: &str =
    "SELECT version, content, sha256, effective_from, based_on, recorded_at FROM policy_states
    WHERE version = ?";

/// The hash of a version's content, checked, inside a transaction.
pub(crate) async fn content_hash(
    tx: &mut WriteTransaction,
    version: PolicyStateVersion,
) -> Result<Hash256, LedgerError> {
    let stored = sqlx::query_as(BY_VERSION).bind(version.0).fetch_optional(&mut **tx).await?;
    Ok(PolicyState::from_stored(stored.ok_or_else(|| unknown(version))?)?.sha256)
}

fn unknown(version: PolicyStateVersion) -> LedgerError {
    LedgerError::Unknown { what: "policy state version", key: version.to_string() }
}

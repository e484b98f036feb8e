//! Bundles that the ledger knows of, and which of them is in force under an alias from when on.

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use crate::{Hash256, Ledger, LedgerError, PrincipalId, ProposalId, column, principal};

/// A bundle of decision content, registered under the hash of its manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// Hash of its manifest; what decisions name.
    pub hash: Hash256,
    /// Its name for people; several bundles may carry the same.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Who made it.
    pub created_by: PrincipalId,
    /// What is in it, as JSON for people to read.
    pub summary: String,
}

/// The record that a bundle is in force under an alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// What the bundle is called in commands and SQL, such as `default`.
    pub alias: String,
    /// The bundle.
    pub bundle: Hash256,
    /// From when on it is in force, until a later activation of the same alias.
    pub effective_from: DateTime<Utc>,
    /// Who decided it.
    pub activated_by: PrincipalId,
    /// When it was recorded; the order of recording settles equal `effective_from`.
    pub recorded_at: DateTime<Utc>,
    /// Proposal that was approved; none where one person works alone.
    pub proposal: Option<ProposalId>,
}

type StoredBundle = (Vec<u8>, String, i64, i64, String);
type StoredActivation = (i64, String, Vec<u8>, i64, i64, i64, Option<i64>);

impl Bundle {
    fn from_stored((hash, name, created_at, created_by, summary): StoredBundle) -> Result<Self, LedgerError> {
        let row = column::Row { table: "bundles", key: &name };
        let (hash, created_at) = (row.hash(&hash)?, row.time(created_at)?);
        Ok(Self { hash, name, created_at, created_by: PrincipalId(created_by), summary })
    }
}

impl Activation {
    fn from_stored(stored: StoredActivation) -> Result<Self, LedgerError> {
        let (id, alias, bundle, effective_from, activated_by, recorded_at, proposal) = stored;
        let row = column::Row { table: "bundle_activations", key: id };
        Ok(Self {
            alias,
            bundle: row.hash(&bundle)?,
            effective_from: row.time(effective_from)?,
            activated_by: PrincipalId(activated_by),
            recorded_at: row.time(recorded_at)?,
            proposal: proposal.map(ProposalId),
        })
    }
}

impl Ledger {
    /// Registers a bundle and says whether it is new: the same content has the same hash, so registering it again
    /// keeps the first record.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] for a blank name or a summary that is not JSON; [`LedgerError::UnknownReference`].
    pub async fn register_bundle(&self, bundle: &Bundle) -> Result<bool, LedgerError> {
        column::require_name("the name of a bundle", &bundle.name)?;
        column::require_json("the summary of a bundle", &bundle.summary)?;
        let statement =
            "INSERT INTO bundles (hash, name, created_at, created_by, summary) SELECT ?1, ?2, ?3, ?4, ?5
            WHERE NOT EXISTS (SELECT 1 FROM bundles WHERE hash = ?1)";
        let inserted = sqlx::query(statement)
            .bind(bundle.hash.as_bytes().as_slice())
            .bind(bundle.name.as_str())
            .bind(column::from_time(bundle.created_at))
            .bind(bundle.created_by.0)
            .bind(bundle.summary.as_str())
            .execute(self.pool())
            .await;
        let inserted = inserted.map_err(LedgerError::inserting("a bundle", "its principal"))?;
        Ok(inserted.rows_affected() == 1)
    }

    /// The bundle with this hash.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`].
    pub async fn bundle(&self, hash: Hash256) -> Result<Bundle, LedgerError> {
        let statement = "SELECT hash, name, created_at, created_by, summary FROM bundles WHERE hash = ?";
        let stored =
            sqlx::query_as(statement).bind(hash.as_bytes().as_slice()).fetch_optional(self.pool()).await?;
        let stored = stored.ok_or_else(|| LedgerError::Unknown { what: "bundle", key: hash.to_string() })?;
        Bundle::from_stored(stored)
    }

    /// Every bundle, by the time it was made and then by hash.
    ///
    /// # Errors
    /// [`LedgerError::Database`].
    pub async fn bundles(&self) -> Result<Vec<Bundle>, LedgerError> {
        let statement =
            "SELECT hash, name, created_at, created_by, summary FROM bundles ORDER BY created_at, hash";
        let stored: Vec<StoredBundle> = sqlx::query_as(statement).fetch_all(self.pool()).await?;
        stored.into_iter().map(Bundle::from_stored).collect()
    }

    /// Puts a bundle in force without a proposal, where the local owner is the only person there ever was. An earlier
    /// activation is never changed, only followed.
    ///
    /// # Errors
    /// [`LedgerError::NeedsProposal`]; [`LedgerError::UnknownReference`] for a bundle that is not registered;
    /// [`LedgerError::Invalid`] for a blank alias.
    pub async fn activate_bundle(&self, activation: &Activation) -> Result<(), LedgerError> {
        column::require_name("the alias of a bundle", &activation.alias)?;
        let mut tx = self.begin_write().await?;
        if !principal::owner_is_alone(&mut tx).await? {
            return Err(LedgerError::NeedsProposal);
        }
        insert_activation(&mut tx, activation).await?;
        Ok(tx.commit().await?)
    }

    /// Whether bundles are put in force without a proposal.
    ///
    /// # Errors
    /// [`LedgerError::Database`].
    pub async fn activates_alone(&self) -> Result<bool, LedgerError> {
        principal::owner_is_alone(&mut *self.pool().acquire().await?).await
    }

    /// What is in force under `alias` at `at`: the latest `effective_from` not after `at`, and of equal ones the one
    /// recorded last.
    ///
    /// # Errors
    /// [`LedgerError::Database`].
    pub async fn active_bundle(
        &self,
        alias: &str,
        at: DateTime<Utc>,
    ) -> Result<Option<Activation>, LedgerError> {
        let statement = "SELECT id, alias, bundle_hash, effective_from, activated_by, recorded_at, proposal
            FROM bundle_activations WHERE alias = ? AND effective_from <= ?
            ORDER BY effective_from DESC, id DESC LIMIT 1";
        let stored = sqlx::query_as(statement)
            .bind(alias)
            .bind(column::from_time(at))
            .fetch_optional(self.pool())
            .await?;
        stored.map(Activation::from_stored).transpose()
    }

    /// Every activation in the order of recording.
    ///
    /// # Errors
    /// [`LedgerError::Database`].
    pub async fn activations(&self) -> Result<Vec<Activation>, LedgerError> {
        let statement = "SELECT id, alias, bundle_hash, effective_from, activated_by, recorded_at, proposal
            FROM bundle_activations ORDER BY id";
        let stored: Vec<StoredActivation> = sqlx::query_as(statement).fetch_all(self.pool()).await?;
        stored.into_iter().map(Activation::from_stored).collect()
    }
}

/// Records an activation inside a transaction.
pub(crate) async fn insert_activation(
    connection: &mut SqliteConnection,
    activation: &Activation,
) -> Result<(), LedgerError> {
    let statement = "INSERT INTO bundle_activations
        (alias, bundle_hash, effective_from, activated_by, recorded_at, proposal) VALUES (?, ?, ?, ?, ?, ?)";
    let inserted = sqlx::query(statement)
        .bind(activation.alias.as_str())
        .bind(activation.bundle.as_bytes().as_slice())
        .bind(column::from_time(activation.effective_from))
        .bind(activation.activated_by.0)
        .bind(column::from_time(activation.recorded_at))
        .bind(activation.proposal.map(|proposal| proposal.0))
        .execute(connection)
        .await;
    inserted.map(drop).map_err(LedgerError::inserting("a bundle activation", "the bundle and the principal"))
}

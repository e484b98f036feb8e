//! The file of a period, made from the ledger once its key is revealed.

use sqlx::SqliteConnection;

use super::period::{FORMAT, PublishedPeriod, PublishedState};
use crate::history::LogWalk;
use crate::{
    Hash256, Ledger, LedgerError, Period, PolicyStateVersion, checkpoint_log, column, hex, stored_key,
};

impl Ledger {
    /// What is published of a period: all that is in the ledger. The rows are [`Ledger::commitments`], each beside
    /// what the decision about it has stored.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`]; [`LedgerError::NotYet`] before the key is revealed, since p shows what is looked for.
    pub async fn published_period(&self, period: Period) -> Result<PublishedPeriod, LedgerError> {
        let mut tx = self.pool().begin().await?;
        let stored = stored_key::read(&mut tx, period).await?;
        let not_yet = |needs| LedgerError::NotYet { what: format!("publishing period {period}"), needs };
        if stored.revealed.is_none() {
            return Err(not_yet("its key must be revealed first"));
        }
        let checkpoints = checkpoint_log::read(&mut tx, period).await?;
        let Some(public_key) = checkpoints.last().map(|signed| signed.public_key) else {
            return Err(not_yet("a checkpoint must be signed first"));
        };
        let mut walk = LogWalk::new(stored.chain_start().hash, &[]);
        checkpoint_log::walk_all(&mut tx, period, &mut walk).await?;
        let (commitments, head, merkle_root) = walk.end();
        let (policy_states, bundles) = (states(&mut tx, period).await?, bundles(&mut tx, period).await?);
        Ok(PublishedPeriod {
            format: FORMAT,
            period,
            custody: stored.origin.custody,
            key: Hash256::new(*stored.key.expose()),
            shares: stored.shares.each_ref().map(|share| Hash256::new(*share.expose())),
            share_commitments: stored.origin.share_commitments,
            public_source: stored.origin.public_source.clone(),
            public_value: stored.origin.public_value.as_deref().map(|value| hex::Shown(value).to_string()),
            key_commitment: stored.key.commitment(period),
            policy_states,
            bundles,
            commitments,
            head,
            merkle_root,
            public_key,
            checkpoints,
        })
    }
}

async fn states(
    connection: &mut SqliteConnection,
    period: Period,
) -> Result<Vec<PublishedState>, LedgerError> {
    let statement = "SELECT version, content, sha256 FROM policy_states WHERE version IN
        (SELECT policy_state_version FROM commitments WHERE period = ?) ORDER BY version";
    let stored: Vec<(i64, String, Vec<u8>)> =
        sqlx::query_as(statement).bind(period.to_string()).fetch_all(connection).await?;
    let open = |(version, content, sha256): (i64, String, Vec<u8>)| {
        let row = column::Row { table: "policy_states", key: PolicyStateVersion(version) };
        Ok(PublishedState { version, sha256: row.hash(&sha256)?, content })
    };
    stored.into_iter().map(open).collect()
}

async fn bundles(connection: &mut SqliteConnection, period: Period) -> Result<Vec<Hash256>, LedgerError> {
    let statement = "SELECT DISTINCT bundle_hash FROM commitments WHERE period = ? ORDER BY bundle_hash";
    let stored: Vec<Vec<u8>> =
        sqlx::query_scalar(statement).bind(period.to_string()).fetch_all(connection).await?;
    let row = column::Row { table: "commitments", key: period };
    stored.iter().map(|hash| row.hash(hash)).collect()
}

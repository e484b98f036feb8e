//! The secret under which consignments get their pseudonyms, one for the life of a ledger.

use std::fmt;

use chrono::{DateTime, Utc};
use zeroize::Zeroize as _;

use crate::{Ledger, LedgerError, column};

/// 32 secret bytes that key the names of consignments. Never shown, and overwritten in memory when dropped.
#[derive(Clone)]
pub struct RootKey([u8; 32]);

impl RootKey {
    /// Takes 32 bytes from a cryptographic random source.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The secret itself; whoever sees it can tell which consignment a name stands for.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey(secret)")
    }
}

impl Drop for RootKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Ledger {
    /// The key of this ledger: `fresh` when it had none yet.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] for a key of another length.
    pub async fn root_key(&self, fresh: &RootKey, now: DateTime<Utc>) -> Result<RootKey, LedgerError> {
        let mut tx = self.begin_write().await?;
        let insert = "INSERT INTO root_key (id, key, created_at) SELECT 1, ?, ?
            WHERE NOT EXISTS (SELECT 1 FROM root_key)";
        sqlx::query(insert).bind(fresh.0.as_slice()).bind(column::from_time(now)).execute(&mut *tx).await?;
        let mut bytes: Vec<u8> = sqlx::query_scalar("SELECT key FROM root_key").fetch_one(&mut *tx).await?;
        tx.commit().await?;
        let key = column::Row { table: "root_key", key: 1 }.bytes(&bytes).map(RootKey);
        bytes.zeroize();
        key
    }
}

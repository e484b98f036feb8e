//! The secret key of a period's draws, and when it became public.

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::{Executor, Sqlite};
use zeroize::Zeroize as _;

use crate::hash::FieldHasher;
use crate::{Hash256, Ledger, LedgerError, Period, column};

/// 32 secret bytes that key the draws of one period. Never shown, and overwritten in memory when dropped.
///
/// The ledger file holds them in the clear, so it is created readable for its owner only.
#[derive(Clone)]
pub struct PeriodKey([u8; 32]);

impl PeriodKey {
    /// Takes 32 bytes from a cryptographic random source.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The secret itself; whoever sees it can predict every draw of the period.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// A hash that binds to this key without giving it away. A period's chain of commitments starts from it, so
    /// that the key revealed later can be no other.
    pub fn commitment(&self, period: Period) -> Hash256 {
        FieldHasher::new("tidegate/period-key/v1")
            .field(period.to_string().as_bytes())
            .field(&self.0)
            .finish()
    }
}

impl fmt::Debug for PeriodKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PeriodKey(secret)")
    }
}

impl Drop for PeriodKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A period's key and its history.
#[derive(Debug, Clone)]
pub struct StoredPeriodKey {
    /// The period.
    pub period: Period,
    /// Its key.
    pub key: PeriodKey,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it became public; none while draws with it are open.
    pub revealed_at: Option<DateTime<Utc>>,
}

/// Reads a period's key on a connection or inside a transaction.
pub(crate) async fn read<'c>(
    executor: impl Executor<'c, Database = Sqlite>,
    period: Period,
) -> Result<StoredPeriodKey, LedgerError> {
    let statement = "SELECT key, created_at, revealed_at FROM period_keys WHERE period = ?";
    let stored: Option<(Vec<u8>, i64, Option<i64>)> =
        sqlx::query_as(statement).bind(period.to_string()).fetch_optional(executor).await?;
    let unknown = || LedgerError::Unknown { what: "key for period", key: period.to_string() };
    let (mut bytes, created_at, revealed_at) = stored.ok_or_else(unknown)?;
    let row = column::Row { table: "period_keys", key: period };
    let key = row.bytes(&bytes).map(PeriodKey);
    bytes.zeroize();
    Ok(StoredPeriodKey {
        period,
        key: key?,
        created_at: row.time(created_at)?,
        revealed_at: revealed_at.map(|at| row.time(at)).transpose()?,
    })
}

impl Ledger {
    /// Stores the key of a period, once: a replaced key would roll every draw again.
    ///
    /// # Errors
    /// [`LedgerError::Exists`].
    pub async fn add_period_key(
        &self,
        period: Period,
        key: &PeriodKey,
        created_at: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let statement = "INSERT INTO period_keys (period, key, created_at) SELECT ?1, ?2, ?3
            WHERE NOT EXISTS (SELECT 1 FROM period_keys WHERE period = ?1)";
        let done = sqlx::query(statement)
            .bind(period.to_string())
            .bind(key.0.as_slice())
            .bind(column::from_time(created_at))
            .execute(self.pool())
            .await?;
        if done.rows_affected() == 1 {
            return Ok(());
        }
        Err(LedgerError::Exists { what: "key for period", key: period.to_string() })
    }

    /// The key of a period. Only the draw service asks for it before it is revealed.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`].
    pub async fn period_key(&self, period: Period) -> Result<StoredPeriodKey, LedgerError> {
        read(self.pool(), period).await
    }

    /// Records that the key is public from `at` on and gives it. No commitment can enter the period any more.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`]; [`LedgerError::Already`] when revealed before.
    pub async fn reveal_period_key(
        &self,
        period: Period,
        at: DateTime<Utc>,
    ) -> Result<StoredPeriodKey, LedgerError> {
        let statement = "UPDATE period_keys SET revealed_at = ? WHERE period = ? AND revealed_at IS NULL";
        let done = sqlx::query(statement)
            .bind(column::from_time(at))
            .bind(period.to_string())
            .execute(self.pool())
            .await?;
        let key = self.period_key(period).await?;
        if done.rows_affected() == 1 {
            return Ok(key);
        }
        Err(LedgerError::Already { what: "key for period", key: period.to_string(), state: "revealed" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_shown() {
        let key = PeriodKey::new([0xab; 32]);
        let period = "2026-11".parse().unwrap();
        let stored =
            StoredPeriodKey { period, key: key.clone(), created_at: DateTime::UNIX_EPOCH, revealed_at: None };
        for shown in [format!("{key:?}"), format!("{stored:#?}")] {
            assert!(shown.contains("PeriodKey(secret)"), "{shown}");
            assert!(!shown.contains("171") && !shown.contains("ab,"), "{shown}");
        }
    }

    #[test]
    fn a_key_commitment_binds_to_key_and_period() {
        let commitment =
            |key, period: &str| PeriodKey::new([key; 32]).commitment(period.parse().unwrap()).to_string();
        assert_eq!(commitment(1, "2026-11"), commitment(1, "2026-11"));
        assert_ne!(commitment(1, "2026-11"), commitment(2, "2026-11"));
        assert_ne!(commitment(1, "2026-11"), commitment(1, "2026-12"));
    }
}

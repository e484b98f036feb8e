//! The secret key of a period's draws, made of two shares and a public value, and when it became public.

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;
use zeroize::Zeroize as _;

use crate::hash::FieldHasher;
use crate::{
    ChainHead, Custody, Hash256, KeyOrigin, KeyShare, Ledger, LedgerError, Period, Reveal, SharePosition,
    column,
};

/// 32 secret bytes that key the draws of one period. Never shown, and overwritten in memory when dropped.
///
/// The ledger file holds its shares in the clear, so it is created readable for its owner only.
#[derive(Clone)]
pub struct PeriodKey([u8; 32]);

impl PeriodKey {
    /// Takes 32 bytes from a cryptographic random source: a key to throw away. The key of a period is derived.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key of a period: SHA-256 (FIPS 180-4) over domain, period, both shares and the public value, each behind
    /// its length, so that whoever misses one share knows nothing of the key, and nobody chose it who did not know
    /// the public value before both shares were fixed.
    pub fn derive(period: Period, shares: [&KeyShare; 2], public_value: Option<&[u8]>) -> Self {
        let [first, second] = shares;
        let hash = FieldHasher::new("tidegate/period-key/v2")
            .field(period.to_string().as_bytes())
            .field(first.expose())
            .field(second.expose())
            .field(public_value.unwrap_or_default())
            .finish();
        Self(*hash.as_bytes())
    }

    /// The secret itself; whoever sees it can predict every draw of the period.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// A hash that binds to this key without giving it away. A period's chain of commitments starts from it, so
    /// that the key revealed later can be no other.
    pub fn commitment(&self, period: Period) -> Hash256 {
        FieldHasher::new("tidegate/period-key-commitment/v2")
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
    /// The shares it is made of.
    pub shares: [KeyShare; 2],
    /// What is public of where it comes from.
    pub origin: KeyOrigin,
    /// When it was derived.
    pub derived_at: DateTime<Utc>,
    /// Who made it public when; none while draws with it are open.
    pub revealed: Option<Reveal>,
}

impl StoredPeriodKey {
    /// The end of the period's chain before its first commitment.
    pub fn chain_start(&self) -> ChainHead {
        ChainHead::empty(self.period, self.key.commitment(self.period), &self.origin)
    }
}

type Stored = (
    Vec<u8>,
    String,
    Option<String>,
    Option<Vec<u8>>,
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
);

/// Reads a period's key on a connection or inside a transaction, and derives it again.
pub(crate) async fn read(
    connection: &mut SqliteConnection,
    period: Period,
) -> Result<StoredPeriodKey, LedgerError> {
    let statement =
        "SELECT commitment, custody, public_source, public_value, derived_at, revealed_at, revealed_by,
        closed_roots, closed_as_of FROM period_keys JOIN periods USING (period) WHERE period = ?";
    let stored: Option<Stored> =
        sqlx::query_as(statement).bind(period.to_string()).fetch_optional(&mut *connection).await?;
    let unknown = || LedgerError::Unknown { what: "key for period", key: period.to_string() };
    let (commitment, custody, public_source, public_value, derived_at, at, by, closed_roots, closed_as_of) =
        stored.ok_or_else(unknown)?;
    let row = column::Row { table: "period_keys", key: period };
    let (shares, share_commitments) = shares(connection, period).await?;
    let key = PeriodKey::derive(period, [&shares[0], &shares[1]], public_value.as_deref());
    if key.commitment(period) != row.hash(&commitment)? {
        return Err(row.damaged("its shares and public value do not give the key that was committed to"));
    }
    let known = Custody::ALL.into_iter().find(|known| known.code() == custody);
    let custody = known.ok_or_else(|| row.damaged(format!("custody {custody:?}")))?;
    Ok(StoredPeriodKey {
        period,
        key,
        shares,
        origin: KeyOrigin { share_commitments, custody, public_source, public_value },
        derived_at: row.time(derived_at)?,
        revealed: Reveal::from_stored(&row, (at, by, closed_roots, closed_as_of))?,
    })
}

/// Both shares of a period and the hashes that were logged for them.
pub(crate) async fn shares(
    connection: &mut SqliteConnection,
    period: Period,
) -> Result<([KeyShare; 2], [Hash256; 2]), LedgerError> {
    let statement = "SELECT share, commitment FROM key_shares WHERE period = ? ORDER BY position";
    let stored: Vec<(Vec<u8>, Vec<u8>)> =
        sqlx::query_as(statement).bind(period.to_string()).fetch_all(connection).await?;
    let row = column::Row { table: "key_shares", key: period };
    let Ok([first, second]) = <[_; 2]>::try_from(stored) else {
        return Err(row.damaged("there are not two shares"));
    };
    let open = |(mut share, commitment): (Vec<u8>, Vec<u8>), position| {
        let bytes = row.bytes(&share).map(KeyShare::new);
        share.zeroize();
        let (bytes, commitment) = (bytes?, row.hash(&commitment)?);
        if bytes.commitment(period, position) != commitment {
            return Err(row.damaged("a share does not give the hash that was logged"));
        }
        Ok((bytes, commitment))
    };
    let (first, second) = (open(first, SharePosition::First)?, open(second, SharePosition::Second)?);
    Ok(([first.0, second.0], [first.1, second.1]))
}

impl Ledger {
    /// The key of a period. Only the draw service asks for it before it is revealed.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`]; [`LedgerError::Damaged`] when the shares do not give the key committed to.
    pub async fn period_key(&self, period: Period) -> Result<StoredPeriodKey, LedgerError> {
        read(&mut *self.pool().acquire().await?, period).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period() -> Period {
        "2026-11".parse().unwrap()
    }

    fn derived(first: u8, second: u8, public: Option<&[u8]>) -> PeriodKey {
        PeriodKey::derive(period(), [&KeyShare::new([first; 32]), &KeyShare::new([second; 32])], public)
    }

    #[test]
    fn a_key_is_never_shown() {
        let key = derived(0xab, 0xcd, None);
        let origin = KeyOrigin {
            share_commitments: [Hash256::of(b"1"), Hash256::of(b"2")],
            custody: Custody::OnePerson,
            public_source: None,
            public_value: None,
        };
        let stored = StoredPeriodKey {
            period: period(),
            key: key.clone(),
            shares: [KeyShare::new([0xab; 32]), KeyShare::new([0xcd; 32])],
            origin,
            derived_at: DateTime::UNIX_EPOCH,
            revealed: None,
        };
        for shown in [format!("{key:?}"), format!("{stored:#?}")] {
            assert!(shown.contains("PeriodKey(secret)"), "{shown}");
            assert!(!shown.contains("171,") && !shown.contains("205,"), "{shown}");
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

    #[test]
    fn every_part_makes_another_key() {
        let one = derived(1, 2, Some(b"beacon"));
        for other in [derived(2, 1, Some(b"beacon")), derived(1, 3, Some(b"beacon")), derived(1, 2, None)] {
            assert_ne!(one.expose(), other.expose());
        }
    }

    /// Computed with Python's hashlib from the description of the layout, not by this code.
    #[test]
    fn a_key_is_the_documented_one() {
        let shown = Hash256::new(*derived(1, 2, Some(b"beacon")).expose()).to_string();
        assert_eq!(shown, "ba8bb88e818df6bf70b5c5d6e55b03f1efc00458ab16ab3d85f7c8fa64de12bf");
    }
}

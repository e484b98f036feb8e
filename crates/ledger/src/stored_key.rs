//! A period's key as the ledger holds it: shares, public value, commitment; derived and checked whenever it is read.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;
use zeroize::Zeroize as _;

use crate::{
    ChainHead, Custody, Hash256, KeyOrigin, KeyShare, Ledger, LedgerError, Period, PeriodKey, PrincipalId,
    SharePosition, column,
};

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

/// That a key was revealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reveal {
    /// Who revealed it.
    pub by: PrincipalId,
    /// When.
    pub at: DateTime<Utc>,
    /// How many different roots were drawn in the period, all of them closed.
    pub closed_roots: u64,
    /// Number of the lake snapshot in which they were closed.
    pub closed_as_of: u64,
}

impl Reveal {
    fn from_stored<K: Display>(
        row: &column::Row<K>,
        stored: (Option<i64>, Option<i64>, Option<i64>, Option<i64>),
    ) -> Result<Option<Self>, LedgerError> {
        match stored {
            (None, None, None, None) => Ok(None),
            (Some(at), Some(by), Some(closed_roots), Some(closed_as_of)) => Ok(Some(Self {
                by: PrincipalId(by),
                at: row.time(at)?,
                closed_roots: row.count(closed_roots)?,
                closed_as_of: row.count(closed_as_of)?,
            })),
            _ => Err(row.damaged("half of its reveal is missing")),
        }
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

    #[test]
    fn a_key_is_never_shown() {
        let key = PeriodKey::new([0xef; 32]);
        let origin = KeyOrigin {
            share_commitments: [Hash256::of(b"1"), Hash256::of(b"2")],
            custody: Custody::OnePerson,
            public_source: None,
            public_value: None,
        };
        let stored = StoredPeriodKey {
            period: "2026-11".parse().unwrap(),
            key: key.clone(),
            shares: [KeyShare::new([0xab; 32]), KeyShare::new([0xcd; 32])],
            origin,
            derived_at: DateTime::UNIX_EPOCH,
            revealed: None,
        };
        for shown in [format!("{key:?}"), format!("{stored:#?}")] {
            assert!(shown.contains("PeriodKey(secret)"), "{shown}");
            assert!(!shown.contains("171,") && !shown.contains("239,") && !shown.contains("205,"), "{shown}");
        }
    }
}

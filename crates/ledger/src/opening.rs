//! Opening a period: the public value is announced, two custodians hand in shares, the key is derived from them.

use chrono::{DateTime, Utc};
use steps::{derive, hand_in, open, opened};

use crate::{HandedIn, KeyShare, Ledger, LedgerError, Period, PrincipalId, StoredPeriodKey};

mod steps;

/// A period to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodOpening {
    /// The period.
    pub period: Period,
    /// Where the public value will come from, such as `drand quicknet, round 7654321` or the draw of a lottery on a
    /// day: it must be named before the shares are in and be unknown until they are. None: no public value is used.
    pub public_source: Option<String>,
    /// Who opens it.
    pub opened_by: PrincipalId,
    /// When.
    pub opened_at: DateTime<Utc>,
}

/// How far a period's key has come, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedPeriod {
    /// How it was opened.
    pub opening: PeriodOpening,
    /// The shares handed in so far, at most two.
    pub shares: Vec<HandedIn>,
}

/// A share to hand in.
#[derive(Debug, Clone)]
pub struct NewShare {
    /// The period.
    pub period: Period,
    /// The custodian: a person, or the local owner.
    pub custodian: PrincipalId,
    /// The share.
    pub share: KeyShare,
    /// When it is handed in.
    pub at: DateTime<Utc>,
}

impl Ledger {
    /// Opens a period, which announces where its public value will come from.
    ///
    /// # Errors
    /// [`LedgerError::Exists`]; [`LedgerError::UnknownReference`] for an unknown principal; [`LedgerError::Invalid`]
    /// for a blank source.
    pub async fn open_period(&self, new: &PeriodOpening) -> Result<(), LedgerError> {
        let mut tx = self.begin_write().await?;
        open(&mut tx, new).await?;
        Ok(tx.commit().await?)
    }

    /// A period as it was opened, and the hashes of the shares handed in so far.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`].
    pub async fn opened_period(&self, period: Period) -> Result<OpenedPeriod, LedgerError> {
        opened(&mut *self.pool().acquire().await?, period).await
    }

    /// Every period that was opened, the earliest first.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub async fn periods(&self) -> Result<Vec<Period>, LedgerError> {
        let stored: Vec<String> =
            sqlx::query_scalar("SELECT period FROM periods ORDER BY period").fetch_all(self.pool()).await?;
        let parse = |text: String| {
            let row = crate::column::Row { table: "periods", key: &text };
            text.parse().map_err(|error: crate::PeriodError| row.damaged(error.to_string()))
        };
        stored.into_iter().map(parse).collect()
    }

    /// Hands in a custodian's share and logs its hash, which the custodian should keep.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`] for a period that is not open or a principal; [`LedgerError::Already`] when both
    /// shares are in; [`LedgerError::SameCustodian`] for a second share of one principal while others could hold it;
    /// [`LedgerError::Invalid`] for a custodian that is a service or disabled.
    pub async fn hand_in_share(&self, new: &NewShare) -> Result<HandedIn, LedgerError> {
        let mut tx = self.begin_write().await?;
        let handed_in = hand_in(&mut tx, new).await?;
        tx.commit().await?;
        Ok(handed_in)
    }

    /// Derives the key of a period from both shares and the public value, which must have been fixed after them.
    ///
    /// # Errors
    /// [`LedgerError::NotYet`] while a share is missing; [`LedgerError::Exists`] when it was derived before;
    /// [`LedgerError::Invalid`] for a public value where none was announced, or none where one was.
    pub async fn derive_period_key(
        &self,
        period: Period,
        public_value: Option<&[u8]>,
        at: DateTime<Utc>,
    ) -> Result<StoredPeriodKey, LedgerError> {
        let mut tx = self.begin_write().await?;
        let key = derive(&mut tx, period, public_value, at).await?;
        tx.commit().await?;
        Ok(key)
    }

    /// Opens a period and derives its key from two shares of the local owner, where nobody else could hold one. The
    /// period is marked as a set-up of one person, which shows in everything that is published about it.
    ///
    /// # Errors
    /// [`LedgerError::SameCustodian`] when the ledger knows another person; [`LedgerError::Exists`].
    pub async fn set_up_period_alone(
        &self,
        period: Period,
        shares: [KeyShare; 2],
        at: DateTime<Utc>,
    ) -> Result<StoredPeriodKey, LedgerError> {
        let custodian = self.local_owner().await?.id;
        let mut tx = self.begin_write().await?;
        let opening = PeriodOpening { period, public_source: None, opened_by: custodian, opened_at: at };
        open(&mut tx, &opening).await?;
        for share in shares {
            hand_in(&mut tx, &NewShare { period, custodian, share, at }).await?;
        }
        let key = derive(&mut tx, period, None, at).await?;
        tx.commit().await?;
        Ok(key)
    }
}

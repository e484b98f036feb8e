//! Opening a period: the public value is announced, two custodians hand in shares, the key is derived from them.

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use crate::key_share::SharePosition;
use crate::{
    Custody, HandedIn, KeyShare, Ledger, LedgerError, Period, PeriodKey, PrincipalId, PrincipalKind,
    StoredPeriodKey, column, period_key, principal,
};

const MAX_PUBLIC_VALUE_BYTES: usize = 1024;

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

async fn open(connection: &mut SqliteConnection, new: &PeriodOpening) -> Result<(), LedgerError> {
    if let Some(source) = &new.public_source {
        column::require_name("the source of a public value", source)?;
    }
    let statement = "INSERT INTO periods (period, public_source, opened_by, opened_at) SELECT ?1, ?2, ?3, ?4
        WHERE NOT EXISTS (SELECT 1 FROM periods WHERE period = ?1)";
    let inserted = sqlx::query(statement)
        .bind(new.period.to_string())
        .bind(new.public_source.as_deref())
        .bind(new.opened_by.0)
        .bind(column::from_time(new.opened_at))
        .execute(connection)
        .await;
    let done = inserted.map_err(LedgerError::inserting("a period", "its principal"))?;
    if done.rows_affected() == 1 {
        return Ok(());
    }
    Err(LedgerError::Exists { what: "period", key: new.period.to_string() })
}

async fn opened(connection: &mut SqliteConnection, period: Period) -> Result<OpenedPeriod, LedgerError> {
    let statement = "SELECT public_source, opened_by, opened_at FROM periods WHERE period = ?";
    let stored: Option<(Option<String>, i64, i64)> =
        sqlx::query_as(statement).bind(period.to_string()).fetch_optional(&mut *connection).await?;
    let unknown = || LedgerError::Unknown { what: "period", key: period.to_string() };
    let (public_source, opened_by, opened_at) = stored.ok_or_else(unknown)?;
    let statement =
        "SELECT principal_id, commitment, handed_in_at FROM key_shares WHERE period = ? ORDER BY position";
    let shares: Vec<(i64, Vec<u8>, i64)> =
        sqlx::query_as(statement).bind(period.to_string()).fetch_all(connection).await?;
    let row = column::Row { table: "key_shares", key: period };
    let handed_in = |(principal, commitment, at): (i64, Vec<u8>, i64)| {
        let (commitment, at) = (row.hash(&commitment)?, row.time(at)?);
        Ok(HandedIn { principal: PrincipalId(principal), commitment, at })
    };
    Ok(OpenedPeriod {
        opening: PeriodOpening {
            period,
            public_source,
            opened_by: PrincipalId(opened_by),
            opened_at: column::Row { table: "periods", key: period }.time(opened_at)?,
        },
        shares: shares.into_iter().map(handed_in).collect::<Result<_, LedgerError>>()?,
    })
}

async fn hand_in(connection: &mut SqliteConnection, new: &NewShare) -> Result<HandedIn, LedgerError> {
    let custodian = principal::read(connection, new.custodian).await?;
    if custodian.kind == PrincipalKind::Service || custodian.disabled_at.is_some() {
        return Err(LedgerError::Invalid {
            what: "the custodian of a share",
            found: custodian.name,
            right: "a person, or the local owner, who is not disabled",
        });
    }
    let before = opened(connection, new.period).await?.shares;
    let position = match before.as_slice() {
        [] => SharePosition::First,
        [first] => {
            custody(connection, new.period, first.principal, new.custodian).await?;
            SharePosition::Second
        }
        _ => {
            let key = new.period.to_string();
            return Err(LedgerError::Already { what: "key for period", key, state: "given both shares" });
        }
    };
    let commitment = new.share.commitment(new.period, position);
    let statement = "INSERT INTO key_shares (period, position, principal_id, share, commitment, handed_in_at)
        VALUES (?, ?, ?, ?, ?, ?)";
    sqlx::query(statement)
        .bind(new.period.to_string())
        .bind(i64::from(position.number()))
        .bind(new.custodian.0)
        .bind(new.share.expose().as_slice())
        .bind(commitment.as_bytes().as_slice())
        .bind(column::from_time(new.at))
        .execute(connection)
        .await?;
    Ok(HandedIn { principal: new.custodian, commitment, at: new.at })
}

/// Two principals are two persons. One is accepted only where the local owner is the only person there ever was: a
/// disabled one counts, so that nobody becomes alone by disabling the others.
async fn custody(
    connection: &mut SqliteConnection,
    period: Period,
    first: PrincipalId,
    second: PrincipalId,
) -> Result<Custody, LedgerError> {
    if first != second {
        return Ok(Custody::TwoPersons);
    }
    let persons: i64 = sqlx::query_scalar("SELECT count(*) FROM principals WHERE kind = 'person'")
        .fetch_one(connection)
        .await?;
    if persons == 0 { Ok(Custody::OnePerson) } else { Err(LedgerError::SameCustodian(period)) }
}

async fn derive(
    connection: &mut SqliteConnection,
    period: Period,
    public_value: Option<&[u8]>,
    at: DateTime<Utc>,
) -> Result<StoredPeriodKey, LedgerError> {
    let OpenedPeriod { opening, shares } = opened(connection, period).await?;
    let [first, second] = shares.as_slice() else {
        let what = format!("deriving the key of period {period}");
        return Err(LedgerError::NotYet { what, needs: "both custodians must hand in their shares first" });
    };
    check_public_value(opening.public_source.as_deref(), public_value)?;
    let custody = if first.principal == second.principal { Custody::OnePerson } else { Custody::TwoPersons };
    let [one, two] = period_key::shares(connection, period).await?.0;
    let key = PeriodKey::derive(period, [&one, &two], public_value);
    let statement = "INSERT INTO period_keys (period, commitment, custody, public_value, derived_at)
        SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM period_keys WHERE period = ?1)";
    let done = sqlx::query(statement)
        .bind(period.to_string())
        .bind(key.commitment(period).as_bytes().as_slice())
        .bind(custody.code())
        .bind(public_value)
        .bind(column::from_time(at))
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() == 0 {
        return Err(LedgerError::Exists { what: "key for period", key: period.to_string() });
    }
    period_key::read(connection, period).await
}

fn check_public_value(source: Option<&str>, value: Option<&[u8]>) -> Result<(), LedgerError> {
    let (found, right) = match (source, value) {
        (None, None) => return Ok(()),
        (Some(_), Some(value)) if (1..=MAX_PUBLIC_VALUE_BYTES).contains(&value.len()) => return Ok(()),
        (Some(_), Some(value)) => (format!("{} bytes long", value.len()), "1 to 1024 bytes long"),
        (Some(_), None) => ("missing".to_owned(), "what the announced source gave"),
        (None, Some(_)) => {
            ("given".to_owned(), "left out: no source was announced before the shares were in")
        }
    };
    Err(LedgerError::Invalid { what: "the public value of a period", found, right })
}

//! The steps of an opening, each on a connection or inside a transaction.

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use super::{NewShare, OpenedPeriod, PeriodOpening};
use crate::{
    Custody, HandedIn, LedgerError, Period, PeriodKey, PrincipalId, SharePosition, StoredPeriodKey, column,
    principal, stored_key,
};

const MAX_PUBLIC_VALUE_BYTES: usize = 1024;

pub(super) async fn open(connection: &mut SqliteConnection, new: &PeriodOpening) -> Result<(), LedgerError> {
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

pub(super) async fn opened(
    connection: &mut SqliteConnection,
    period: Period,
) -> Result<OpenedPeriod, LedgerError> {
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

pub(super) async fn hand_in(
    connection: &mut SqliteConnection,
    new: &NewShare,
) -> Result<HandedIn, LedgerError> {
    principal::acting_person(connection, new.custodian, "the custodian of a share").await?;
    let OpenedPeriod { opening, shares: before } = opened(connection, new.period).await?;
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
    let last = before.first().map_or(opening.opened_at, |first| first.at);
    require_after(new.at, last)?;
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

/// Two principals are two persons. One is accepted only where the local owner is the only person there ever was.
async fn custody(
    connection: &mut SqliteConnection,
    period: Period,
    first: PrincipalId,
    second: PrincipalId,
) -> Result<Custody, LedgerError> {
    if first != second {
        return Ok(Custody::TwoPersons);
    }
    let alone = principal::owner_is_alone(connection).await?;
    if alone { Ok(Custody::OnePerson) } else { Err(LedgerError::SameCustodian(period)) }
}

pub(super) async fn derive(
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
    require_after(at, first.at.max(second.at))?;
    check_public_value(opening.public_source.as_deref(), public_value)?;
    let custody = if first.principal == second.principal { Custody::OnePerson } else { Custody::TwoPersons };
    let [one, two] = stored_key::shares(connection, period).await?.0;
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
    stored_key::read(connection, period).await
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

/// Times come from the caller, and the order of the steps is what the public value stands on.
fn require_after(at: DateTime<Utc>, before: DateTime<Utc>) -> Result<(), LedgerError> {
    if at >= before {
        return Ok(());
    }
    let right = "not before the step that it follows";
    Err(LedgerError::Invalid { what: "the time of a share or key", found: at.to_string(), right })
}

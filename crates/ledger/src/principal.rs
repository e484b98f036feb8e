//! Principals: the persons and services that act, and the one local owner of an installation.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use crate::{Ledger, LedgerError, PrincipalId, column};

/// The name of the local owner, who exists from the first open.
const LOCAL_OWNER_NAME: &str = "local owner";
/// The one role the local owner is created with.
const OWNER_ROLE: &str = "owner";

/// What a principal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrincipalKind {
    /// A human being with an account.
    Person,
    /// A job or machine that reads under its own name.
    Service,
    /// Whoever runs the program on this machine; there is exactly one.
    LocalOwner,
}

impl PrincipalKind {
    const ALL: [Self; 3] = [Self::Person, Self::Service, Self::LocalOwner];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Service => "service",
            Self::LocalOwner => "local-owner",
        }
    }
}

impl fmt::Display for PrincipalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Somebody or something that acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Its number.
    pub id: PrincipalId,
    /// Its name, unique.
    pub name: String,
    /// What it is.
    pub kind: PrincipalKind,
    /// What it may be, such as `owner` or `officer`.
    pub roles: BTreeSet<String>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// Since when it may not act any more.
    pub disabled_at: Option<DateTime<Utc>>,
}

/// A principal to add.
#[derive(Debug, Clone)]
pub struct NewPrincipal<'a> {
    /// Its name, unique.
    pub name: &'a str,
    /// What it is; the local owner exists already.
    pub kind: PrincipalKind,
    /// What it may be.
    pub roles: BTreeSet<String>,
    /// When it is added.
    pub created_at: DateTime<Utc>,
}

type Stored = (i64, String, String, String, i64, Option<i64>);

impl Principal {
    fn from_stored((id, name, kind, roles, created_at, disabled_at): Stored) -> Result<Self, LedgerError> {
        let row = column::Row { table: "principals", key: id };
        let known = PrincipalKind::ALL.into_iter().find(|known| known.as_str() == kind);
        Ok(Self {
            id: PrincipalId(id),
            name,
            kind: known.ok_or_else(|| row.damaged(format!("kind {kind:?}")))?,
            roles: serde_json::from_str(&roles).map_err(|error| row.damaged(format!("roles: {error}")))?,
            created_at: row.time(created_at)?,
            disabled_at: disabled_at.map(|at| row.time(at)).transpose()?,
        })
    }
}

impl Ledger {
    pub(crate) async fn ensure_local_owner(&self, now: DateTime<Utc>) -> Result<(), LedgerError> {
        let statement = "INSERT INTO principals (name, kind, roles, created_at) SELECT ?, ?, ?, ?
            WHERE NOT EXISTS (SELECT 1 FROM principals WHERE kind = 'local-owner')";
        sqlx::query(statement)
            .bind(LOCAL_OWNER_NAME)
            .bind(PrincipalKind::LocalOwner.as_str())
            .bind(roles_column(&BTreeSet::from([OWNER_ROLE.to_owned()])))
            .bind(column::from_time(now))
            .execute(self.pool())
            .await?;
        Ok(())
    }

    /// The local owner, who always exists.
    ///
    /// # Errors
    /// [`LedgerError::Database`].
    pub async fn local_owner(&self) -> Result<Principal, LedgerError> {
        let statement = "SELECT id, name, kind, roles, created_at, disabled_at FROM principals
            WHERE kind = 'local-owner'";
        Principal::from_stored(sqlx::query_as(statement).fetch_one(self.pool()).await?)
    }

    /// Adds a person or service.
    ///
    /// # Errors
    /// [`LedgerError::Exists`] for a name in use and for a second local owner; [`LedgerError::Invalid`] for a blank name.
    pub async fn add_principal(&self, new: &NewPrincipal<'_>) -> Result<PrincipalId, LedgerError> {
        column::require_name("the name of a principal", new.name)?;
        let statement =
            "INSERT INTO principals (name, kind, roles, created_at) VALUES (?, ?, ?, ?) RETURNING id";
        let inserted = sqlx::query_scalar(statement)
            .bind(new.name)
            .bind(new.kind.as_str())
            .bind(roles_column(&new.roles))
            .bind(column::from_time(new.created_at))
            .fetch_one(self.pool())
            .await;
        inserted.map(PrincipalId).map_err(|error| {
            let exists =
                error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation);
            let key = if new.kind == PrincipalKind::LocalOwner { LOCAL_OWNER_NAME } else { new.name };
            if exists { LedgerError::Exists { what: "principal", key: key.to_owned() } } else { error.into() }
        })
    }

    /// The principal with this number, also a disabled one.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`].
    pub async fn principal(&self, id: PrincipalId) -> Result<Principal, LedgerError> {
        read(&mut *self.pool().acquire().await?, id).await
    }

    /// Every principal, in the order in which they were added.
    ///
    /// # Errors
    /// [`LedgerError::Database`].
    pub async fn principals(&self) -> Result<Vec<Principal>, LedgerError> {
        let statement = "SELECT id, name, kind, roles, created_at, disabled_at FROM principals ORDER BY id";
        let stored: Vec<Stored> = sqlx::query_as(statement).fetch_all(self.pool()).await?;
        stored.into_iter().map(Principal::from_stored).collect()
    }

    /// Disables a principal from `at` on. What it did stays under its name.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`]; [`LedgerError::Already`] when disabled before; [`LedgerError::Invalid`] for the local
    /// owner, without whom nobody could act.
    pub async fn disable_principal(&self, id: PrincipalId, at: DateTime<Utc>) -> Result<(), LedgerError> {
        let statement = "UPDATE principals SET disabled_at = ?
            WHERE id = ? AND disabled_at IS NULL AND kind <> 'local-owner'";
        let done = sqlx::query(statement).bind(column::from_time(at)).bind(id.0).execute(self.pool()).await?;
        if done.rows_affected() == 1 {
            return Ok(());
        }
        let principal = self.principal(id).await?;
        Err(if principal.kind == PrincipalKind::LocalOwner {
            LedgerError::Invalid {
                what: "the principal to disable",
                found: principal.name,
                right: "a person or service",
            }
        } else {
            LedgerError::Already { what: "principal", key: id.to_string(), state: "disabled" }
        })
    }
}

/// Whether the local owner is the only person there ever was: a disabled one counts, so that nobody becomes alone by
/// disabling the others.
pub(crate) async fn owner_is_alone(connection: &mut SqliteConnection) -> Result<bool, LedgerError> {
    let statement = "SELECT count(*) FROM principals WHERE kind = 'person'";
    let persons: i64 = sqlx::query_scalar(statement).fetch_one(connection).await?;
    Ok(persons == 0)
}

/// A person, or the local owner, who may act: persons answer for what is drawn and in force, services do not.
pub(crate) async fn acting_person(
    connection: &mut SqliteConnection,
    id: PrincipalId,
    what: &'static str,
) -> Result<(), LedgerError> {
    let principal = read(connection, id).await?;
    if principal.kind == PrincipalKind::Service || principal.disabled_at.is_some() {
        return Err(LedgerError::Invalid {
            what,
            found: principal.name,
            right: "a person, or the local owner, who is not disabled",
        });
    }
    Ok(())
}

/// Reads a principal on a connection or inside a transaction.
pub(crate) async fn read(
    connection: &mut SqliteConnection,
    id: PrincipalId,
) -> Result<Principal, LedgerError> {
    let statement = "SELECT id, name, kind, roles, created_at, disabled_at FROM principals WHERE id = ?";
    let stored = sqlx::query_as(statement).bind(id.0).fetch_optional(connection).await?;
    Principal::from_stored(stored.ok_or_else(|| unknown(id))?)
}

fn unknown(id: PrincipalId) -> LedgerError {
    LedgerError::Unknown { what: "principal", key: id.to_string() }
}

/// A sorted JSON array of strings.
fn roles_column(roles: &BTreeSet<String>) -> String {
    roles.iter().map(String::as_str).collect::<serde_json::Value>().to_string()
}

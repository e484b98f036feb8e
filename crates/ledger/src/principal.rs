//! Principals: the persons and services that act, and the one local owner of an installation.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use crate::words::words;
use crate::{Actor, Clearance, Ledger, LedgerError, ParseWordError, PrincipalId, Standing, column};

/// The name of the local owner, who exists from the first open.
const LOCAL_OWNER_NAME: &str = "local owner";
/// The one role the local owner is created with.
const OWNER_ROLE: &str = "owner";

words! {
    /// What a principal is.
    PrincipalKind, "kind of principal" {
        /// A human being with an account.
        Person = "person",
        /// A job or machine that reads under its own name.
        Service = "service",
        /// Whoever runs the program on this machine; there is exactly one.
        LocalOwner = "local-owner",
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
    /// Where it stands.
    pub standing: Standing,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// Since when it may not act any more.
    pub disabled_at: Option<DateTime<Utc>>,
}

impl From<&Principal> for Actor {
    fn from(principal: &Principal) -> Self {
        Self { id: Some(principal.id), name: principal.name.clone() }
    }
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
    /// Where it stands.
    pub standing: Standing,
}

/// What somebody may be and where it stands, in words.
pub(crate) struct Rights<'a> {
    pub(crate) roles: &'a BTreeSet<String>,
    pub(crate) standing: &'a Standing,
}

impl fmt::Display for Rights<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roles = self.roles.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        write!(f, "roles {}; {}", if roles.is_empty() { "none" } else { &roles }, self.standing)
    }
}

type Stored =
    (i64, String, String, String, Option<String>, Option<String>, Option<String>, String, i64, Option<i64>);

/// Principals; what follows says which, so that a number or kind is looked up and not searched for.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT id, name, kind, roles, office, organisation, enterprise_id, clearance, created_at,
            disabled_at FROM principals ",
            $which
        )
    };
}

impl Principal {
    fn from_stored(stored: Stored) -> Result<Self, LedgerError> {
        let (id, name, kind, roles, office, organisation, enterprise_id, clearance, created_at, disabled_at) =
            stored;
        let row = column::Row { table: "principals", key: id };
        let damaged = |error: ParseWordError| row.damaged(error.to_string());
        Ok(Self {
            id: PrincipalId(id),
            name,
            kind: kind.parse().map_err(damaged)?,
            roles: serde_json::from_str(&roles).map_err(|error| row.damaged(format!("roles: {error}")))?,
            standing: Standing {
                office,
                organisation,
                enterprise_id,
                clearance: clearance.parse().map_err(damaged)?,
            },
            created_at: row.time(created_at)?,
            disabled_at: disabled_at.map(|at| row.time(at)).transpose()?,
        })
    }
}

impl Ledger {
    pub(crate) async fn ensure_local_owner(&self, now: DateTime<Utc>) -> Result<(), LedgerError> {
        let statement =
            "INSERT INTO principals (name, kind, roles, clearance, created_at) SELECT ?, ?, ?, ?, ?
            WHERE NOT EXISTS (SELECT 1 FROM principals WHERE kind = 'local-owner')";
        sqlx::query(statement)
            .bind(LOCAL_OWNER_NAME)
            .bind(PrincipalKind::LocalOwner.as_str())
            .bind(roles_column(&BTreeSet::from([OWNER_ROLE.to_owned()])))
            .bind(Clearance::Core.as_str())
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
        let stored = sqlx::query_as(select!("WHERE kind = 'local-owner'")).fetch_one(self.pool()).await?;
        Principal::from_stored(stored)
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
        let stored: Vec<Stored> = sqlx::query_as(select!("ORDER BY id")).fetch_all(self.pool()).await?;
        stored.into_iter().map(Principal::from_stored).collect()
    }
}

/// Inserts a principal.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    new: &NewPrincipal<'_>,
    at: DateTime<Utc>,
) -> Result<PrincipalId, LedgerError> {
    let statement = "INSERT INTO principals
        (name, kind, roles, office, organisation, enterprise_id, clearance, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id";
    let inserted = sqlx::query_scalar(statement)
        .bind(new.name)
        .bind(new.kind.as_str())
        .bind(roles_column(&new.roles))
        .bind(new.standing.office.as_deref())
        .bind(new.standing.organisation.as_deref())
        .bind(new.standing.enterprise_id.as_deref())
        .bind(new.standing.clearance.as_str())
        .bind(column::from_time(at))
        .fetch_one(connection)
        .await;
    inserted.map(PrincipalId).map_err(|error| {
        let exists = error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation);
        let key = if new.kind == PrincipalKind::LocalOwner { LOCAL_OWNER_NAME } else { new.name };
        if exists { LedgerError::Exists { what: "principal", key: key.to_owned() } } else { error.into() }
    })
}

/// Whether the local owner is the only person there ever was: a disabled one counts, so that nobody becomes alone by
/// disabling the others.
pub(crate) async fn owner_is_alone(connection: &mut SqliteConnection) -> Result<bool, LedgerError> {
    let statement = "SELECT count(*) FROM principals WHERE kind = 'person'";
    let persons: i64 = sqlx::query_scalar(statement).fetch_one(connection).await?;
    Ok(persons == 0)
}

/// Whether somebody besides the local owner is known, be it a service or disabled.
pub(crate) async fn is_known(connection: &mut SqliteConnection) -> Result<bool, LedgerError> {
    let statement = "SELECT count(*) FROM principals WHERE kind <> 'local-owner'";
    let known: i64 = sqlx::query_scalar(statement).fetch_one(connection).await?;
    Ok(known > 0)
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
    let stored = sqlx::query_as(select!("WHERE id = ?")).bind(id.0).fetch_optional(connection).await?;
    Principal::from_stored(stored.ok_or_else(|| unknown(id))?)
}

/// Reads a principal that is not disabled; `what` says in errors who it is to be.
pub(crate) async fn enabled(
    connection: &mut SqliteConnection,
    id: PrincipalId,
    what: &'static str,
) -> Result<Principal, LedgerError> {
    let principal = read(connection, id).await?;
    if principal.disabled_at.is_some() {
        let right = "a principal that is not disabled";
        return Err(LedgerError::Invalid { what, found: principal.name, right });
    }
    Ok(principal)
}

fn unknown(id: PrincipalId) -> LedgerError {
    LedgerError::Unknown { what: "principal", key: id.to_string() }
}

/// A sorted JSON array of strings.
pub(crate) fn roles_column(roles: &BTreeSet<String>) -> String {
    roles.iter().map(String::as_str).collect::<serde_json::Value>().to_string()
}

//! Identities at providers of single sign-on: which person each of them belongs to, as somebody who may say so said.

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use crate::act::Act;
use crate::audit::AuditEvent;
use crate::{Ledger, LedgerError, Principal, PrincipalId, PrincipalKind, accounts, column, principal};

/// Somebody as a provider knows them. Only the two together are stable and unique; names and addresses at a provider may
/// change hands (OpenID Connect Core 1.0, section 5.7).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// The provider, as it calls itself.
    pub issuer: String,
    /// The person at the provider, as it calls them.
    pub subject: String,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {}", self.subject, self.issuer)
    }
}

/// An identity and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedIdentity {
    /// The identity.
    pub identity: Identity,
    /// Whose it is.
    pub principal: PrincipalId,
    /// Who said so.
    pub linked_by: PrincipalId,
    /// When.
    pub linked_at: DateTime<Utc>,
}

type Stored = (i64, i64, String, String, i64, i64);

/// Identities that are linked; what follows says which.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT id, principal_id, issuer, subject, linked_by, linked_at FROM identities
            WHERE unlinked_at IS NULL ",
            $which
        )
    };
}

impl LinkedIdentity {
    fn from_stored(stored: Stored) -> Result<Self, LedgerError> {
        let (id, principal, issuer, subject, linked_by, linked_at) = stored;
        let row = column::Row { table: "identities", key: id };
        Ok(Self {
            identity: Identity { issuer, subject },
            principal: PrincipalId(principal),
            linked_by: PrincipalId(linked_by),
            linked_at: row.time(linked_at)?,
        })
    }
}

impl Ledger {
    /// Says that an identity is this person's, who may come in with it from now on.
    ///
    /// # Errors
    /// [`LedgerError::Exists`] for an identity that is somebody's; [`LedgerError::Invalid`] for a service, the local owner,
    /// somebody disabled, and one who links an identity to itself; [`LedgerError::Unknown`].
    pub async fn link_identity(
        &self,
        id: PrincipalId,
        identity: &Identity,
        act: &Act,
    ) -> Result<(), LedgerError> {
        column::require_name("the issuer of an identity", &identity.issuer)?;
        column::require_name("the subject of an identity", &identity.subject)?;
        let mut tx = self.begin_write().await?;
        let person = accounts::changeable(&mut tx, id, act).await?;
        if person.kind != PrincipalKind::Person || person.disabled_at.is_some() {
            let right = "a person who is not disabled; services have tokens";
            return Err(LedgerError::Invalid { what: "whose identity it is", found: person.name, right });
        }
        if find(&mut tx, identity).await?.is_some() {
            return Err(LedgerError::Exists { what: "identity", key: identity.to_string() });
        }
        let statement = "INSERT INTO identities (principal_id, issuer, subject, linked_by, linked_at)
            VALUES (?, ?, ?, ?, ?)";
        sqlx::query(statement)
            .bind(id.0)
            .bind(identity.issuer.as_str())
            .bind(identity.subject.as_str())
            .bind(act.by.0)
            .bind(column::from_time(act.at))
            .execute(&mut *tx)
            .await?;
        let detail = format!("identity {identity} linked to {:?}", person.name);
        act.record(&mut tx, AuditEvent::Grant, detail).await?;
        Ok(tx.commit().await?)
    }

    /// Says that an identity is not this person's any more. Sessions that began with it go on until they end.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`] for an identity that is not this person's; [`LedgerError::Invalid`] for one's own.
    pub async fn unlink_identity(
        &self,
        id: PrincipalId,
        identity: &Identity,
        act: &Act,
    ) -> Result<(), LedgerError> {
        let mut tx = self.begin_write().await?;
        let person = accounts::changeable(&mut tx, id, act).await?;
        let linked = find(&mut tx, identity).await?;
        if linked.is_none_or(|linked| linked.principal != id) {
            let key = format!("{identity} of {:?}", person.name);
            return Err(LedgerError::Unknown { what: "identity", key });
        }
        let statement = "UPDATE identities SET unlinked_by = ?, unlinked_at = ?
            WHERE issuer = ? AND subject = ? AND unlinked_at IS NULL";
        sqlx::query(statement)
            .bind(act.by.0)
            .bind(column::from_time(act.at))
            .bind(identity.issuer.as_str())
            .bind(identity.subject.as_str())
            .execute(&mut *tx)
            .await?;
        let detail = format!("identity {identity} unlinked from {:?}", person.name);
        act.record(&mut tx, AuditEvent::Grant, detail).await?;
        Ok(tx.commit().await?)
    }

    /// Every identity that is linked, in the order in which they were.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub async fn identities(&self) -> Result<Vec<LinkedIdentity>, LedgerError> {
        let stored: Vec<Stored> = sqlx::query_as(select!("ORDER BY id")).fetch_all(self.pool()).await?;
        stored.into_iter().map(LinkedIdentity::from_stored).collect()
    }

    /// The person whose identity this is. The caller has seen it proven.
    ///
    /// # Errors
    /// [`LedgerError::NotAuthenticated`] for an identity that is nobody's, and for a person who is disabled.
    pub async fn authenticate_identity(&self, identity: &Identity) -> Result<Principal, LedgerError> {
        let mut connection = self.pool().acquire().await?;
        let linked = find(&mut connection, identity).await?;
        let linked = linked.ok_or(LedgerError::NotAuthenticated("the identity is linked to nobody"))?;
        let person = principal::read(&mut connection, linked.principal).await?;
        match person.disabled_at {
            None => Ok(person),
            Some(_) => Err(LedgerError::NotAuthenticated("the person is disabled")),
        }
    }
}

async fn find(
    connection: &mut SqliteConnection,
    identity: &Identity,
) -> Result<Option<LinkedIdentity>, LedgerError> {
    let stored = sqlx::query_as(select!("AND issuer = ? AND subject = ?"))
        .bind(identity.issuer.as_str())
        .bind(identity.subject.as_str())
        .fetch_optional(connection)
        .await?;
    stored.map(LinkedIdentity::from_stored).transpose()
}

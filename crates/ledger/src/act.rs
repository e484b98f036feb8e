//! An act: who changes what others may do, through which door, why and when. Each is an entry of the audit chain.

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use crate::audit::{self, Actor, AuditEvent, Door, NewAuditEntry};
use crate::{LedgerError, Principal, PrincipalId, column, principal};

/// Who does something, through which door, why and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Who.
    pub by: PrincipalId,
    /// Through which door.
    pub door: Door,
    /// Why; stands as the purpose in the audit chain.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl Act {
    /// Who acts, if it may act at all.
    pub(crate) async fn actor(&self, connection: &mut SqliteConnection) -> Result<Principal, LedgerError> {
        column::require_name("the reason", &self.reason)?;
        principal::enabled(connection, self.by, "who acts").await
    }

    /// Appends the act to the audit chain, in the transaction that does it.
    pub(crate) async fn record(
        &self,
        connection: &mut SqliteConnection,
        event: AuditEvent,
        detail: String,
    ) -> Result<(), LedgerError> {
        let actor = self.actor(connection).await?;
        let mut entry = NewAuditEntry::new(self.at, Actor::from(&actor), self.door, &self.reason, event);
        entry.detail = detail;
        audit::append(connection, &[entry.fitted()]).await.map(drop)
    }
}

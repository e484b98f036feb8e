//! Principals are added, changed, disabled and enabled; each time the audit chain says what was given or taken.

use std::collections::BTreeSet;

use crate::act::Act;
use crate::audit::AuditEvent;
use crate::ledger::WriteTransaction;
use crate::principal::{self, Rights};
use crate::{
    Ledger, LedgerError, NewPrincipal, Password, Principal, PrincipalId, PrincipalKind, Standing, column,
    password, token,
};

/// Roles of one principal.
const MAX_ROLES: usize = 64;

impl Ledger {
    /// Adds a person or service.
    ///
    /// # Errors
    /// [`LedgerError::Exists`] for a name in use and for a second local owner; [`LedgerError::Invalid`] for a blank
    /// name, role or office, or an act of somebody who may not act.
    pub async fn add_principal(&self, new: &NewPrincipal<'_>, act: &Act) -> Result<PrincipalId, LedgerError> {
        let mut tx = self.begin_write().await?;
        let id = add(&mut tx, new, act).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Adds the first person with a password, both or neither: whoever asks at the same time, and wherever the program ends, there
    /// is one first account, and somebody can log in as it.
    ///
    /// # Errors
    /// [`LedgerError::SetUp`] when somebody besides the local owner is known; as [`Ledger::add_principal`] and
    /// [`Ledger::set_password`].
    pub async fn add_first(
        &self,
        new: &NewPrincipal<'_>,
        password: &Password,
        salt: [u8; 16],
        act: &Act,
    ) -> Result<PrincipalId, LedgerError> {
        let phc = self.hashed(password, salt).await?;
        let mut tx = self.begin_write().await?;
        if principal::is_known(&mut tx).await? {
            return Err(LedgerError::SetUp);
        }
        let id = add(&mut tx, new, act).await?;
        password::set(&mut tx, id, phc, act).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Gives a principal other roles and another standing, effective at once.
    ///
    /// # Errors
    /// As [`Ledger::change_rights`].
    pub async fn change_principal(
        &self,
        id: PrincipalId,
        roles: &BTreeSet<String>,
        standing: &Standing,
        act: &Act,
    ) -> Result<(), LedgerError> {
        let change = |all: &mut BTreeSet<String>, stands: &mut Standing| {
            all.clone_from(roles);
            stands.clone_from(standing);
        };
        self.change_rights(id, change, act).await
    }

    /// Changes something of the roles and the standing of a principal, effective at once. The rest stays as it is then, whoever else
    /// changes something at the same time.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`]; [`LedgerError::Invalid`] for a blank role or office, for the local owner, whose rights
    /// are those of this machine, and for one who changes its own rights.
    pub async fn change_rights(
        &self,
        id: PrincipalId,
        change: impl FnOnce(&mut BTreeSet<String>, &mut Standing),
        act: &Act,
    ) -> Result<(), LedgerError> {
        let mut tx = self.begin_write().await?;
        let before = changeable(&mut tx, id, act).await?;
        let (mut roles, mut standing) = (before.roles.clone(), before.standing.clone());
        change(&mut roles, &mut standing);
        check(&roles, &standing)?;
        let statement = "UPDATE principals SET roles = ?, office = ?, organisation = ?, enterprise_id = ?,
            clearance = ? WHERE id = ?";
        sqlx::query(statement)
            .bind(principal::roles_column(&roles))
            .bind(standing.office.as_deref())
            .bind(standing.organisation.as_deref())
            .bind(standing.enterprise_id.as_deref())
            .bind(standing.clearance.as_str())
            .bind(id.0)
            .execute(&mut *tx)
            .await?;
        let was = Rights { roles: &before.roles, standing: &before.standing };
        let has = Rights { roles: &roles, standing: &standing };
        let detail = format!("{} {:?} has {has}; had {was}", before.kind, before.name);
        act.record(&mut tx, AuditEvent::Grant, detail).await?;
        Ok(tx.commit().await?)
    }

    /// Disables a principal from now on, and with it all its tokens. What it did stays under its name.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`]; [`LedgerError::Already`] when disabled before; [`LedgerError::Invalid`] for the local
    /// owner, without whom nobody could act, and for one who disables itself.
    pub async fn disable_principal(&self, id: PrincipalId, act: &Act) -> Result<(), LedgerError> {
        let mut tx = self.begin_write().await?;
        let principal = changeable(&mut tx, id, act).await?;
        if principal.disabled_at.is_some() {
            return Err(LedgerError::Already { what: "principal", key: id.to_string(), state: "disabled" });
        }
        sqlx::query("UPDATE principals SET disabled_at = ? WHERE id = ?")
            .bind(column::from_time(act.at))
            .bind(id.0)
            .execute(&mut *tx)
            .await?;
        let detail = format!("{} {:?} disabled", principal.kind, principal.name);
        act.record(&mut tx, AuditEvent::Grant, detail).await?;
        Ok(tx.commit().await?)
    }

    /// Lets a principal act again that was disabled, with its roles, password and identities. Its tokens of before, which
    /// others may have by now, are revoked.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`]; [`LedgerError::Already`] when it is not disabled; [`LedgerError::Invalid`] for the local
    /// owner and for one who enables itself.
    pub async fn enable_principal(&self, id: PrincipalId, act: &Act) -> Result<(), LedgerError> {
        let mut tx = self.begin_write().await?;
        let principal = changeable(&mut tx, id, act).await?;
        if principal.disabled_at.is_none() {
            return Err(LedgerError::Already { what: "principal", key: id.to_string(), state: "enabled" });
        }
        sqlx::query("UPDATE principals SET disabled_at = NULL WHERE id = ?")
            .bind(id.0)
            .execute(&mut *tx)
            .await?;
        let revoked = token::revoke_left(&mut tx, id, false, act.at).await?;
        let detail =
            format!("{} {:?} enabled; tokens of before revoked: {revoked}", principal.kind, principal.name);
        act.record(&mut tx, AuditEvent::Grant, detail).await?;
        Ok(tx.commit().await?)
    }
}

/// Adds a principal inside a transaction.
async fn add(
    tx: &mut WriteTransaction,
    new: &NewPrincipal<'_>,
    act: &Act,
) -> Result<PrincipalId, LedgerError> {
    column::require_name("the name of a principal", new.name)?;
    check(&new.roles, &new.standing)?;
    let id = principal::insert(&mut *tx, new, act.at).await?;
    let rights = Rights { roles: &new.roles, standing: &new.standing };
    let detail = format!("{} {:?} added: {rights}", new.kind, new.name);
    act.record(&mut *tx, AuditEvent::Grant, detail).await?;
    Ok(id)
}

/// A principal whose rights may be changed by this act.
pub(crate) async fn changeable(
    tx: &mut WriteTransaction,
    id: PrincipalId,
    act: &Act,
) -> Result<Principal, LedgerError> {
    let principal = principal::read(&mut *tx, id).await?;
    let invalid = |right| {
        Err(LedgerError::Invalid { what: "the principal to change", found: principal.name.clone(), right })
    };
    if principal.kind == PrincipalKind::LocalOwner {
        return invalid("a person or service");
    }
    if id == act.by {
        return invalid("another one than who changes it");
    }
    Ok(principal)
}

fn check(roles: &BTreeSet<String>, standing: &Standing) -> Result<(), LedgerError> {
    if roles.len() > MAX_ROLES {
        let found = roles.len().to_string();
        return Err(LedgerError::Invalid { what: "the number of roles", found, right: "at most 64" });
    }
    roles.iter().try_for_each(|role| column::require_name("a role", role))?;
    standing.check()
}

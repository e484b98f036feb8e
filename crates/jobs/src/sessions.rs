//! Log-in with a password or by single sign-on, log-out, and the first account of an installation.

use crate::JobError;
use crate::home::{Home, random_bytes};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
use tidegate_ledger::{
    Act, Actor, AuditEvent, Clearance, Door, Identity, LedgerError, NewAuditEntry, NewPrincipal, NewToken,
    Password, Principal, PrincipalKind, Standing, TokenId, TokenScopes, TokenSecret,
};

/// A session: a token that ends by itself, and when it is not used.
#[derive(Debug, Clone)]
pub struct Session {
    /// The token, good for every door and purpose.
    pub token: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// Lets a person in by name and password, through a door.
///
/// # Errors
/// [`LedgerError::NotAuthenticated`] when they do not fit, which is written down under the name that was claimed;
/// [`LedgerError::TooManyLogIns`], of which nothing is written down; when the ledger fails.
pub async fn log_in(
    home: &Home,
    name: &str,
    password: String,
    door: Door,
    now: DateTime<Utc>,
) -> Result<Session, JobError> {
    let found = home.ledger.authenticate_password(name, &Password::new(password)).await;
    match found {
        Ok(account) => begin(home, &account, "log-in with a password", door, now).await,
        // Nothing was compared, and whoever floods the log-in does not fill the audit chain too.
        Err(error @ LedgerError::TooManyLogIns) => Err(error.into()),
        Err(error) => {
            let detail = error.to_string();
            deny(home, name, detail, door, now).await?;
            Err(error.into())
        }
    }
}

/// Lets the person in whose identity a provider of single sign-on has proven, through a door.
///
/// # Errors
/// [`LedgerError::NotAuthenticated`] when it is nobody's or its person is disabled, which is written down with the identity, so
/// that somebody can link it; when the ledger fails.
pub async fn sign_on(
    home: &Home,
    identity: &Identity,
    door: Door,
    now: DateTime<Utc>,
) -> Result<Session, JobError> {
    match home.ledger.authenticate_identity(identity).await {
        Ok(account) => begin(home, &account, "log-in by single sign-on", door, now).await,
        Err(error) => {
            let detail = format!("{error}: {identity}");
            deny(home, &identity.subject, detail, door, now).await?;
            Err(error.into())
        }
    }
}

/// Begins a session of somebody who was let in.
async fn begin(
    home: &Home,
    account: &Principal,
    label: &str,
    door: Door,
    now: DateTime<Utc>,
) -> Result<Session, JobError> {
    let accounts = &home.configuration.accounts;
    let expires_at = now + TimeDelta::hours(accounts.session_hours.into());
    let new = NewToken {
        principal: account.id,
        label: label.to_owned(),
        scopes: TokenScopes { doors: Door::ALL.iter().copied().collect(), purposes: None },
        expires_at,
        idle: Some(TimeDelta::minutes(accounts.session_idle_minutes.into())),
    };
    let secret = TokenSecret::new(random_bytes()?);
    let longest = TimeDelta::days(accounts.token_days.into());
    let act = Act { by: account.id, door, reason: "log-in".to_owned(), at: now };
    home.ledger.create_token(&new, &secret, longest, &act).await?;
    Ok(Session { token: secret.expose().to_string(), expires_at })
}

/// Ends the session of somebody: its token holds no more at any door.
///
/// # Errors
/// When it is ended already, or the ledger fails.
pub async fn log_out(
    home: &Home,
    account: &Principal,
    session: TokenId,
    door: Door,
    now: DateTime<Utc>,
) -> Result<(), JobError> {
    let act = Act { by: account.id, door, reason: "log-out".to_owned(), at: now };
    Ok(home.ledger.revoke_token(session, &act).await?)
}

/// Writes down that somebody who claimed a name was not let in.
async fn deny(
    home: &Home,
    name: &str,
    detail: String,
    door: Door,
    now: DateTime<Utc>,
) -> Result<(), JobError> {
    let who = Actor { id: None, name: name.to_owned() };
    let mut entry = NewAuditEntry::new(now, who, door, "log-in", AuditEvent::Denied);
    entry.detail = detail;
    home.ledger.append_audit(&[entry.fitted()]).await?;
    Ok(())
}

/// Whether nobody but the owner of the machine is known, so that nobody can come in through a door.
///
/// # Errors
/// When the ledger fails.
pub async fn is_new(home: &Home) -> Result<bool, JobError> {
    let all = home.ledger.principals().await?;
    Ok(all.iter().all(|known| known.kind == PrincipalKind::LocalOwner))
}

/// Makes the first account: a supervisor, who sees everything up to the grade `important`. It is there with its password or not at all.
///
/// # Errors
/// When there is an account already, the name or the password is refused, or the ledger fails.
pub async fn set_up(home: &Home, name: &str, password: String, now: DateTime<Utc>) -> Result<(), JobError> {
    if !is_new(home).await? {
        return Err(LedgerError::SetUp.into());
    }
    let new = NewPrincipal {
        name,
        kind: PrincipalKind::Person,
        roles: BTreeSet::from(["supervisor".to_owned()]),
        standing: Standing { clearance: Clearance::Important, ..Standing::default() },
    };
    let reason = "first account, by the set-up link".to_owned();
    let act = Act { by: home.owner().await?, door: Door::Http, reason, at: now };
    home.ledger.add_first(&new, &Password::new(password), random_bytes()?, &act).await?;
    Ok(())
}

/// Whether an error says that somebody is not let in, and not that something failed.
pub fn is_refusal(error: &JobError) -> bool {
    matches!(error, JobError::Ledger(LedgerError::NotAuthenticated(_)))
}

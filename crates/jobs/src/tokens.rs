//! API tokens: made, listed, revoked.

use crate::home::{Home, random_bytes};
use crate::people::{Names, named};
use crate::{JobError, policies};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
pub use tidegate_ledger::Door;
use tidegate_ledger::{NewToken, Token, TokenId, TokenScopes, TokenSecret};
use tidegate_query::QueryError;

/// A token to make.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Name of the person or service that whoever has it acts as.
    pub principal: String,
    /// What it is for, in words.
    pub label: String,
    /// Doors that it opens.
    pub doors: BTreeSet<Door>,
    /// Purposes that it may be used for; any when none.
    pub purposes: Option<BTreeSet<String>>,
    /// Days until it ends.
    pub days: u32,
    /// Why it is made.
    pub reason: String,
}

/// A token that was made, with its secret, which is never shown again.
#[derive(serde::Serialize)]
pub struct Made {
    /// Number.
    pub number: i64,
    /// The token itself.
    pub token: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// A token as the home knows it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct KnownToken {
    /// Number.
    pub number: i64,
    /// Whose it is.
    pub principal: String,
    /// What it is for.
    pub label: String,
    /// Doors that it opens.
    pub doors: BTreeSet<Door>,
    /// Purposes that it may be used for; any when none.
    pub purposes: Option<BTreeSet<String>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// When it was last used, to a minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// `valid`, `expired` or `revoked`.
    pub state: &'static str,
    /// Whether somebody logged in for it; others are made for programs.
    pub is_session: bool,
}

/// Makes a token.
///
/// # Errors
/// When nobody has the name, the policy in force knows no such purpose, the ledger refuses the token and says why, or the system
/// gives no random bytes.
pub async fn create(home: &Home, wanted: &Wanted) -> Result<Made, JobError> {
    if let Some(purposes) = &wanted.purposes {
        let policy = policies::checked(home).await?;
        purposes.iter().try_for_each(|purpose| policy.knows(purpose)).map_err(QueryError::from)?;
    }
    let new = NewToken {
        principal: named(home, &wanted.principal).await?.id,
        label: wanted.label.clone(),
        scopes: TokenScopes { doors: wanted.doors.clone(), purposes: wanted.purposes.clone() },
        expires_at: home.now + TimeDelta::days(wanted.days.into()),
        idle: None,
    };
    let secret = TokenSecret::new(random_bytes()?);
    let longest = TimeDelta::days(home.configuration.accounts.token_days.into());
    let act = home.act(Door::Cli, &wanted.reason).await?;
    let number = home.ledger.create_token(&new, &secret, longest, &act).await?.0;
    Ok(Made { number, token: secret.expose().to_string(), expires_at: new.expires_at })
}

/// Every token, in the order in which they were made.
///
/// # Errors
/// When the ledger fails.
pub async fn list(home: &Home) -> Result<Vec<KnownToken>, JobError> {
    let names = Names::read(home).await?;
    let known = |token: Token| {
        let (is_session, has_ended) = (token.is_session(), token.has_ended(home.now));
        let Token { id, token, created_at, last_used_at, revoked_at } = token;
        KnownToken {
            number: id.0,
            principal: names.of(token.principal),
            label: token.label,
            doors: token.scopes.doors,
            purposes: token.scopes.purposes,
            created_at,
            expires_at: token.expires_at,
            last_used_at,
            state: match revoked_at {
                Some(_) => "revoked",
                None if has_ended => "expired",
                None => "valid",
            },
            is_session,
        }
    };
    Ok(home.ledger.tokens().await?.into_iter().map(known).collect())
}

/// Revokes a token.
///
/// # Errors
/// When there is none with this number, or it is revoked.
pub async fn revoke(home: &Home, number: i64, reason: &str) -> Result<(), JobError> {
    let act = home.act(Door::Cli, reason).await?;
    Ok(home.ledger.revoke_token(TokenId(number), &act).await?)
}

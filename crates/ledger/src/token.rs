//! API tokens: random, shown once, stored as a hash, bound to doors and purposes, and never without an end.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::SqliteConnection;
use zeroize::Zeroizing;

use crate::act::Act;
use crate::audit::{AuditEvent, Door};
use crate::{
    Hash256, Ledger, LedgerError, Principal, PrincipalId, PrincipalKind, TokenId, column, hex, principal,
};

/// What every token begins with, so that scanners of leaked secrets and people know one.
const PREFIX: &str = "tg_";
/// Purposes of one token.
const MAX_PURPOSES: usize = 64;
/// How exactly the last use is kept: a write for every request would slow each of them down.
const USE_NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);
/// The least that a session may be unused, since its use is known to a minute.
const LEAST_IDLE: TimeDelta = TimeDelta::minutes(2);

/// The secret of a token: `tg_` and 64 hexadecimal digits. Never shown by itself, and overwritten when dropped.
pub struct TokenSecret(Zeroizing<[u8; 32]>);

impl TokenSecret {
    /// Takes 32 bytes from a cryptographic random source.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The text to show once to whom the token is for.
    pub fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{PREFIX}{}", hex::Shown(&*self.0)))
    }

    fn parse(text: &str) -> Option<Self> {
        hex::parse(text.strip_prefix(PREFIX)?).map(Self::new)
    }

    fn sha256(&self) -> Hash256 {
        Hash256::of(&*self.0)
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSecret(secret)")
    }
}

/// The hash by which the ledger knows a token. It opens no door: who keeps a connection open asks with it again whether the
/// token still holds, and need not keep the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenHash(Hash256);

impl TokenHash {
    /// The hash of a token; nothing for a text that is none.
    pub fn of(token: &str) -> Option<Self> {
        TokenSecret::parse(token).map(|secret| Self(secret.sha256()))
    }
}

/// What a token is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenScopes {
    /// Doors that it opens.
    pub doors: BTreeSet<Door>,
    /// Purposes that it may be used for; any when none.
    pub purposes: Option<BTreeSet<String>>,
}

impl TokenScopes {
    /// Whether it is good for this purpose at this door.
    pub fn allow(&self, door: Door, purpose: &str) -> bool {
        self.doors.contains(&door) && self.purposes.as_ref().is_none_or(|purposes| purposes.contains(purpose))
    }
}

/// A token to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// Whose token it is: whoever has it acts as this person or service.
    pub principal: PrincipalId,
    /// What it is for, in words.
    pub label: String,
    /// What it is good for.
    pub scopes: TokenScopes,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// Of the session of somebody who logged in: how long it may be unused before it ends. A token for a program has none.
    pub idle: Option<TimeDelta>,
}

/// A token as it is stored, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its number.
    pub id: TokenId,
    /// What was created.
    pub token: NewToken,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to a minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Since when it is good for nothing.
    pub revoked_at: Option<DateTime<Utc>>,
}

type Stored = (i64, i64, String, String, Option<String>, i64, i64, Option<i64>, Option<i64>, Option<i64>);

/// Tokens; what follows says which, so that a hash or number is looked up and not searched for.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT id, principal_id, label, doors, purposes, created_at, expires_at, idle_seconds, last_used_at,
            revoked_at FROM api_tokens ",
            $which
        )
    };
}

impl Token {
    fn from_stored(stored: Stored) -> Result<Self, LedgerError> {
        let (id, principal, label, doors, purposes, created_at, expires_at, idle, last_used_at, revoked_at) =
            stored;
        let row = column::Row { table: "api_tokens", key: id };
        let damaged = |error: serde_json::Error| row.damaged(format!("scopes: {error}"));
        let scopes = TokenScopes {
            doors: serde_json::from_str(&doors).map_err(damaged)?,
            purposes: purposes.map(|text| serde_json::from_str(&text).map_err(damaged)).transpose()?,
        };
        let expires_at = row.time(expires_at)?;
        let no_time = |seconds: i64| row.damaged(format!("{seconds} seconds is no time"));
        let idle = idle.map(|seconds| TimeDelta::try_seconds(seconds).ok_or_else(|| no_time(seconds)));
        let idle = idle.transpose()?;
        Ok(Self {
            id: TokenId(id),
            token: NewToken { principal: PrincipalId(principal), label, scopes, expires_at, idle },
            created_at: row.time(created_at)?,
            last_used_at: last_used_at.map(|at| row.time(at)).transpose()?,
            revoked_at: revoked_at.map(|at| row.time(at)).transpose()?,
        })
    }

    /// Whether somebody logged in for it, so that a person is at the other end.
    pub fn is_session(&self) -> bool {
        self.token.idle.is_some()
    }

    /// Whether its time is over, or that of a session that is not used.
    pub fn has_ended(&self, now: DateTime<Utc>) -> bool {
        self.end(now).is_some()
    }

    /// Why it has ended by itself, if it has.
    fn end(&self, now: DateTime<Utc>) -> Option<&'static str> {
        if now >= self.token.expires_at {
            return Some("the token has expired; ask for a new one");
        }
        let unused = now - self.last_used_at.unwrap_or(self.created_at);
        let is_idle = self.token.idle.is_some_and(|idle| unused >= idle);
        is_idle.then_some("the session was not used for too long; log in again")
    }
}

impl Ledger {
    /// Creates a token that lives `longest` at most. Only the hash of `secret` is stored.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] for a blank label, no door, an end that has passed or lies too far away, a session that could
    /// end while it is used, and a principal that is disabled or the local owner, whom no policy hinders;
    /// [`LedgerError::Unknown`].
    pub async fn create_token(
        &self,
        new: &NewToken,
        secret: &TokenSecret,
        longest: TimeDelta,
        act: &Act,
    ) -> Result<TokenId, LedgerError> {
        check(new, longest, act)?;
        let mut tx = self.begin_write().await?;
        let what = "who gets a token";
        let owner = principal::enabled(&mut tx, new.principal, what).await?;
        if owner.kind == PrincipalKind::LocalOwner {
            let right = "a person or service; the local owner reads at the machine itself";
            return Err(LedgerError::Invalid { what, found: owner.name, right });
        }
        let doors: Vec<&str> = new.scopes.doors.iter().map(|door| door.as_str()).collect();
        let json = |texts: Vec<&str>| texts.into_iter().collect::<serde_json::Value>().to_string();
        let purposes = new.scopes.purposes.as_ref().map(|all| json(all.iter().map(String::as_str).collect()));
        let statement = "INSERT INTO api_tokens
            (principal_id, label, sha256, doors, purposes, created_at, expires_at, idle_seconds)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id";
        let id: i64 = sqlx::query_scalar(statement)
            .bind(new.principal.0)
            .bind(new.label.as_str())
            .bind(secret.sha256().as_bytes().as_slice())
            .bind(json(doors.clone()))
            .bind(purposes.as_deref())
            .bind(column::from_time(act.at))
            .bind(column::from_time(new.expires_at))
            .bind(new.idle.map(|idle| idle.num_seconds()))
            .fetch_one(&mut *tx)
            .await?;
        let detail = format!(
            "token {id} ({}) of {:?} created: doors {}; purposes {}; until {}",
            new.label,
            owner.name,
            doors.join(", "),
            purposes.as_deref().unwrap_or("any"),
            new.expires_at.format("%Y-%m-%dT%H:%M:%SZ")
        );
        act.record(&mut tx, AuditEvent::Grant, detail).await?;
        tx.commit().await?;
        Ok(TokenId(id))
    }

    /// Every token that there ever was, in the order of creation.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub async fn tokens(&self) -> Result<Vec<Token>, LedgerError> {
        let stored: Vec<Stored> = sqlx::query_as(select!("ORDER BY id")).fetch_all(self.pool()).await?;
        stored.into_iter().map(Token::from_stored).collect()
    }

    /// Revokes a token from now on.
    ///
    /// # Errors
    /// [`LedgerError::Unknown`]; [`LedgerError::Already`] when it is revoked.
    pub async fn revoke_token(&self, id: TokenId, act: &Act) -> Result<(), LedgerError> {
        let mut tx = self.begin_write().await?;
        let token = sqlx::query_as(select!("WHERE id = ?")).bind(id.0).fetch_optional(&mut *tx).await?;
        let unknown = || LedgerError::Unknown { what: "token", key: id.to_string() };
        let token = Token::from_stored(token.ok_or_else(unknown)?)?;
        if token.revoked_at.is_some() {
            return Err(LedgerError::Already { what: "token", key: id.to_string(), state: "revoked" });
        }
        sqlx::query("UPDATE api_tokens SET revoked_at = ? WHERE id = ?")
            .bind(column::from_time(act.at))
            .bind(id.0)
            .execute(&mut *tx)
            .await?;
        let owner = principal::read(&mut tx, token.token.principal).await?.name;
        let detail = format!("token {id} ({}) of {owner:?} revoked", token.token.label);
        act.record(&mut tx, AuditEvent::Grant, detail).await?;
        Ok(tx.commit().await?)
    }

    /// Whose token this is, and which. The caller asks [`TokenScopes::allow`].
    ///
    /// # Errors
    /// [`LedgerError::NotAuthenticated`] for what is no token of this ledger, or one that has ended, is revoked, or whose
    /// principal is disabled.
    pub async fn authenticate_token(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<(Principal, Token), LedgerError> {
        match TokenHash::of(token) {
            Some(hash) => self.authenticate_token_hash(hash, now).await,
            None => Err(unknown()),
        }
    }

    /// Whose token has this hash, as [`Ledger::authenticate_token`] says it of the token itself.
    ///
    /// # Errors
    /// As [`Ledger::authenticate_token`].
    pub async fn authenticate_token_hash(
        &self,
        hash: TokenHash,
        now: DateTime<Utc>,
    ) -> Result<(Principal, Token), LedgerError> {
        let mut connection = self.pool().acquire().await?;
        let found = sqlx::query_as(select!("WHERE sha256 = ?")).bind(hash.0.as_bytes().as_slice());
        let found = found.fetch_optional(&mut *connection).await?;
        let_in(&mut connection, found, now).await
    }

    /// Whose token has this number, as [`Ledger::authenticate_token`] says it of the token itself: for what somebody was let in
    /// to and is not through with.
    ///
    /// # Errors
    /// As [`Ledger::authenticate_token`].
    pub async fn authenticate_token_again(
        &self,
        id: TokenId,
        now: DateTime<Utc>,
    ) -> Result<(Principal, Token), LedgerError> {
        let mut connection = self.pool().acquire().await?;
        let found = sqlx::query_as(select!("WHERE id = ?")).bind(id.0);
        let found = found.fetch_optional(&mut *connection).await?;
        let_in(&mut connection, found, now).await
    }
}

/// Revokes what is left of the tokens of a principal, or of its sessions alone, and says how many that were.
pub(crate) async fn revoke_left(
    connection: &mut SqliteConnection,
    of: PrincipalId,
    only_sessions: bool,
    at: DateTime<Utc>,
) -> Result<u64, LedgerError> {
    let statement = "UPDATE api_tokens SET revoked_at = ? WHERE principal_id = ? AND revoked_at IS NULL
        AND (? = 0 OR idle_seconds IS NOT NULL)";
    let revoked = sqlx::query(statement)
        .bind(column::from_time(at))
        .bind(of.0)
        .bind(only_sessions)
        .execute(connection)
        .await?;
    Ok(revoked.rows_affected())
}

/// The principal of a token that was found, if it holds; its use is noted.
async fn let_in(
    connection: &mut SqliteConnection,
    found: Option<Stored>,
    now: DateTime<Utc>,
) -> Result<(Principal, Token), LedgerError> {
    let Some(found) = found else { return Err(unknown()) };
    let found = Token::from_stored(found)?;
    let principal = principal::read(connection, found.token.principal).await?;
    // Whoever has the secret may know what became of it.
    if found.revoked_at.is_some() || principal.disabled_at.is_some() {
        return Err(LedgerError::NotAuthenticated("the token is revoked, or its principal disabled"));
    }
    if let Some(why) = found.end(now) {
        return Err(LedgerError::NotAuthenticated(why));
    }
    if found.last_used_at.is_none_or(|used| now - used >= USE_NOTED_EVERY) {
        sqlx::query("UPDATE api_tokens SET last_used_at = ? WHERE id = ?")
            .bind(column::from_time(now))
            .bind(found.id.0)
            .execute(connection)
            .await?;
    }
    Ok((principal, found))
}

fn unknown() -> LedgerError {
    LedgerError::NotAuthenticated("this is no token of this ledger")
}

fn check(new: &NewToken, longest: TimeDelta, act: &Act) -> Result<(), LedgerError> {
    column::require_name("the label of a token", &new.label)?;
    let invalid = |what, found, right| Err(LedgerError::Invalid { what, found, right });
    if new.scopes.doors.is_empty() {
        return invalid("the doors of a token", "none".to_owned(), "at least one");
    }
    if let Some(purposes) = &new.scopes.purposes {
        if purposes.is_empty() || purposes.len() > MAX_PURPOSES {
            return invalid("the number of purposes of a token", purposes.len().to_string(), "1 to 64");
        }
        purposes.iter().try_for_each(|purpose| column::require_name("a purpose of a token", purpose))?;
    }
    if new.expires_at <= act.at {
        return invalid("the end of a token", new.expires_at.to_string(), "in the future");
    }
    if new.expires_at - act.at > longest {
        let found = format!("{} days away", (new.expires_at - act.at).num_days());
        return invalid("the end of a token", found, "within the days that the configuration allows");
    }
    if let Some(idle) = new.idle.filter(|idle| *idle < LEAST_IDLE) {
        let found = format!("{} seconds", idle.num_seconds());
        return invalid("how long a session may be unused", found, "two minutes or more");
    }
    Ok(())
}

//! Passwords: kept as argon2id (RFC 9106) in PHC strings, and never shown.

use std::fmt;

use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use sqlx::SqliteConnection;
use zeroize::Zeroizing;

use crate::act::Act;
use crate::audit::AuditEvent;
use crate::{Ledger, LedgerError, Principal, PrincipalId, PrincipalKind, column, principal, token};

/// Fewest characters of a new password. NIST SP 800-63B-4 wants 15 where nothing but a password is asked for.
const LEAST_CHARACTERS: usize = 15;
/// Longest password, so that nobody makes the server hash a book.
const MAX_BYTES: usize = 1_024;
/// What a name without password is checked against, so that it takes as long as one with.
const NOBODY_SALT: &[u8; 16] = b"tidegate/nobody!";

/// A password as somebody typed it. Never shown, and overwritten in memory when dropped.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes what was typed, which is checked for its length only when it is set.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Whether it is long enough to be set, and not too long.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`].
    pub fn check(&self) -> Result<(), LedgerError> {
        let characters = self.0.chars().count();
        if characters >= LEAST_CHARACTERS && self.0.len() <= MAX_BYTES {
            return Ok(());
        }
        Err(LedgerError::Invalid {
            what: "the password",
            found: format!("{characters} characters long"),
            right: "at least 15 characters and at most 1,024 bytes long",
        })
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(secret)")
    }
}

impl Ledger {
    /// Sets or replaces the password of a person, and ends the sessions of before: whoever knew the old password may have begun one.
    /// `salt` comes from a cryptographic random source.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] for a password that is too short or too long, and for a principal that is no person;
    /// [`LedgerError::Unknown`].
    pub async fn set_password(
        &self,
        id: PrincipalId,
        password: &Password,
        salt: [u8; 16],
        act: &Act,
    ) -> Result<(), LedgerError> {
        let phc = self.hashed(password, salt).await?;
        let mut tx = self.begin_write().await?;
        set(&mut tx, id, phc, act).await?;
        Ok(tx.commit().await?)
    }

    /// What is stored of a password, which takes time on purpose.
    pub(crate) async fn hashed(&self, password: &Password, salt: [u8; 16]) -> Result<String, LedgerError> {
        password.check()?;
        let typed = password.clone();
        self.hashing().core().await?.run(move || hash(&typed, &salt)).await?
    }

    /// The person with this name and password. A name that is not known, one without password, a disabled person and a
    /// wrong password all take one hash and give the same answer.
    ///
    /// # Errors
    /// [`LedgerError::NotAuthenticated`]; [`LedgerError::TooManyLogIns`] where too many wait to be compared.
    pub async fn authenticate_password(
        &self,
        name: &str,
        password: &Password,
    ) -> Result<Principal, LedgerError> {
        let refused = || LedgerError::NotAuthenticated("name and password do not fit");
        if password.0.len() > MAX_BYTES {
            return Err(refused());
        }
        let core = self.hashing().core_for_log_in().await?;
        let stored = self.stored_password(name).await?;
        let (typed, phc) = (password.clone(), stored.as_ref().map(|(_, phc)| phc.clone()));
        let fits = core.run(move || fits(&typed, phc.as_deref())).await?;
        let known = stored.filter(|_| fits).ok_or_else(refused)?;
        // What was replaced while it was hashed lets nobody in any more.
        if self.stored_password(name).await?.as_ref() != Some(&known) {
            return Err(refused());
        }
        self.principal(PrincipalId(known.0)).await
    }

    /// Number and hash of who may log in by a name.
    async fn stored_password(&self, name: &str) -> Result<Option<(i64, String)>, LedgerError> {
        let statement = "SELECT p.id, w.phc FROM principals p JOIN passwords w ON w.principal_id = p.id
            WHERE p.name = ? AND p.disabled_at IS NULL";
        Ok(sqlx::query_as(statement).bind(name).fetch_optional(self.pool()).await?)
    }
}

/// Sets or replaces the password of a person inside a transaction, and ends the sessions of before.
pub(crate) async fn set(
    connection: &mut SqliteConnection,
    id: PrincipalId,
    phc: String,
    act: &Act,
) -> Result<(), LedgerError> {
    let principal = principal::read(&mut *connection, id).await?;
    if principal.kind != PrincipalKind::Person {
        let right = "a person; services have tokens";
        return Err(LedgerError::Invalid { what: "who gets a password", found: principal.name, right });
    }
    let statement = "INSERT INTO passwords (principal_id, phc, changed_at) VALUES (?, ?, ?)
        ON CONFLICT (principal_id) DO UPDATE SET phc = excluded.phc, changed_at = excluded.changed_at";
    let now = column::from_time(act.at);
    sqlx::query(statement).bind(id.0).bind(phc).bind(now).execute(&mut *connection).await?;
    let revoked = token::revoke_left(&mut *connection, id, true, act.at).await?;
    let detail = format!("password of {:?} set; sessions of before revoked: {revoked}", principal.name);
    act.record(connection, AuditEvent::Grant, detail).await
}

fn hash(password: &Password, salt: &[u8]) -> Result<String, LedgerError> {
    let hashed = Argon2::default().hash_password_with_salt(password.0.as_bytes(), salt);
    hashed.map(|phc| phc.to_string()).map_err(|error| LedgerError::Hashing(error.to_string()))
}

/// Whether a password is the stored one, compared in constant time. Without a stored one the same work is done in vain.
fn fits(password: &Password, phc: Option<&str>) -> bool {
    match phc {
        Some(phc) => Argon2::default().verify_password(password.0.as_bytes(), phc).is_ok(),
        None => hash(password, NOBODY_SALT).is_ok_and(|_| false),
    }
}

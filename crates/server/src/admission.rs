//! Who is let in: an account by its token, for a purpose that the policy knows and the token is good for.

use tidegate_jobs::JobError;
use tidegate_jobs::desk::{Desk, Visit};
use tidegate_ledger::{Door, LedgerError, Principal as Account, TokenScopes};

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The token does not hold.
    #[error("{0}")]
    Token(&'static str),
    /// The purpose is none of the policy's.
    #[error("`{purpose}` is no purpose of reading; there are {known}")]
    Purpose {
        /// As it was said.
        purpose: String,
        /// Those there are.
        known: String,
    },
    /// The token is not good for the door or the purpose.
    #[error("the token is not good for reading over {door} for {purpose}")]
    Scope {
        /// The door.
        door: Door,
        /// The purpose.
        purpose: String,
    },
    /// Something of ours failed.
    #[error("the log-in failed inside the platform; the platform's log has the cause")]
    Inside(#[source] JobError),
}

/// The account of a token.
pub(crate) async fn account(desk: &Desk, token: &str) -> Result<(Account, TokenScopes), Refusal> {
    match desk.home().ledger.authenticate_token(token, desk.now()).await {
        Ok(admitted) => Ok(admitted),
        Err(LedgerError::NotAuthenticated(reason)) => Err(Refusal::Token(reason)),
        Err(error) => {
            tracing::error!(%error, "a token could not be looked up");
            Err(Refusal::Inside(error.into()))
        }
    }
}

/// The visit of an account, for a purpose.
pub(crate) async fn visit(
    desk: &Desk,
    (account, scopes): (Account, TokenScopes),
    door: Door,
    purpose: &str,
) -> Result<Visit, Refusal> {
    let policy = desk.policy().await.map_err(Refusal::Inside)?.policy;
    if !policy.purposes().iter().any(|known| known.name == purpose) {
        let known: Vec<&str> = policy.purposes().iter().map(|known| known.name.as_str()).collect();
        return Err(Refusal::Purpose { purpose: purpose.to_owned(), known: known.join(", ") });
    }
    if !scopes.allow(door, purpose) {
        return Err(Refusal::Scope { door, purpose: purpose.to_owned() });
    }
    Ok(Visit { account, door, purpose: purpose.to_owned() })
}

//! Who asks: the account behind a token.

use super::Door;
use super::error::ApiError;
use super::session::{self, Address};
use crate::admission::{self, Refusal};
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use tidegate_ledger::{Door as AuditDoor, Principal as Account, TokenScopes};

/// An account that was admitted with a token.
pub(super) struct Identity {
    pub(super) account: Account,
    scopes: TokenScopes,
}

impl Identity {
    /// Whether the token is good for a purpose.
    pub(super) fn may_read_for(&self, purpose: &str) -> bool {
        self.scopes.allow(AuditDoor::Http, purpose)
    }

    /// The account, if the token is good for the purpose.
    pub(super) fn for_purpose(self, purpose: &str) -> Result<Account, ApiError> {
        if self.may_read_for(purpose) {
            return Ok(self.account);
        }
        Err(ApiError::forbidden(format!("the token is not good for reading over HTTP for {purpose}")))
    }
}

impl FromRequestParts<Door> for Identity {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, ApiError> {
        let Ok(address) = Address::from_request_parts(parts, door).await;
        let refused = |reason: &str| session::refused(door, address, reason);
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(token) = header.and_then(|value| value.strip_prefix("Bearer ")) else {
            return Err(refused(
                "send a token: Authorization: Bearer tg_…; `tidegate tokens create` makes one, or POST /api/v1/session",
            ));
        };
        match admission::account(&door.desk, token.trim()).await {
            Ok((account, _)) if !door.limits.admits(account.id) => {
                Err(ApiError::too_many_requests("too many requests; wait a minute"))
            }
            Ok((account, scopes)) => Ok(Self { account, scopes }),
            Err(Refusal::Token(reason)) => Err(refused(reason)),
            Err(refusal) => Err(ApiError::inside(&refusal)),
        }
    }
}

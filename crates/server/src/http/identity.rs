//! Who asks: the account behind a token.

use super::Door;
use super::address::Address;
use super::error::ApiError;
use super::gate::Guest;
use crate::admission::{Admitted, Caller, Refusal};
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;
use tidegate_jobs::desk::Visit;
use tidegate_ledger::{Door as AuditDoor, Principal as Account, TokenId};

/// An account that was admitted with a token.
pub(super) struct Identity(Admitted);

impl Identity {
    /// Whether the token is good for a purpose.
    pub(super) fn may_read_for(&self, purpose: &str) -> bool {
        self.0.may_read(AuditDoor::Http, purpose)
    }

    /// The account.
    pub(super) fn account(self) -> Account {
        self.0.account
    }

    /// The visit, if the purpose is one and the token is good for it.
    pub(super) async fn for_purpose(self, door: &Door, purpose: &str) -> Result<Visit, ApiError> {
        Ok(door.admission.visit(self.0, AuditDoor::Http, purpose).await?)
    }

    /// Who may ask at this door; what for is written down where the token is not good for it.
    pub(super) async fn at_this_door(self, door: &Door, purpose: &str) -> Result<Self, ApiError> {
        Ok(Self(door.admission.at_door(self.0, AuditDoor::Http, purpose).await?))
    }

    /// The account with its session, if somebody logged in; what for is written down where nobody did.
    pub(super) async fn logged_in(self, door: &Door, purpose: &str) -> Result<(Account, TokenId), ApiError> {
        let admitted = door.admission.logged_in(self.0, AuditDoor::Http, purpose).await?;
        Ok((admitted.account, admitted.token.id))
    }
}

impl FromRequestParts<Door> for Identity {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, ApiError> {
        let Ok(address) = Address::from_request_parts(parts, door).await;
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(token) = header.and_then(|value| value.strip_prefix("Bearer ")) else {
            let send = "send a token: Authorization: Bearer tg_…; `tidegate tokens create` makes one, or POST \
                        /api/v1/session";
            // No token is no guess: any page that a browser shows can make it ask without one, which must not keep it out.
            return Err(ApiError::unauthorized(send));
        };
        let caller = Caller { door: AuditDoor::Http, address: address.0, claimed: None };
        let admitted = door.admission.account(token.trim(), &caller).await?;
        if let Some(ConnectInfo(guest)) = parts.extensions.get::<ConnectInfo<Guest>>() {
            guest.seat.let_in();
        }
        Ok(Self(admitted))
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match &refusal {
            Refusal::Token(reason) => Self::unauthorized(*reason),
            Refusal::Purpose { .. } | Refusal::Scope { .. } | Refusal::Door(_) | Refusal::NoSession => {
                Self::forbidden(refusal.to_string())
            }
            Refusal::TooMany(_) => Self::too_many_requests(refusal.to_string()),
            Refusal::Inside(_) => Self::inside(&refusal),
        }
    }
}

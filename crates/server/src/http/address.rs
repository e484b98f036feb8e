//! Where a request comes from, and how many log-ins are tried from there.

use super::Door;
use super::error::ApiError;
use super::gate::Guest;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use std::convert::Infallible;
use std::net::IpAddr;

/// Where a request comes from.
#[derive(Clone, Copy)]
pub(super) struct Address(pub(super) Option<IpAddr>);

impl<S: Sync> FromRequestParts<S> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get::<ConnectInfo<Guest>>().map(|info| info.0.seat.address())))
    }
}

impl Address {
    /// Counts a log-in before it is tried, whatever comes of it: a right guess after many wrong ones is a guess all the same.
    pub(super) fn counted(self, door: &Door) -> Result<(), ApiError> {
        Ok(door.admission.count_failure(self.0)?)
    }
}

/// Refuses a log-in, and counts it against the address.
pub(super) fn refused(door: &Door, address: Address, reason: &str) -> ApiError {
    address.counted(door).err().unwrap_or_else(|| ApiError::unauthorized(reason))
}

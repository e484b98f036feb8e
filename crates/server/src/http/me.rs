//! `GET /api/v1/me`: who a token belongs to.

use super::Door;
use super::error::ApiError;
use super::identity::Identity;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Who the token belongs to, and what it is good for.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    /// Name.
    name: String,
    /// Roles held.
    roles: BTreeSet<String>,
    /// Highest grade that may be seen.
    clearance: &'static str,
    /// What the policy lets people read for.
    purposes: Vec<String>,
}

/// Who the token belongs to.
#[utoipa::path(
    get,
    path = "/api/v1/me",
    responses(
        (status = 200, body = Me),
        (status = 401, description = "No token, or one that does not hold", body = ApiError),
        (status = 403, description = "The token is not good for HTTP", body = ApiError),
    ),
    security(("token" = []))
)]
pub(super) async fn me(State(door): State<Door>, identity: Identity) -> Result<Json<Me>, ApiError> {
    let identity = identity.at_this_door(&door, "account").await?;
    let policy = door.desk.policy().await?.policy;
    let purposes = policy.purposes().iter().map(|purpose| purpose.name.clone());
    let purposes = purposes.filter(|purpose| identity.may_read_for(purpose)).collect();
    let account = identity.account();
    Ok(Json(Me {
        name: account.name,
        roles: account.roles,
        clearance: account.standing.clearance.as_str(),
        purposes,
    }))
}

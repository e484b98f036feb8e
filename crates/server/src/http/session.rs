//! `POST /api/v1/session`: a name and a password in, a token that ends by itself out. `DELETE` ends it at once.

use super::Door;
use super::address::Address;
use super::error::ApiError;
use super::identity::Identity;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tidegate_jobs::sessions;
use tidegate_ledger::Door as AuditDoor;
use utoipa::ToSchema;

/// Who logs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogIn {
    /// Name of the person.
    pub name: String,
    /// Password of the person.
    pub password: String,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub struct Session {
    /// Token for `Authorization: Bearer`, and password at the other doors.
    pub token: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: DateTime<Utc>,
}

impl From<sessions::Session> for Session {
    fn from(sessions::Session { token, expires_at }: sessions::Session) -> Self {
        Self { token, expires_at }
    }
}

/// Logs a person in.
#[utoipa::path(
    post,
    path = "/api/v1/session",
    request_body = LogIn,
    responses(
        (status = 200, body = Session),
        (status = 401, description = "Name and password do not fit", body = ApiError),
        (status = 429, description = "Too many failed log-ins", body = ApiError),
        (status = 503, description = "Too many log in at this moment; try again in a few seconds", body = ApiError),
    )
)]
pub(super) async fn log_in(
    State(door): State<Door>,
    address: Address,
    body: Result<Json<LogIn>, JsonRejection>,
) -> Result<Json<Session>, ApiError> {
    let Json(LogIn { name, password }) = body?;
    address.counted(&door)?;
    let (home, now) = (door.desk.home(), door.desk.now());
    match sessions::log_in(home, &name, password, AuditDoor::Http, now).await {
        Ok(session) => Ok(Json(session.into())),
        Err(error) if sessions::is_refusal(&error) => {
            Err(ApiError::unauthorized("name and password do not fit"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Logs a person out: the token holds no more at any door.
#[utoipa::path(
    delete,
    path = "/api/v1/session",
    responses(
        (status = 204, description = "The session is over"),
        (status = 401, description = "No token, or one that does not hold", body = ApiError),
        (status = 403, description = "The token is none of a session", body = ApiError),
    ),
    security(("token" = []))
)]
pub(super) async fn log_out(State(door): State<Door>, identity: Identity) -> Result<StatusCode, ApiError> {
    let (account, session) = identity.logged_in(&door, "log-out").await?;
    sessions::log_out(door.desk.home(), &account, session, AuditDoor::Http, door.desk.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

//! `POST /api/v1/sql`: a statement and its purpose in, rows out.

use super::Door;
use super::answer::{Format, response};
use super::error::ApiError;
use super::identity::Identity;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A statement to answer.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// What the rows are read for, as the policy names it.
    #[schema(example = "risk-analysis")]
    pub purpose: String,
    /// One SQL query.
    #[schema(example = "SELECT office_id, count(*) FROM declaration GROUP BY office_id")]
    pub statement: String,
}

/// Answers a statement with what is there for the reader and the purpose.
#[utoipa::path(
    post,
    path = "/api/v1/sql",
    request_body = Statement,
    responses(
        (status = 200, description = "Rows: JSON by default, or text/csv or application/vnd.apache.arrow.stream as \
            Accept says. A query that fails on the way breaks the response off."),
        (status = 400, description = "The statement is none, or names what is not there", body = ApiError),
        (status = 401, description = "No token, or one that does not hold", body = ApiError),
        (status = 403, description = "Not permitted for the purpose", body = ApiError),
        (status = 422, description = "More than one reader may use", body = ApiError),
        (status = 429, description = "Too many requests", body = ApiError),
    ),
    security(("token" = []))
)]
pub(super) async fn sql(
    State(door): State<Door>,
    identity: Identity,
    headers: HeaderMap,
    body: Result<Json<Statement>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(asked) = body?;
    let format = Format::accepted(&headers)?;
    let visit = identity.for_purpose(&door, &asked.purpose).await?;
    let served = door.desk.ask(&visit, &asked.statement, None).await?;
    response(format, served).await
}

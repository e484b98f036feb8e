//! What a client is told when a request is not answered.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tidegate_jobs::JobError;
use tidegate_query::QueryError;
use utoipa::ToSchema;

/// A refusal: a word for programs and a sentence for people.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiError {
    #[serde(skip)]
    status: StatusCode,
    /// Such as `unauthorized`, `not-permitted`, `statement`, `too-much`, `inside`.
    pub code: &'static str,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "request", message)
    }

    pub(super) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "not-permitted", message)
    }

    pub(super) fn not_acceptable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_ACCEPTABLE, "not-acceptable", message)
    }

    pub(super) fn too_many_requests(message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", message)
    }

    /// Something of ours failed: the log has it, the client is told that.
    pub(super) fn inside(error: &dyn std::error::Error) -> Self {
        tracing::error!(%error, "a request failed");
        let message = "the request failed inside the platform; the platform's log has the cause";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "inside", message)
    }
}

impl From<JobError> for ApiError {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Query(error) => Self::from(error),
            other => Self::inside(&other),
        }
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        let (status, code) = match &error {
            QueryError::Engine(_)
            | QueryError::Column { .. }
            | QueryError::Assess(_)
            | QueryError::NoPurpose => (StatusCode::BAD_REQUEST, "statement"),
            QueryError::NotPermitted { .. }
            | QueryError::NoPolicy { .. }
            | QueryError::Statement { .. }
            | QueryError::Ungoverned { .. }
            | QueryError::Policy(_) => (StatusCode::FORBIDDEN, "not-permitted"),
            QueryError::TooMuch { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "too-much"),
            QueryError::Inside { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "inside"),
            QueryError::Lake(_) => return Self::inside(&error),
        };
        Self::new(status, code, error.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(&self)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

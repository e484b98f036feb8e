//! What a client is told when a request is not answered.

use crate::unanswered::{Reason, Unanswered};
use axum::Json;
use axum::extract::rejection::{FormRejection, JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tidegate_jobs::JobError;
use tidegate_ledger::LedgerError;
use utoipa::ToSchema;

/// A refusal: a word for programs and a sentence for people.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiError {
    #[serde(skip)]
    status: StatusCode,
    /// Such as `unauthorized`, `not-permitted`, `statement`, `conflict`, `too-much`, `inside`.
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

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", message)
    }

    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message)
    }

    pub(super) fn not_acceptable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_ACCEPTABLE, "not-acceptable", message)
    }

    pub(super) fn too_many_requests(message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", message)
    }

    pub(super) fn too_slow(message: impl Into<String>) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "too-slow", message)
    }

    /// Something that it takes is not to be had now: the caller has told the log where somebody should look after it.
    pub(super) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// Something of ours failed: the log has it, the client is told that.
    pub(super) fn inside(error: &dyn std::error::Error) -> Self {
        tracing::error!(%error, "a request failed");
        let message = "the request failed inside the platform; the platform's log has the cause";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "inside", message)
    }
}

/// Parts of a request that cannot be read are a bad request, in the words of who reads them.
macro_rules! bad_request_of {
    ($($rejection:ty),*) => {
        $(impl From<$rejection> for ApiError {
            fn from(rejection: $rejection) -> Self {
                Self::bad_request(rejection.body_text())
            }
        })*
    };
}

bad_request_of!(FormRejection, JsonRejection, PathRejection, QueryRejection);

impl From<JobError> for ApiError {
    fn from(error: JobError) -> Self {
        if let JobError::Ledger(busy @ LedgerError::TooManyLogIns) = &error {
            return Self::unavailable(busy.to_string());
        }
        let Unanswered { reason, message } = Unanswered::from(&error);
        let (status, code) = match reason {
            Reason::Column | Reason::Statement => (StatusCode::BAD_REQUEST, "statement"),
            Reason::Change | Reason::NotPermitted => (StatusCode::FORBIDDEN, "not-permitted"),
            Reason::TooMuch => (StatusCode::UNPROCESSABLE_ENTITY, "too-much"),
            Reason::Inside => (StatusCode::INTERNAL_SERVER_ERROR, "inside"),
        };
        Self::new(status, code, message)
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

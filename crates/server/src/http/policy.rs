//! Pages and what browsers may do with them.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// A page under a content security policy of its own.
pub(super) fn with_policy(page: impl IntoResponse, policy: &'static str) -> Response {
    let mut response = page.into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

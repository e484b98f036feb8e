//! What a sign-on comes to, as a page for people or as JSON for programs.

use super::super::error::ApiError;
use super::super::policy::{escaped, plain};
use super::super::session::Session;
use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Form {
    /// A page, as browsers do.
    Page,
    /// JSON.
    Json,
}

impl<S: Sync> FromRequestParts<S> for Form {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let accepted = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        let names = |name| accepted.is_some_and(|accepted| accepted.contains(name));
        let is_json = names("application/json") && !names("text/html");
        Ok(if is_json { Self::Json } else { Self::Page })
    }
}

/// A session that began.
pub(super) fn session(form: Form, session: Session) -> Response {
    if form == Form::Json {
        return Json(session).into_response();
    }
    let until = session.expires_at.format("%Y-%m-%d %H:%M UTC");
    let content = format!(
        "<p>This is the token of your session, at every door until {until}. It is shown once.\n<pre>{}</pre>\n\
         <p>Over HTTP: <code>Authorization: Bearer</code> and the token. Elsewhere it is your password.",
        escaped(&session.token)
    );
    plain(StatusCode::OK, "You are signed on", &content)
}

/// A sign-on that comes to nothing.
pub(super) fn refusal(form: Form, refusal: ApiError) -> Response {
    if form == Form::Json {
        return refusal.into_response();
    }
    let content = format!("<p>{}\n<p><a href=\"/sign-on\">Sign on again</a>", escaped(&refusal.message));
    plain(refusal.status(), "You are not signed on", &content)
}

//! What a sign-on comes to, as a page for people or as JSON for programs.

use super::super::error::ApiError;
use super::super::policy::with_policy;
use super::super::session::Session;
use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use std::convert::Infallible;

/// What the pages may do: be shown.
const POLICY: &str = "default-src 'none'; form-action 'none'; frame-ancestors 'none'";

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
    page(StatusCode::OK, "You are signed on", &content)
}

/// A sign-on that comes to nothing.
pub(super) fn refusal(form: Form, refusal: ApiError) -> Response {
    if form == Form::Json {
        return refusal.into_response();
    }
    let content = format!("<p>{}\n<p><a href=\"/sign-on\">Sign on again</a>", escaped(&refusal.message));
    page(refusal.status(), "You are not signed on", &content)
}

fn page(status: StatusCode, title: &str, content: &str) -> Response {
    let page = include_str!("page.html").replace("{title}", title).replace("{content}", content);
    with_policy((status, Html(page)), POLICY)
}

/// A text as it stands in HTML, whoever wrote it.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_text() {
        assert_eq!(
            escaped("<script>alert(\"a\" & 'b')</script>"),
            "&lt;script&gt;alert(&quot;a&quot; &amp; &#39;b&#39;)&lt;/script&gt;"
        );
    }
}

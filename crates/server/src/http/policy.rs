//! Pages and what browsers may do with them.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

/// What a plain page may do: be shown.
const SHOWN: &str = "default-src 'none'; form-action 'none'; frame-ancestors 'none'";

/// A page under a content security policy of its own.
pub(super) fn with_policy(page: impl IntoResponse, policy: &'static str) -> Response {
    let mut response = page.into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

/// A page that can only be read; the content is HTML.
pub(super) fn plain(status: StatusCode, title: &str, content: &str) -> Response {
    let page = include_str!("page.html").replace("{title}", title).replace("{content}", content);
    with_policy((status, Html(page)), SHOWN)
}

/// A text as it stands in HTML, whoever wrote it.
pub(super) fn escaped(text: &str) -> String {
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

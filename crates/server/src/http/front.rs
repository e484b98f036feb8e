//! `GET /`: what this is, for who opens the address in a browser, and where to go on. It tells nothing of data.

use super::Door;
use super::error::ApiError;
use super::policy::plain;
use super::setup;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use tidegate_jobs::sessions;

/// As long as nobody has an account. The link itself is for who started the server.
const FIRST: &str = "<p>Nobody has an account yet. The server printed a link for the first one when it started; \
                     it is good once, for an hour, and the next start prints another.";
/// Where single sign-on is set up.
const SIGN_ON: &str = "<p><a href=\"/sign-on\">Sign on</a> through the provider of single sign-on.";

/// The page.
pub(super) async fn front(State(door): State<Door>) -> Result<Response, ApiError> {
    // Accounts can be made on the machine itself too, while the link waits.
    let is_new = setup::is_waiting(&door) && sessions::is_new(door.desk.home()).await?;
    let first = if is_new { FIRST } else { "" };
    let sign_on = if door.sign_on.is_some() { SIGN_ON } else { "" };
    let content = include_str!("front.html").replace("{first}", first).replace("{sign_on}", sign_on);
    Ok(plain(StatusCode::OK, "Tidegate", &content))
}

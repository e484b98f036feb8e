//! The first account: a link with a secret, printed at the first start and good once.

use super::Door;
use super::address::{Address, refused};
use super::error::ApiError;
use super::policy::{escaped, plain, with_policy};
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use std::sync::Mutex;
use subtle::ConstantTimeEq;
use tidegate_jobs::sessions;

/// How long the link is good.
const HOURS: i64 = 1;
/// What the form may do: be sent here, and nothing else.
const POLICY: &str = "default-src 'none'; form-action 'self'; frame-ancestors 'none'";

/// A set-up that waits for somebody with its secret.
pub struct Setup {
    secret: String,
    until: DateTime<Utc>,
}

impl Setup {
    /// A set-up with 32 bytes from a cryptographic random source, from now on.
    pub fn new(secret: [u8; 32], now: DateTime<Utc>) -> Self {
        let secret = secret.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        Self { secret, until: now + TimeDelta::hours(HOURS) }
    }

    /// Path and query of the link.
    pub fn link(&self) -> String {
        format!("/setup?secret={}", self.secret)
    }

    fn is_good(&self, now: DateTime<Utc>) -> bool {
        now < self.until
    }

    fn is_opened_by(&self, secret: &str) -> bool {
        bool::from(self.secret.as_bytes().ct_eq(secret.as_bytes()))
    }
}

/// The set-up of a server; nothing when it is done.
pub(super) type Waiting = Mutex<Option<Setup>>;

/// What stands behind `?`.
#[derive(Deserialize)]
pub(super) struct Link {
    #[serde(default)]
    secret: String,
}

/// What the form sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filled {
    secret: String,
    name: String,
    password: String,
}

fn opens(door: &Door, secret: &str, address: Address) -> Result<(), ApiError> {
    let reason = "this link is not good, or not any more";
    let waiting = door.setup.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let good = waiting.as_ref().filter(|setup| setup.is_good(door.desk.now()));
    match good.map(|setup| setup.is_opened_by(secret)) {
        Some(true) => Ok(()),
        Some(false) if !secret.is_empty() => Err(refused(door, address, reason)),
        // Nothing is guessed without a secret, or where none opens.
        Some(false) | None => Err(ApiError::unauthorized(reason)),
    }
}

/// Whether the set-up still waits.
pub(super) fn is_waiting(door: &Door) -> bool {
    door.setup.lock().unwrap_or_else(std::sync::PoisonError::into_inner).is_some()
}

/// Whether a browser asks: those name pages among what they accept.
fn is_browser(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

/// The form for who has the secret, with the name that was entered and why it was refused.
fn page(secret: &str, name: &str, reason: Option<&str>) -> String {
    let reason = reason.map(|reason| format!("<p role=\"alert\"><strong>{}</strong>", escaped(reason)));
    // The secret opens, so it is letters and digits. It comes first: no text that is put in behind it can name its place.
    include_str!("setup.html")
        .replace("{secret}", secret)
        .replace("{reason}", &reason.unwrap_or_default())
        .replace("{name}", &escaped(name))
}

/// A refusal without the form, since nothing opened it.
fn refusal(is_browser: bool, error: ApiError) -> Response {
    if is_browser {
        let content = format!("<p>{}", escaped(&error.message));
        plain(error.status(), "Tidegate is not set up by this", &content)
    } else {
        error.into_response()
    }
}

/// The form.
pub(super) async fn form(
    State(door): State<Door>,
    address: Address,
    headers: HeaderMap,
    Query(link): Query<Link>,
) -> Response {
    match opens(&door, &link.secret, address) {
        Ok(()) => with_policy(Html(page(&link.secret, "", None)), POLICY),
        Err(error) => refusal(is_browser(&headers), error),
    }
}

/// Makes the account.
pub(super) async fn fill(
    State(door): State<Door>,
    address: Address,
    headers: HeaderMap,
    form: Result<Form<Filled>, FormRejection>,
) -> Response {
    let is_browser = is_browser(&headers);
    let opened = form.map_err(ApiError::from).and_then(|Form(filled)| {
        opens(&door, &filled.secret, address)?;
        Ok(filled)
    });
    let Filled { secret, name, password } = match opened {
        Ok(filled) => filled,
        Err(error) => return refusal(is_browser, error),
    };
    let made = sessions::set_up(door.desk.home(), name.trim(), password, door.desk.now()).await;
    if let Err(error) = made {
        let error = ApiError::bad_request(error.to_string());
        if !is_browser {
            return error.into_response();
        }
        let again = page(&secret, &name, Some(&error.message));
        return with_policy((error.status(), Html(again)), POLICY);
    }
    *door.setup.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
    let done = "<!doctype html><title>Tidegate</title><p>The account is made. Log in: POST /api/v1/session, \
                as <a href=\"/\">the front page</a> says.";
    with_policy(Html(done), POLICY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::Admission;
    use axum::http::StatusCode;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};
    use tidegate_jobs::desk::Desk;
    use tidegate_jobs::{Configuration, Home};

    #[tokio::test]
    async fn the_link_opens_for_an_hour_and_no_longer() {
        let folder = tempfile::tempdir().unwrap();
        let begun: DateTime<Utc> = "2026-11-24T12:00:00Z".parse().unwrap();
        let home = Home::open(&folder.path().join("home"), Configuration::default(), begun).await.unwrap();
        let seconds = Arc::new(AtomicI64::new(0));
        let since = Arc::clone(&seconds);
        let clock = move || begun + TimeDelta::seconds(since.load(Ordering::Relaxed));
        let setup = Setup::new([7; 32], begun);
        let secret = setup.secret.clone();
        let desk = Arc::new(Desk::new(home, Arc::new(clock)));
        let door = Door::new(Arc::new(Admission::new(desk))).with_setup(Some(setup));
        let opens = async || {
            let link = Query(Link { secret: secret.clone() });
            form(State(door.clone()), Address(None), HeaderMap::new(), link).await.status()
        };
        let makes = async || {
            let (name, password) = ("Ana".to_owned(), "correct horse battery".to_owned());
            let filled = Form(Filled { secret: secret.clone(), name, password });
            fill(State(door.clone()), Address(None), HeaderMap::new(), Ok(filled)).await.status()
        };
        seconds.store(3_600, Ordering::Relaxed);
        assert_eq!((opens().await, makes().await), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
        assert!(sessions::is_new(door.desk.home()).await.unwrap());
        seconds.store(3_599, Ordering::Relaxed);
        assert_eq!((opens().await, makes().await), (StatusCode::OK, StatusCode::OK));
        assert!(!sessions::is_new(door.desk.home()).await.unwrap());
    }
}

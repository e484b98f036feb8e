//! The first account: a link with a secret, printed at the first start and good once.

use super::Door;
use super::error::ApiError;
use super::policy::with_policy;
use super::session::{Address, refused};
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Query, State};
use axum::response::{Html, Response};
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

    fn is_opened_by(&self, secret: &str, now: DateTime<Utc>) -> bool {
        now < self.until && bool::from(self.secret.as_bytes().ct_eq(secret.as_bytes()))
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
    let waiting = door.setup.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let is_open = waiting.as_ref().is_some_and(|setup| setup.is_opened_by(secret, door.desk.now()));
    if is_open { Ok(()) } else { Err(refused(door, address, "this link is not good, or not any more")) }
}

/// The form.
pub(super) async fn form(
    State(door): State<Door>,
    address: Address,
    Query(link): Query<Link>,
) -> Result<Response, ApiError> {
    opens(&door, &link.secret, address)?;
    // What opens is letters and digits.
    let page = include_str!("setup.html").replace("{secret}", &link.secret);
    Ok(with_policy(Html(page), POLICY))
}

/// Makes the account.
pub(super) async fn fill(
    State(door): State<Door>,
    address: Address,
    form: Result<Form<Filled>, FormRejection>,
) -> Result<Response, ApiError> {
    let Form(filled) = form?;
    opens(&door, &filled.secret, address)?;
    let home = door.desk.home();
    sessions::set_up(home, filled.name.trim(), filled.password, door.desk.now())
        .await
        .map_err(|error| ApiError::bad_request(error.to_string()))?;
    *door.setup.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
    let done = "<!doctype html><title>Tidegate</title><p>The account is made. Log in: POST /api/v1/session.";
    Ok(with_policy(Html(done.to_owned()), POLICY))
}

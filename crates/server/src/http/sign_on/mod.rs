//! Single sign-on: a browser goes to a provider of OpenID Connect and comes back with a code, which is exchanged for the identity
//! of who signed on there; whoever it is linked to is let in.
//!
//! Authorization code flow (OpenID Connect Core 1.0, section 3.1) with PKCE (RFC 7636), a state bound to the browser by a
//! cookie, and a nonce. Nobody is made an account, and no claim of the provider gives rights.

mod fetch;
mod page;
mod pending;
mod provider;

use super::Door;
use super::address::{Address, refused};
use super::error::ApiError;
use super::session::Session;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use page::Form;
use pending::Pending;
use provider::{Provider, ProviderError};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use tidegate_jobs::configuration::SingleSignOn;
use tidegate_jobs::sessions;
use tidegate_ledger::Door as AuditDoor;

/// Why there is no single sign-on although it is configured.
#[derive(Debug, thiserror::Error)]
pub enum SignOnError {
    /// The secret cannot be read.
    #[error("the secret for single sign-on, {}: {cause}", path.display())]
    Secret {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// The secret is none.
    #[error("the secret for single sign-on, {}, is empty", path.display())]
    NoSecret {
        /// The file.
        path: PathBuf,
    },
    /// The provider cannot be asked as it is configured.
    #[error("single sign-on cannot be set up: {0}")]
    Provider(Box<dyn std::error::Error + Send + Sync>),
}

/// Single sign-on as it is set up.
pub struct SignOn {
    provider: Provider,
    pending: Pending,
    /// Whether browsers come over TLS.
    is_tls: bool,
}

impl SignOn {
    /// Single sign-on as it is configured; paths are seen from the home. The provider is not asked before somebody signs on.
    ///
    /// # Errors
    /// [`SignOnError`].
    pub fn new(configured: &SingleSignOn, home: &Path) -> Result<Self, SignOnError> {
        let path = configured.client_secret_file.as_ref().map(|path| home.join(path));
        let secret = path.map(|path| match std::fs::read_to_string(&path) {
            Ok(text) if text.trim().is_empty() => Err(SignOnError::NoSecret { path }),
            Ok(text) => Ok(text.trim().to_owned()),
            Err(cause) => Err(SignOnError::Secret { path, cause }),
        });
        let provider = Provider::new(configured, secret.transpose()?).map_err(SignOnError::Provider)?;
        Ok(Self { provider, pending: Pending::default(), is_tls: configured.is_public_over_tls() })
    }

    /// Name of the cookie; with the prefix a browser takes it from this host and over TLS alone.
    fn cookie_name(&self) -> &'static str {
        if self.is_tls { "__Host-tidegate-sign-on" } else { "tidegate-sign-on" }
    }

    /// The cookie that a browser keeps until it comes back; it is sent along when the provider sends the browser back.
    fn cookie(&self, browser: &str) -> String {
        let (name, seconds) = (self.cookie_name(), pending::MINUTES * 60);
        let secure = if self.is_tls { "; Secure" } else { "" };
        format!("{name}={browser}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Lax{secure}")
    }

    /// What the browser has in its cookie.
    fn browser<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|one| one.split_once('='));
        pairs.find(|(name, _)| name.trim() == self.cookie_name()).map(|(_, value)| value.trim())
    }
}

/// What the provider sends back with the browser.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Returned {
    /// What the identity is exchanged for.
    code: Option<String>,
    /// Which sign-on it is.
    state: Option<String>,
    /// Why there is no code.
    error: Option<String>,
    /// The provider (RFC 9207).
    iss: Option<String>,
}

/// Sends a browser to the provider of single sign-on.
#[utoipa::path(
    get,
    path = "/sign-on",
    responses(
        (status = 303, description = "Go to the provider; it sends the browser back to /sign-on/callback"),
        (status = 403, description = "A page loads this as a part of itself", body = ApiError),
        (status = 404, description = "There is no single sign-on here", body = ApiError),
        (status = 429, description = "Too many sign-ons were begun", body = ApiError),
        (status = 503, description = "The provider cannot be asked", body = ApiError),
    )
)]
pub(super) async fn begin(
    State(door): State<Door>,
    address: Address,
    form: Form,
    headers: HeaderMap,
) -> Response {
    match start(&door, address, &headers).await {
        Ok([place, cookie]) => {
            (StatusCode::SEE_OTHER, [(header::LOCATION, place), (header::SET_COOKIE, cookie)]).into_response()
        }
        Err(error) => page::refusal(form, error),
    }
}

/// Takes a browser back from the provider, and lets in who signed on there.
#[utoipa::path(
    get,
    path = "/sign-on/callback",
    params(Returned),
    responses(
        (status = 200, description = "A page with the token, or JSON as Accept says", body = Session),
        (status = 401, description = "The sign-on is not one of this browser, is over, or proves nobody", body = ApiError),
        (status = 403, description = "The identity is linked to nobody, or its person is disabled", body = ApiError),
        (status = 404, description = "There is no single sign-on here", body = ApiError),
        (status = 429, description = "Too many failed log-ins", body = ApiError),
        (status = 503, description = "The provider cannot be asked", body = ApiError),
    )
)]
pub(super) async fn end(
    State(door): State<Door>,
    address: Address,
    form: Form,
    headers: HeaderMap,
    returned: Result<Query<Returned>, QueryRejection>,
) -> Response {
    let returned = returned.map_err(ApiError::from);
    let admitted = match returned {
        Ok(Query(returned)) => admit(&door, address, &headers, returned).await,
        Err(error) => Err(error),
    };
    match admitted {
        Ok(session) => page::session(form, session),
        Err(error) => page::refusal(form, error),
    }
}

fn set_up(door: &Door) -> Result<&SignOn, ApiError> {
    let nowhere = "there is no single sign-on here; it is set up in [single_sign_on] of the configuration";
    door.sign_on.as_deref().ok_or_else(|| ApiError::not_found(nowhere))
}

/// Whether somebody goes there. A browser says so when a page loads it as a part of itself, such as an image (Fetch Metadata
/// Request Headers, section 2.1); programs and old browsers say nothing.
fn is_gone_to(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-dest").is_none_or(|destination| destination == "document")
}

async fn start(door: &Door, address: Address, headers: &HeaderMap) -> Result<[HeaderValue; 2], ApiError> {
    let sign_on = set_up(door)?;
    // A page of somebody else must not use up what those behind an address may begin.
    if !is_gone_to(headers) {
        return Err(ApiError::forbidden("a sign-on begins where somebody goes to /sign-on"));
    }
    door.admission.count_sign_on(address.0)?;
    let begun = sign_on.provider.begin(door.desk.now()).await;
    let (place, started) = begun.map_err(|error| unproven(&error))?;
    let texts = [place.to_string(), sign_on.cookie(started.browser.secret())];
    sign_on.pending.add(started);
    let [place, cookie] = texts.map(HeaderValue::try_from);
    let inside = |error| ApiError::inside(&error);
    Ok([place.map_err(inside)?, cookie.map_err(inside)?])
}

async fn admit(
    door: &Door,
    address: Address,
    headers: &HeaderMap,
    returned: Returned,
) -> Result<Session, ApiError> {
    let (sign_on, now) = (set_up(door)?, door.desk.now());
    let state = returned.state.unwrap_or_default();
    let browser = sign_on.browser(headers);
    let started = browser.and_then(|browser| sign_on.pending.take(&state, browser, now));
    if let Some(error) = &returned.error {
        return Err(ApiError::unauthorized(told(error)));
    }
    let Some(started) = started else {
        let again = "this sign-on was not begun in this browser, is over, or took longer than ten minutes; sign on again";
        // Who has no cookie guesses nothing.
        let is_guess = browser.is_some();
        return Err(if is_guess { refused(door, address, again) } else { ApiError::unauthorized(again) });
    };
    if returned.iss.is_some_and(|issuer| issuer != sign_on.provider.issuer()) {
        return Err(refused(door, address, "another provider than the one asked sent the browser back"));
    }
    let code = returned.code.ok_or_else(|| refused(door, address, "the provider sent no code"))?;
    let identity = sign_on.provider.identity(code, started, now).await;
    let identity = identity.map_err(|error| {
        let answer = unproven(&error);
        match error {
            ProviderError::Unproven(_) => address.counted(door).err().unwrap_or(answer),
            ProviderError::Unreachable(_) => answer,
        }
    })?;
    match sessions::sign_on(door.desk.home(), &identity, AuditDoor::Http, now).await {
        Ok(session) => Ok(session.into()),
        Err(error) if sessions::is_refusal(&error) => Err(ApiError::forbidden(format!(
            "the provider knows you as {identity}, who is not let in here; tell this to those who look after accounts, \
             who can link it to a person"
        ))),
        Err(error) => Err(error.into()),
    }
}

/// Why the provider sent no code, if it is a word as the standards have them; what else an address says is not repeated.
fn told(error: &str) -> String {
    let is_word = error.len() <= 64 && error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    match error {
        "access_denied" => {
            "the provider did not let you in, or you did not consent: access_denied".to_owned()
        }
        word if is_word => format!("the provider broke the sign-on off: {word}"),
        _ => "the provider broke the sign-on off".to_owned(),
    }
}

/// That a provider proves nobody: the log has the cause.
fn unproven(error: &ProviderError) -> ApiError {
    match error {
        ProviderError::Unreachable(_) => {
            tracing::error!(%error, "a sign-on failed");
            let message = "the provider of single sign-on cannot be asked; the platform's log has the cause";
            ApiError::unavailable(message)
        }
        ProviderError::Unproven(_) => {
            tracing::warn!(%error, "a sign-on was refused");
            let message =
                "what the provider answered does not prove who you are; the platform's log has the cause";
            ApiError::unauthorized(message)
        }
    }
}

//! Every route in one list, and the headers that each response has.

use super::Door;
use super::error::ApiError;
use super::governance::{audit, bundles, grades, policies};
use super::{front, health, me, openapi, session, setup, sign_on, spare, sql};
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use std::time::Duration;

/// What a path is told that leads nowhere.
const NOWHERE: &str =
    "there is nothing at this path; / says how to come in, and /api/v1/openapi.json describes the API";

/// Every route of a door that is reached over TLS, or not.
pub fn router(door: Door, has_tls: bool) -> Router {
    let serve = door.desk.home().configuration.serve;
    let (request_bytes, log_in) = (serve.request_bytes, Duration::from_secs(serve.log_in_seconds));
    // Who is not known yet does not keep a connection by sending what it has to say slowly.
    let coming_in = Router::new()
        .route("/api/v1/session", post(session::log_in).delete(session::log_out))
        .route("/setup", get(setup::form).post(setup::fill))
        .route_layer(from_fn(move |request: Request, next: Next| in_time(log_in, request, next)));
    Router::new()
        .route("/", get(front::front))
        .route("/api/v1/openapi.json", get(async || Json(openapi::description())))
        .route("/api/v1/me", get(me::me))
        .route("/api/v1/sql", post(sql::sql))
        .route("/api/v1/policies", get(policies::list_policies).post(policies::propose_policy))
        .route("/api/v1/policies/{version}", get(policies::show_policy))
        .route("/api/v1/policies/{version}/verdict", post(policies::decide_policy))
        .route("/api/v1/bundles/proposals", get(bundles::list_proposals).post(bundles::propose_bundle))
        .route("/api/v1/bundles/proposals/{number}/verdict", post(bundles::decide_bundle))
        .route("/api/v1/grades", get(grades::list_grades).post(grades::confirm_grade))
        .route("/api/v1/audit/who-saw", post(audit::who_saw))
        .route("/sign-on", get(sign_on::begin))
        .route("/sign-on/callback", get(sign_on::end))
        .merge(coming_in)
        .fallback(async || ApiError::not_found(NOWHERE))
        .layer(from_fn(spare::in_place))
        // Behind that layer, since it is answered in a spare place too.
        .route("/health", get(health::health))
        .layer(from_fn(spare::one_answer))
        .layer(DefaultBodyLimit::max(request_bytes))
        .layer(from_fn(move |request: Request, next: Next| headers(has_tls, request, next)))
        .with_state(door)
}

/// Answers a request within a time, or says that it took too long.
async fn in_time(time: Duration, request: Request, next: Next) -> Result<Response, ApiError> {
    let answered = tokio::time::timeout(time, next.run(request)).await;
    answered.map_err(|_| ApiError::too_slow("the log-in took too long; send it at once"))
}

/// Headers that keep browsers from doing with an answer what nobody meant (OWASP Secure Headers Project).
const HEADERS: [(&str, &str); 5] = [
    ("cache-control", "no-store"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];

/// That browsers come over TLS alone from now on. It is not said without TLS (RFC 6797, section 7.2).
const TLS_ALONE: (&str, &str) = ("strict-transport-security", "max-age=31536000");

async fn headers(has_tls: bool, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS.into_iter().chain(has_tls.then_some(TLS_ALONE)) {
        // A page may say more exactly what it does.
        response
            .headers_mut()
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

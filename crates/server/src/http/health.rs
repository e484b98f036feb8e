//! `GET /health`: what load balancers ask.

/// Whether the server answers.
#[utoipa::path(get, path = "/health", responses((status = 200, description = "It does")))]
pub(super) async fn health() -> &'static str {
    "ok\n"
}

//! Requests over connections that have a spare place, since all others are taken.

use super::error::ApiError;
use super::gate::Guest;
use crate::place::Place;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::Next;
use axum::response::Response;
use axum_server::ConnectionShutdown;

const ALL_TAKEN: &str = "all places for connections are taken; come again in a few seconds";

/// Answers a request when its connection has a place that is no spare one, or says that all are taken.
pub(super) async fn in_place(request: Request, next: Next) -> Result<Response, ApiError> {
    let place = place_of(&request);
    if let Some(place) = place
        && !place.becomes_own().await
    {
        return Err(ApiError::unavailable(ALL_TAKEN));
    }
    Ok(next.run(request).await)
}

/// Ends a connection that has a spare place with its first answer, so that others have the place.
pub(super) async fn one_answer(request: Request, next: Next) -> Response {
    let place = place_of(&request);
    let connection = request.extensions().get::<ConnectionShutdown>().cloned();
    let response = next.run(request).await;
    if let (Some(place), Some(connection)) = (place, connection)
        && place.is_spare()
    {
        connection.graceful_shutdown();
    }
    response
}

fn place_of(request: &Request) -> Option<Place> {
    request.extensions().get::<ConnectInfo<Guest>>().map(|ConnectInfo(guest)| guest.place.clone())
}

//! Listening for HTTP.

use super::{Door, router};
use crate::listening::{Listening, ServeError};
use axum_server::tls_rustls::RustlsConfig;
use axum_server::{Handle, Server};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// How often counters of requests that are past are forgotten.
const TIDY_EVERY: Duration = Duration::from_mins(1);

/// Serves until `stop` comes, then lets running requests end within the configured time. `ready` is told the address.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    door: Door,
    listening: Listening,
    ready: impl FnOnce(SocketAddr) + Send + 'static,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    listening.check()?;
    let configured = door.desk.home().configuration.serve;
    let log_in = Duration::from_secs(configured.log_in_seconds);
    let admission = Arc::clone(&door.admission);
    let handle = Handle::new();
    let stopping = handle.clone();
    let around = tokio::spawn(async move {
        let beside = async {
            if let Some(address) = stopping.listening().await {
                ready(address);
            }
            let mut ticks = tokio::time::interval(TIDY_EVERY);
            loop {
                ticks.tick().await;
                admission.tidy();
            }
        };
        tokio::select! {
            () = stop => stopping.graceful_shutdown(Some(Duration::from_secs(configured.stop_seconds))),
            () = beside => {}
        }
    });
    let service = router(door).into_make_service_with_connect_info::<SocketAddr>();
    let places = listening.places.clone();
    let served = match &listening.tls {
        None => {
            let server = axum_server::bind(listening.address).acceptor(places);
            within(server, log_in).handle(handle).serve(service).await
        }
        Some(tls) => {
            let files = RustlsConfig::from_pem_file(&tls.certificate, &tls.key).await;
            let files = files.map_err(|cause| tls.refused(cause))?;
            let server = axum_server::bind_rustls(listening.address, files);
            let server = server.map(|tls| tls.handshake_timeout(log_in).acceptor(places));
            within(server, log_in).handle(handle).serve(service).await
        }
    };
    around.abort();
    served.map_err(|cause| listening.failed(cause))
}

/// Gives each connection a time for its first request, and for the head of each request after it.
fn within<A>(mut server: Server<SocketAddr, A>, time: Duration) -> Server<SocketAddr, A> {
    server.http_builder().http1().header_read_timeout(time);
    server.first_request_timeout(time)
}

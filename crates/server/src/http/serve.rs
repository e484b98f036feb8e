//! Listening for HTTP.

use super::gate::{Gate, Guest};
use super::{Door, router};
use crate::limits::silence;
use crate::listening::{Listening, ServeError};
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// How often counters of requests that are past are forgotten.
const TIDY_EVERY: Duration = Duration::from_mins(1);

/// How long it takes to tell somebody that the time to log in is over, before the connection is broken off.
const LAST_WORD: Duration = Duration::from_secs(1);

/// Serves until `stop` comes, then lets running requests end within the configured time. `ready` is told the address.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    door: Door,
    listening: Listening,
    ready: impl FnOnce(SocketAddr) + Send,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    listening.check()?;
    let configuration = &door.desk.home().configuration;
    let (configured, silence) = (configuration.serve, silence(configuration));
    let log_in = Duration::from_secs(configured.log_in_seconds);
    let acceptor = match &listening.tls {
        None => None,
        Some(tls) => {
            let files = RustlsConfig::from_pem_file(&tls.certificate, &tls.key).await;
            let files = files.map_err(|cause| tls.refused(cause))?;
            Some(RustlsAcceptor::new(files).handshake_timeout(log_in))
        }
    };
    let listener = TcpListener::bind(listening.address).await.map_err(|cause| listening.failed(cause))?;
    ready(listener.local_addr().map_err(|cause| listening.failed(cause))?);
    let admission = Arc::clone(&door.admission);
    let handle = Handle::<Guest>::new();
    let stopping = handle.clone();
    let around = tokio::spawn(async move {
        let tidying = async {
            let mut ticks = tokio::time::interval(TIDY_EVERY);
            loop {
                ticks.tick().await;
                admission.tidy();
            }
        };
        tokio::select! {
            () = stop => stopping.graceful_shutdown(Some(Duration::from_secs(configured.stop_seconds))),
            () = tidying => {}
        }
    });
    let gate = Gate::new(listener, listening.places.clone(), log_in + LAST_WORD, silence);
    let mut server = Server::<Guest>::from_listener(gate).handle(handle);
    // For the head of each request, of those too who were let in.
    server.http_builder().http1().header_read_timeout(log_in);
    let service = router(door, acceptor.is_some()).into_make_service_with_connect_info::<Guest>();
    let outcome = match acceptor {
        None => server.serve(service).await,
        Some(acceptor) => server.acceptor(acceptor).serve(service).await,
    };
    around.abort();
    outcome.map_err(|cause| listening.failed(cause))
}

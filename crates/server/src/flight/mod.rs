//! Arrow Flight SQL, for ADBC and JDBC drivers: answers in columns, without a conversion to rows.
//!
//! The token travels as `authorization: Bearer tg_…`, or as the password of a handshake; the purpose as the header
//! `x-tidegate-purpose`.

mod handle;
mod identity;
mod metadata;
mod service;

use crate::admission::Admission;
use crate::limits::silence;
use crate::listening::{Listening, ServeError};
use arrow_flight::flight_service_server::FlightServiceServer;
use futures::{FutureExt, stream};
use service::Service;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tonic::transport::{Identity, Server, ServerTlsConfig};

/// Calls of one connection at once, and errors of its client until it is broken off, as the library of HTTP/2 has them where nobody
/// says otherwise; this server says that there are no such limits, and who is not known yet would have none.
const MOST_CALLS: u32 = 200;
const MOST_ERRORS: usize = 1_024;

/// Serves until `stop` comes, then lets running calls end within the configured time. `ready` is told the address.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    admission: Arc<Admission>,
    listening: Listening,
    ready: impl FnOnce(SocketAddr) + Send,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    listening.check()?;
    let mut server = Server::builder()
        .max_concurrent_streams(MOST_CALLS)
        .http2_max_local_error_reset_streams(Some(MOST_ERRORS));
    if let Some(tls) = &listening.tls {
        let read = |path: &Path| std::fs::read(path).map_err(|cause| tls.refused(cause));
        let identity = Identity::from_pem(read(&tls.certificate)?, read(&tls.key)?);
        let config = ServerTlsConfig::new().identity(identity);
        server = server.tls_config(config).map_err(|cause| tls.refused(cause))?;
    }
    let listener = TcpListener::bind(listening.address).await.map_err(|cause| listening.failed(cause))?;
    ready(listener.local_addr().map_err(|cause| listening.failed(cause))?);
    let configuration = &admission.desk().home().configuration;
    let (serve, silence) = (configuration.serve, silence(configuration));
    let service = Service::new(admission);
    let service = FlightServiceServer::new(service).max_decoding_message_size(serve.request_bytes);
    let places = &listening.places;
    let log_in = Duration::from_secs(serve.log_in_seconds);
    let seated = stream::unfold(listener, |listener| async move {
        let seated = places.next(&listener).await.within(log_in, silence);
        Some((Ok::<_, io::Error>(seated), listener))
    });
    let stop = stop.boxed().shared();
    let over = stop.clone().then(|()| tokio::time::sleep(Duration::from_secs(serve.stop_seconds)));
    tokio::select! {
        outcome = server.add_service(service).serve_with_incoming_shutdown(seated, stop) => {
            outcome.map_err(|cause| listening.failed(cause))
        }
        () = over => Ok(()),
    }
}

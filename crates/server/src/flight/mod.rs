//! Arrow Flight SQL, for ADBC and JDBC drivers: answers in columns, without a conversion to rows.
//!
//! The token travels as `authorization: Bearer tg_…`, or as the password of a handshake; the purpose as the header
//! `x-tidegate-purpose`.

mod identity;
mod metadata;
mod service;

use crate::http::{ServeError, Tls};
use arrow_flight::flight_service_server::FlightServiceServer;
use service::Service;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use tidegate_jobs::desk::Desk;
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Identity, Server, ServerTlsConfig};

/// Serves until `stop` comes. `ready` is told the address.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    desk: Arc<Desk>,
    address: SocketAddr,
    tls: Option<Tls>,
    ready: impl FnOnce(SocketAddr) + Send,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    if tls.is_none() && !address.ip().is_loopback() {
        return Err(ServeError::Plain { address });
    }
    let failed = |cause| ServeError::Listen { address, cause };
    let mut server = Server::builder();
    if let Some(tls) = tls {
        let refused = |cause| ServeError::Tls { tls: tls.clone(), cause };
        let read = |path: &std::path::Path| std::fs::read(path);
        let files = read(&tls.certificate).and_then(|certificate| Ok((certificate, read(&tls.key)?)));
        let (certificate, key) = files.map_err(refused)?;
        let config = ServerTlsConfig::new().identity(Identity::from_pem(certificate, key));
        server = server.tls_config(config).map_err(|error| refused(std::io::Error::other(error)))?;
    }
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    ready(listener.local_addr().map_err(failed)?);
    let request_bytes = desk.home().configuration.serve.request_bytes;
    let service = FlightServiceServer::new(Service::new(desk)).max_decoding_message_size(request_bytes);
    let outcome =
        server.add_service(service).serve_with_incoming_shutdown(TcpIncoming::from(listener), stop).await;
    outcome.map_err(|error| failed(std::io::Error::other(error)))
}

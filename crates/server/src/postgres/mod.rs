//! The protocol of PostgreSQL (version 3), for psql, drivers and tools of analysts.
//!
//! The user is a person, the password a token of that person, and the database the purpose: `dbname=risk-analysis`.
//! Tokens travel as they are, so others than this machine need TLS.

mod cancel;
mod conversation;
mod cursors;
mod dialect;
mod error;
mod identity;
mod lists;
mod patient;
mod prepared;
mod session;
mod settings;
mod startup;
mod wire;

use crate::admission::Admission;
use crate::listening::{Listening, ServeError, Tls};
use crate::places::Places;
use crate::seated::Seated;
use crate::strangers::Seat;
use cancel::{Cancellable, gone};
use conversation::{Handlers, hold};
use futures::FutureExt;
use pgwire::api::ConnectionManager;
use pgwire::api::cancel::DefaultCancelHandler;
use pgwire::tokio::TlsAcceptor;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use session::Queries;
use startup::Startup;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// What all connections are served with.
struct Service {
    admission: Arc<Admission>,
    connections: Arc<ConnectionManager>,
    queries: Arc<Cancellable>,
    acceptor: Option<TlsAcceptor>,
}

/// Serves until `stop` comes, then lets running queries end within the configured time. `ready` is told the address.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    admission: Arc<Admission>,
    listening: Listening,
    ready: impl FnOnce(SocketAddr) + Send,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    listening.check()?;
    let acceptor = listening.tls.as_ref().map(acceptor).transpose()?;
    let listener = TcpListener::bind(listening.address).await.map_err(|cause| listening.failed(cause))?;
    ready(listener.local_addr().map_err(|cause| listening.failed(cause))?);
    let stop_seconds = admission.desk().home().configuration.serve.stop_seconds;
    let queries = Arc::new(Cancellable::new(Queries::new(Arc::clone(&admission))));
    let connections = Arc::new(ConnectionManager::new());
    let service = Arc::new(Service { admission, connections, queries, acceptor });
    let stop = stop.boxed().shared();
    // Each session holds a sender, so that the receiver knows when all are over.
    let (going_on, mut over) = mpsc::channel::<()>(1);
    while let Some(seated) = next(&listener, &listening.places, stop.clone()).await {
        let (service, stop, going_on) = (Arc::clone(&service), stop.clone(), going_on.clone());
        tokio::spawn(async move {
            let (socket, seat, place) = seated.into_parts();
            if let Err(error) = service.attend(socket, seat, stop).await {
                tracing::debug!(%error, "a connection broke off");
            }
            drop((place, going_on));
        });
    }
    drop((listener, going_on));
    if tokio::time::timeout(Duration::from_secs(stop_seconds), over.recv()).await.is_err() {
        tracing::warn!("queries were broken off");
    }
    Ok(())
}

/// The next connection, when there is a place for it; nothing when `stop` comes.
async fn next(
    listener: &TcpListener,
    places: &Places,
    stop: impl Future<Output = ()>,
) -> Option<Seated<TcpStream>> {
    tokio::select! {
        () = stop => None,
        seated = places.next(listener) => Some(seated),
    }
}

impl Service {
    /// Serves a connection until its client is gone, unless nobody is let in over it in time. When `stop` comes it ends as soon as
    /// what was asked is answered.
    async fn attend(&self, socket: TcpStream, seat: Seat, stop: impl Future<Output = ()>) -> io::Result<()> {
        let socket = socket.into_std()?;
        let watched = TcpStream::from_std(socket.try_clone()?)?;
        let socket = TcpStream::from_std(socket)?;
        let serve = self.admission.desk().home().configuration.serve;
        let (admission, connections) = (Arc::clone(&self.admission), Arc::clone(&self.connections));
        let has_tls = self.acceptor.is_some();
        let startup = Arc::new(Startup::new(admission, Arc::clone(&connections), has_tls, seat));
        let handlers = Handlers {
            admission: Arc::clone(&self.admission),
            startup: Arc::clone(&startup),
            queries: Arc::clone(&self.queries),
            cancel: Arc::new(DefaultCancelHandler::new(connections)),
            request_bytes: serve.request_bytes,
            idle: Duration::from_secs(serve.idle_seconds),
        };
        tokio::select! {
            ended = hold(socket, self.acceptor.clone(), handlers, stop) => ended,
            () = gone(&watched) => Ok(()),
            () = startup.late(Duration::from_secs(serve.log_in_seconds)) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

fn acceptor(tls: &Tls) -> Result<TlsAcceptor, ServeError> {
    let config = || -> Result<ServerConfig, Box<dyn std::error::Error + Send + Sync>> {
        let certificates = CertificateDer::pem_file_iter(&tls.certificate)?.collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_file(&tls.key)?;
        let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(certificates, key)?;
        // libpq 17 and later may begin with TLS at once, and then asks for this protocol.
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(config)
    };
    config().map(|config| TlsAcceptor::from(Arc::new(config))).map_err(|cause| tls.refused(cause))
}

//! The protocol of PostgreSQL (version 3), for psql, drivers and tools of analysts.
//!
//! The user is a person, the password a token of that person, and the database the purpose: `dbname=risk-analysis`.
//! Tokens travel as they are, so others than this machine need TLS.

mod cancel;
mod error;
mod guard;
mod session;
mod settings;
mod startup;

use crate::listening::{Listening, ServeError, Tls};
use crate::places::{Place, Places};
use cancel::{Cancellable, gone};
use futures::FutureExt;
use guard::Guard;
use pgwire::api::auth::StartupHandler;
use pgwire::api::cancel::{CancelHandler, DefaultCancelHandler};
use pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler};
use pgwire::api::{ConnectionManager, PgWireServerHandlers};
use pgwire::tokio::{TlsAcceptor, process_socket};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use session::Queries;
use startup::Startup;
use std::future::Future;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tidegate_jobs::desk::Desk;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// What a connection is served with.
struct Handlers {
    startup: Arc<Guard>,
    queries: Arc<Cancellable>,
    cancel: Arc<DefaultCancelHandler>,
}

impl PgWireServerHandlers for Handlers {
    fn simple_query_handler(&self) -> Arc<impl SimpleQueryHandler> {
        Arc::clone(&self.queries)
    }

    fn extended_query_handler(&self) -> Arc<impl ExtendedQueryHandler> {
        Arc::clone(&self.queries)
    }

    fn startup_handler(&self) -> Arc<impl StartupHandler> {
        Arc::clone(&self.startup)
    }

    fn cancel_handler(&self) -> Arc<impl CancelHandler> {
        Arc::clone(&self.cancel)
    }
}

/// Serves until `stop` comes, then lets running queries end within the configured time. `ready` is told the address.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    desk: Arc<Desk>,
    listening: Listening,
    ready: impl FnOnce(SocketAddr) + Send,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    listening.check()?;
    let acceptor = listening.tls.as_ref().map(acceptor).transpose()?;
    let listener = TcpListener::bind(listening.address).await.map_err(|cause| listening.failed(cause))?;
    ready(listener.local_addr().map_err(|cause| listening.failed(cause))?);
    let connections = Arc::new(ConnectionManager::new());
    let queries = Arc::new(Cancellable::new(Queries::new(Arc::clone(&desk))));
    let stop = stop.boxed().shared();
    // Each session holds a sender, so that the receiver knows when all are over.
    let (going_on, mut over) = mpsc::channel::<()>(1);
    while let Some((socket, place)) = admitted(&listener, &listening.places, stop.clone()).await {
        let startup = Startup::new(Arc::clone(&desk), Arc::clone(&connections));
        let handlers = Handlers {
            startup: Arc::new(Guard::new(startup, acceptor.is_some())),
            queries: Arc::clone(&queries),
            cancel: Arc::new(DefaultCancelHandler::new(Arc::clone(&connections))),
        };
        let (acceptor, stop, going_on) = (acceptor.clone(), stop.clone(), going_on.clone());
        tokio::spawn(async move {
            if let Err(error) = attend(socket, acceptor, handlers, stop).await {
                tracing::debug!(%error, "a connection broke off");
            }
            drop((place, going_on));
        });
    }
    drop((listener, going_on));
    let stop_seconds = desk.home().configuration.serve.stop_seconds;
    if tokio::time::timeout(Duration::from_secs(stop_seconds), over.recv()).await.is_err() {
        tracing::warn!("queries were broken off");
    }
    Ok(())
}

/// The next connection, when there is a place for it; nothing when `stop` comes.
async fn admitted(
    listener: &TcpListener,
    places: &Places,
    stop: impl Future<Output = ()>,
) -> Option<(TcpStream, Place)> {
    let next = async {
        loop {
            match listener.accept().await {
                Ok((socket, _)) => return (socket, places.take().await),
                // A connection that is gone already; the listener itself goes on.
                Err(error) => tracing::warn!(%error, "a connection was not accepted"),
            }
        }
    };
    tokio::select! {
        () = stop => None,
        admitted = next => Some(admitted),
    }
}

/// Serves a connection until its client is gone. When `stop` comes it hears no more from its client, so that it ends as soon as
/// what was asked is answered.
async fn attend(
    socket: TcpStream,
    acceptor: Option<TlsAcceptor>,
    handlers: Handlers,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let socket = socket.into_std()?;
    let ear = socket.try_clone()?;
    let watched = TcpStream::from_std(socket.try_clone()?)?;
    let served = process_socket(TcpStream::from_std(socket)?, acceptor, handlers);
    tokio::pin!(served);
    tokio::select! {
        ended = &mut served => return ended,
        () = gone(&watched) => return Ok(()),
        () = stop => {}
    }
    // Fails when the client is gone, and then the session ends as well.
    drop(ear.shutdown(Shutdown::Read));
    served.await
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

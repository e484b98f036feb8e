//! The protocol of PostgreSQL (version 3), for psql, drivers and tools of analysts.
//!
//! The user is a person, the password a token of that person, and the database the purpose: `dbname=risk-analysis`.
//! Tokens travel as they are, so others than this machine need TLS.

mod error;
mod session;
mod settings;
mod startup;

use crate::listening::{Listening, ServeError, Tls};
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
use std::net::SocketAddr;
use std::sync::Arc;
use tidegate_jobs::desk::Desk;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// What a connection is served with.
struct Handlers {
    startup: Arc<Startup>,
    queries: Arc<Queries>,
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

/// Serves until `stop` comes. `ready` is told the address.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    desk: Arc<Desk>,
    listening: Listening,
    ready: impl FnOnce(SocketAddr) + Send,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    listening.check()?;
    let acceptor = listening.tls.as_ref().map(acceptor).transpose()?;
    let listener = TcpListener::bind(listening.address).await.map_err(|cause| listening.failed(cause))?;
    ready(listener.local_addr().map_err(|cause| listening.failed(cause))?);
    let connections = Arc::new(ConnectionManager::new());
    let places = Arc::new(Semaphore::new(desk.home().configuration.serve.connections));
    let queries = Arc::new(Queries::new(Arc::clone(&desk)));
    tokio::pin!(stop);
    loop {
        let (socket, _) = tokio::select! {
            () = &mut stop => return Ok(()),
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // A connection that is gone already; the listener itself goes on.
                    tracing::warn!(%error, "a connection was not accepted");
                    continue;
                }
            },
        };
        // Beyond the limit a client waits to be let in, as behind a full backlog.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return Ok(()) };
        let handlers = Handlers {
            startup: Arc::new(Startup::new(Arc::clone(&desk), Arc::clone(&connections))),
            queries: Arc::clone(&queries),
            cancel: Arc::new(DefaultCancelHandler::new(Arc::clone(&connections))),
        };
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            if let Err(error) = process_socket(socket, acceptor, handlers).await {
                tracing::debug!(%error, "a connection broke off");
            }
            drop(place);
        });
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

//! Listening, with TLS wherever others than this machine can connect.

use super::{Door, router};
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How often counters of requests that are past are forgotten.
const TIDY_EVERY: Duration = Duration::from_mins(1);

/// Where to listen, and how.
#[derive(Debug, Clone)]
pub struct Serving {
    /// Address; port 0 takes a free one.
    pub address: SocketAddr,
    /// Certificate and key; none on this machine alone.
    pub tls: Option<Tls>,
}

/// Files of TLS, in PEM.
#[derive(Debug, Clone)]
pub struct Tls {
    /// Certificate, followed by those that signed it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Others could read what goes over the wire.
    #[error("{address} can be reached by other machines, so it needs --tls-certificate and --tls-key")]
    Plain {
        /// Where it was to listen.
        address: SocketAddr,
    },
    /// The files of TLS cannot be used.
    #[error("{} and {} are no certificate and key of TLS: {cause}", tls.certificate.display(), tls.key.display())]
    Tls {
        /// The files.
        tls: Tls,
        /// Why.
        cause: std::io::Error,
    },
    /// The address cannot be listened on.
    #[error("{address} cannot be listened on: {cause}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        cause: std::io::Error,
    },
}

/// Serves until `stop` comes, then lets running requests end within the configured time. `ready` is told the address.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    door: Door,
    serving: Serving,
    ready: impl FnOnce(SocketAddr) + Send + 'static,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let Serving { address, tls } = serving;
    if tls.is_none() && !address.ip().is_loopback() {
        return Err(ServeError::Plain { address });
    }
    let stop_seconds = door.desk.home().configuration.serve.stop_seconds;
    let limits = std::sync::Arc::clone(&door.limits);
    let handle = Handle::new();
    let stopping = handle.clone();
    let around = tokio::spawn(async move {
        let listening = async {
            if let Some(address) = stopping.listening().await {
                ready(address);
            }
            let mut ticks = tokio::time::interval(TIDY_EVERY);
            loop {
                ticks.tick().await;
                limits.tidy();
            }
        };
        tokio::select! {
            () = stop => stopping.graceful_shutdown(Some(Duration::from_secs(stop_seconds))),
            () = listening => {}
        }
    });
    let service = router(door).into_make_service_with_connect_info::<SocketAddr>();
    let served = match tls {
        None => axum_server::bind(address).handle(handle).serve(service).await,
        Some(tls) => {
            let files = RustlsConfig::from_pem_file(&tls.certificate, &tls.key).await;
            let files = files.map_err(|cause| ServeError::Tls { tls, cause })?;
            axum_server::bind_rustls(address, files).handle(handle).serve(service).await
        }
    };
    around.abort();
    served.map_err(|cause| ServeError::Listen { address, cause })
}

//! Where a door listens, and how: with TLS wherever others than this machine can connect.

use crate::places::Places;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Where a door listens, and how.
#[derive(Debug, Clone)]
pub struct Listening {
    /// Address; port 0 takes a free one.
    pub address: SocketAddr,
    /// Certificate and key; none on this machine alone.
    pub tls: Option<Tls>,
    /// Places for connections.
    pub places: Places,
}

/// Files of TLS, in PEM.
#[derive(Debug, Clone)]
pub struct Tls {
    /// Certificate, followed by those that signed it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Why a door does not open.
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
        cause: io::Error,
    },
    /// The address cannot be listened on.
    #[error("{address} cannot be listened on: {cause}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        cause: io::Error,
    },
}

impl Listening {
    /// Refuses to listen without TLS where other machines can connect.
    pub(crate) fn check(&self) -> Result<(), ServeError> {
        if self.tls.is_none() && !self.address.ip().is_loopback() {
            return Err(ServeError::Plain { address: self.address });
        }
        Ok(())
    }

    /// That the address cannot be listened on.
    pub(crate) fn failed(&self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> ServeError {
        ServeError::Listen { address: self.address, cause: io::Error::other(cause) }
    }
}

impl Tls {
    /// That the files cannot be used.
    pub(crate) fn refused(&self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> ServeError {
        ServeError::Tls { tls: self.clone(), cause: io::Error::other(cause) }
    }
}

//! Arguments of `serve`.

use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Address of HTTP; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub http: SocketAddr,
    /// Address of the protocol of PostgreSQL, such as 127.0.0.1:5433; not served when left out
    #[arg(long, value_name = "ADDRESS")]
    pub postgres: Option<SocketAddr>,
    /// Address of Arrow Flight SQL, such as 127.0.0.1:8815; not served when left out
    #[arg(long, value_name = "ADDRESS")]
    pub flight: Option<SocketAddr>,
    /// Certificate of TLS in PEM, followed by those that signed it
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// Private key of the certificate in PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
}

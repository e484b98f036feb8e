//! Whoever comes to a door that has TLS comes over TLS: a client may leave it out, and would send its token in the clear.

use super::error::fatal;
use super::startup::Startup;
use async_trait::async_trait;
use futures::Sink;
use pgwire::api::ClientInfo;
use pgwire::api::auth::StartupHandler;
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};
use std::fmt::Debug;

/// Lets clients come in, over TLS alone where there is TLS.
pub(super) struct Guard {
    startup: Startup,
    has_tls: bool,
}

impl Guard {
    pub(super) fn new(startup: Startup, has_tls: bool) -> Self {
        Self { startup, has_tls }
    }
}

#[async_trait]
impl StartupHandler for Guard {
    async fn on_startup<C>(&self, client: &mut C, message: PgWireFrontendMessage) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        // Before a password is asked for.
        if self.has_tls && !client.is_secure() {
            return Err(fatal("28000", "this door is open over TLS alone: sslmode=verify-full, or require"));
        }
        self.startup.on_startup(client, message).await
    }
}

//! Coming in: user, token and purpose.

use super::error::fatal;
use super::identity::Session;
use crate::admission::Admission;
use crate::strangers::Seat;
use async_trait::async_trait;
use futures::{Sink, SinkExt};
use pgwire::api::auth::{
    DefaultServerParameterProvider, LoginInfo, StartupHandler, finish_authentication, protocol_negotiation,
    save_startup_parameters_to_metadata,
};
use pgwire::api::{
    ClientInfo, ConnectionManager, PgWireConnectionState, PidSecretKeyGenerator, RandomPidSecretKeyGenerator,
};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::startup::Authentication;
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};
use std::fmt::Debug;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

/// What is said to whoever says something else before the log-in.
pub(super) const PASSWORD_AWAITED: &str = "a password is awaited, and nothing else before it";

/// Admits a client by user, token and purpose.
pub(super) struct Startup {
    admission: Arc<Admission>,
    connections: Arc<ConnectionManager>,
    keys: RandomPidSecretKeyGenerator,
    /// Whether the door has TLS, so that who leaves it out is not let in.
    has_tls: bool,
    seat: Seat,
}

impl Startup {
    pub(super) fn new(
        admission: Arc<Admission>,
        connections: Arc<ConnectionManager>,
        has_tls: bool,
        seat: Seat,
    ) -> Self {
        Self { admission, connections, keys: RandomPidSecretKeyGenerator::default(), has_tls, seat }
    }

    /// Comes after a time if nobody was let in by then; otherwise never.
    pub(super) async fn late(&self, after: Duration) {
        tokio::time::sleep(after).await;
        if self.seat.is_in() {
            pending::<()>().await;
        }
    }
}

#[async_trait]
impl StartupHandler for Startup {
    async fn on_startup<C>(&self, client: &mut C, message: PgWireFrontendMessage) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        // Before a password is asked for, which would travel in the clear.
        if self.has_tls && !client.is_secure() {
            return Err(fatal("28000", "this door is open over TLS alone: sslmode=verify-full, or require"));
        }
        match message {
            PgWireFrontendMessage::Startup(ref startup) => {
                protocol_negotiation(client, startup).await?;
                save_startup_parameters_to_metadata(client, startup);
                client.set_state(PgWireConnectionState::AuthenticationInProgress);
                let ask = Authentication::CleartextPassword;
                client.send(PgWireBackendMessage::Authentication(ask)).await?;
            }
            PgWireFrontendMessage::PasswordMessageFamily(password) => {
                let password = password.into_password()?;
                let login = LoginInfo::from_client_info(client);
                let user = login.user().unwrap_or_default().to_owned();
                let purpose = login.database().unwrap_or_default().to_owned();
                let address = client.socket_addr().ip();
                let session =
                    Session::begin(&self.admission, address, [&user, &purpose, &password.password]).await?;
                client.session_extensions().insert(session);
                self.seat.let_in();
                let (pid, key) = self.keys.generate(client);
                client.set_pid_and_secret_key(pid, key);
                let (handle, guard) = {
                    let (pid, key) = client.pid_and_secret_key();
                    self.connections.register(pid, key)
                };
                client.session_extensions().insert(handle);
                client.session_extensions().insert(guard);
                finish_authentication(client, &parameters(&user)).await?;
            }
            _ => return Err(fatal("08P01", PASSWORD_AWAITED)),
        }
        Ok(())
    }
}

/// What the server says of itself.
fn parameters(user: &str) -> DefaultServerParameterProvider {
    let mut parameters = DefaultServerParameterProvider::default();
    parameters.is_superuser = false;
    parameters.default_transaction_read_only = true;
    "UTC".clone_into(&mut parameters.time_zone);
    parameters.session_authorization = Some(user.to_owned());
    parameters
}

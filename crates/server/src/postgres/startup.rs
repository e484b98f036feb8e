//! Coming in: user, token and purpose.

use super::error::fatal;
use super::session::Session;
use crate::admission::{self, Refusal};
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
use std::sync::Arc;
use tidegate_jobs::desk::{Desk, Visit};
use tidegate_ledger::Door;

/// Admits a client by user, token and purpose.
pub(super) struct Startup {
    desk: Arc<Desk>,
    connections: Arc<ConnectionManager>,
    keys: RandomPidSecretKeyGenerator,
}

impl Startup {
    pub(super) fn new(desk: Arc<Desk>, connections: Arc<ConnectionManager>) -> Self {
        Self { desk, connections, keys: RandomPidSecretKeyGenerator::default() }
    }

    async fn admit(&self, user: &str, purpose: &str, token: &str) -> Result<Visit, PgWireError> {
        let refused = |reason: &str| fatal("28P01", format!("`{user}` is not admitted: {reason}"));
        let told = |refusal: Refusal| match refusal {
            Refusal::Token(reason) => refused(reason),
            Refusal::Purpose { .. } => fatal("3D000", format!("the database is the purpose: {refusal}")),
            Refusal::Scope { .. } => fatal("28000", refusal.to_string()),
            Refusal::Inside(_) => fatal("XX000", refusal.to_string()),
        };
        let admitted = admission::account(&self.desk, token).await.map_err(told)?;
        if admitted.0.name != user {
            return Err(refused("the token belongs to somebody else"));
        }
        admission::visit(&self.desk, admitted, Door::Postgres, purpose).await.map_err(told)
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
                let visit = self.admit(&user, &purpose, &password.password).await?;
                client.session_extensions().insert(Session::new(visit));
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
            _ => {}
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

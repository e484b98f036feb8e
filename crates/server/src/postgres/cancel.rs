//! Messages of a client about statements and portals; and answers that end before they are whole: their reader asks to cancel them,
//! or is gone.

use super::cursors::Cursors;
use super::error::refusal;
use super::session::{Parser, Prepared, Queries};
use async_trait::async_trait;
use futures::future::{BoxFuture, Either, FutureExt, Shared, pending, select};
use futures::stream::{StreamExt, try_unfold};
use futures::{Sink, SinkExt, TryFutureExt};
use pgwire::api::portal::{Portal, PortalExecutionState};
use pgwire::api::query::{
    ExtendedQueryHandler, SimpleQueryHandler, send_describe_response, send_ready_for_query,
};
use pgwire::api::results::{DescribePortalResponse, QueryResponse, Response};
use pgwire::api::store::PortalStore;
use pgwire::api::{ClientInfo, ClientPortalStore, ConnectionHandle, DEFAULT_NAME};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::extendedquery::{
    Close, CloseComplete, Describe, Execute, Sync as Synchronize, TARGET_TYPE_BYTE_PORTAL,
    TARGET_TYPE_BYTE_STATEMENT,
};
use pgwire::messages::response::TransactionStatus;
use pgwire::messages::simplequery::Query;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::OwnedMutexGuard;

/// How often a connection with unheard messages is looked at, since what is behind them cannot be seen; and how long a session has to
/// end by itself, with a last word, when nothing more can be heard.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Most rows that a client may ask for at once, when it does not ask for all.
const MOST_ROWS_AT_ONCE: usize = 1_000_000;

/// Comes when the reader asks to cancel.
type Cancelled = Shared<BoxFuture<'static, ()>>;

/// Answers statements until their reader cancels them. The library hears a request to cancel while a statement is planned, and no
/// more while its rows are waited for.
pub(super) struct Cancellable(Queries);

impl Cancellable {
    pub(super) fn new(queries: Queries) -> Self {
        Self(queries)
    }
}

/// Takes the place of the library's own ear of this statement, so it must be called last.
async fn cancelled<C: ClientInfo>(client: &C) -> Cancelled {
    let connection = client.session_extensions().get::<Arc<ConnectionHandle>>();
    let Some(connection) = connection else { return pending().boxed().shared() };
    // The sender is dropped when the next statement begins.
    connection.start_query().await.or_else(|_| pending()).map(drop::<Result<(), ()>>).boxed().shared()
}

/// Rows that end with an error when they are cancelled.
fn until(response: QueryResponse, cancelled: &Cancelled) -> QueryResponse {
    let QueryResponse { command_tag, row_schema, data_rows, .. } = response;
    let rows = try_unfold((data_rows, cancelled.clone()), |(mut rows, cancelled)| async move {
        let (row, cancelled) = match select(cancelled, rows.next()).await {
            Either::Left(_) => return Err(PgWireError::QueryCanceled),
            Either::Right(next) => next,
        };
        Ok(row.transpose()?.map(|row| (row, (rows, cancelled))))
    });
    let mut response = QueryResponse::new(row_schema, rows);
    response.set_command_tag(&command_tag);
    response
}

/// A response whose rows, where it has some, end with an error when they are cancelled.
fn answered_until(response: Response, cancelled: &Cancelled) -> Response {
    match response {
        Response::Query(rows) => Response::Query(until(rows, cancelled)),
        other => other,
    }
}

/// The state of a portal that has begun and has rows left, as far as anybody knows.
async fn suspended<C>(client: &C, portal: &str) -> Option<OwnedMutexGuard<PortalExecutionState>>
where
    C: ClientPortalStore,
    C::PortalStore: PortalStore,
{
    let state = Arc::clone(&client.portal_store().get_portal(portal)?.value()?.state);
    let state = state.lock_owned().await;
    matches!(*state, PortalExecutionState::Suspended(_)).then_some(state)
}

/// Ends a portal.
fn end_portal<C>(client: &C, portal: &str)
where
    C: ClientInfo + ClientPortalStore,
    C::PortalStore: PortalStore,
{
    Cursors::of(client).end_portals(Some(portal));
    client.portal_store().rm_portal(portal);
}

/// Ends all portals, unless a transaction goes on: the library keeps those with a name, and with them their rows.
fn end_portals_of_no_transaction<C>(client: &C)
where
    C: ClientInfo + ClientPortalStore,
    C::PortalStore: PortalStore,
{
    if client.transaction_status() == TransactionStatus::Idle {
        Cursors::of(client).end_portals(None);
        client.portal_store().clear_portals();
    }
}

/// Of what the library knows of a client, little is needed.
#[async_trait]
impl SimpleQueryHandler for Cancellable {
    /// The text may end a transaction.
    async fn on_query<C>(&self, client: &mut C, query: Query) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let answered = self._on_query(client, query).await;
        end_portals_of_no_transaction(client);
        answered
    }

    async fn do_query<C>(&self, client: &mut C, query: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + Send + Sync,
    {
        let responses = self.0.answer_text(client, query).await?;
        let cancelled = cancelled(client).await;
        Ok(responses.into_iter().map(|response| answered_until(response, &cancelled)).collect())
    }
}

#[async_trait]
impl ExtendedQueryHandler for Cancellable {
    type Statement = Prepared;
    type QueryParser = Parser;

    fn query_parser(&self) -> Arc<Parser> {
        self.0.parser()
    }

    /// A cursor is described as a portal is, which to PostgreSQL it is one of; psycopg asks so. Where there is a portal of its name,
    /// that is meant.
    async fn on_describe<C>(&self, client: &mut C, message: Describe) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let is_of_no_portal = |name: &&str| {
            let is_portal = message.target_type == TARGET_TYPE_BYTE_PORTAL;
            is_portal && client.portal_store().get_portal(name).is_none()
        };
        let cursor = message.name.as_deref().filter(is_of_no_portal);
        match cursor.and_then(|name| Cursors::of(client).fields(name)) {
            Some(fields) => send_describe_response(client, &DescribePortalResponse::new(fields?)).await,
            None => self._on_describe(client, message).await,
        }
    }

    /// The library makes room for as many rows as are asked for. What it has of a portal that has begun are the rows that were
    /// asked for before; those that are asked for now are put in their place.
    async fn on_execute<C>(&self, client: &mut C, message: Execute) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let most = usize::try_from(message.max_rows).ok().filter(|most| *most <= MOST_ROWS_AT_ONCE);
        let Some(most) = most else {
            let words = format!("{} rows at once: 0 for all, to {MOST_ROWS_AT_ONCE}", message.max_rows);
            return Err(refusal("22023", words));
        };
        let portal = message.name.clone().unwrap_or_else(|| DEFAULT_NAME.to_owned());
        if let Some(mut state) = suspended(client, &portal).await
            && let Some(rows) = self.0.go_on(client, &portal, at_most(most)).await?
        {
            *state = PortalExecutionState::Suspended(until(rows, &cancelled(client).await));
        }
        self._on_execute(client, message).await?;
        if suspended(client, &portal).await.is_none() {
            Cursors::of(client).end_portals(Some(&portal));
        }
        Ok(())
    }

    /// Ends what ends with it: the portal without a name, which the library keeps until then, and without a transaction all.
    async fn on_sync<C>(&self, client: &mut C, _message: Synchronize) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        end_portal(client, DEFAULT_NAME);
        end_portals_of_no_transaction(client);
        let status = client.transaction_status();
        send_ready_for_query(client, status).await
    }

    /// Closes a statement, or a portal with what is left of its rows.
    async fn on_close<C>(&self, client: &mut C, message: Close) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let name = message.name.as_deref().unwrap_or(DEFAULT_NAME);
        match message.target_type {
            TARGET_TYPE_BYTE_STATEMENT => client.portal_store().rm_statement(name),
            TARGET_TYPE_BYTE_PORTAL => end_portal(client, name),
            _ => {}
        }
        client.send(PgWireBackendMessage::CloseComplete(CloseComplete::new())).await?;
        Ok(())
    }

    async fn do_query<C>(
        &self,
        client: &mut C,
        portal: &Portal<Prepared>,
        max_rows: usize,
    ) -> PgWireResult<Response>
    where
        C: ClientInfo + Send + Sync,
    {
        let response = self.0.answer_prepared(client, portal, at_most(max_rows)).await?;
        Ok(answered_until(response, &cancelled(client).await))
    }
}

/// Most rows that a client asks for, where none is all of them.
fn at_most(max_rows: usize) -> usize {
    if max_rows == 0 { usize::MAX } else { max_rows }
}

/// Comes a moment after the client has closed the connection, which nobody else notices while an answer is worked out.
pub(super) async fn gone(connection: &TcpStream) {
    while let Ok(1..) = connection.peek(&mut [0]).await {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    tokio::time::sleep(LOOK_AGAIN).await;
}

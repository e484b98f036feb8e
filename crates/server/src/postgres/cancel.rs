//! Messages of a client about statements and portals; and answers that end before they are whole: their reader asks to cancel them,
//! or is gone.

use super::cursors::Cursors;
use super::error::refusal;
use super::prepared::{Names, bound};
use super::session::{Parser, Prepared, Queries};
use async_trait::async_trait;
use bytes::Bytes;
use futures::future::{BoxFuture, Either, FutureExt, Shared, pending, select};
use futures::stream::{StreamExt, try_unfold};
use futures::{Sink, SinkExt, TryFutureExt};
use pgwire::api::portal::{Portal, PortalExecutionState};
use pgwire::api::query::{
    ExtendedQueryHandler, SimpleQueryHandler, send_describe_response, send_execution_response,
    send_partial_query_response, send_ready_for_query,
};
use pgwire::api::results::{DescribePortalResponse, QueryResponse, Response};
use pgwire::api::stmt::StoredStatement;
use pgwire::api::store::{Entry, PortalStore};
use pgwire::api::{ClientInfo, ClientPortalStore, ConnectionHandle, DEFAULT_NAME};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::extendedquery::{
    Bind, BindComplete, Close, CloseComplete, Describe, Execute, Parse, ParseComplete, Sync as Synchronize,
    TARGET_TYPE_BYTE_PORTAL, TARGET_TYPE_BYTE_STATEMENT,
};
use pgwire::messages::response::{EmptyQueryResponse, TransactionStatus};
use pgwire::messages::simplequery::Query;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;

/// How often a connection with unheard messages is looked at, since what is behind them cannot be seen; and how long a session has to
/// end by itself, with a last word, when nothing more can be heard.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Comes when the reader asks to cancel.
type Cancelled = Shared<BoxFuture<'static, ()>>;

/// Answers statements until their reader cancels them. The library hears a request to cancel while a text is planned, and no more
/// while its rows are waited for.
pub(super) struct Cancellable(Queries);

impl Cancellable {
    pub(super) fn new(queries: Queries) -> Self {
        Self(queries)
    }
}

/// Takes the place of the ear that there is, so that for a text, where the library has one of its own, it is called last.
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

/// Says what became of a statement that brings no rows.
async fn say<C>(client: &mut C, response: Response) -> PgWireResult<()>
where
    C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin,
    C::PortalStore: PortalStore,
    C::Error: Debug,
    PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
{
    let status = client.transaction_status();
    match response {
        Response::Execution(tag) => send_execution_response(client, tag).await,
        Response::TransactionStart(tag) => {
            client.set_transaction_status(status.to_in_transaction_state());
            send_execution_response(client, tag).await
        }
        Response::TransactionEnd(tag) => {
            client.set_transaction_status(status.to_idle_state());
            end_portals_of_no_transaction(client);
            send_execution_response(client, tag).await
        }
        Response::EmptyQuery => {
            client.feed(PgWireBackendMessage::EmptyQueryResponse(EmptyQueryResponse::new())).await?;
            Ok(())
        }
        Response::Query(_)
        | Response::Error(_)
        | Response::CopyIn(_)
        | Response::CopyOut(_)
        | Response::CopyBoth(_) => Err(refusal("XX000", "no statement is answered so")),
    }
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
        C: ClientInfo + ClientPortalStore + Send + Sync,
        C::PortalStore: PortalStore,
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

    /// A statement takes the place of one that has its name, and is one of so many that have one.
    async fn on_parse<C>(&self, client: &mut C, message: Parse) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let name = message.name.as_deref().unwrap_or(DEFAULT_NAME);
        let (names, bytes) = (Names::of(client), message.query.len());
        names.admits(name, bytes, self.0.most_kept())?;
        match StoredStatement::parse(client, &message, self.query_parser()).await? {
            Some(statement) => client.portal_store().put_statement(Arc::new(statement)),
            None => client.portal_store().put_empty_statement(name),
        }
        names.add(name, bytes);
        client.send(PgWireBackendMessage::ParseComplete(ParseComplete::new())).await?;
        Ok(())
    }

    /// A portal takes a name that nothing else has; without one it takes the place of the one before.
    async fn on_bind<C>(&self, client: &mut C, message: Bind) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let name = message.portal_name.as_deref().unwrap_or(DEFAULT_NAME);
        let prepared = message.statement_name.as_deref().unwrap_or(DEFAULT_NAME);
        let portal = match client.portal_store().get_statement(prepared) {
            Some(Entry::Value(statement)) => Some(bound(&self.query_parser(), &message, statement)?),
            Some(Entry::Empty) if message.parameters.is_empty() => None,
            Some(Entry::Empty) => return Err(refusal("08P01", "an empty statement takes no values")),
            None => return Err(PgWireError::StatementNotFound(prepared.to_owned())),
        };
        let bytes: usize = message.parameters.iter().flatten().map(Bytes::len).sum();
        Cursors::of(client).bind(name, bytes, self.0.most_kept())?;
        match portal {
            Some(portal) => client.portal_store().put_portal(Arc::new(portal)),
            None => client.portal_store().put_empty_portal(name),
        }
        client.send(PgWireBackendMessage::BindComplete(BindComplete::new())).await?;
        Ok(())
    }

    /// A cursor is described as a portal is, which to PostgreSQL it is one of; psycopg asks so.
    async fn on_describe<C>(&self, client: &mut C, message: Describe) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let is_portal = message.target_type == TARGET_TYPE_BYTE_PORTAL;
        let cursor = message.name.as_deref().filter(|_| is_portal);
        match cursor.and_then(|name| Cursors::of(client).fields(name)) {
            Some(fields) => send_describe_response(client, &DescribePortalResponse::new(fields?)).await,
            None => self._on_describe(client, message).await,
        }
    }

    /// Rows go out as they come: the library would gather all that are asked for before it sends the first. A portal that has begun
    /// has the rows that were asked for before; those that are asked for now are put in their place. One without rows acts once.
    async fn on_execute<C>(&self, client: &mut C, message: Execute) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        // Less than none is all, as none is.
        let most = usize::try_from(message.max_rows).unwrap_or(0);
        let name = message.name.as_deref().unwrap_or(DEFAULT_NAME);
        let portal = match client.portal_store().get_portal(name) {
            Some(Entry::Value(portal)) => portal,
            Some(Entry::Empty) => return say(client, Response::EmptyQuery).await,
            None => return Err(PgWireError::PortalNotFound(name.to_owned())),
        };
        let mut state = portal.state.lock().await;
        match &mut *state {
            PortalExecutionState::Initial => {
                match <Self as ExtendedQueryHandler>::do_query(self, client, &portal, most).await? {
                    Response::Query(rows) => *state = PortalExecutionState::Suspended(rows),
                    other => {
                        *state = PortalExecutionState::Finished;
                        return say(client, other).await;
                    }
                }
            }
            PortalExecutionState::Suspended(rows) => {
                if let Some(next) = self.0.go_on(client, name, at_most(most)).await? {
                    *rows = until(next, &cancelled(client).await);
                }
            }
            PortalExecutionState::Finished => {
                let named = message.name.as_deref().unwrap_or_default();
                return Err(refusal("55000", format!("portal \"{named}\" cannot be run")));
            }
        }
        if let PortalExecutionState::Suspended(rows) = &mut *state
            && !send_partial_query_response(client, rows, most).await?
        {
            Cursors::of(client).portal_is_through(name);
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
            TARGET_TYPE_BYTE_STATEMENT => {
                Names::of(client).remove(name);
                client.portal_store().rm_statement(name);
            }
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
        C: ClientInfo + ClientPortalStore + Send + Sync,
        C::PortalStore: PortalStore,
    {
        let cancelled = cancelled(client).await;
        let answered = tokio::select! {
            biased;
            () = cancelled.clone() => Err(PgWireError::QueryCanceled),
            answered = self.0.answer_prepared(client, portal, at_most(max_rows)) => answered,
        };
        Ok(answered_until(answered?, &cancelled))
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

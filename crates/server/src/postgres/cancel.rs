//! Answers that end before they are whole: their reader asks to cancel them, or is gone.

use super::cursors::Cursors;
use super::error::refusal;
use super::session::{Parser, Prepared, Queries};
use async_trait::async_trait;
use futures::future::{BoxFuture, Either, FutureExt, Shared, pending, select};
use futures::stream::{StreamExt, try_unfold};
use futures::{Sink, TryFutureExt};
use pgwire::api::portal::Portal;
use pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler, send_describe_response};
use pgwire::api::results::{DescribePortalResponse, QueryResponse, Response};
use pgwire::api::store::PortalStore;
use pgwire::api::{ClientInfo, ClientPortalStore, ConnectionHandle};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::extendedquery::{Describe, Execute, TARGET_TYPE_BYTE_PORTAL};
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;

/// How often a connection with unheard messages is looked at, since what is behind them cannot be seen; and how long a session has to
/// end by itself, with a last word, when nothing more can be heard.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Most rows that a client may ask for at once, when it does not ask for all.
const MOST_ROWS_AT_ONCE: i32 = 1_000_000;

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

/// A response whose rows end with an error when they are cancelled.
fn until(response: Response, cancelled: &Cancelled) -> Response {
    let Response::Query(QueryResponse { command_tag, row_schema, data_rows, .. }) = response else {
        return response;
    };
    let rows = try_unfold((data_rows, cancelled.clone()), |(mut rows, cancelled)| async move {
        let (row, cancelled) = match select(cancelled, rows.next()).await {
            Either::Left(_) => return Err(PgWireError::QueryCanceled),
            Either::Right(next) => next,
        };
        Ok(row.transpose()?.map(|row| (row, (rows, cancelled))))
    });
    let mut response = QueryResponse::new(row_schema, rows);
    response.set_command_tag(&command_tag);
    Response::Query(response)
}

/// Of what the library knows of a client, little is needed.
#[async_trait]
impl SimpleQueryHandler for Cancellable {
    async fn do_query<C>(&self, client: &mut C, query: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + Send + Sync,
    {
        let responses = self.0.answer_text(client, query).await?;
        let cancelled = cancelled(client).await;
        Ok(responses.into_iter().map(|response| until(response, &cancelled)).collect())
    }
}

#[async_trait]
impl ExtendedQueryHandler for Cancellable {
    type Statement = Prepared;
    type QueryParser = Parser;

    fn query_parser(&self) -> Arc<Parser> {
        self.0.parser()
    }

    /// A cursor is described as a portal is, which to PostgreSQL it is one of; psycopg asks so.
    async fn on_describe<C>(&self, client: &mut C, message: Describe) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let name = message.name.as_deref().filter(|_| message.target_type == TARGET_TYPE_BYTE_PORTAL);
        match name.and_then(|name| Cursors::of(client).fields(name)) {
            Some(fields) => send_describe_response(client, &DescribePortalResponse::new(fields?)).await,
            None => self._on_describe(client, message).await,
        }
    }

    /// The library makes room for as many rows as are asked for.
    async fn on_execute<C>(&self, client: &mut C, message: Execute) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        if !(0..=MOST_ROWS_AT_ONCE).contains(&message.max_rows) {
            let words = format!("{} rows at once: 0 for all, to {MOST_ROWS_AT_ONCE}", message.max_rows);
            return Err(refusal("22023", words));
        }
        self._on_execute(client, message).await
    }

    async fn do_query<C>(
        &self,
        client: &mut C,
        portal: &Portal<Prepared>,
        _max_rows: usize,
    ) -> PgWireResult<Response>
    where
        C: ClientInfo + Send + Sync,
    {
        let response = self.0.answer_prepared(client, portal).await?;
        Ok(until(response, &cancelled(client).await))
    }
}

/// Comes a moment after the client has closed the connection, which nobody else notices while an answer is worked out.
pub(super) async fn gone(connection: &TcpStream) {
    while let Ok(1..) = connection.peek(&mut [0]).await {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    tokio::time::sleep(LOOK_AGAIN).await;
}

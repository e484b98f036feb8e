//! The calls of Flight SQL. A handle is the statement itself, with the values of its parameters ([`Handle`]): what it may read
//! is decided each time it is used, so nothing need be kept between calls, and nothing can be used by somebody else.

use super::handle::Handle;
use super::identity::{handshake, unanswered, visit};
use super::metadata;
use crate::admission::Admission;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::ipc::writer::IpcWriteOptions;
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_server::FlightService;
use arrow_flight::sql::server::{FlightSqlService, PeekableFlightDataStream};
use arrow_flight::sql::{
    ActionClosePreparedStatementRequest, ActionCreatePreparedStatementRequest,
    ActionCreatePreparedStatementResult, CommandGetCatalogs, CommandGetDbSchemas, CommandGetTableTypes,
    CommandGetTables, CommandPreparedStatementQuery, CommandStatementQuery, DoPutPreparedStatementResult,
    ProstMessageExt, SqlInfo, TicketStatementQuery,
};
use arrow_flight::{
    Action, FlightDescriptor, FlightEndpoint, FlightInfo, HandshakeRequest, HandshakeResponse, IpcMessage,
    SchemaAsIpc, Ticket,
};
use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt, TryStreamExt};
use prost::Message;
use std::pin::Pin;
use std::sync::Arc;
use tidegate_jobs::desk::{Desk, Visit};
use tidegate_query::Described;
use tonic::metadata::MetadataValue;
use tonic::{Request, Response, Status, Streaming};

/// Answers the calls of all clients.
pub(super) struct Service {
    admission: Arc<Admission>,
}

type Rows = <Service as FlightService>::DoGetStream;
type Handshakes = Pin<Box<dyn Stream<Item = Result<HandshakeResponse, Status>> + Send>>;

impl Service {
    pub(super) fn new(admission: Arc<Admission>) -> Self {
        Self { admission }
    }

    /// Where a statement's rows are to be had, and what they look like.
    async fn info(
        &self,
        request: Request<FlightDescriptor>,
        handle: &Handle,
    ) -> Result<Response<FlightInfo>, Status> {
        let visit = self.visit(&request).await?;
        let described = self.described(&visit, handle).await?;
        let ticket = TicketStatementQuery { statement_handle: handle.write() };
        info(&described.schema, request.into_inner(), &ticket.as_any().encode_to_vec())
    }

    async fn rows(&self, request: &Request<Ticket>, handle: &[u8]) -> Result<Response<Rows>, Status> {
        let visit = self.visit(request).await?;
        let handle = Handle::read(handle)?;
        let served = self.desk().ask(&visit, &handle.statement, handle.values().await?).await;
        let served = served.map_err(|error| unanswered(&error))?;
        let schema = served.schema();
        let rows = served.map_err(|error| FlightError::Tonic(Box::new(unanswered(&error))));
        let encoded = FlightDataEncoderBuilder::new().with_schema(schema).build(rows);
        Ok(Response::new(Box::pin(encoded.map_err(Status::from))))
    }

    async fn described(&self, visit: &Visit, handle: &Handle) -> Result<Described, Status> {
        self.desk().describe(visit, &handle.statement).await.map_err(|error| unanswered(&error))
    }

    /// Where a question about what there is is answered.
    async fn told(
        &self,
        request: Request<FlightDescriptor>,
        schema: &Schema,
        ticket: &[u8],
    ) -> Result<Response<FlightInfo>, Status> {
        self.visit(&request).await?;
        info(schema, request.into_inner(), ticket)
    }

    async fn visit<T: Sync>(&self, request: &Request<T>) -> Result<Visit, Status> {
        visit(&self.admission, request.metadata(), request.extensions()).await
    }

    fn desk(&self) -> &Desk {
        self.admission.desk()
    }
}

/// Columns as they travel outside of answers.
fn written(schema: &Schema) -> Result<Bytes, Status> {
    let options = IpcWriteOptions::default();
    let message = IpcMessage::try_from(SchemaAsIpc::new(schema, &options));
    let IpcMessage(bytes) = message.map_err(|error| Status::internal(error.to_string()))?;
    Ok(bytes)
}

/// Parameters as columns: what a driver makes its values of.
fn parameter_schema(parameters: &[Option<DataType>]) -> Result<Bytes, Status> {
    if parameters.is_empty() {
        return Ok(Bytes::new());
    }
    let named = parameters.iter().enumerate().map(|(i, data_type)| {
        // A parameter that may be of any type, as in `SELECT $1`.
        let data_type = data_type.clone().unwrap_or(DataType::Null);
        Field::new(format!("${}", i + 1), data_type, true)
    });
    written(&Schema::new(named.collect::<Vec<_>>()))
}

fn info(
    schema: &Schema,
    descriptor: FlightDescriptor,
    ticket: &[u8],
) -> Result<Response<FlightInfo>, Status> {
    let ticket = Ticket { ticket: Bytes::copy_from_slice(ticket) };
    let info = FlightInfo::new()
        .try_with_schema(schema)
        .map_err(|error| Status::internal(error.to_string()))?
        .with_endpoint(FlightEndpoint::new().with_ticket(ticket))
        .with_descriptor(descriptor);
    Ok(Response::new(info))
}

/// The answer to a question about what there is, which is asked for with the command itself as the ticket.
fn batch_stream(batch: Result<arrow::array::RecordBatch, FlightError>) -> Response<Rows> {
    let encoded = FlightDataEncoderBuilder::new().build(stream::iter([batch]));
    Response::new(Box::pin(encoded.map_err(Status::from)))
}

#[tonic::async_trait]
impl FlightSqlService for Service {
    type FlightService = Self;

    async fn do_handshake(
        &self,
        request: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Handshakes>, Status> {
        let token = handshake(&self.admission, request.metadata(), request.extensions()).await?;
        let answer = HandshakeResponse { protocol_version: 0, payload: Bytes::new() };
        let mut response: Response<Handshakes> = Response::new(stream::iter([Ok(answer)]).boxed());
        let bearer = MetadataValue::try_from(format!("Bearer {token}"));
        let bearer = bearer.map_err(|_| Status::invalid_argument("the token is none"))?;
        response.metadata_mut().insert("authorization", bearer);
        Ok(response)
    }

    async fn get_flight_info_statement(
        &self,
        query: CommandStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.info(request, &Handle::of(query.query)).await
    }

    async fn do_get_statement(
        &self,
        ticket: TicketStatementQuery,
        request: Request<Ticket>,
    ) -> Result<Response<Rows>, Status> {
        self.rows(&request, &ticket.statement_handle).await
    }

    async fn do_action_create_prepared_statement(
        &self,
        query: ActionCreatePreparedStatementRequest,
        request: Request<Action>,
    ) -> Result<ActionCreatePreparedStatementResult, Status> {
        let visit = self.visit(&request).await?;
        let handle = Handle::of(query.query);
        let described = self.described(&visit, &handle).await?;
        Ok(ActionCreatePreparedStatementResult {
            prepared_statement_handle: handle.write(),
            dataset_schema: written(&described.schema)?,
            parameter_schema: parameter_schema(&described.parameters)?,
        })
    }

    async fn get_flight_info_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.info(request, &Handle::read(&query.prepared_statement_handle)?).await
    }

    async fn do_get_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<Ticket>,
    ) -> Result<Response<Rows>, Status> {
        self.rows(&request, &query.prepared_statement_handle).await
    }

    async fn do_put_prepared_statement_query(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<PeekableFlightDataStream>,
    ) -> Result<DoPutPreparedStatementResult, Status> {
        let visit = visit(&self.admission, request.metadata(), request.extensions()).await?;
        let handle = Handle::read(&query.prepared_statement_handle)?;
        let wanted = self.described(&visit, &handle).await?.parameters.len();
        let most = self.desk().home().configuration.serve.request_bytes;
        let bound = handle.bind(request.into_inner(), wanted, most).await?;
        Ok(DoPutPreparedStatementResult { prepared_statement_handle: Some(bound.write()) })
    }

    async fn do_action_close_prepared_statement(
        &self,
        _query: ActionClosePreparedStatementRequest,
        _request: Request<Action>,
    ) -> Result<(), Status> {
        Ok(())
    }

    async fn get_flight_info_catalogs(
        &self,
        query: CommandGetCatalogs,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        let ticket = query.as_any().encode_to_vec();
        self.told(request, &query.into_builder().schema(), &ticket).await
    }

    async fn do_get_catalogs(
        &self,
        query: CommandGetCatalogs,
        request: Request<Ticket>,
    ) -> Result<Response<Rows>, Status> {
        let visit = self.visit(&request).await?;
        Ok(batch_stream(metadata::catalogs(&visit.purpose, query)))
    }

    async fn get_flight_info_schemas(
        &self,
        query: CommandGetDbSchemas,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        let ticket = query.as_any().encode_to_vec();
        self.told(request, &query.into_builder().schema(), &ticket).await
    }

    async fn do_get_schemas(
        &self,
        query: CommandGetDbSchemas,
        request: Request<Ticket>,
    ) -> Result<Response<Rows>, Status> {
        let visit = self.visit(&request).await?;
        Ok(batch_stream(metadata::schemas(&visit.purpose, query)))
    }

    async fn get_flight_info_tables(
        &self,
        query: CommandGetTables,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        let ticket = query.as_any().encode_to_vec();
        self.told(request, &query.into_builder().schema(), &ticket).await
    }

    async fn do_get_tables(
        &self,
        query: CommandGetTables,
        request: Request<Ticket>,
    ) -> Result<Response<Rows>, Status> {
        let visit = self.visit(&request).await?;
        Ok(batch_stream(metadata::tables(self.desk(), &visit, query).await?))
    }

    async fn get_flight_info_table_types(
        &self,
        query: CommandGetTableTypes,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.told(request, &metadata::table_types().schema(), &query.as_any().encode_to_vec()).await
    }

    async fn do_get_table_types(
        &self,
        _query: CommandGetTableTypes,
        request: Request<Ticket>,
    ) -> Result<Response<Rows>, Status> {
        self.visit(&request).await?;
        Ok(batch_stream(Ok(metadata::table_types())))
    }

    async fn register_sql_info(&self, _id: i32, _result: &SqlInfo) {}
}

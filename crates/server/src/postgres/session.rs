//! Statements of one connection, answered at the desk.

use super::dialect::Dialect;
use super::error::{refusal, unanswered};
use super::identity::{Session, counted};
use super::settings::{Aside, aside};
use crate::admission::Admission;
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use arrow_pg::datatypes::df::deserialize_parameters_with_server_types;
use arrow_pg::datatypes::{arrow_schema_to_pg_fields, encode_recordbatch, into_pg_type};
use async_trait::async_trait;
use futures::stream::{self, Stream, StreamExt};
use pgwire::api::portal::{Format, Portal};
use pgwire::api::results::{FieldInfo, QueryResponse, Response};
use pgwire::api::stmt::QueryParser;
use pgwire::api::{ClientInfo, Type};
use pgwire::error::PgWireResult;
use sqlparser::ast::Statement;
use std::sync::Arc;
use tidegate_jobs::desk::{Served, Visit};
use tidegate_query::{Described, ParamValues, QueryError};

/// Most statements in one text.
const MOST_STATEMENTS: usize = 100;

/// Answers the statements of all connections.
pub(super) struct Queries {
    admission: Arc<Admission>,
    parser: Arc<Parser>,
}

impl Queries {
    pub(super) fn new(admission: Arc<Admission>) -> Self {
        let (door, dialect) = (Arc::clone(&admission), Dialect::new());
        Self { admission, parser: Arc::new(Parser { admission: door, dialect }) }
    }

    async fn ask(
        &self,
        visit: &Visit,
        statement: &Statement,
        values: Option<ParamValues>,
    ) -> PgWireResult<Served> {
        counted(&self.admission, visit)?;
        let served = self.admission.desk().ask(visit, &statement.to_string(), values).await;
        served.map_err(|error| unanswered(&error))
    }

    pub(super) fn parser(&self) -> Arc<Parser> {
        Arc::clone(&self.parser)
    }

    /// Answers the statements of a text.
    pub(super) async fn answer_text<C: ClientInfo + Sync>(
        &self,
        client: &C,
        query: &str,
    ) -> PgWireResult<Vec<Response>> {
        let mut responses = Vec::new();
        for statement in self.parser.statements(client, query).await? {
            let visit = Session::visit(&self.admission, client).await?;
            responses.push(match self.parser.aside(&statement) {
                Some(Ok(Aside::Answer(response))) => response,
                Some(Ok(Aside::Show(schema, batch))) => {
                    response(&schema, stream::iter([Ok(batch)]), &Format::UnifiedText)?
                }
                Some(Err(error)) => return Err(error),
                None => {
                    let served = self.ask(&visit, &statement, None).await?;
                    response(&served.schema(), served, &Format::UnifiedText)?
                }
            });
        }
        if responses.is_empty() {
            responses.push(Response::EmptyQuery);
        }
        Ok(responses)
    }

    /// Answers a prepared statement with its parameters.
    pub(super) async fn answer_prepared<C: ClientInfo + Sync>(
        &self,
        client: &C,
        portal: &Portal<Prepared>,
    ) -> PgWireResult<Response> {
        let visit = Session::visit(&self.admission, client).await?;
        let prepared = &portal.statement.statement;
        let format = &portal.result_column_format;
        match self.parser.aside(&prepared.statement) {
            Some(Ok(Aside::Answer(response))) => return Ok(response),
            Some(Ok(Aside::Show(schema, batch))) => {
                return response(&schema, stream::iter([Ok(batch)]), format);
            }
            Some(Err(error)) => return Err(error),
            None => {}
        }
        let parameters = &prepared.described.parameters;
        let wire = wire_types(parameters)?;
        // A number that is compared with a decimal may come as any kind of number: its own type says which.
        let is_fixed = |data_type: &&DataType| !data_type.is_decimal();
        let types: Vec<Option<&DataType>> =
            parameters.iter().map(|data_type| data_type.as_ref().filter(is_fixed)).collect();
        let wire: Vec<Option<&Type>> = wire.iter().map(Some).collect();
        let values = deserialize_parameters_with_server_types(portal, &types, &wire)?;
        let values = (!parameters.is_empty()).then_some(values);
        let served = self.ask(&visit, &prepared.statement, values).await?;
        response(&served.schema(), served, format)
    }
}

/// A statement that a client prepared.
#[derive(Clone)]
pub(super) struct Prepared {
    statement: Arc<Statement>,
    described: Arc<Described>,
}

/// Rows as they go over the wire.
fn response(
    schema: &SchemaRef,
    rows: impl Stream<Item = Result<RecordBatch, QueryError>> + Send + 'static,
    format: &Format,
) -> PgWireResult<Response> {
    let fields = Arc::new(arrow_schema_to_pg_fields(schema, format, None)?);
    let encoded = Arc::clone(&fields);
    let rows = rows.flat_map(move |batch| match batch {
        Ok(batch) => stream::iter(encode_recordbatch(Arc::clone(&encoded), batch)).boxed(),
        Err(error) => stream::iter([Err(unanswered(&error))]).boxed(),
    });
    Ok(Response::Query(QueryResponse::new(fields, rows)))
}

fn wire_types(parameters: &[Option<DataType>]) -> PgWireResult<Vec<Type>> {
    let wire = |data_type: &Option<DataType>| data_type.as_ref().map_or(Ok(Type::UNKNOWN), into_pg_type);
    parameters.iter().map(wire).collect()
}

/// Reads statements, in the dialect that clients write.
pub(super) struct Parser {
    admission: Arc<Admission>,
    dialect: Dialect,
}

impl Parser {
    /// The statements of a text. One that cannot be read is shown to the desk all the same, which writes the refusal down.
    async fn statements<C: ClientInfo + Sync>(&self, client: &C, sql: &str) -> PgWireResult<Vec<Statement>> {
        let statements = match self.dialect.parse(sql) {
            Ok(statements) => statements,
            Err(error) => {
                let visit = Session::visit(&self.admission, client).await?;
                self.describe(&visit, sql).await?;
                return Err(refusal("42601", error.to_string()));
            }
        };
        if statements.len() > MOST_STATEMENTS {
            return Err(refusal("54000", format!("more than {MOST_STATEMENTS} statements in one text")));
        }
        Ok(statements)
    }

    /// The answer to a statement beside queries; none for a query.
    fn aside(&self, statement: &Statement) -> Option<PgWireResult<Aside>> {
        aside(statement, self.admission.desk().home().configuration.reading.seconds)
    }

    async fn describe(&self, visit: &Visit, sql: &str) -> PgWireResult<Described> {
        counted(&self.admission, visit)?;
        let described = self.admission.desk().describe(visit, sql).await;
        described.map_err(|error| unanswered(&error))
    }
}

#[async_trait]
impl QueryParser for Parser {
    type Statement = Prepared;

    async fn parse_sql<C>(
        &self,
        client: &C,
        sql: &str,
        _types: &[Option<Type>],
    ) -> PgWireResult<Option<Prepared>>
    where
        C: ClientInfo + Unpin + Send + Sync,
    {
        let mut statements = self.statements(client, sql).await?.into_iter();
        let Some(statement) = statements.next() else { return Ok(None) };
        if statements.next().is_some() {
            return Err(refusal("42601", "a prepared statement is one statement"));
        }
        let visit = Session::visit(&self.admission, client).await?;
        let described = match self.aside(&statement).transpose()? {
            Some(Aside::Answer(_)) => Described::nothing(),
            Some(Aside::Show(schema, _)) => Described { schema, parameters: Vec::new() },
            None => self.describe(&visit, &statement.to_string()).await?,
        };
        Ok(Some(Prepared { statement: Arc::new(statement), described: Arc::new(described) }))
    }

    fn get_parameter_types(&self, prepared: &Prepared) -> PgWireResult<Vec<Type>> {
        wire_types(&prepared.described.parameters)
    }

    fn get_result_schema(
        &self,
        prepared: &Prepared,
        column_format: Option<&Format>,
    ) -> PgWireResult<Vec<FieldInfo>> {
        let format = column_format.unwrap_or(&Format::UnifiedText);
        arrow_schema_to_pg_fields(&prepared.described.schema, format, None)
    }
}

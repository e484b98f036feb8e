//! Statements of one connection, answered at the desk.

use super::cursors::{Cursors, Execution, check_name};
use super::dialect::{Asked, Dialect};
use super::error::{refusal, unanswered};
use super::identity::{Session, counted};
use super::lists;
use super::prepared::Names;
use super::settings::{Aside, aside};
use super::wire;
use crate::admission::Admission;
use arrow::datatypes::DataType;
use arrow_pg::datatypes::df::deserialize_parameters_with_server_types;
use async_trait::async_trait;
use futures::stream;
use pgwire::api::portal::{Format, Portal};
use pgwire::api::results::{FieldInfo, QueryResponse, Response};
use pgwire::api::stmt::QueryParser;
use pgwire::api::store::PortalStore;
use pgwire::api::{ClientInfo, ClientPortalStore, Type};
use pgwire::error::PgWireResult;
use sqlparser::ast::Statement;
use std::sync::Arc;
use tidegate_jobs::desk::{Served, Visit};
use tidegate_query::{Described, ParamValues, check_text};

/// Most statements in one text.
const MOST_STATEMENTS: usize = 100;

/// Texts of prepared statements of one connection, and values that are bound to its portals, are as long together as so many requests.
const REQUESTS_KEPT: usize = 4;

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

    /// Most bytes of prepared statements of a connection, and of values that are bound.
    pub(super) fn most_kept(&self) -> usize {
        let request_bytes = self.admission.desk().home().configuration.serve.request_bytes;
        request_bytes.saturating_mul(REQUESTS_KEPT)
    }

    /// Answers the statements of a text.
    pub(super) async fn answer_text<C>(&self, client: &C, query: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sync,
        C::PortalStore: PortalStore,
    {
        // Of whom may not come in any more nothing is read.
        let visit = Session::visit(&self.admission, client).await?;
        let all = self.parser.read(&visit, query).await?;
        let cursors = Cursors::of(client);
        cursors.begin(client.transaction_status(), all.len() > 1);
        let answered = self.answer_all(client, visit, &all).await;
        if answered.is_ok() {
            cursors.text_ends();
        } else {
            // Nothing of it is sent, so what it began has not begun.
            cursors.begin(client.transaction_status(), false);
        }
        answered
    }

    async fn answer_all<C>(&self, client: &C, visit: Visit, all: &[Asked]) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sync,
        C::PortalStore: PortalStore,
    {
        let (mut first, mut responses) = (Some(visit), Vec::new());
        for asked in all {
            let visit = match first.take() {
                Some(visit) => visit,
                None => Session::visit(&self.admission, client).await?,
            };
            responses.push(self.answer(client, &visit, asked, None, None).await?);
        }
        if responses.is_empty() {
            responses.push(Response::EmptyQuery);
        }
        Ok(responses)
    }

    /// Answers a prepared statement with its parameters, with so many rows at most for now.
    pub(super) async fn answer_prepared<C>(
        &self,
        client: &C,
        portal: &Portal<Prepared>,
        most: usize,
    ) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sync,
        C::PortalStore: PortalStore,
    {
        let Prepared { text, cursors, .. } = &portal.statement.statement;
        let visit = Session::visit(&self.admission, client).await?;
        let asked = self.parser.again(text)?;
        let values = if self.parser.is_read(&asked) { values(portal)? } else { None };
        cursors.begin(client.transaction_status(), false);
        let execution = Execution { portal: &portal.name, format: &portal.result_column_format, most };
        self.answer(client, &visit, &asked, values, Some(&execution)).await
    }

    /// The next rows of a portal that has begun, so many at most, if its reader is still let in; none where it is over no answer.
    pub(super) async fn go_on<C: ClientInfo + Sync>(
        &self,
        client: &C,
        portal: &str,
        most: usize,
    ) -> PgWireResult<Option<QueryResponse>> {
        Session::visit(&self.admission, client).await?;
        Cursors::of(client).go_on(portal, most).transpose()
    }

    /// Answers a statement: as a client executes it where it is prepared, and otherwise whole, as text.
    async fn answer<C>(
        &self,
        client: &C,
        visit: &Visit,
        asked: &Asked,
        values: Option<ParamValues>,
        execution: Option<&Execution<'_>>,
    ) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sync,
        C::PortalStore: PortalStore,
    {
        let (cursors, text) = (Cursors::of(client), Format::UnifiedText);
        match asked {
            Asked::Plain(statement) => match self.parser.aside(statement).transpose()? {
                Some(Aside::Answer(response)) => {
                    follow(client, statement);
                    Ok(response)
                }
                Some(Aside::Show(schema, batch)) => {
                    let format = execution.map_or(&text, |execution| execution.format);
                    let rows = wire::rows(&schema, stream::iter([Ok(batch)]), format)?;
                    Ok(Response::Query(rows))
                }
                None => {
                    let served = self.ask(visit, statement, values).await?;
                    match execution {
                        Some(execution) => cursors.execute(execution, served, self.parser.seconds()),
                        None => Ok(Response::Query(wire::whole(served, &text)?)),
                    }
                }
            },
            Asked::Declare(declare) => {
                cursors.admits(declare)?;
                let served = self.ask(visit, &declare.query, values).await?;
                Ok(cursors.open(declare, served, self.parser.seconds()))
            }
            Asked::Fetch(fetch) => cursors.fetch(fetch, execution).await,
            Asked::Close(name) => cursors.close(name.as_deref()),
        }
    }
}

/// Goes along with a statement that is answered and is no query: cursors, portals and prepared statements may end with it.
fn follow<C>(client: &C, statement: &Statement)
where
    C: ClientInfo + ClientPortalStore,
    C::PortalStore: PortalStore,
{
    for portal in Cursors::of(client).follow(statement) {
        client.portal_store().rm_portal(&portal);
    }
    for prepared in Names::of(client).follow(statement) {
        client.portal_store().rm_statement(&prepared);
    }
}

/// A statement that a client prepared.
#[derive(Clone)]
pub(super) struct Prepared {
    /// As it was sent: what is read of it takes a hundred times the memory.
    text: Arc<str>,
    /// The cursor that it fetches rows of.
    fetched: Option<Arc<str>>,
    described: Arc<Described>,
    /// Those of the client: what `FETCH` answers with follows from the cursor that there is at the moment.
    cursors: Arc<Cursors>,
}

/// Values of the parameters of a prepared statement, where it has some.
fn values(portal: &Portal<Prepared>) -> PgWireResult<Option<ParamValues>> {
    let parameters = &portal.statement.statement.described.parameters;
    let wire = known_where_absent(wire::types(parameters)?, &portal.parameters);
    // A number that is compared with a decimal may come as any kind of number: its own type says which.
    let is_fixed = |data_type: &&DataType| !data_type.is_decimal();
    let types: Vec<Option<&DataType>> =
        parameters.iter().map(|data_type| data_type.as_ref().filter(is_fixed)).collect();
    let known: Vec<Option<&Type>> = wire.iter().map(Some).collect();
    let mut values = deserialize_parameters_with_server_types(portal, &types, &known)?;
    lists::put_right(&mut values, portal, &wire)?;
    Ok((!parameters.is_empty()).then_some(values))
}

/// Types of parameters, that of an absent value being text where nothing says another: without a type the library gives such a
/// parameter no value at all. One with a value keeps none, as the library then tells lists from texts.
fn known_where_absent<V>(mut types: Vec<Type>, values: &[Option<V>]) -> Vec<Type> {
    for (known, value) in types.iter_mut().zip(values) {
        if *known == Type::UNKNOWN && value.is_none() {
            *known = Type::TEXT;
        }
    }
    types
}

/// Reads statements, in the dialect that clients write.
pub(super) struct Parser {
    admission: Arc<Admission>,
    dialect: Dialect,
}

impl Parser {
    /// The statements of a text. One that cannot be read, or not in a moment, is shown to the desk all the same, which writes the
    /// refusal down.
    async fn read(&self, visit: &Visit, sql: &str) -> PgWireResult<Vec<Asked>> {
        if let Err(error) = check_text(sql) {
            self.describe(visit, sql).await?;
            return Err(unanswered(&error));
        }
        let all = match self.dialect.read(sql) {
            Ok(all) => all,
            Err(error) => {
                self.describe(visit, sql).await?;
                return Err(refusal("42601", error.to_string()));
            }
        };
        if all.len() > MOST_STATEMENTS {
            return Err(refusal("54000", format!("more than {MOST_STATEMENTS} statements in one text")));
        }
        all.iter().try_for_each(check_name)?;
        Ok(all)
    }

    /// A statement that was read when it was prepared.
    fn again(&self, sql: &str) -> PgWireResult<Asked> {
        let all = self.dialect.read(sql).map_err(|error| refusal("42601", error.to_string()))?;
        all.into_iter().next().ok_or_else(|| refusal("42601", "a prepared statement is one statement"))
    }

    /// The answer to a statement beside queries; none for a query.
    fn aside(&self, statement: &Statement) -> Option<PgWireResult<Aside>> {
        aside(statement, self.seconds())
    }

    /// Whether a statement reads: it is a query, or a cursor over one.
    fn is_read(&self, asked: &Asked) -> bool {
        match asked {
            Asked::Plain(statement) => self.aside(statement).is_none(),
            Asked::Declare(_) => true,
            Asked::Fetch(_) | Asked::Close(_) => false,
        }
    }

    /// How long a query may run, and a cursor may be open.
    fn seconds(&self) -> u64 {
        self.admission.desk().home().configuration.reading.seconds
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
        // Of whom may not come in any more nothing is read.
        let visit = Session::visit(&self.admission, client).await?;
        let mut all = self.read(&visit, sql).await?.into_iter();
        let Some(asked) = all.next() else { return Ok(None) };
        if all.next().is_some() {
            return Err(refusal("42601", "a prepared statement is one statement"));
        }
        let described = match &asked {
            Asked::Plain(statement) => match self.aside(statement).transpose()? {
                Some(Aside::Answer(_)) => Described::nothing(),
                Some(Aside::Show(schema, _)) => Described { schema, parameters: Vec::new() },
                None => self.describe(&visit, &statement.to_string()).await?,
            },
            Asked::Declare(declare) => {
                let query = self.describe(&visit, &declare.query.to_string()).await?;
                Described { parameters: query.parameters, ..Described::nothing() }
            }
            Asked::Fetch(_) | Asked::Close(_) => Described::nothing(),
        };
        let fetched = match &asked {
            Asked::Fetch(fetch) if !fetch.is_move => Some(fetch.name.as_str().into()),
            _ => None,
        };
        let (text, described) = (Arc::from(sql), Arc::new(described));
        Ok(Some(Prepared { text, fetched, described, cursors: Cursors::of(client) }))
    }

    fn get_parameter_types(&self, prepared: &Prepared) -> PgWireResult<Vec<Type>> {
        wire::types(&prepared.described.parameters)
    }

    fn get_result_schema(
        &self,
        prepared: &Prepared,
        column_format: Option<&Format>,
    ) -> PgWireResult<Vec<FieldInfo>> {
        let format = column_format.unwrap_or(&Format::UnifiedText);
        let fetched = prepared.fetched.as_ref().and_then(|cursor| prepared.cursors.schema(cursor));
        wire::fields(fetched.as_ref().unwrap_or(&prepared.described.schema), format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_value_without_a_type_is_a_text() {
        let types = vec![Type::UNKNOWN, Type::UNKNOWN, Type::INT8];
        let known = known_where_absent(types, &[None, Some("{a,b}"), None]);
        assert_eq!(known, [Type::TEXT, Type::UNKNOWN, Type::INT8]);
    }
}

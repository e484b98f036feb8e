//! Rows and types as they go over the wire.

use super::error::unanswered;
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use arrow_pg::datatypes::{arrow_schema_to_pg_fields, encode_recordbatch, into_pg_type};
use futures::stream::{self, Stream, StreamExt};
use pgwire::api::Type;
use pgwire::api::portal::Format;
use pgwire::api::results::QueryResponse;
use pgwire::error::PgWireResult;
use std::sync::Arc;
use tidegate_jobs::desk::Served;

/// An answer with all of its rows.
pub(super) fn whole(served: Served, format: &Format) -> PgWireResult<QueryResponse> {
    let schema = served.schema();
    rows(&schema, served.map(|batch| batch.map_err(|error| unanswered(&error))), format)
}

/// Rows of an answer.
pub(super) fn rows(
    schema: &SchemaRef,
    rows: impl Stream<Item = PgWireResult<RecordBatch>> + Send + 'static,
    format: &Format,
) -> PgWireResult<QueryResponse> {
    let fields = Arc::new(arrow_schema_to_pg_fields(schema, format, None)?);
    let encoded = Arc::clone(&fields);
    let rows = rows.flat_map(move |batch| match batch {
        Ok(batch) => stream::iter(encode_recordbatch(Arc::clone(&encoded), batch)).boxed(),
        Err(error) => stream::iter([Err(error)]).boxed(),
    });
    Ok(QueryResponse::new(fields, rows))
}

/// Types of parameters.
pub(super) fn types(parameters: &[Option<DataType>]) -> PgWireResult<Vec<Type>> {
    let wire = |data_type: &Option<DataType>| data_type.as_ref().map_or(Ok(Type::UNKNOWN), into_pg_type);
    parameters.iter().map(wire).collect()
}

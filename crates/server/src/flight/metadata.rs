//! What clients ask of a database before they query it: catalogs, schemas, tables that are there for the reader.

use super::identity::unanswered;
use arrow::array::{AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow_flight::error::FlightError;
use arrow_flight::sql::{CommandGetCatalogs, CommandGetDbSchemas, CommandGetTables};
use std::collections::BTreeSet;
use std::sync::Arc;
use tidegate_jobs::desk::{Desk, Visit};
use tidegate_query::{CATALOG, SCHEMA, TABLE};
use tonic::Status;

pub(super) fn catalogs(query: CommandGetCatalogs) -> Result<RecordBatch, FlightError> {
    let mut builder = query.into_builder();
    builder.append(CATALOG);
    builder.build()
}

pub(super) fn schemas(query: CommandGetDbSchemas) -> Result<RecordBatch, FlightError> {
    let mut builder = query.into_builder();
    builder.append(CATALOG, SCHEMA);
    builder.build()
}

/// Tables that are there for the reader, with their columns.
pub(super) async fn tables(
    desk: &Desk,
    visit: &Visit,
    query: CommandGetTables,
) -> Result<Result<RecordBatch, FlightError>, Status> {
    let sql = "SELECT table_name FROM information_schema.tables ORDER BY table_name";
    let served = desk.ask(visit, sql, None).await.map_err(|error| unanswered(&error))?;
    let batches = served.collect().await.map_err(|error| unanswered(&error))?;
    let names: BTreeSet<&str> =
        batches.iter().flat_map(|batch| batch.column(0).as_string::<i32>().iter().flatten()).collect();
    let mut builder = query.into_builder();
    for name in names {
        let described = desk.describe(visit, &format!("SELECT * FROM \"{name}\"")).await;
        let schema = described.map_err(|error| unanswered(&error))?.schema;
        builder
            .append(CATALOG, SCHEMA, name, TABLE, &schema)
            .map_err(|error| Status::internal(error.to_string()))?;
    }
    Ok(builder.build())
}

/// The one type that tables have.
pub(super) fn table_types() -> RecordBatch {
    let schema = Arc::new(Schema::new(vec![Field::new("table_type", DataType::Utf8, false)]));
    let types = Arc::new(StringArray::from(vec![TABLE]));
    // One column of the type that the schema says.
    RecordBatch::try_new(Arc::clone(&schema), vec![types]).unwrap_or_else(|_| RecordBatch::new_empty(schema))
}

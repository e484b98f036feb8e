//! What clients ask of a database before they query it: catalogs, schemas, tables that are there for the reader. There is
//! one catalog, which is called like the purpose.

use super::identity::unanswered;
use arrow::array::{AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow_flight::error::FlightError;
use arrow_flight::sql::{CommandGetCatalogs, CommandGetDbSchemas, CommandGetTables};
use std::collections::BTreeSet;
use std::sync::Arc;
use tidegate_jobs::desk::{Desk, Visit};
use tidegate_query::{SCHEMA, TABLE};
use tonic::Status;

pub(super) fn catalogs(purpose: &str, query: CommandGetCatalogs) -> Result<RecordBatch, FlightError> {
    let mut builder = query.into_builder();
    builder.append(purpose);
    builder.build()
}

pub(super) fn schemas(purpose: &str, query: CommandGetDbSchemas) -> Result<RecordBatch, FlightError> {
    let mut builder = query.into_builder();
    builder.append(purpose, SCHEMA);
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
            .append(&visit.purpose, SCHEMA, name, TABLE, &schema)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_catalog_is_called_like_the_purpose() {
        let all = catalogs("risk-analysis", CommandGetCatalogs {}).unwrap();
        let names: Vec<_> = all.column(0).as_string::<i32>().iter().flatten().collect();
        assert_eq!(names, ["risk-analysis"]);
        let in_catalog = |name: &str| {
            let query =
                CommandGetDbSchemas { catalog: Some(name.to_owned()), db_schema_filter_pattern: None };
            schemas("risk-analysis", query).unwrap().num_rows()
        };
        assert_eq!(in_catalog("risk-analysis"), 1);
        for other in ["inspection", "datafusion", ""] {
            assert_eq!(in_catalog(other), 0, "{other}");
        }
    }
}

//! Rows and types as they go over the wire.

use super::error::{refusal, unanswered};
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow_pg::datatypes::{arrow_schema_to_pg_fields, encode_recordbatch, into_pg_type};
use futures::stream::{self, Stream, StreamExt};
use pgwire::api::Type;
use pgwire::api::portal::Format;
use pgwire::api::results::{FieldInfo, QueryResponse};
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
    let fields = Arc::new(fields(schema, format)?);
    let encoded = Arc::clone(&fields);
    let rows = rows.flat_map(move |batch| match batch {
        Ok(batch) => stream::iter(encode_recordbatch(Arc::clone(&encoded), batch)).boxed(),
        Err(error) => stream::iter([Err(error)]).boxed(),
    });
    Ok(QueryResponse::new(fields, rows))
}

/// Columns in the form that a client wants of all together, or of each.
pub(super) fn fields(schema: &Schema, format: &Format) -> PgWireResult<Vec<FieldInfo>> {
    let columns = schema.fields().len();
    if let Format::Individual(forms) = format
        && columns > 0
        && forms.len() != columns
    {
        let forms = forms.len();
        let told = format!("bind message has {forms} result formats but query has {columns} columns");
        return Err(refusal("08P01", told));
    }
    arrow_schema_to_pg_fields(schema, format, None)
}

/// Types of parameters.
pub(super) fn types(parameters: &[Option<DataType>]) -> PgWireResult<Vec<Type>> {
    let wire = |data_type: &Option<DataType>| data_type.as_ref().map_or(Ok(Type::UNKNOWN), into_pg_type);
    parameters.iter().map(wire).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::Field;

    #[test]
    fn each_column_has_a_form() {
        let column = |name: &str| Field::new(name, DataType::Int64, false);
        let schema = Schema::new(vec![column("a"), column("b")]);
        for (format, is_right) in [
            (Format::UnifiedText, true),
            (Format::UnifiedBinary, true),
            (Format::Individual(vec![0, 1]), true),
            (Format::Individual(vec![0, 1, 1]), false),
            (Format::Individual(vec![1]), false),
        ] {
            assert_eq!(fields(&schema, &format).is_ok(), is_right, "{format:?}");
        }
        // What is no query has no columns, whatever a client says of them.
        assert!(fields(&Schema::empty(), &Format::Individual(vec![0, 1])).is_ok());
    }
}

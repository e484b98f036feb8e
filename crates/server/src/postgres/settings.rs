//! Statements that clients send beside their queries: settings and transactions. There is nothing to set and nothing to
//! roll back, but drivers do not go on without an answer.

use super::error::refusal;
use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use pgwire::api::results::{Response, Tag};
use pgwire::error::PgWireError;
use sqlparser::ast::{Set, Statement};
use std::sync::Arc;

/// Settings that clients make on their own, and ask for.
const SETTINGS: &[(&str, &str)] = &[
    ("application_name", ""),
    ("bytea_output", "hex"),
    ("client_encoding", "UTF8"),
    ("client_min_messages", "notice"),
    ("datestyle", "ISO, YMD"),
    ("default_transaction_isolation", "read committed"),
    ("extra_float_digits", "1"),
    ("intervalstyle", "postgres"),
    ("lock_timeout", "0"),
    ("max_identifier_length", "63"),
    ("row_security", "on"),
    ("search_path", "public"),
    ("server_version", "16.6"),
    ("standard_conforming_strings", "on"),
    ("statement_timeout", "0"),
    ("timezone", "UTC"),
    ("transaction.isolation.level", "read committed"),
    ("transaction_isolation", "read committed"),
    ("transaction_read_only", "on"),
];

/// What is done with a statement that is no query.
pub(super) enum Aside {
    /// It is answered at once.
    Answer(Response),
    /// It asks for the value of a setting.
    Show(SchemaRef, RecordBatch),
}

/// The answer to a statement beside queries; none for a query.
pub(super) fn aside(statement: &Statement) -> Option<Result<Aside, PgWireError>> {
    let tag = |tag: &str| Ok(Aside::Answer(Response::Execution(Tag::new(tag))));
    match statement {
        Statement::StartTransaction { .. } => {
            Some(Ok(Aside::Answer(Response::TransactionStart(Tag::new("BEGIN")))))
        }
        Statement::Commit { .. } => Some(Ok(Aside::Answer(Response::TransactionEnd(Tag::new("COMMIT"))))),
        Statement::Rollback { .. } => Some(Ok(Aside::Answer(Response::TransactionEnd(Tag::new("ROLLBACK"))))),
        Statement::Discard { .. } => Some(tag("DISCARD ALL")),
        Statement::Deallocate { .. } => Some(tag("DEALLOCATE")),
        Statement::Set(set) => Some(match named(set) {
            Some(name) if !SETTINGS.iter().any(|(known, _)| *known == name) => {
                Err(refusal("42704", format!("`{name}` cannot be set here")))
            }
            _ => tag("SET"),
        }),
        Statement::ShowVariable { variable } => {
            let name = variable.iter().map(|part| part.value.to_lowercase()).collect::<Vec<_>>().join(".");
            let known = SETTINGS.iter().find(|(known, _)| *known == name);
            Some(match known {
                Some((_, value)) => show(&name, value),
                None => Err(refusal("42704", format!("`{name}` cannot be shown here"))),
            })
        }
        _ => None,
    }
}

/// The setting that is made, when it is one by name.
fn named(set: &Set) -> Option<String> {
    match set {
        Set::SingleAssignment { variable, .. } => Some(variable.to_string().to_lowercase()),
        _ => None,
    }
}

fn show(name: &str, value: &str) -> Result<Aside, PgWireError> {
    let schema = Arc::new(Schema::new(vec![Field::new(name, DataType::Utf8, false)]));
    let values = Arc::new(StringArray::from(vec![value]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![values]);
    let batch = batch.map_err(|error| refusal("XX000", error.to_string()))?;
    Ok(Aside::Show(schema, batch))
}

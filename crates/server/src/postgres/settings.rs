//! Statements that clients send beside their queries: settings and transactions. There is nothing to set and nothing to
//! roll back, but drivers do not go on without an answer. A setting that would change what an answer says, or how long it
//! may take, is refused: whoever makes it would take the answer for another one.

use super::error::refusal;
use super::prepared::is_all;
use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use pgwire::api::results::{Response, Tag};
use pgwire::error::PgWireError;
use sqlparser::ast::{Set, Statement};
use std::sync::Arc;
use tidegate_query::SETTINGS;

/// Names of the one time zone that there is; `local` is that of the server.
const UTC: &[&str] = &["utc", "gmt", "etc/utc", "etc/gmt", "zulu", "z", "0", "+00", "+00:00", "local"];
/// Names of the one encoding that there is.
const UTF8: &[&str] = &["utf8", "utf-8", "unicode"];
/// Styles of dates that say in which order day and month are read, and change nothing in how they are written.
const ORDERS: &[&str] = &["ymd", "dmy", "mdy"];

/// What is done with a statement that is no query.
pub(super) enum Aside {
    /// It is answered at once.
    Answer(Response),
    /// It asks for the value of a setting.
    Show(SchemaRef, RecordBatch),
}

/// The answer to a statement beside queries, where one query may run for so many seconds; none for a query.
pub(super) fn aside(statement: &Statement, seconds: u64) -> Option<Result<Aside, PgWireError>> {
    let tag = |tag: &str| Ok(Aside::Answer(Response::Execution(Tag::new(tag))));
    match statement {
        Statement::StartTransaction { .. } => {
            Some(Ok(Aside::Answer(Response::TransactionStart(Tag::new("BEGIN")))))
        }
        Statement::Commit { .. } => Some(Ok(Aside::Answer(Response::TransactionEnd(Tag::new("COMMIT"))))),
        // There is nothing that a savepoint would keep; a transaction that was broken off goes on from it.
        Statement::Savepoint { .. } => Some(tag("SAVEPOINT")),
        Statement::ReleaseSavepoint { .. } => Some(tag("RELEASE")),
        Statement::Rollback { savepoint: Some(_), .. } => {
            Some(Ok(Aside::Answer(Response::TransactionStart(Tag::new("ROLLBACK")))))
        }
        Statement::Rollback { .. } => Some(Ok(Aside::Answer(Response::TransactionEnd(Tag::new("ROLLBACK"))))),
        Statement::Discard { object_type } => Some(tag(&format!("DISCARD {object_type}"))),
        // Drivers forget all that they prepared when they are told so.
        Statement::Deallocate { name, .. } if is_all(name) => Some(tag("DEALLOCATE ALL")),
        Statement::Deallocate { .. } => Some(tag("DEALLOCATE")),
        Statement::Set(set) => Some(checked(set, seconds).and_then(|()| tag("SET"))),
        Statement::ShowVariable { variable } => {
            let name = variable.iter().map(|part| part.value.to_lowercase()).collect::<Vec<_>>().join(".");
            // `SHOW TIME ZONE`, which pgcli does not begin without.
            let name = if name == "time.zone" { "timezone".to_owned() } else { name };
            let known = SETTINGS.iter().find(|(known, _)| *known == name);
            Some(match known {
                Some((_, value)) => show(&name, value),
                None => Err(refusal("42704", format!("`{name}` cannot be shown here"))),
            })
        }
        _ => None,
    }
}

/// Whether a setting changes nothing that matters.
fn checked(set: &Set, seconds: u64) -> Result<(), PgWireError> {
    let (name, value) = match set {
        Set::SingleAssignment { variable, values, .. } => {
            let values: Vec<String> = values.iter().map(ToString::to_string).collect();
            (variable.to_string().to_lowercase(), values.join(", "))
        }
        Set::SetTimeZone { value, .. } => ("timezone".to_owned(), value.to_string()),
        Set::SetNames { charset_name, .. } => ("client_encoding".to_owned(), charset_name.value.clone()),
        // A transaction reads the state of each statement, whatever it asks for.
        Set::SetTransaction { .. } => return Ok(()),
        other => {
            return Err(refusal(
                "0A000",
                format!("`{other}` is refused: what is shown follows from the log-in"),
            ));
        }
    };
    if !SETTINGS.iter().any(|(known, _)| *known == name) {
        return Err(refusal("42704", format!("`{name}` cannot be set here")));
    }
    let value = value.replace(['\'', '"'], "").trim().to_lowercase();
    let is_default = value == "default";
    let right = match name.as_str() {
        "timezone" if !is_default && !UTC.contains(&value.as_str()) => {
            "times are UTC; convert them where they are shown".to_owned()
        }
        // With a unit or without: no time at all is no limit.
        "statement_timeout" if !is_default && value.trim_end_matches(char::is_alphabetic).trim() != "0" => {
            format!("a query may run for {seconds} seconds (`reading.seconds` of the configuration)")
        }
        "datestyle" if !is_default && !value.contains("iso") && !ORDERS.contains(&value.as_str()) => {
            "dates are written as in ISO 8601".to_owned()
        }
        "client_encoding" if !is_default && !UTF8.contains(&value.as_str()) => "texts are UTF-8".to_owned(),
        _ => return Ok(()),
    };
    Err(refusal("0A000", format!("`{name}` cannot be `{value}` here: {right}")))
}

fn show(name: &str, value: &str) -> Result<Aside, PgWireError> {
    let schema = Arc::new(Schema::new(vec![Field::new(name, DataType::Utf8, false)]));
    let values = Arc::new(StringArray::from(vec![value]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![values]);
    let batch = batch.map_err(|error| refusal("XX000", error.to_string()))?;
    Ok(Aside::Show(schema, batch))
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion_pg_catalog::sql::PostgresCompatibilityParser;
    use pgwire::messages::response::CommandComplete;

    fn told(sql: &str) -> Option<String> {
        let statements = PostgresCompatibilityParser::new().parse(sql).unwrap();
        aside(&statements[0], 300).unwrap().err().map(|error| error.to_string())
    }

    #[test]
    fn drivers_are_told_what_ended() {
        for (sql, wanted) in [
            ("DEALLOCATE ALL", "DEALLOCATE ALL"),
            ("DEALLOCATE all", "DEALLOCATE ALL"),
            ("DEALLOCATE \"all\"", "DEALLOCATE"),
            ("DEALLOCATE s", "DEALLOCATE"),
            ("DISCARD ALL", "DISCARD ALL"),
            ("DISCARD PLANS", "DISCARD PLANS"),
        ] {
            let statements = PostgresCompatibilityParser::new().parse(sql).unwrap();
            let Some(Ok(Aside::Answer(Response::Execution(tag)))) = aside(&statements[0], 300) else {
                panic!("{sql}")
            };
            assert_eq!(CommandComplete::from(tag).tag, wanted, "{sql}");
        }
    }

    #[test]
    fn the_time_zone_is_shown_in_one_word_or_two() {
        for sql in ["SHOW TIME ZONE", "show time zone", "SHOW TimeZone"] {
            let statements = PostgresCompatibilityParser::new().parse(sql).unwrap();
            let Some(Ok(Aside::Show(schema, rows))) = aside(&statements[0], 300) else { panic!("{sql}") };
            assert_eq!((schema.field(0).name().as_str(), rows.num_rows()), ("timezone", 1), "{sql}");
        }
    }

    #[test]
    fn what_drivers_set_on_their_own_is_acknowledged() {
        for sql in [
            "SET extra_float_digits = 3",
            "SET application_name = 'DBeaver'",
            "SET DateStyle = 'ISO'",
            "SET datestyle TO ISO, MDY",
            "SET client_encoding TO 'UTF8'",
            "SET NAMES 'UTF8'",
            "SET search_path = public",
            "SET TIME ZONE 'UTC'",
            "SET timezone TO 'Etc/UTC'",
            "SET statement_timeout = 0",
            "SET statement_timeout TO '0ms'",
            "SET statement_timeout TO DEFAULT",
            "SET TRANSACTION READ ONLY",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
            "SAVEPOINT \"_pg3_1\"",
            "RELEASE \"_pg3_1\"",
            "ROLLBACK TO \"_pg3_1\"",
        ] {
            assert_eq!(told(sql), None, "{sql}");
        }
    }

    #[test]
    fn what_would_change_an_answer_is_refused_with_what_is_so() {
        for (sql, words) in [
            ("SET TIME ZONE 'Europe/Berlin'", "times are UTC"),
            ("SET timezone = 'Asia/Shanghai'", "times are UTC"),
            ("SET statement_timeout = 1000", "300 seconds"),
            ("SET statement_timeout TO '10s'", "300 seconds"),
            ("SET datestyle = 'German'", "ISO 8601"),
            ("SET client_encoding = 'LATIN1'", "UTF-8"),
            ("SET ROLE supervisor", "follows from the log-in"),
            ("SET datafusion.explain.show_statistics = true", "cannot be set"),
        ] {
            let told = told(sql).unwrap_or_default();
            assert!(told.contains(words), "{sql}: {told}");
        }
    }
}

//! What clients of PostgreSQL write, in the words of the engine. Most of it is put in other words by a library; here is what
//! drivers and tools ask the catalog for besides.

mod counts;
mod cursors;
mod functions;
mod hollow;
mod names;
mod nothing;
mod patterns;
mod single;
mod twice;
mod values;

pub(super) use cursors::{Ahead, Asked, Declare, Fetch};

use datafusion_pg_catalog::sql::PostgresCompatibilityParser;
use sqlparser::ast::{
    Expr, Ident, ObjectName, ObjectNamePart, Query, Statement, Value, ValueWithSpan, Visit,
    visit_expressions, visit_relations,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::{Parser, ParserError};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::ops::ControlFlow;

/// Reads statements.
#[derive(Debug)]
pub(super) struct Dialect(PostgresCompatibilityParser);

impl Dialect {
    pub(super) fn new() -> Self {
        Self(PostgresCompatibilityParser::new())
    }

    /// The statements of a text, those about cursors among them; queries as the engine reads them.
    ///
    /// # Errors
    /// What cannot be read.
    pub(super) fn read(&self, sql: &str) -> Result<Vec<Asked>, ParserError> {
        let Some(all) = cursors::read(sql) else {
            let plain = self.parse(sql)?.into_iter();
            return Ok(plain.map(|statement| Asked::Plain(Box::new(statement))).collect());
        };
        all.into_iter().map(|asked| self.engine(asked)).collect()
    }

    /// A statement whose query is as the engine reads it.
    fn engine(&self, asked: Asked) -> Result<Asked, ParserError> {
        Ok(match asked {
            Asked::Plain(statement) => Asked::Plain(self.again(&statement)?),
            Asked::Declare(declare) => {
                Asked::Declare(Declare { query: self.again(&declare.query)?, ..declare })
            }
            other => other,
        })
    }

    /// A statement as the engine reads it.
    fn again(&self, statement: &Statement) -> Result<Box<Statement>, ParserError> {
        let mut read = self.parse(&statement.to_string())?.into_iter();
        match (read.next(), read.next()) {
            (Some(only), None) => Ok(Box::new(only)),
            _ => Err(ParserError::ParserError(format!("`{statement}` is not one statement"))),
        }
    }

    /// The statements of a text, as the engine reads them.
    fn parse(&self, sql: &str) -> Result<Vec<Statement>, ParserError> {
        let mut read = match reworded(sql) {
            Some(reworded) => self.0.parse(&reworded)?,
            None => self.0.parse(sql)?,
        };
        // Only then: the library knows some statements of psql by their very words.
        read.iter_mut().for_each(twice::name);
        Ok(read)
    }
}

/// Statements in other words, when one of them asks something that would not be understood as it is.
fn reworded(sql: &str) -> Option<String> {
    // Tables of the catalog, casts to names in it (`regclass`), patterns and functions; numbers of rows that are bound; queries in
    // queries.
    let lower = sql.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let has_queries = lower.matches("select").nth(1).is_some();
    let binds_rows = has(&["limit", "offset"]) && has(&["$"]);
    if !has_queries && !binds_rows && !has(&["pg_", "reg", "escape", "mod"]) {
        return None;
    }
    let written = Parser::parse_sql(&PostgreSqlDialect {}, sql).ok()?;
    let mut reworded = written.clone();
    for statement in &mut reworded {
        nothing::leave_out(statement);
        names::resolve(statement);
        single::gather(statement);
        patterns::escape(statement);
        functions::operate(statement);
        counts::number(statement);
        values::keep(statement);
    }
    let told =
        |statements: &[Statement]| statements.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    (reworded != written).then(|| told(&reworded))
}

/// A name as PostgreSQL understands it: in small letters, unless it is in quotes.
pub(super) fn folded(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() }
}

/// An expression that the program itself writes.
fn expression(sql: &str) -> Option<Expr> {
    Parser::new(&PostgreSqlDialect {}).try_with_sql(sql).ok()?.parse_expr().ok()
}

/// A text that stands in a statement.
fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => Some(text.as_str()),
        _ => None,
    }
}

/// Names of the parameters of a part of a statement, in some order.
fn parameters(part: &impl Visit) -> BTreeSet<String> {
    let mut parameters = BTreeSet::new();
    let ControlFlow::Continue(()) = visit_expressions(part, |expr| {
        if let Expr::Value(value) = expr
            && let Value::Placeholder(name) = &value.value
        {
            parameters.insert(name.clone());
        }
        ControlFlow::<Infallible>::Continue(())
    });
    parameters
}

/// Whether a query reads no other tables than those that are meant.
fn reads_only(query: &Query, is_meant: impl Fn(&ObjectName) -> bool) -> bool {
    let other = visit_relations(query, |table| {
        if is_meant(table) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    other.is_continue()
}

fn is_of_pg_catalog(table: &ObjectName) -> bool {
    let table = table.0.last().and_then(ObjectNamePart::as_ident);
    table.is_some_and(|table| table.value.to_lowercase().starts_with("pg_"))
}

/// Whether a part of a statement makes one row of many, as far as its functions tell.
fn gathers(part: &impl Visit) -> bool {
    const GATHERING: &[&str] = &[
        "array_agg",
        "avg",
        "bit_and",
        "bit_or",
        "bool_and",
        "bool_or",
        "count",
        "every",
        "json_agg",
        "json_object_agg",
        "jsonb_agg",
        "jsonb_object_agg",
        "max",
        "min",
        "string_agg",
        "sum",
    ];
    let found = visit_expressions(part, |expr| match expr {
        Expr::Function(function) if function.over.is_none() => {
            let name = function.name.0.last().and_then(ObjectNamePart::as_ident);
            let name = name.map(|name| name.value.to_lowercase()).unwrap_or_default();
            let is_clause = function.filter.is_some() || !function.within_group.is_empty();
            if is_clause || GATHERING.contains(&name.as_str()) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        }
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A statement in other words; as it was, when nothing is changed.
    pub(super) fn reworded_or_not(sql: &str) -> String {
        reworded(sql).unwrap_or_else(|| sql.to_owned())
    }

    #[test]
    fn what_asks_for_no_catalog_stays_as_it_was_written() {
        for sql in [
            "select count(*) from declaration",
            "select * from pg_catalog.pg_class",
            "SELECT oid FROM pg_type WHERE typname = 'int4'",
            "not a statement about pg_class",
        ] {
            assert_eq!(reworded(sql), None, "{sql}");
        }
    }

    #[test]
    fn whatever_is_reworded_can_be_read() {
        let dialect = Dialect::new();
        let sql = "SELECT c.relname, (SELECT conname FROM pg_constraint WHERE conrelid = c.oid AND contype = $1) \
                   FROM pg_class c WHERE c.oid = 'pg_type'::regclass; SELECT 1";
        let statements = dialect.parse(sql).unwrap();
        assert_eq!(statements.len(), 2);
        assert!(statements[0].to_string().contains("= 1247"), "{}", statements[0]);
    }

    #[test]
    fn the_query_of_a_cursor_is_reworded_as_it_would_be_without_one() {
        let dialect = Dialect::new();
        let query =
            "SELECT relname FROM pg_class WHERE oid = 'pg_type'::regclass AND relname LIKE 'a/_' ESCAPE '/'";
        let plain = dialect.read(query).unwrap();
        let [Asked::Plain(plain)] = plain.as_slice() else { panic!("{plain:?}") };
        let declared = dialect.read(&format!("BEGIN; DECLARE c CURSOR FOR {query}; FETCH c")).unwrap();
        let [Asked::Plain(_), Asked::Declare(declared), Asked::Fetch(_)] = declared.as_slice() else {
            panic!("{declared:?}")
        };
        assert_eq!(declared.query.to_string(), plain.to_string());
    }
}

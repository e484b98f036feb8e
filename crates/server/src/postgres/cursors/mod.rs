//! Cursors and portals of a connection: answers that go out piece by piece, as far as they are fetched.

mod book;
mod portals;
mod rows;

pub(super) use portals::Execution;

use super::dialect::{Ahead, Asked, Declare, Fetch};
use super::error::refusal;
use super::wire;
use arrow::datatypes::SchemaRef;
use book::Book;
use pgwire::api::portal::Format;
use pgwire::api::results::{FieldInfo, QueryResponse, Response, Tag};
use pgwire::api::{ClientInfo, DEFAULT_NAME};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::response::TransactionStatus;
use portals::{Pieces, Portals};
use rows::Rows;
use sqlparser::ast::Statement;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tidegate_jobs::desk::Served;

const SCROLL: &str = "cursors go forward alone: leave SCROLL out";
/// The words of PostgreSQL, and what is so.
const ELSEWHERE: &str = "cursor can only scan forward: FETCH or MOVE a number of the next rows, or ALL";
/// What is right for what a client has bound.
const OF_A_PORTAL: &str = "Execute of the protocol goes on with it and Close ends it; \
                           FETCH, MOVE and CLOSE are for cursors that were declared (DECLARE)";
/// Most portals of one connection that have a name, whether they have begun or not.
const MOST_PORTALS: usize = 100;
/// Bytes of the longest name of a cursor: PostgreSQL cuts off what is beyond (`NAMEDATALEN`).
const LONGEST_NAME: usize = 63;

/// The cursors and portals of one connection, which have their names together.
#[derive(Default)]
pub(super) struct Cursors {
    book: Mutex<Book<Cursor>>,
    portals: Portals,
}

/// A cursor.
#[derive(Clone)]
struct Cursor {
    schema: SchemaRef,
    /// The form of its rows, where a client does not say it.
    format: Format,
    rows: Arc<Rows>,
}

impl Cursors {
    /// Those of a client.
    pub(super) fn of<C: ClientInfo>(client: &C) -> Arc<Self> {
        client.session_extensions().get_or_insert_with(Self::default)
    }

    /// Begins a statement, or a text of several, of a client whose transaction stands so.
    pub(super) fn begin(&self, status: TransactionStatus, is_of_several: bool) {
        let gone = self.book().begin(status, is_of_several);
        close(gone);
    }

    /// Ends a text that is answered.
    pub(super) fn text_ends(&self) {
        let gone = self.book().text_ends();
        close(gone);
    }

    /// Goes along with a statement that is answered and is no query: it may end a transaction, or go back to a savepoint. Gives the
    /// names of portals that end with it.
    pub(super) fn follow(&self, statement: &Statement) -> Vec<String> {
        let mut book = self.book();
        let (undone_beyond, gone) = (book.undone_beyond(statement), book.follow(statement));
        drop(book);
        close(gone);
        undone_beyond.map(|number| self.portals.end_beyond(number)).unwrap_or_default()
    }

    /// Whether a cursor may be declared.
    pub(super) fn admits(&self, declare: &Declare) -> PgWireResult<()> {
        if declare.scrolls {
            return Err(refusal("0A000", SCROLL));
        }
        if self.portals.has(&declare.name) {
            return Err(taken(&declare.name));
        }
        self.book().admits(&declare.name, declare.is_held)
    }

    /// Opens a cursor over an answer, which is there for so many seconds.
    pub(super) fn open(&self, declare: &Declare, served: Served, seconds: u64) -> Response {
        let format = if declare.is_binary { Format::UnifiedBinary } else { Format::UnifiedText };
        let cursor = Cursor { schema: served.schema(), format, rows: Rows::of(served, seconds) };
        self.book().add(declare.name.clone(), declare.is_held, cursor);
        Response::Execution(Tag::new("DECLARE CURSOR"))
    }

    /// Columns of a cursor.
    pub(super) fn schema(&self, name: &str) -> Option<SchemaRef> {
        self.book().get(name).map(|cursor| Arc::clone(&cursor.schema))
    }

    /// Columns of a cursor as they go over the wire, in the form that it was declared with.
    pub(super) fn fields(&self, name: &str) -> Option<PgWireResult<Vec<FieldInfo>>> {
        let cursor = self.book().get(name).cloned()?;
        Some(wire::fields(&cursor.schema, &cursor.format))
    }

    /// The next rows of a cursor, or how many were passed by.
    pub(super) async fn fetch(
        &self,
        fetch: &Fetch,
        execution: Option<&Execution<'_>>,
    ) -> PgWireResult<Response> {
        let known = self.book().get(&fetch.name).cloned();
        let cursor = known.ok_or_else(|| self.unknown(&fetch.name))?;
        let most = match fetch.rows {
            Ahead::All => usize::MAX,
            Ahead::Next(rows) => rows,
            Ahead::Elsewhere => return Err(refusal("55000", ELSEWHERE)),
        };
        if fetch.is_move {
            let passed = cursor.rows.pass(most).await?;
            return Ok(Response::Execution(Tag::new("MOVE").with_rows(passed)));
        }
        let rows = match execution {
            Some(execution) => {
                let cursor = Cursor { format: execution.format.clone(), ..cursor };
                self.portals.begin(execution, Pieces::of_cursor(cursor, most))?
            }
            None => Pieces::of_cursor(cursor, most).next(usize::MAX)?,
        };
        Ok(Response::Query(rows))
    }

    /// Adds a portal to which values of so many bytes are bound, where those of all portals together may have `most`.
    pub(super) fn bind(&self, portal: &str, bytes: usize, most: usize) -> PgWireResult<()> {
        if portal != DEFAULT_NAME {
            if self.portals.has(portal) || self.book().get(portal).is_some() {
                return Err(taken(portal));
            }
            let (portals, bound) = self.portals.with_a_name();
            if portals >= MOST_PORTALS {
                let told = format!("{MOST_PORTALS} portals are open, which is the most; close some");
                return Err(refusal("54000", told));
            }
            let bound = bound.saturating_add(bytes);
            if bound > most {
                let told =
                    format!("values of {bound} bytes are bound: {most} is the most; close some portals");
                return Err(refusal("54000", told));
            }
        }
        let number = self.book().number();
        self.portals.bind(portal, number, bytes);
        Ok(())
    }

    /// Begins a portal over an answer, which is there for so many seconds.
    pub(super) fn execute(
        &self,
        execution: &Execution<'_>,
        served: Served,
        seconds: u64,
    ) -> PgWireResult<Response> {
        let (schema, format) = (served.schema(), execution.format.clone());
        let cursor = Cursor { schema, format, rows: Rows::of(served, seconds) };
        self.portals.begin(execution, Pieces::of_answer(cursor)).map(Response::Query)
    }

    /// The next rows of a portal that has begun, so many at most; none where it is over no answer.
    pub(super) fn go_on(&self, portal: &str, most: usize) -> Option<PgWireResult<QueryResponse>> {
        self.portals.next(portal, most)
    }

    /// Lets go of the rows of a portal that has none left.
    pub(super) fn portal_is_through(&self, name: &str) {
        self.portals.through(name);
    }

    /// Ends a portal, or all.
    pub(super) fn end_portals(&self, name: Option<&str>) {
        self.portals.end(name);
    }

    /// Closes a cursor, or all.
    pub(super) fn close(&self, name: Option<&str>) -> PgWireResult<Response> {
        let gone = self.book().remove(name);
        if let Some(name) = name
            && gone.is_empty()
        {
            return Err(self.unknown(name));
        }
        close(gone);
        Ok(Response::Execution(Tag::new(if name.is_some() { "CLOSE CURSOR" } else { "CLOSE CURSOR ALL" })))
    }

    /// Why a statement finds no cursor of a name.
    fn unknown(&self, name: &str) -> PgWireError {
        if self.portals.has(name) {
            return refusal("0A000", format!("\"{name}\" is a portal: {OF_A_PORTAL}"));
        }
        refusal("34000", format!("cursor \"{name}\" does not exist"))
    }

    fn book(&self) -> MutexGuard<'_, Book<Cursor>> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn close(gone: Vec<Cursor>) {
    for cursor in gone {
        cursor.rows.close();
    }
}

/// That a cursor or a portal has a name already, in the words of PostgreSQL.
fn taken(name: &str) -> PgWireError {
    refusal("42P03", format!("cursor \"{name}\" already exists"))
}

/// That a statement, where it is about a cursor, gives it a name.
pub(super) fn check_name(asked: &Asked) -> PgWireResult<()> {
    match asked.cursor() {
        Some("") => Err(refusal("42601", "zero-length delimited identifier: a cursor has a name")),
        Some(name) if name.len() > LONGEST_NAME => {
            let told =
                format!("the name of a cursor is {} bytes long: {LONGEST_NAME} is the most", name.len());
            Err(refusal("42622", told))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::dialect::Dialect;
    use super::*;

    fn told(sql: &str) -> String {
        let all = Dialect::new().read(sql).unwrap();
        all.iter().try_for_each(check_name).map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn cursors_and_portals_have_their_names_together() {
        let cursors = Cursors::default();
        for name in ["p", "P", DEFAULT_NAME, DEFAULT_NAME] {
            assert!(cursors.bind(name, 10, 10_000).is_ok(), "{name}");
        }
        let refused = cursors.bind("p", 10, 10_000).unwrap_err().to_string();
        assert!(refused.contains("cursor \"p\" already exists"), "{refused}");
        let all = Dialect::new().read("DECLARE p CURSOR WITH HOLD FOR SELECT 1").unwrap();
        let [Asked::Declare(declare)] = all.as_slice() else { panic!("{all:?}") };
        let refused = cursors.admits(declare).unwrap_err().to_string();
        assert!(refused.contains("cursor \"p\" already exists"), "{refused}");
        let refused = cursors.close(Some("p")).unwrap_err().to_string();
        assert!(refused.contains("\"p\" is a portal"), "{refused}");

        cursors.portal_is_through("p");
        assert!(cursors.bind("p", 10, 10_000).is_err(), "it is there until it is closed");
        cursors.end_portals(Some("p"));
        assert!(cursors.admits(declare).is_ok() && cursors.bind("p", 10, 10_000).is_ok());
        cursors.end_portals(None);
        assert!(cursors.bind("P", 10, 10_000).is_ok());
        let refused = cursors.close(Some("p")).unwrap_err().to_string();
        assert!(refused.contains("cursor \"p\" does not exist"), "{refused}");
    }

    #[test]
    fn portals_end_with_the_savepoint_that_they_were_bound_behind() {
        let cursors = Cursors::default();
        let follow = |sql: &str| {
            let all = Dialect::new().read(sql).unwrap();
            let [Asked::Plain(statement)] = all.as_slice() else { panic!("{all:?}") };
            cursors.follow(statement)
        };
        cursors.begin(TransactionStatus::Transaction, false);
        for (portal, then) in [("a", "SAVEPOINT s"), ("b", "SAVEPOINT t"), ("c", "RELEASE t")] {
            assert!(cursors.bind(portal, 10, 10_000).is_ok() && follow(then).is_empty(), "{portal}, {then}");
        }
        assert!(follow("ROLLBACK TO t").is_empty(), "there is none");
        assert_eq!(follow("ROLLBACK TO s"), ["b", "c"]);
        assert!(cursors.bind("a", 10, 10_000).is_err() && cursors.bind("b", 10, 10_000).is_ok());
        assert_eq!(follow("ROLLBACK TO s"), ["b"], "a savepoint is good more than once");
    }

    #[test]
    fn a_connection_has_so_many_portals() {
        let cursors = Cursors::default();
        for number in 0..MOST_PORTALS {
            assert!(cursors.bind(&number.to_string(), 10, 10_000).is_ok(), "{number}");
            assert!(cursors.bind(DEFAULT_NAME, 10, 10_000).is_ok(), "it has no name");
        }
        let refused = cursors.bind("p", 10, 10_000).unwrap_err().to_string();
        assert!(refused.contains("close some"), "{refused}");
        cursors.end_portals(Some("7"));
        assert!(cursors.bind("p", 10, 10_000).is_ok());
    }

    #[test]
    fn a_cursor_has_a_name_that_is_not_too_long() {
        let longest = "ä".repeat(31) + "a";
        let too_long = format!("{longest}b");
        for (name, words) in [
            ("c", ""),
            ("\"a b\"", ""),
            (longest.as_str(), ""),
            ("\"\"", "zero-length delimited identifier"),
            (too_long.as_str(), "64 bytes long: 63 is the most"),
        ] {
            for sql in [
                format!("DECLARE {name} CURSOR FOR SELECT 1"),
                format!("FETCH 5 FROM {name}"),
                format!("MOVE {name}"),
                format!("BEGIN; CLOSE {name}"),
            ] {
                let told = told(&sql);
                assert!(told.contains(words) && told.is_empty() == words.is_empty(), "{sql}: {told}");
            }
        }
        assert_eq!(told("CLOSE ALL; SELECT 1"), "");
    }

    #[test]
    fn values_of_portals_are_so_long_together() {
        let cursors = Cursors::default();
        for (portal, bytes) in [("a", 60), ("b", 30), (DEFAULT_NAME, 1_000)] {
            assert!(cursors.bind(portal, bytes, 100).is_ok(), "{portal}");
        }
        let refused = cursors.bind("c", 11, 100).unwrap_err().to_string();
        assert!(refused.contains("values of 101 bytes are bound: 100 is the most"), "{refused}");
        cursors.end_portals(Some("b"));
        assert!(cursors.bind("c", 11, 100).is_ok());
    }
}

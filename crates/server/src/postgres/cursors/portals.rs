//! Portals: answers that go out in the pieces in which a client executes them, as cursors do in those that are fetched.

use super::super::wire;
use super::Cursor;
use super::rows::Wanted;
use pgwire::api::DEFAULT_NAME;
use pgwire::api::portal::Format;
use pgwire::api::results::QueryResponse;
use pgwire::error::PgWireResult;
use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How a client executes a prepared statement.
pub(in super::super) struct Execution<'a> {
    /// Name of the portal.
    pub(in super::super) portal: &'a str,
    /// The form of its rows.
    pub(in super::super) format: &'a Format,
    /// How many rows are wanted at most, for now.
    pub(in super::super) most: usize,
}

/// An answer that goes out piece by piece.
#[derive(Clone)]
pub(super) struct Pieces {
    cursor: Cursor,
    wanted: Arc<Wanted>,
    command: &'static str,
    /// Whether the rows are its own, and not those of a cursor that was declared.
    are_own: bool,
}

impl Pieces {
    /// All rows of an answer.
    pub(super) fn of_answer(cursor: Cursor) -> Self {
        let wanted = cursor.rows.fetch(usize::MAX);
        Self { cursor, wanted, command: "SELECT", are_own: true }
    }

    /// The next rows of a cursor, so many at most.
    pub(super) fn of_cursor(cursor: Cursor, most: usize) -> Self {
        let wanted = cursor.rows.fetch(most);
        Self { cursor, wanted, command: "FETCH", are_own: false }
    }

    /// The next piece, of so many rows at most.
    pub(super) fn next(&self, most: usize) -> PgWireResult<QueryResponse> {
        let mut rows = wire::rows(&self.cursor.schema, self.wanted.piece(most), &self.cursor.format)?;
        rows.set_command_tag(self.command);
        Ok(rows)
    }
}

/// The portals of a connection, by name.
#[derive(Default)]
pub(super) struct Portals(Mutex<BTreeMap<String, Bound>>);

/// A portal.
#[derive(Default)]
struct Bound {
    number: u64,
    /// Bytes of the values that are bound to it.
    bytes: usize,
    /// What is left of it, once it has begun and until it is through.
    left: Option<Pieces>,
}

impl Portals {
    /// Whether there is one of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.all().contains_key(name)
    }

    /// How many have a name, and the bytes of all values that are bound to them.
    pub(super) fn with_a_name(&self) -> (usize, usize) {
        let all = self.all();
        let named = all.iter().filter(|(name, _)| *name != DEFAULT_NAME);
        named.fold((0, 0), |(portals, bytes), (_, portal)| (portals + 1, portal.bytes.saturating_add(bytes)))
    }

    /// Adds a portal, of which nothing has begun, in the place of the one that had its name.
    pub(super) fn bind(&self, name: &str, number: u64, bytes: usize) {
        self.end(Some(name));
        self.all().insert(name.to_owned(), Bound { number, bytes, left: None });
    }

    /// Begins a portal; gives its first piece.
    pub(super) fn begin(&self, execution: &Execution<'_>, pieces: Pieces) -> PgWireResult<QueryResponse> {
        let first = pieces.next(execution.most)?;
        self.all().entry(execution.portal.to_owned()).or_default().left = Some(pieces);
        Ok(first)
    }

    /// The next piece of a portal that has begun, of so many rows at most.
    pub(super) fn next(&self, name: &str, most: usize) -> Option<PgWireResult<QueryResponse>> {
        let pieces = self.all().get(name).and_then(|portal| portal.left.clone())?;
        Some(pieces.next(most))
    }

    /// Lets go of a portal's rows, of which none are left. It keeps its name.
    pub(super) fn through(&self, name: &str) {
        let gone = self.all().get_mut(name).and_then(|portal| portal.left.take());
        drop(gone);
    }

    /// Ends a portal, or all.
    pub(super) fn end(&self, name: Option<&str>) {
        let gone: Vec<Pieces> = match name {
            Some(name) => self.all().remove(name).and_then(|portal| portal.left).into_iter().collect(),
            None => mem::take(&mut *self.all()).into_values().filter_map(|portal| portal.left).collect(),
        };
        for pieces in gone.iter().filter(|pieces| pieces.are_own) {
            pieces.wanted.close();
        }
    }

    /// Ends those whose numbers are beyond one; gives their names.
    pub(super) fn end_beyond(&self, number: u64) -> Vec<String> {
        let is_beyond = |(name, portal): (&String, &Bound)| (portal.number > number).then(|| name.clone());
        let names: Vec<String> = self.all().iter().filter_map(is_beyond).collect();
        for name in &names {
            self.end(Some(name));
        }
        names
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Bound>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Which cursors a connection has, and until when: transactions and savepoints, which change nothing else here, end them.

use super::super::dialect::folded;
use super::super::error::refusal;
use super::taken;
use pgwire::error::PgWireResult;
use pgwire::messages::response::TransactionStatus;
use sqlparser::ast::{DiscardObject, Ident, Statement};

/// Most cursors of one connection; those with all of their rows gone are among them, though they take no place of a query.
const MOST_CURSORS: usize = 100;
/// Most savepoints that are remembered. Going back to one that is forgotten ends nothing, as if it had been made before all.
const MOST_SAVEPOINTS: usize = 1_000;

/// What a statement is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    /// Nothing but itself.
    None,
    /// A text of several, which are one transaction as long as none of them begins one.
    Text,
    /// A transaction that somebody began.
    Transaction,
}

/// The cursors of a connection, by name.
pub(super) struct Book<T> {
    cursors: Vec<Entry<T>>,
    /// What a statement is part of here, and once the transaction ends.
    block: Block,
    outside: Block,
    /// Whether the transaction was broken off, so that committing it is none.
    has_failed: bool,
    /// Names of savepoints, with the last number that was given before them.
    savepoints: Vec<(String, u64)>,
    /// The last number of a cursor or portal.
    last: u64,
}

struct Entry<T> {
    name: String,
    cursor: T,
    /// Whether it goes on when the transaction that it was declared in is committed.
    is_held: bool,
    /// Whether no transaction can end it any more.
    is_settled: bool,
    number: u64,
}

impl<T> Default for Book<T> {
    fn default() -> Self {
        Self {
            cursors: Vec::new(),
            block: Block::None,
            outside: Block::None,
            has_failed: false,
            savepoints: Vec::new(),
            last: 0,
        }
    }
}

impl<T> Book<T> {
    /// Begins a statement, or a text of several, of a client that stands so; gives the cursors of a transaction that was broken off
    /// without a word.
    pub(super) fn begin(&mut self, status: TransactionStatus, is_of_several: bool) -> Vec<T> {
        let is_idle = status == TransactionStatus::Idle;
        self.outside = if is_of_several { Block::Text } else { Block::None };
        let gone = if is_idle && self.block != Block::None { self.end(false) } else { Vec::new() };
        self.block = if is_idle { self.outside } else { Block::Transaction };
        self.has_failed = status == TransactionStatus::Error;
        gone
    }

    /// Ends a text that is answered; gives the cursors that end with it.
    pub(super) fn text_ends(&mut self) -> Vec<T> {
        self.outside = Block::None;
        if self.block == Block::Text { self.end(true) } else { Vec::new() }
    }

    /// Goes along with a statement that is answered; gives the cursors that end with it.
    pub(super) fn follow(&mut self, statement: &Statement) -> Vec<T> {
        match statement {
            Statement::StartTransaction { .. } => self.block = Block::Transaction,
            Statement::Commit { .. } => return self.end(!self.has_failed),
            Statement::Rollback { savepoint: None, .. } => return self.end(false),
            Statement::Rollback { savepoint: Some(name), .. } => {
                if let Some((place, last)) = self.savepoint(name) {
                    self.savepoints.truncate(place + 1);
                    return self.take(|entry| !entry.is_settled && entry.number > last);
                }
            }
            Statement::Savepoint { name } if self.block != Block::None => {
                if self.savepoints.len() == MOST_SAVEPOINTS {
                    self.savepoints.remove(0);
                }
                self.savepoints.push((folded(name), self.last));
            }
            Statement::ReleaseSavepoint { name } => {
                if let Some((place, _)) = self.savepoint(name) {
                    self.savepoints.truncate(place);
                }
            }
            Statement::Discard { object_type: DiscardObject::ALL } => return self.take(|_| true),
            _ => {}
        }
        Vec::new()
    }

    /// Whether a cursor may be declared.
    pub(super) fn admits(&self, name: &str, is_held: bool) -> PgWireResult<()> {
        if self.block == Block::None && !is_held {
            return Err(refusal("25P01", "DECLARE CURSOR can only be used in transaction blocks"));
        }
        if self.get(name).is_some() {
            return Err(taken(name));
        }
        if self.cursors.len() >= MOST_CURSORS {
            let told = format!("{MOST_CURSORS} cursors are open, which is the most; close some");
            return Err(refusal("54000", told));
        }
        Ok(())
    }

    pub(super) fn add(&mut self, name: String, is_held: bool, cursor: T) {
        let (is_settled, number) = (self.block == Block::None, self.number());
        self.cursors.push(Entry { name, cursor, is_held, is_settled, number });
    }

    /// The next number of a cursor or portal, which tells whether a savepoint was made before it.
    pub(super) fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// The number beyond which a statement undoes everything; none where it goes back to no savepoint.
    pub(super) fn undone_beyond(&self, statement: &Statement) -> Option<u64> {
        match statement {
            Statement::Rollback { savepoint: Some(name), .. } => self.savepoint(name).map(|(_, last)| last),
            _ => None,
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.cursors.iter().find(|entry| entry.name == name).map(|entry| &entry.cursor)
    }

    /// Takes out one cursor, or all.
    pub(super) fn remove(&mut self, name: Option<&str>) -> Vec<T> {
        self.take(|entry| name.is_none_or(|name| entry.name == name))
    }

    /// Ends the transaction; gives the cursors that end with it.
    fn end(&mut self, commits: bool) -> Vec<T> {
        self.savepoints.clear();
        self.block = self.outside;
        self.has_failed = false;
        let gone = self.take(|entry| !(entry.is_settled || commits && entry.is_held));
        for entry in &mut self.cursors {
            entry.is_settled = true;
        }
        gone
    }

    fn take(&mut self, is_gone: impl Fn(&Entry<T>) -> bool) -> Vec<T> {
        self.cursors.extract_if(.., |entry| is_gone(entry)).map(|entry| entry.cursor).collect()
    }

    /// Place of a savepoint, the last of its name, and the last number that was given before it.
    fn savepoint(&self, name: &Ident) -> Option<(usize, u64)> {
        let name = folded(name);
        let place = self.savepoints.iter().rposition(|(known, _)| *known == name)?;
        self.savepoints.get(place).map(|(_, last)| (place, *last))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::dialect::{Asked, Dialect};
    use super::*;

    /// A book, and what its client is told of the transaction.
    struct Client {
        book: Book<&'static str>,
        status: TransactionStatus,
    }

    impl Client {
        fn new() -> Self {
            Self { book: Book::default(), status: TransactionStatus::Idle }
        }

        /// Statements of one text, of which `DECLARE` is taken for what it says and no other is a query; gives the cursors
        /// that end.
        fn say(&mut self, text: &str) -> Vec<&'static str> {
            let all = Dialect::new().read(text).unwrap();
            let mut gone = self.book.begin(self.status, all.len() > 1);
            for asked in all {
                match asked {
                    Asked::Declare(declare) => {
                        self.book.admits(&declare.name, declare.is_held).unwrap();
                        let name = ["a", "b", "c"].into_iter().find(|name| *name == declare.name).unwrap();
                        self.book.add(declare.name, declare.is_held, name);
                    }
                    Asked::Close(name) => gone.extend(self.book.remove(name.as_deref())),
                    Asked::Plain(statement) => {
                        gone.extend(self.book.follow(&statement));
                        self.status = match *statement {
                            Statement::StartTransaction { .. } => TransactionStatus::Transaction,
                            Statement::Commit { .. } | Statement::Rollback { savepoint: None, .. } => {
                                TransactionStatus::Idle
                            }
                            _ => self.status,
                        };
                    }
                    Asked::Fetch(_) => {}
                }
            }
            gone.extend(self.book.text_ends());
            gone
        }

        fn refused(&self, name: &str, is_held: bool) -> String {
            self.book.admits(name, is_held).unwrap_err().to_string()
        }
    }

    const HELD: &str = "DECLARE a CURSOR WITH HOLD FOR SELECT 1";
    const OTHER: &str = "DECLARE b CURSOR FOR SELECT 1";
    const THIRD: &str = "DECLARE c CURSOR FOR SELECT 1";

    #[test]
    fn a_cursor_ends_with_its_transaction_unless_it_is_held() {
        let mut client = Client::new();
        for text in ["BEGIN", HELD, OTHER] {
            assert!(client.say(text).is_empty(), "{text}");
        }
        assert_eq!(client.say("COMMIT"), ["b"]);
        client.say("BEGIN");
        client.say(OTHER);
        assert_eq!(client.say("ROLLBACK"), ["b"], "who was committed stays");
        assert_eq!(client.book.get("a"), Some(&"a"));
        client.say("BEGIN");
        client.say(OTHER);
        assert_eq!(client.say("DISCARD ALL"), ["a", "b"]);
    }

    #[test]
    fn what_is_rolled_back_was_not_declared() {
        let mut client = Client::new();
        client.say("BEGIN");
        client.say(HELD);
        assert_eq!(client.say("ROLLBACK"), ["a"]);
        client.say("BEGIN");
        client.say(HELD);
        client.status = TransactionStatus::Error;
        assert_eq!(client.say("COMMIT"), ["a"], "a transaction that failed is not committed");
    }

    #[test]
    fn savepoints_end_what_was_declared_after_them() {
        let mut client = Client::new();
        for text in ["BEGIN", HELD, "SAVEPOINT s", OTHER, "SAVEPOINT \"S\"", THIRD] {
            client.say(text);
        }
        assert_eq!(client.say("ROLLBACK TO \"S\""), ["c"]);
        client.say(THIRD);
        assert_eq!(client.say("ROLLBACK TO SAVEPOINT S"), ["b", "c"]);
        client.say(OTHER);
        assert_eq!(client.say("ROLLBACK TO s"), ["b"], "a savepoint is good more than once");
        client.say("RELEASE s");
        client.say(OTHER);
        assert!(client.say("ROLLBACK TO s").is_empty(), "there is none");
        assert_eq!(client.say("COMMIT"), ["b"]);
    }

    #[test]
    fn statements_of_one_text_are_a_transaction() {
        let mut client = Client::new();
        assert_eq!(client.say(&format!("{OTHER}; {HELD}; FETCH b")), ["b"]);
        assert_eq!(client.say("CLOSE a"), ["a"]);
        assert!(client.say(&format!("BEGIN; {OTHER}; FETCH b")).is_empty());
        assert!(client.say(&format!("{THIRD}; FETCH c")).is_empty(), "the transaction goes on");
        assert_eq!(client.say("CLOSE ALL; COMMIT"), ["b", "c"]);
        assert_eq!(client.say(&format!("COMMIT; {OTHER}")), ["b"]);
    }

    #[test]
    fn a_transaction_that_is_gone_ends_its_cursors() {
        let mut client = Client::new();
        client.say(&format!("BEGIN; {OTHER}"));
        client.status = TransactionStatus::Idle;
        assert_eq!(client.say("SHOW timezone"), ["b"]);
    }

    #[test]
    fn a_cursor_that_cannot_be_declared_is_refused_in_the_words_of_postgresql() {
        let mut client = Client::new();
        assert!(client.refused("a", false).contains("DECLARE CURSOR can only be used in transaction blocks"));
        client.say(HELD);
        assert!(client.refused("a", true).contains("cursor \"a\" already exists"));
        assert!(client.book.admits("A", true).is_ok());
        for number in 1..MOST_CURSORS {
            client.book.add(number.to_string(), true, "b");
        }
        assert!(client.refused("b", true).contains("close some"));
    }
}

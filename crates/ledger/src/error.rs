//! What can go wrong with the ledger, told so that the reader knows what to do.

use std::io;
use std::path::PathBuf;

use sqlx::error::ErrorKind;

use crate::audit::AuditFault;
use crate::{Hash256, HistoryFault, Period, PolicyStateVersion};

/// Every way a ledger call fails.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file cannot be created or opened.
    #[error("cannot open the ledger {path}: {source}; its folder must exist and be writable")]
    Open {
        /// The ledger file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is something else, and is left alone.
    #[error("{path} is not a tidegate ledger; name a ledger file or one that does not exist yet")]
    NotALedger {
        /// The file.
        path: PathBuf,
    },
    /// A newer program has written the file.
    #[error(
        "the ledger {path} has schema {found}, and this program knows up to {known}; use a newer tidegate"
    )]
    NewerSchema {
        /// The ledger file.
        path: PathBuf,
        /// Highest migration recorded in the file.
        found: i64,
        /// Highest migration of this program.
        known: i64,
    },
    /// A migration recorded in the file is not the one this program carries.
    #[error(
        "the ledger {path} was built with another migration {version} ({recorded}) than this program carries \
         ({embedded}); use the program that wrote it"
    )]
    MigrationChanged {
        /// The ledger file.
        path: PathBuf,
        /// Number of the migration.
        version: i64,
        /// SHA-256 recorded when it was applied, or how it is missing.
        recorded: String,
        /// SHA-256 of the one in this program.
        embedded: Hash256,
    },
    /// The file has something that no migration of this program makes, or has lost something.
    #[error(
        "the ledger {path} was changed by hand: the {object} is {what}; restore the file from a backup, or undo the \
         change"
    )]
    SchemaChanged {
        /// The ledger file.
        path: PathBuf,
        /// Kind and name of the first table, index, trigger or view that differs.
        object: String,
        /// `missing`, `another` or `not ours`.
        what: &'static str,
    },
    /// Another writer held the file for too long.
    #[error("another writer held the ledger longer than the busy timeout; try again when it has finished")]
    Busy,
    /// An argument is refused.
    #[error("{what} is {found}; it must be {right}")]
    Invalid {
        /// The argument.
        what: &'static str,
        /// What was given.
        found: String,
        /// What would be right.
        right: &'static str,
    },
    /// A row that was named does not exist.
    #[error("the ledger holds no {what} {key}")]
    Unknown {
        /// The kind of row.
        what: &'static str,
        /// The key that was asked for.
        key: String,
    },
    /// A new row refers to a row that does not exist.
    #[error("{what} names a row the ledger does not hold; first record {needs}")]
    UnknownReference {
        /// The kind of new row.
        what: &'static str,
        /// The rows it refers to.
        needs: &'static str,
    },
    /// A row with this key exists and may not be replaced.
    #[error("the ledger already holds the {what} {key}")]
    Exists {
        /// The kind of row.
        what: &'static str,
        /// Its key.
        key: String,
    },
    /// A load, a run or a reveal that may happen once has already happened.
    #[error("the {what} {key} is already {state}")]
    Already {
        /// The kind of row.
        what: &'static str,
        /// Its key.
        key: String,
        /// What it already is, such as `finished`.
        state: &'static str,
    },
    /// There is somebody besides the local owner, so that no account is the first one.
    #[error("the installation is set up already")]
    SetUp,
    /// A policy state was derived from a version that is no longer the newest.
    #[error("a policy state was derived from {}, but the newest is {}; derive it again", version(*.based_on), version(*.newest))]
    StalePolicyState {
        /// The version it was derived from.
        based_on: Option<PolicyStateVersion>,
        /// The newest version.
        newest: Option<PolicyStateVersion>,
    },
    /// A commitment came after its period's key was public.
    #[error(
        "the key of period {0} is revealed, so a commitment in it would prove nothing; use a later period"
    )]
    PeriodRevealed(Period),
    /// Both shares of a key came from one principal although the ledger knows another person.
    #[error(
        "both shares of the key of period {0} come from one principal; another person must hand in the second, since \
         one who knows both shares knows every draw"
    )]
    SameCustodian(Period),
    /// Who proposed something cannot approve it.
    #[error("{what} {key} is approved by another person than who proposed it")]
    SamePrincipal {
        /// What was proposed.
        what: &'static str,
        /// Its key.
        key: String,
    },
    /// A bundle was to be put in force by one principal although the ledger knows persons.
    #[error("a bundle is put in force by two: one proposes it, another approves")]
    NeedsProposal,
    /// Something must happen first.
    #[error("{what} must wait: {needs}")]
    NotYet {
        /// What must wait.
        what: String,
        /// For what.
        needs: &'static str,
    },
    /// A key was to be revealed while consignments drawn with it are open.
    #[error(
        "the key of period {period} stays secret: {open} of the roots drawn with it are not closed, the first that of \
         commitment {first}"
    )]
    RootsOpen {
        /// The period.
        period: Period,
        /// How many roots are open.
        open: u64,
        /// Sequence of the first commitment to one of them; a root itself is not shown.
        first: u64,
    },
    /// The log of commitments is not the one that was signed.
    #[error(transparent)]
    History(#[from] HistoryFault),
    /// The audit chain does not hold, so that nothing of it is signed or shown.
    #[error("the audit chain does not hold: {0}")]
    Audit(#[from] AuditFault),
    /// The writer of the audit chain stopped before it answered.
    #[error(
        "the writer of the audit chain stopped before it answered; append again, since the entries may be missing"
    )]
    AuditUnanswered,
    /// An entry did not come into the audit chain although nothing refused it.
    #[error(
        "entry {sequence} did not come into the audit chain: something in the file keeps it out; `tidegate audit \
         verify` says what"
    )]
    AuditKeptOut {
        /// The sequence that it would have.
        sequence: u64,
    },
    /// Somebody could not prove who it is.
    #[error("not admitted: {0}")]
    NotAuthenticated(&'static str),
    /// A password could not be hashed.
    #[error("the password could not be hashed: {0}")]
    Hashing(String),
    /// More passwords wait to be compared than may.
    #[error("too many people log in at this moment; try again in a few seconds")]
    TooManyLogIns,
    /// A stored value does not decode: somebody changed the file by hand.
    #[error("the ledger's {table} row {key} is damaged: {what}; restore the file from a backup")]
    Damaged {
        /// The table.
        table: &'static str,
        /// The row's key.
        key: String,
        /// What is wrong with it.
        what: String,
    },
    /// Anything else `SQLite` reports.
    #[error("the ledger's database failed: {0}")]
    Database(#[source] sqlx::Error),
}

fn version(version: Option<PolicyStateVersion>) -> String {
    version.map_or_else(|| "nothing".to_owned(), |version| format!("version {version}"))
}

/// `SQLite`'s primary result codes, the low byte of the extended ones (<https://www.sqlite.org/rescode.html>).
const SQLITE_BUSY: i32 = 5;
const SQLITE_NOTADB: i32 = 26;

fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}

impl From<sqlx::Error> for LedgerError {
    fn from(error: sqlx::Error) -> Self {
        if primary_code(&error) == Some(SQLITE_BUSY) { Self::Busy } else { Self::Database(error) }
    }
}

impl LedgerError {
    /// The error of connecting to the file `path`.
    pub(crate) fn connecting(path: PathBuf, error: sqlx::Error) -> Self {
        if primary_code(&error) == Some(SQLITE_NOTADB) { Self::NotALedger { path } } else { error.into() }
    }

    /// The error of inserting a `what` that refers to `needs`.
    pub(crate) fn inserting(what: &'static str, needs: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |error| match error.as_database_error().map(sqlx::error::DatabaseError::kind) {
            Some(ErrorKind::ForeignKeyViolation) => Self::UnknownReference { what, needs },
            _ => error.into(),
        }
    }
}

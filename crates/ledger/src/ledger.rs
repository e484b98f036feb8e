//! The open ledger file: a handle that is cheap to clone and shares one pool of connections.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{
    Sqlite, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use tokio::time::sleep;

use crate::audit::Group;
use crate::hashing::Hashing;
use crate::history::Reached;
use crate::{LedgerError, Period, migrate};

/// Between two tries to connect.
const CONNECT_AGAIN: Duration = Duration::from_millis(20);

/// How patient and how parallel a handle is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerLimits {
    /// How long a writer waits for another one before [`LedgerError::Busy`].
    pub busy_timeout: Duration,
    /// Connections at once. Readers run beside one writer; `SQLite` never runs two writers.
    pub connections: u32,
}

impl Default for LedgerLimits {
    fn default() -> Self {
        Self { busy_timeout: Duration::from_secs(30), connections: 4 }
    }
}

/// A transaction that may write.
pub(crate) type WriteTransaction = sqlx::Transaction<'static, Sqlite>;

/// The open ledger. Clones share the connections; several processes may open the same file.
#[derive(Debug, Clone)]
pub struct Ledger {
    pool: SqlitePool,
    group: Group,
    hashing: Hashing,
    /// Where the log of each period was signed last, so that the next signature need not read it again from its start.
    signed: Arc<Mutex<BTreeMap<Period, Reached>>>,
}

impl Ledger {
    /// Opens the ledger file `path`, or creates it readable for its owner only, since it holds the period keys.
    /// Brings its schema up to date, refuses a file that has another one then, and makes sure of the one local owner; `now`
    /// dates what is created.
    ///
    /// # Errors
    /// [`LedgerError::Open`], [`LedgerError::NotALedger`], [`LedgerError::NewerSchema`],
    /// [`LedgerError::MigrationChanged`], [`LedgerError::SchemaChanged`].
    pub async fn open(path: &Path, limits: LedgerLimits, now: DateTime<Utc>) -> Result<Self, LedgerError> {
        create_private(path).map_err(|source| LedgerError::Open { path: path.to_owned(), source })?;
        let pool = connect(path, limits).await?;
        let (group, hashing) = (Group::default(), Hashing::default());
        let ledger = Self { pool, group, hashing, signed: Arc::default() };
        migrate::apply(ledger.begin_write().await?, path, now).await?;
        ledger.ensure_local_owner(now).await?;
        Ok(ledger)
    }

    /// Closes every connection of this handle and its clones; `SQLite` then folds its write-ahead log into the file.
    pub async fn close(self) {
        self.pool.close().await;
    }

    /// Takes what is known of the log of a period; none also when a thread that held it came to harm.
    pub(crate) fn take_signed(&self, period: Period) -> Option<Reached> {
        self.signed.lock().ok()?.remove(&period)
    }

    pub(crate) fn keep_signed(&self, period: Period, reached: Reached) {
        if let Ok(mut signed) = self.signed.lock() {
            signed.insert(period, reached);
        }
    }

    pub(crate) fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// What waits to be appended to the audit chain.
    pub(crate) fn group(&self) -> &Group {
        &self.group
    }

    /// Room for hashing passwords.
    pub(crate) fn hashing(&self) -> &Hashing {
        &self.hashing
    }

    /// Takes the write lock at once: a transaction that reads first and writes later cannot wait for it, and
    /// fails when another writer was in between.
    pub(crate) async fn begin_write(&self) -> Result<WriteTransaction, LedgerError> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }
}

/// Connects to the file. Of two who make a new file one of write-ahead logging at once, `SQLite` refuses one without a wait, so it
/// is tried again for as long as a writer waits.
async fn connect(path: &Path, limits: LedgerLimits) -> Result<SqlitePool, LedgerError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(limits.busy_timeout)
        .disable_statement_logging();
    let mut waited = Duration::ZERO;
    loop {
        let pool = SqlitePoolOptions::new().max_connections(limits.connections);
        let connected = pool.connect_with(options.clone()).await;
        match connected.map_err(|error| LedgerError::connecting(path.to_owned(), error)) {
            Err(LedgerError::Busy) if waited < limits.busy_timeout => {
                sleep(CONNECT_AGAIN).await;
                waited += CONNECT_AGAIN;
            }
            connected => return connected,
        }
    }
}

/// `SQLite` gives its `-wal` and `-shm` files the permissions of the database file. One that is there is left alone: whoever closes
/// a file lets go of all locks that the process has on it (POSIX), those of `SQLite` too, and another process that ends would take
/// the write-ahead log away from under this one (sqlite.org/howtocorrupt.html, 2.2).
fn create_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created.map(drop),
    }
}

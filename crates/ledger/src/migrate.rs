//! Brings a ledger file to the schema of this program: numbered SQL files, applied in order, checked by hash.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use sqlx::sqlite::{Sqlite, SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Transaction};
use tokio::sync::OnceCell;

use crate::{Hash256, LedgerError, column};

struct Migration {
    name: &'static str,
    sql: &'static str,
}

/// Number 1 comes first. A released file is never edited: a change is a new file at the end.
const MIGRATIONS: &[Migration] = &[
    Migration { name: "0001_foundations", sql: include_str!("../migrations/0001_foundations.sql") },
    Migration { name: "0002_root_key", sql: include_str!("../migrations/0002_root_key.sql") },
    Migration { name: "0003_bundle_proposals", sql: include_str!("../migrations/0003_bundle_proposals.sql") },
    Migration { name: "0004_audit", sql: include_str!("../migrations/0004_audit.sql") },
    Migration { name: "0005_accounts", sql: include_str!("../migrations/0005_accounts.sql") },
    Migration {
        name: "0006_catalog_and_erasure",
        sql: include_str!("../migrations/0006_catalog_and_erasure.sql"),
    },
    Migration { name: "0007_slots_taken", sql: include_str!("../migrations/0007_slots_taken.sql") },
    Migration { name: "0008_identities", sql: include_str!("../migrations/0008_identities.sql") },
    Migration { name: "0009_sessions", sql: include_str!("../migrations/0009_sessions.sql") },
    Migration { name: "0010_erasure_orders", sql: include_str!("../migrations/0010_erasure_orders.sql") },
    Migration {
        name: "0011_dataset_retirements",
        sql: include_str!("../migrations/0011_dataset_retirements.sql"),
    },
];

/// The table of what was applied. `SQLite` keeps this text as it stands, blanks included, and every ledger has it.
const APPLIED: &str = "CREATE TABLE schema_migrations (
            version INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 BLOB NOT NULL, applied_at INTEGER NOT NULL
        ) STRICT";

/// Applies what is missing, in one transaction, which may write: a crash leaves the old schema or the new one. A file whose schema
/// is not what comes of the migrations is refused, but for what stands idly beside, and is left as it was.
pub(crate) async fn apply(
    mut tx: Transaction<'static, Sqlite>,
    path: &Path,
    now: DateTime<Utc>,
) -> Result<(), LedgerError> {
    let recorded = recorded(&mut tx, path).await?;
    let known = MIGRATIONS.len() as i64;
    if let Some(&(found, _)) = recorded.last().filter(|(version, _)| *version > known) {
        return Err(LedgerError::NewerSchema { path: path.to_owned(), found, known });
    }
    for (version, migration) in (1..).zip(MIGRATIONS) {
        let embedded = Hash256::of(migration.sql.as_bytes());
        match recorded.get(version as usize - 1) {
            Some((found, sha256)) if *found == version && sha256.as_slice() == embedded.as_bytes() => {}
            Some((found, sha256)) => {
                let recorded = <[u8; 32]>::try_from(sha256.as_slice())
                    .map_or_else(|_| "no hash".to_owned(), |bytes| Hash256::new(bytes).to_string());
                return Err(LedgerError::MigrationChanged {
                    path: path.to_owned(),
                    version: *found,
                    recorded,
                    embedded,
                });
            }
            None => {
                sqlx::raw_sql(migration.sql).execute(&mut *tx).await?;
                sqlx::query(
                    "INSERT INTO schema_migrations (version, name, sha256, applied_at) VALUES (?, ?, ?, ?)",
                )
                .bind(version)
                .bind(migration.name)
                .bind(embedded.as_bytes().as_slice())
                .bind(column::from_time(now))
                .execute(&mut *tx)
                .await?;
            }
        }
    }
    let first = differences(&mut tx).await?.into_iter().find(Difference::matters);
    if let Some(Difference { object, what }) = first {
        return Err(LedgerError::SchemaChanged { path: path.to_owned(), object, what });
    }
    Ok(tx.commit().await?)
}

/// Version and hash of every migration the file has had, oldest first.
async fn recorded(
    tx: &mut Transaction<'static, Sqlite>,
    path: &Path,
) -> Result<Vec<(i64, Vec<u8>)>, LedgerError> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )
    .fetch_all(&mut **tx)
    .await?;
    if tables.is_empty() {
        sqlx::query(APPLIED).execute(&mut **tx).await?;
        return Ok(Vec::new());
    }
    if !tables.iter().any(|name| name == "schema_migrations") {
        return Err(LedgerError::NotALedger { path: path.to_owned() });
    }
    Ok(sqlx::query_as("SELECT version, sha256 FROM schema_migrations ORDER BY version")
        .fetch_all(&mut **tx)
        .await?)
}

/// All tables, indexes, triggers and views by kind and name: the table of each, and the statement that made it. More than one
/// under a name is nothing that `SQLite` makes.
type Schema = BTreeMap<Vec<u8>, Vec<(Vec<u8>, Vec<u8>)>>;

/// Something of a schema that is not as this program makes it.
pub(crate) struct Difference {
    /// Kind and name.
    pub(crate) object: String,
    /// `missing`, `another` or `not ours`.
    pub(crate) what: &'static str,
}

impl Difference {
    fn new(object: &[u8], what: &'static str) -> Self {
        Self { object: String::from_utf8_lossy(object).into_owned(), what }
    }

    /// Whether the ledger may work otherwise. It does not by the tables and indexes of somebody else, such as those in which a
    /// program for backups keeps how far it is, and which do nothing of their own.
    fn matters(&self) -> bool {
        let is_idle = self.object.starts_with("table ") || self.object.starts_with("index ");
        self.what != "not ours" || !is_idle
    }
}

/// What differs between the schema of a file and the one that this program makes. The whole is compared, and not what names a table
/// of ours: `SQLite` finds names in any case, and a trigger on one table may write to another.
pub(crate) async fn differences(connection: &mut SqliteConnection) -> Result<Vec<Difference>, LedgerError> {
    static OURS: OnceCell<Schema> = OnceCell::const_new();
    let ours = OURS.get_or_try_init(fresh_schema).await?;
    let found = schema_of(connection).await?;
    let changed = ours.iter().filter_map(|(object, made)| match found.get(object) {
        Some(same) if same == made => None,
        Some(_) => Some(Difference::new(object, "another")),
        None => Some(Difference::new(object, "missing")),
    });
    let added = found.keys().filter(|object| !ours.contains_key(*object));
    Ok(changed.chain(added.map(|object| Difference::new(object, "not ours"))).collect())
}

async fn schema_of(connection: &mut SqliteConnection) -> Result<Schema, LedgerError> {
    // The names and statements of somebody else may be any bytes, or none. What `ANALYZE` counts changes nothing that is stored.
    let statement = "SELECT CAST(coalesce(type, '') || ' ' || coalesce(name, '') AS BLOB),
        CAST(coalesce(tbl_name, '') AS BLOB), CAST(coalesce(sql, '') AS BLOB)
        FROM sqlite_schema WHERE NOT (type = 'table' AND name IN ('sqlite_stat1', 'sqlite_stat4')) ORDER BY rowid";
    let all: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> = sqlx::query_as(statement).fetch_all(connection).await?;
    let mut schema = Schema::new();
    for (object, table, sql) in all {
        schema.entry(object).or_default().push((table, sql));
    }
    Ok(schema)
}

/// The schema of a file that this program makes now, in memory.
async fn fresh_schema() -> Result<Schema, LedgerError> {
    let mut fresh = SqliteConnectOptions::new().in_memory(true).connect().await?;
    sqlx::query(APPLIED).execute(&mut fresh).await?;
    for migration in MIGRATIONS {
        sqlx::raw_sql(migration.sql).execute(&mut fresh).await?;
    }
    let schema = schema_of(&mut fresh).await?;
    fresh.close().await?;
    Ok(schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_in_order() {
        for (version, migration) in (1..).zip(MIGRATIONS) {
            assert!(migration.name.starts_with(&format!("{version:04}_")), "{}", migration.name);
        }
    }

    #[test]
    fn the_table_of_what_was_applied_is_written_as_in_every_ledger() {
        let blanks = APPLIED.lines().map(|line| line.len() - line.trim_start().len());
        assert_eq!(blanks.collect::<Vec<_>>(), [0, 12, 8]);
    }
}

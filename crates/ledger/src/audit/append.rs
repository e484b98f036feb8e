//! Appending to the audit chain.

use sqlx::SqliteConnection;

use super::entry::NewAuditEntry;
use super::{content, limits};
use crate::{Hash256, LedgerError, column};

/// Appends inside a transaction that holds the write lock, so that what was done and its entry stand or fall together.
pub(crate) async fn append(
    connection: &mut SqliteConnection,
    new: &[NewAuditEntry],
) -> Result<Vec<u64>, LedgerError> {
    new.iter().try_for_each(limits::check)?;
    for read in new.iter().filter_map(|entry| entry.read) {
        require_read(connection, read).await?;
    }
    let (mut sequence, mut head) = end(connection).await?;
    let mut sequences = Vec::with_capacity(new.len());
    for entry in new {
        sequence += 1;
        let json = content::to_json(sequence, entry).map_err(|error| LedgerError::Invalid {
            what: "an audit entry",
            found: error.to_string(),
            right: "one that has a JSON form",
        })?;
        head = content::hash(head, json.as_bytes());
        let inserted = sqlx::query("INSERT INTO audit (sequence, content, hash) VALUES (?, ?, ?)")
            .bind(column::from_count("a sequence", sequence)?)
            .bind(json)
            .bind(head.as_bytes().as_slice())
            .execute(&mut *connection)
            .await?;
        // A trigger of somebody else can leave a row out without an error.
        if inserted.rows_affected() != 1 {
            return Err(LedgerError::AuditKeptOut { sequence });
        }
        sequences.push(sequence);
    }
    // Nor may one have taken the end of the chain out again.
    if end(connection).await? != (sequence, head) {
        return Err(LedgerError::AuditKeptOut { sequence });
    }
    Ok(sequences)
}

/// How many entries there are, and the hash of the last one.
pub(super) async fn end(connection: &mut SqliteConnection) -> Result<(u64, Hash256), LedgerError> {
    let statement = "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1";
    let last: Option<(i64, Vec<u8>)> = sqlx::query_as(statement).fetch_optional(connection).await?;
    let Some((sequence, hash)) = last else { return Ok((0, content::first_hash())) };
    let row = column::Row { table: "audit", key: sequence };
    Ok((row.count(sequence)?, row.hash(&hash)?))
}

async fn require_read(connection: &mut SqliteConnection, read: u64) -> Result<(), LedgerError> {
    let statement = "SELECT 1 FROM audit WHERE sequence = ? AND event = 'read'";
    let found: Option<i64> = sqlx::query_scalar(statement)
        .bind(column::from_count("the read of an entry", read)?)
        .fetch_optional(connection)
        .await?;
    let unknown = || LedgerError::Unknown { what: "read with the sequence", key: read.to_string() };
    found.map(drop).ok_or_else(unknown)
}

//! What an entry may hold at most, so that no reader of the chain is ever surprised.

use super::entry::{AuditEvent, NewAuditEntry};
use crate::{LedgerError, column};

/// Longest statement; a caller cuts a longer one, and its fingerprint still covers all of it.
pub const MAX_STATEMENT_BYTES: usize = 64 << 10;
/// Longest detail.
pub const MAX_DETAIL_BYTES: usize = 4 << 10;
/// Most subjects of one entry; beyond it a caller names some and says that they are not all.
pub const MAX_SUBJECTS: usize = 10_000;
/// Most tables of one entry, and most names of columns of one table.
const MAX_NAMES: usize = 4_096;
/// Longest name of a table or column, and longest key of a subject.
const MAX_NAME_BYTES: usize = 512;
/// Largest whole number that every reader of JSON keeps exactly (RFC 8785, appendix D).
const MAX_NUMBER: u64 = (1 << 53) - 1;

/// Refuses an entry that is beyond a limit.
pub(super) fn check(entry: &NewAuditEntry) -> Result<(), LedgerError> {
    column::require_name("the name of who acts", &entry.actor.name)?;
    column::require_name("the purpose", &entry.purpose)?;
    let long = |what, text: &str, most: usize, right| {
        if text.len() <= most { Ok(()) } else { invalid(what, format!("{} bytes long", text.len()), right) }
    };
    long(
        "a statement",
        entry.statement.as_deref().unwrap_or_default(),
        MAX_STATEMENT_BYTES,
        "at most 64 KiB",
    )?;
    long("the detail of an audit entry", &entry.detail, MAX_DETAIL_BYTES, "at most 4 KiB")?;
    if entry.subjects.len() > MAX_SUBJECTS {
        return invalid("the number of subjects", entry.subjects.len().to_string(), "at most 10,000");
    }
    let columns = entry.tables.values().flat_map(|read| [&read.shown, &read.used]);
    if entry.tables.len() > MAX_NAMES || columns.clone().any(|names| names.len() > MAX_NAMES) {
        return invalid("a number of tables or columns", "larger".to_owned(), "at most 4,096");
    }
    entry.tables.keys().try_for_each(|name| name_is_short("the name of a table", name))?;
    columns.flatten().try_for_each(|name| name_is_short("the name of a column", name))?;
    entry.subjects.iter().try_for_each(|key| name_is_short("the key of a subject", key))?;
    let numbers = [entry.read, entry.snapshot, entry.rows, entry.bytes];
    if numbers.into_iter().flatten().any(|number| number > MAX_NUMBER)
        || entry.policy_version.is_some_and(|version| version.0.unsigned_abs() > MAX_NUMBER)
        || entry.at.timestamp_micros().unsigned_abs() > MAX_NUMBER
    {
        return invalid("a number of an audit entry", "larger".to_owned(), "below 2^53");
    }
    let follows = matches!(entry.event, AuditEvent::Finished | AuditEvent::Failed);
    if entry.read.is_some() != follows {
        let found = entry.read.map_or("missing".to_owned(), |read| read.to_string());
        return invalid(
            "the read of an entry",
            found,
            "named by what finished or failed, and by nothing else",
        );
    }
    Ok(())
}

fn name_is_short(what: &'static str, name: &str) -> Result<(), LedgerError> {
    if name.is_empty() || name.len() > MAX_NAME_BYTES || name.chars().any(char::is_control) {
        let found = format!("{} bytes long", name.len());
        return invalid(what, found, "1 to 512 bytes without control characters");
    }
    Ok(())
}

fn invalid<T>(what: &'static str, found: String, right: &'static str) -> Result<T, LedgerError> {
    Err(LedgerError::Invalid { what, found, right })
}

/// As much of a detail as an entry may hold.
pub(crate) fn shortened(mut detail: String) -> String {
    if detail.len() > MAX_DETAIL_BYTES {
        detail.truncate(detail.floor_char_boundary(MAX_DETAIL_BYTES - 3));
        detail.push('…');
    }
    detail
}

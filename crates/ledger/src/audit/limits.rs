//! What an entry may hold at most, so that no reader of the chain is ever surprised.

use super::entry::{AuditEvent, NewAuditEntry};
use super::policy_name::PolicyName;
use crate::column::MAX_NAME_BYTES;
use crate::{LedgerError, column};

/// Longest statement; [`NewAuditEntry::fitted`] cuts a longer one, and its fingerprint still covers all of it.
pub const MAX_STATEMENT_BYTES: usize = 64 << 10;
/// Longest detail.
pub const MAX_DETAIL_BYTES: usize = 4 << 10;
/// Most subjects of one entry; beyond it [`NewAuditEntry::fitted`] keeps some and says that they are not all.
pub const MAX_SUBJECTS: usize = 10_000;
/// Most tables of one entry, and most names of columns of one table.
const MAX_NAMES: usize = 4_096;
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
    let version = entry.policy_version.and_then(PolicyName::version);
    if numbers.into_iter().flatten().any(|number| number > MAX_NUMBER)
        || version.is_some_and(|version| version.0.unsigned_abs() > MAX_NUMBER)
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

impl NewAuditEntry {
    /// As much of the entry as the chain holds: what others say at length, such as statements, errors and keys, is cut and
    /// does not keep the entry out. A refusal is kept whatever its purpose was, and the name that was claimed.
    #[must_use]
    pub fn fitted(mut self) -> Self {
        self.detail = shortened(self.detail, MAX_DETAIL_BYTES);
        self.statement = self.statement.map(|statement| shortened(statement, MAX_STATEMENT_BYTES));
        if self.event == AuditEvent::Denied {
            self.purpose = claimed(self.purpose);
            self.actor.name = claimed(self.actor.name);
        }
        let named = self.subjects.len();
        self.subjects.retain(|key| name_is_short("", key).is_ok());
        while self.subjects.len() > MAX_SUBJECTS {
            self.subjects.pop_last();
        }
        self.subjects_complete &= self.subjects.len() == named;
        self
    }
}

fn claimed(text: String) -> String {
    if text.trim().is_empty() { "(none)".to_owned() } else { shortened(text, MAX_NAME_BYTES) }
}

fn shortened(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most - '…'.len_utf8()));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Actor, Door};

    #[test]
    fn whatever_others_say_at_length_fits() {
        let at = "2026-11-29T00:00:00Z".parse().unwrap();
        for purpose in ["", " ", &"é".repeat(400)] {
            // Who is not admitted claims whatever name he likes.
            let actor = Actor { id: None, name: purpose.to_owned() };
            let mut entry = NewAuditEntry::new(at, actor, Door::Http, purpose, AuditEvent::Denied);
            entry.detail = "ü".repeat(5_000);
            entry.statement = Some("SELECT ".repeat(20_000));
            entry.subjects = (0..12_000).map(|i| format!("K{i}")).chain(["x".repeat(600)]).collect();
            entry.subjects_complete = true;
            assert!(check(&entry).is_err());
            let fitted = entry.fitted();
            check(&fitted).unwrap();
            assert!(fitted.detail.ends_with('…') && !fitted.subjects_complete);
            assert_eq!(fitted.subjects.len(), MAX_SUBJECTS);
        }
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let actor = Actor { id: None, name: "Ana".to_owned() };
        let at = "2026-11-29T00:00:00Z".parse().unwrap();
        let mut entry = NewAuditEntry::new(at, actor, Door::Cli, "research", AuditEvent::Read);
        entry.detail = "as it is".to_owned();
        entry.subjects = ["A".to_owned()].into();
        entry.subjects_complete = true;
        assert_eq!(entry.clone().fitted(), entry);
    }
}

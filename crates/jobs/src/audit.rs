//! The audit chain of a home: read, signed, copied beside the lake, verified.

use crate::JobError;
use crate::files::{read_file, read_public_key};
use crate::home::Home;
use crate::people::named;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use tidegate_ledger::{AuditEntry, AuditFilter, Door, PolicyName};
pub use tidegate_ledger::{AuditEvent, SignedAuditCheckpoint, TableRead};
use tidegate_query::tables_of_nobody;

/// Name of the chain in checkpoints; which authority it is of, its public key says.
const LOG: &str = "tidegate/audit";

/// An entry as it is shown.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Told {
    /// Place in the chain.
    pub sequence: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub principal: String,
    /// Through which door.
    pub door: Door,
    /// What for.
    pub purpose: String,
    /// What happened.
    pub event: AuditEvent,
    /// Of an end: sequence of its read.
    pub read: Option<u64>,
    /// The statement, its literals replaced.
    pub statement: Option<String>,
    /// Fingerprint of the statement.
    pub fingerprint: Option<String>,
    /// Tables and columns read.
    pub tables: BTreeMap<String, TableRead>,
    /// Policy that decided.
    pub policy_version: Option<PolicyName>,
    /// Snapshot that was read.
    pub snapshot: Option<u64>,
    /// Rows that went out.
    pub rows: Option<u64>,
    /// Bytes that went out.
    pub bytes: Option<u64>,
    /// What else should be known.
    pub detail: String,
    /// Whose rows were read.
    pub subjects: Vec<String>,
    /// Whether nobody else's were.
    pub subjects_complete: bool,
    /// Hash of the entry.
    pub hash: String,
}

/// Which entries.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// By whom, by name.
    pub by: Option<String>,
    /// What happened.
    pub event: Option<AuditEvent>,
    /// From this moment on.
    pub since: Option<DateTime<Utc>>,
    /// Before this moment.
    pub until: Option<DateTime<Utc>>,
    /// Before this place in the chain, to go on behind the last entry that was given.
    pub before: Option<u64>,
    /// Most entries.
    pub limit: u32,
}

/// Who saw rows of a key.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Seen {
    /// The key.
    pub key: String,
    /// Entries that name it, the newest first.
    pub entries: Vec<Told>,
    /// Entries that name it and are not listed, since more than the limit do.
    pub entries_unlisted: u64,
    /// Reads that may have shown its rows, the newest first: they do not say whose rows they showed, or not all, and read
    /// tables in which it could be.
    pub possible: Vec<Told>,
    /// Such reads that are not listed, since there are more than the limit.
    pub possible_unlisted: u64,
}

/// What verification found.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Verified {
    /// Entries that follow one another from the first.
    pub entries: u64,
    /// Hash of the last of them.
    pub head: String,
    /// Checkpoints that hold.
    pub checkpoints: u64,
    /// Entries up to the newest of them.
    pub signed: u64,
    /// Copies outside the ledger that were compared.
    pub copies: usize,
    /// What is wrong, the first place in the chain first.
    pub faults: Vec<String>,
}

/// A checkpoint, and where its copy lies.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Signed {
    /// The checkpoint.
    pub signed: SignedAuditCheckpoint,
    /// Its copy beside the lake.
    pub file: PathBuf,
}

impl From<AuditEntry> for Told {
    fn from(AuditEntry { sequence, hash, entry }: AuditEntry) -> Self {
        Self {
            sequence,
            at: entry.at,
            principal: entry.actor.name,
            door: entry.door,
            purpose: entry.purpose,
            event: entry.event,
            read: entry.read,
            statement: entry.statement,
            fingerprint: entry.fingerprint.map(|hash| hash.to_string()),
            tables: entry.tables,
            policy_version: entry.policy_version,
            snapshot: entry.snapshot,
            rows: entry.rows,
            bytes: entry.bytes,
            detail: entry.detail,
            subjects: entry.subjects.into_iter().collect(),
            subjects_complete: entry.subjects_complete,
            hash: hash.to_string(),
        }
    }
}

/// Entries, the newest first.
///
/// # Errors
/// When nobody has the name, or the chain does not decode.
pub async fn log(home: &Home, wanted: &Wanted) -> Result<Vec<Told>, JobError> {
    let filter = filter(home, wanted, None).await?;
    let entries = home.ledger.audit_log(&filter, wanted.limit).await?;
    Ok(entries.into_iter().map(Told::from).collect())
}

/// Who read rows of a key, and who may have: an importer, a declarant, a person.
///
/// # Errors
/// When the chain does not decode.
pub async fn who(home: &Home, key: &str, wanted: &Wanted) -> Result<Seen, JobError> {
    let filter = filter(home, wanted, Some(key)).await?;
    let entries = home.ledger.audit_log(&filter, wanted.limit).await?;
    let named = home.ledger.audit_count(&filter).await?;
    let (possible, all_possible) =
        home.ledger.audit_possible_reads(&filter, &tables_of_nobody(), wanted.limit).await?;
    Ok(Seen {
        key: key.to_owned(),
        entries_unlisted: named.saturating_sub(entries.len() as u64),
        entries: entries.into_iter().map(Told::from).collect(),
        possible_unlisted: all_possible.saturating_sub(possible.len() as u64),
        possible: possible.into_iter().map(Told::from).collect(),
    })
}

/// A moment as people write it: a day, which begins at midnight UTC, or a moment with its offset.
///
/// # Errors
/// With what would be right.
pub fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(NaiveTime::MIN).and_utc());
    }
    text.parse().map_err(|_| "a moment is a day such as 2026-11-24, or 2026-11-24T16:00:00Z".to_owned())
}

async fn filter(home: &Home, wanted: &Wanted, subject: Option<&str>) -> Result<AuditFilter, JobError> {
    let principal = match &wanted.by {
        Some(name) => Some(named(home, name).await?.id),
        None => None,
    };
    Ok(AuditFilter {
        principal,
        event: wanted.event,
        subject: subject.map(str::to_owned),
        since: wanted.since,
        until: wanted.until,
        before: wanted.before,
    })
}

/// Checks what is new in the chain, signs how far it has come, and writes a copy beside the lake.
///
/// # Errors
/// When the chain does not hold, or the copy cannot be written.
pub async fn checkpoint(home: &Home, at: DateTime<Utc>) -> Result<Signed, JobError> {
    let signed = home.ledger.append_audit_checkpoint(LOG, &home.signing_key()?, at).await?;
    let text = signed.to_json().map_err(|error| JobError::Missing(error.to_string()))?;
    let file = copies(home).join(format!("checkpoint-{:06}.json", signed.checkpoint.number));
    write_new(&file, &text).map_err(JobError::file(&file))?;
    Ok(Signed { signed, file })
}

/// Verifies the chain against its checkpoints, their copies beside the lake, and those in files that were kept elsewhere.
///
/// # Errors
/// When a file cannot be read. What is wrong with the chain is in the answer.
pub async fn verify(home: &Home, public_key: Option<&Path>, kept: &[PathBuf]) -> Result<Verified, JobError> {
    let key = match public_key {
        Some(path) => read_public_key(path)?,
        None => home.signing_key()?.public_key(),
    };
    let mut files = copies_of(home)?;
    files.extend_from_slice(kept);
    let copies = files.iter().map(|path| read_checkpoint(path)).collect::<Result<Vec<_>, _>>()?;
    let found = home.ledger.verify_audit(&key, &copies).await?;
    Ok(Verified {
        entries: found.entries,
        head: found.head.to_string(),
        checkpoints: found.checkpoints,
        signed: found.signed,
        copies: copies.len(),
        faults: found.faults.iter().map(ToString::to_string).collect(),
    })
}

/// Folder of the copies: beside the tables, so that they go with the lake to wherever it is backed up.
fn copies(home: &Home) -> PathBuf {
    home.root().join("lake").join("_audit")
}

fn copies_of(home: &Home) -> Result<Vec<PathBuf>, JobError> {
    let folder = copies(home);
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let failed = JobError::file(&folder);
    let entries = std::fs::read_dir(&folder).map_err(failed)?;
    let paths = entries.map(|entry| Ok(entry?.path()));
    let mut files = paths.collect::<Result<Vec<_>, std::io::Error>>().map_err(failed)?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    Ok(files)
}

/// Writes a file that is not there yet, and waits until it is on disk. Who verifies beside it finds all of it or nothing.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    if path.try_exists()? {
        return Err(std::io::ErrorKind::AlreadyExists.into());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let part = path.with_extension("part");
    let mut file = std::fs::File::create(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(part, path)
}

fn read_checkpoint(path: &Path) -> Result<SignedAuditCheckpoint, JobError> {
    let refused = |error| JobError::Missing(format!("{} is no audit checkpoint: {error}", path.display()));
    serde_json::from_str(&read_file(path)?).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;

    #[test]
    fn a_copy_is_written_once_whatever_broke_off_before() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("_audit");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("checkpoint-000001.part"), "{\"check").unwrap();
        let path = folder.join("checkpoint-000001.json");
        write_new(&path, "whole").unwrap();
        assert_eq!(write_new(&path, "another").unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "whole");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    }
}

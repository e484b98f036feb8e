//! The canonical JSON of an entry: what is stored and hashed.
//!
//! It is the canonical form of RFC 8785: no blanks, names in order, whole numbers below 2^53, strings escaped only where
//! JSON needs it. A value that is absent stands as `null`, so every entry has the same names.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use super::entry::{Actor, AuditEvent, Door, NewAuditEntry, TableRead};
use super::policy_name::PolicyName;
use crate::{Hash256, PrincipalId};

/// The fields stand in the order of their names, which serde keeps.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content<'a> {
    at_micros: i64,
    bytes: Option<u64>,
    detail: Cow<'a, str>,
    door: Door,
    event: AuditEvent,
    fingerprint: Option<Hash256>,
    policy_version: Option<PolicyName>,
    principal: Option<i64>,
    principal_name: Cow<'a, str>,
    purpose: Cow<'a, str>,
    read: Option<u64>,
    rows: Option<u64>,
    sequence: u64,
    snapshot: Option<u64>,
    statement: Option<Cow<'a, str>>,
    subjects: Cow<'a, BTreeSet<String>>,
    subjects_complete: bool,
    tables: Cow<'a, BTreeMap<String, TableRead>>,
}

/// The canonical JSON of an entry at a place in the chain.
pub(super) fn to_json(sequence: u64, entry: &NewAuditEntry) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Content {
        at_micros: entry.at.timestamp_micros(),
        bytes: entry.bytes,
        detail: Cow::Borrowed(&entry.detail),
        door: entry.door,
        event: entry.event,
        fingerprint: entry.fingerprint,
        policy_version: entry.policy_version,
        principal: entry.actor.id.map(|id| id.0),
        principal_name: Cow::Borrowed(&entry.actor.name),
        purpose: Cow::Borrowed(&entry.purpose),
        read: entry.read,
        rows: entry.rows,
        sequence,
        snapshot: entry.snapshot,
        statement: entry.statement.as_deref().map(Cow::Borrowed),
        subjects: Cow::Borrowed(&entry.subjects),
        subjects_complete: entry.subjects_complete,
        tables: Cow::Borrowed(&entry.tables),
    })
}

/// Sequence and entry of a stored content; otherwise what is wrong with it, also when it is not in its canonical form.
pub(super) fn from_json(json: &[u8]) -> Result<(u64, NewAuditEntry), String> {
    let content: Content<'static> = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    let at = DateTime::from_timestamp_micros(content.at_micros)
        .ok_or_else(|| format!("{} microseconds is no time", content.at_micros))?;
    let entry = NewAuditEntry {
        at,
        actor: Actor { id: content.principal.map(PrincipalId), name: content.principal_name.into_owned() },
        door: content.door,
        purpose: content.purpose.into_owned(),
        event: content.event,
        read: content.read,
        fingerprint: content.fingerprint,
        statement: content.statement.map(Cow::into_owned),
        tables: content.tables.into_owned(),
        policy_version: content.policy_version,
        snapshot: content.snapshot,
        rows: content.rows,
        bytes: content.bytes,
        detail: content.detail.into_owned(),
        subjects: content.subjects.into_owned(),
        subjects_complete: content.subjects_complete,
    };
    let again = to_json(content.sequence, &entry).map_err(|error| error.to_string())?;
    if again.as_bytes() != json {
        return Err("it is not in its canonical form".to_owned());
    }
    Ok((content.sequence, entry))
}

/// The hash that the first entry follows: `SHA-256("tidegate/audit/v1")`.
pub(super) fn first_hash() -> Hash256 {
    Hash256::of(b"tidegate/audit/v1")
}

/// The hash of an entry: SHA-256 over the 32 bytes of the hash before and the bytes of the content.
pub(super) fn hash(previous: Hash256, json: &[u8]) -> Hash256 {
    Hash256::of(&[previous.as_bytes().as_slice(), json].concat())
}

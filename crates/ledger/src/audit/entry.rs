//! What an entry of the audit chain says.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::policy_name::PolicyName;
use crate::words::words;
use crate::{Hash256, PrincipalId};

words! {
    /// Through which door somebody came.
    Door, "door" {
        /// The command line.
        Cli = "cli",
        /// HTTP: the portal and the API.
        Http = "http",
        /// The protocol of PostgreSQL.
        Postgres = "postgres",
        /// Arrow Flight SQL.
        Flight = "flight",
        /// A job of the platform itself.
        Job = "job",
    }
    /// What happened.
    AuditEvent, "event of the audit chain" {
        /// A statement was allowed, and is about to read.
        Read = "read",
        /// A read came to its end.
        Finished = "finished",
        /// Something was refused.
        Denied = "denied",
        /// A read broke off.
        Failed = "failed",
        /// A policy version was proposed or decided.
        Policy = "policy",
        /// It was proposed to put a bundle in force, or decided.
        Bundle = "bundle",
        /// Somebody was given or lost rights: accounts, roles, clearances, tokens, holds.
        Grant = "grant",
        /// A dataset was made, by a definition that may lower grades, or it was retired or restored.
        Dataset = "dataset",
        /// Data was erased.
        Erasure = "erasure",
    }
}

/// Who acts: a principal as it was called then, or somebody who only claimed a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Its number; none where nobody of this name was admitted.
    pub id: Option<PrincipalId>,
    /// Its name.
    pub name: String,
}

/// What was read of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableRead {
    /// Columns whose values, or values made of them, are in the answer.
    pub shown: BTreeSet<String>,
    /// Columns that decided what is in the answer: in filters, joins, groups and orders.
    pub used: BTreeSet<String>,
}

/// An entry to append. Times are kept to the microsecond.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAuditEntry {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: Actor,
    /// Through which door.
    pub door: Door,
    /// What for.
    pub purpose: String,
    /// What happened.
    pub event: AuditEvent,
    /// Of [`AuditEvent::Finished`] and [`AuditEvent::Failed`]: sequence of the read.
    pub read: Option<u64>,
    /// Fingerprint of the statement: equal for statements that differ in literals only, if the caller makes it so.
    pub fingerprint: Option<Hash256>,
    /// The statement with its literals replaced, since they may be personal data.
    pub statement: Option<String>,
    /// Tables that were read, also those of which no column was named.
    pub tables: BTreeMap<String, TableRead>,
    /// Policy that decided.
    pub policy_version: Option<PolicyName>,
    /// Snapshot of the lake that was read.
    pub snapshot: Option<u64>,
    /// Rows that went out.
    pub rows: Option<u64>,
    /// Bytes that went out.
    pub bytes: Option<u64>,
    /// What else should be known: why something was refused, what was changed.
    pub detail: String,
    /// Keys of the companies and persons whose rows were read, as they stand in the tables.
    pub subjects: BTreeSet<String>,
    /// Whether nobody's rows were read but those of `subjects`.
    pub subjects_complete: bool,
}

impl NewAuditEntry {
    /// An entry that says no more than this. Reads count as having read anybody's rows until the caller says whose.
    pub fn new(at: DateTime<Utc>, actor: Actor, door: Door, purpose: &str, event: AuditEvent) -> Self {
        Self {
            at,
            actor,
            door,
            purpose: purpose.to_owned(),
            event,
            read: None,
            fingerprint: None,
            statement: None,
            tables: BTreeMap::new(),
            policy_version: None,
            snapshot: None,
            rows: None,
            bytes: None,
            detail: String::new(),
            subjects: BTreeSet::new(),
            subjects_complete: !matches!(event, AuditEvent::Read | AuditEvent::Finished | AuditEvent::Failed),
        }
    }
}

/// An entry as it stands in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// 1, 2, 3 and so on without a gap.
    pub sequence: u64,
    /// Hash over the one before and this entry.
    pub hash: Hash256,
    /// What it says.
    pub entry: NewAuditEntry,
}

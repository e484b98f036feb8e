//! `/api/v1/audit/who-saw`: who saw rows of a company or person, when and what for.

use super::{Person, told};
use crate::http::Door;
use crate::http::error::ApiError;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tidegate_jobs::audit::{Seen, TableRead, Told, Wanted, moment};
use utoipa::ToSchema;

/// Whom a question is about, and in which time. It comes in a body: addresses of requests are kept in logs on the way.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Id of the company or person, as it stands in the tables.
    key: String,
    /// From this moment on: a day (CCYY-MM-DD, UTC) or a moment (2026-11-24T16:00:00Z).
    since: Option<String>,
    /// Before this moment.
    until: Option<String>,
    /// Before this place in the chain: the `sequence` of the last entry that was given, to go on behind it.
    before: Option<u64>,
    /// Most entries of each part; as many as `reading.audit_entries` lets when left out.
    limit: Option<u32>,
}

impl Question {
    fn wanted(&self) -> Result<Wanted, ApiError> {
        let at = |text: Option<&str>| text.map(moment).transpose().map_err(ApiError::bad_request);
        Ok(Wanted {
            since: at(self.since.as_deref())?,
            until: at(self.until.as_deref())?,
            before: self.before,
            limit: self.limit.unwrap_or(u32::MAX),
            ..Wanted::default()
        })
    }
}

/// Columns of a table that a read named.
#[derive(Serialize, ToSchema)]
pub struct TableSeen {
    /// Columns whose values, or values made of them, are in the answer.
    pub shown: BTreeSet<String>,
    /// Columns that decided what is in the answer.
    pub used: BTreeSet<String>,
}

/// An entry of the audit chain. What it says in the words of the engine, which may name values, and about whom else it is, stays
/// with who works on the machine itself.
#[derive(Serialize, ToSchema)]
pub struct Sight {
    /// Its place in the chain.
    pub sequence: u64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: DateTime<Utc>,
    /// Who.
    pub principal: String,
    /// Through which door.
    pub door: &'static str,
    /// What for.
    pub purpose: String,
    /// What happened: `read`, `finished`, `failed`.
    pub event: &'static str,
    /// Of an end: place of its read.
    pub read: Option<u64>,
    /// Fingerprint of the statement.
    pub fingerprint: Option<String>,
    /// Tables and columns read.
    pub tables: BTreeMap<String, TableSeen>,
    /// Rows that went out, whosever they were.
    pub rows: Option<u64>,
}

/// Who saw rows of a key.
#[derive(Serialize, ToSchema)]
pub struct WhoSaw {
    /// The key.
    pub key: String,
    /// Entries that name it, the newest first.
    pub entries: Vec<Sight>,
    /// How many more name it.
    pub entries_unlisted: u64,
    /// Reads that may have shown its rows, the newest first: they do not say whose rows they showed, or not all.
    pub possible: Vec<Sight>,
    /// How many more of them there are.
    pub possible_unlisted: u64,
}

impl From<Told> for Sight {
    fn from(told: Told) -> Self {
        let seen = |(table, TableRead { shown, used })| (table, TableSeen { shown, used });
        Self {
            sequence: told.sequence,
            at: told.at,
            principal: told.principal,
            door: told.door.as_str(),
            purpose: told.purpose,
            event: told.event.as_str(),
            read: told.read,
            fingerprint: told.fingerprint,
            tables: told.tables.into_iter().map(seen).collect(),
            rows: told.rows,
        }
    }
}

impl From<Seen> for WhoSaw {
    fn from(seen: Seen) -> Self {
        let sights = |told: Vec<Told>| told.into_iter().map(Sight::from).collect::<Vec<_>>();
        Self {
            key: seen.key,
            entries: sights(seen.entries),
            entries_unlisted: seen.entries_unlisted,
            possible: sights(seen.possible),
            possible_unlisted: seen.possible_unlisted,
        }
    }
}

/// Says who saw rows of a company or person, and who may have, as `tidegate audit who` does. The question is in the audit chain
/// itself, under the key.
#[utoipa::path(
    post,
    path = "/api/v1/audit/who-saw",
    request_body = Question,
    responses(
        (status = 200, body = WhoSaw),
        (status = 400, description = "There is no key, or something is no moment or number", body = ApiError),
        (status = 401, description = "No token, or one that does not hold", body = ApiError),
        (status = 403, description = "Nobody logged in, or one without the right `audit`", body = ApiError),
    ),
    security(("token" = []))
)]
pub(in super::super) async fn who_saw(
    State(door): State<Door>,
    person: Person,
    question: Result<Json<Question>, JsonRejection>,
) -> Result<Json<WhoSaw>, ApiError> {
    let Json(question) = question?;
    let seen = person.at(&door).who_saw(&question.key, &question.wanted()?).await.map_err(told)?;
    Ok(Json(seen.into()))
}

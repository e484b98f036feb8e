//! What persons do besides reading, each logged in and with the right that the policy gives: propose and decide what is in force,
//! confirm grades of columns, ask the audit chain.

pub(super) mod audit;
pub(super) mod bundles;
pub(super) mod grades;
pub(super) mod policies;

use super::Door;
use super::error::ApiError;
use super::identity::Identity;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tidegate_jobs::governing::{Governor, is_refusal};
use tidegate_jobs::{JobError, KnownVerdict};
use tidegate_ledger::{Door as AuditDoor, LedgerError, Principal as Account};
use tidegate_query::policy::GOVERNANCE;
use utoipa::ToSchema;

/// A person who logged in and comes to do more than read.
pub(super) struct Person(Account);

impl Person {
    /// The person at the desk.
    fn at(&self, door: &Door) -> Governor {
        Governor { desk: Arc::clone(&door.desk), account: self.0.clone(), door: AuditDoor::Http }
    }
}

impl FromRequestParts<Door> for Person {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, ApiError> {
        let identity = Identity::from_request_parts(parts, door).await?;
        let (account, _) = identity.logged_in(door, GOVERNANCE).await?;
        Ok(Self(account))
    }
}

/// A verdict to give.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Whether it is approved; otherwise it is rejected, or withdrawn by who proposed it.
    pub approved: bool,
    /// Why; stands in the audit chain.
    #[schema(example = "seen the back-test")]
    pub reason: String,
}

/// A verdict that was given.
#[derive(Serialize, ToSchema)]
pub struct Verdict {
    /// Whether it is approved.
    pub approved: bool,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub decided_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub decided_at: DateTime<Utc>,
}

impl From<KnownVerdict> for Verdict {
    fn from(KnownVerdict { approved, reason, decided_by, decided_at }: KnownVerdict) -> Self {
        Self { approved, reason, decided_by, decided_at }
    }
}

/// Why something was not done, as who wanted it is told.
fn told(error: JobError) -> ApiError {
    if !is_refusal(&error) {
        return ApiError::inside(&error);
    }
    match error {
        JobError::NoRight { .. } | JobError::ShowsMore { .. } => ApiError::forbidden(error.to_string()),
        JobError::NoColumn { .. } => ApiError::not_found(error.to_string()),
        JobError::Ledger(error) => {
            let message = error.to_string();
            match error {
                LedgerError::SamePrincipal { .. } => ApiError::forbidden(message),
                LedgerError::Unknown { .. } => ApiError::not_found(message),
                LedgerError::Already { .. } => ApiError::conflict(message),
                _ => ApiError::bad_request(message),
            }
        }
        error => ApiError::bad_request(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;

    #[test]
    fn who_is_refused_is_told_why_and_who_meets_a_failure_is_not() {
        let (what, key) = ("policy version", "1".to_owned());
        let no_right = JobError::NoRight { name: "Ana".to_owned(), rights: "approve-policy".to_owned() };
        let already = LedgerError::Already { what, key: key.clone(), state: "approved" };
        let (found, right) = ("x".to_owned(), "y");
        let (name, column) = ("Ana".to_owned(), "declaration.lrn".to_owned());
        for (error, status, words) in [
            (no_right, StatusCode::FORBIDDEN, "`Ana` has no right to approve-policy"),
            (
                LedgerError::SamePrincipal { what, key: key.clone() }.into(),
                StatusCode::FORBIDDEN,
                "another person",
            ),
            (LedgerError::Unknown { what, key }.into(), StatusCode::NOT_FOUND, "no policy version 1"),
            (already.into(), StatusCode::CONFLICT, "already approved"),
            (LedgerError::Invalid { what, found, right }.into(), StatusCode::BAD_REQUEST, "must be y"),
            (
                JobError::NoColumn { column: column.clone() },
                StatusCode::NOT_FOUND,
                "no column `declaration.lrn`",
            ),
            (
                JobError::LowerGrade { column: column.clone(), wanted: "general-1", least: "general-3" },
                StatusCode::BAD_REQUEST,
                "is defined as general-3; general-1 would be lower",
            ),
            (JobError::ShowsMore { name, column }, StatusCode::FORBIDDEN, "`Ana` would be shown more"),
            (
                JobError::BundleName { name: "3f".to_owned(), found: 0 },
                StatusCode::BAD_REQUEST,
                "begins with `3f`",
            ),
            (JobError::Missing("ledger.db".to_owned()), StatusCode::INTERNAL_SERVER_ERROR, "platform's log"),
        ] {
            let told = told(error);
            assert!(told.status() == status && told.message.contains(words), "{told:?}");
            assert!(!told.message.contains("ledger.db"));
        }
    }
}

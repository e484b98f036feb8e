//! `/api/v1/policies`: versions of the policy that says who may read what.

use super::{Decision, Person, Verdict, told};
use crate::http::Door;
use crate::http::error::ApiError;
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tidegate_jobs::policies::KnownPolicy;
use utoipa::ToSchema;

/// A policy to propose.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPolicy {
    /// All of its files, texts by name: access rules (`*.cedar`), `masks.toml`, `filters.toml` and `purposes.toml`.
    pub files: BTreeMap<String, String>,
    /// Why; stands in the audit chain.
    #[schema(example = "officers see clearance times")]
    pub reason: String,
}

/// A policy that was proposed.
#[derive(Serialize, ToSchema)]
pub struct ProposedPolicy {
    /// Its version, which waits for the verdict of another person.
    pub version: i64,
}

/// A policy version.
#[derive(Serialize, ToSchema)]
pub struct PolicyVersion {
    /// Its number.
    pub version: i64,
    /// SHA-256 of its files.
    pub sha256: String,
    /// Why it was proposed.
    pub reason: String,
    /// By whom.
    pub proposed_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub proposed_at: DateTime<Utc>,
    /// What was decided; none while it waits.
    pub verdict: Option<Verdict>,
    /// Whether it is in force. The policy that the program ships is, before any is approved.
    pub is_in_force: bool,
}

impl From<KnownPolicy> for PolicyVersion {
    fn from(known: KnownPolicy) -> Self {
        Self {
            version: known.version,
            sha256: known.sha256,
            reason: known.reason,
            proposed_by: known.proposed_by,
            proposed_at: known.proposed_at,
            verdict: known.verdict.map(Verdict::from),
            is_in_force: known.is_in_force,
        }
    }
}

/// A policy version with its files.
#[derive(Serialize, ToSchema)]
pub struct PolicyWithFiles {
    /// The version.
    pub policy: PolicyVersion,
    /// Texts by the names of their files.
    pub files: BTreeMap<String, String>,
}

/// Lists policy versions, the oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/policies",
    responses(
        (status = 200, body = Vec<PolicyVersion>),
        (status = 401, description = "No token, or one that does not hold", body = ApiError),
        (status = 403, description = "Nobody logged in, or one without a right to propose or approve", body = ApiError),
    ),
    security(("token" = []))
)]
pub(in super::super) async fn list_policies(
    State(door): State<Door>,
    person: Person,
) -> Result<Json<Vec<PolicyVersion>>, ApiError> {
    let known = person.at(&door).policies().await.map_err(told)?;
    Ok(Json(known.into_iter().map(PolicyVersion::from).collect()))
}

/// Shows a policy version with its files.
#[utoipa::path(
    get,
    path = "/api/v1/policies/{version}",
    params(("version" = i64, Path, description = "Number of the version")),
    responses(
        (status = 200, body = PolicyWithFiles),
        (status = 401, description = "No token, or one that does not hold", body = ApiError),
        (status = 403, description = "Nobody logged in, or one without a right to propose or approve", body = ApiError),
        (status = 404, description = "There is no such version", body = ApiError),
    ),
    security(("token" = []))
)]
pub(in super::super) async fn show_policy(
    State(door): State<Door>,
    person: Person,
    version: Result<Path<i64>, PathRejection>,
) -> Result<Json<PolicyWithFiles>, ApiError> {
    let Path(version) = version?;
    let (known, files) = person.at(&door).policy(version).await.map_err(told)?;
    Ok(Json(PolicyWithFiles { policy: known.into(), files }))
}

/// Proposes a policy. Its files are checked as `tidegate policies check` checks them.
#[utoipa::path(
    post,
    path = "/api/v1/policies",
    request_body = NewPolicy,
    responses(
        (status = 201, body = ProposedPolicy),
        (status = 400, description = "The files are no policy: which file, which line, what would be right", body = ApiError),
        (status = 401, description = "No token, or one that does not hold", body = ApiError),
        (status = 403, description = "Nobody logged in, or one without the right `propose-policy`", body = ApiError),
    ),
    security(("token" = []))
)]
pub(in super::super) async fn propose_policy(
    State(door): State<Door>,
    person: Person,
    new: Result<Json<NewPolicy>, JsonRejection>,
) -> Result<(StatusCode, Json<ProposedPolicy>), ApiError> {
    let Json(NewPolicy { files, reason }) = new?;
    let version = person.at(&door).propose_policy(&files, &reason).await.map_err(told)?;
    Ok((StatusCode::CREATED, Json(ProposedPolicy { version })))
}

/// Decides a policy version that somebody else proposed. An approved one is in force at every door with the next statement.
#[utoipa::path(
    post,
    path = "/api/v1/policies/{version}/verdict",
    params(("version" = i64, Path, description = "Number of the version")),
    request_body = Decision,
    responses(
        (status = 204, description = "It is decided"),
        (status = 400, description = "It cannot be approved any more, since a later version is in force", body = ApiError),
        (status = 401, description = "No token, or one that does not hold", body = ApiError),
        (status = 403, description = "Nobody logged in, one without the right `approve-policy`, or who proposed it", body = ApiError),
        (status = 404, description = "There is no such version", body = ApiError),
        (status = 409, description = "It is decided already", body = ApiError),
    ),
    security(("token" = []))
)]
pub(in super::super) async fn decide_policy(
    State(door): State<Door>,
    person: Person,
    version: Result<Path<i64>, PathRejection>,
    decision: Result<Json<Decision>, JsonRejection>,
) -> Result<StatusCode, ApiError> {
    let (Path(version), Json(Decision { approved, reason })) = (version?, decision?);
    person.at(&door).decide_policy(version, approved, &reason).await.map_err(told)?;
    Ok(StatusCode::NO_CONTENT)
}

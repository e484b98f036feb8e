//! `/api/v1/bundles/proposals`: which bundle is to decide, and from when on.

use super::{Decision, Person, Verdict, told};
use crate::http::Door;
use crate::http::error::ApiError;
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tidegate_jobs::bundles::{DEFAULT_ALIAS, KnownProposal, Propose};
use utoipa::ToSchema;

/// A bundle to propose.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBundleProposal {
    /// Alias under which it would be in force; `default`, under which bundles decide, when left out.
    #[serde(default = "default_alias")]
    #[schema(example = "default")]
    pub alias: String,
    /// Bundle by its hash or the beginning of its hash.
    #[schema(example = "3fa1")]
    pub bundle: String,
    /// From when on; from its approval when left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub effective_from: Option<DateTime<Utc>>,
    /// Why; stands in the audit chain.
    #[schema(example = "finds a tenth more")]
    pub reason: String,
}

fn default_alias() -> String {
    DEFAULT_ALIAS.to_owned()
}

/// A proposal that was made.
#[derive(Serialize, ToSchema)]
pub struct NumberedProposal {
    /// Its number, under which it waits for the verdict of another person.
    pub number: i64,
}

/// A proposal to put a bundle in force.
#[derive(Serialize, ToSchema)]
pub struct BundleProposal {
    /// Its number.
    pub number: i64,
    /// Alias under which the bundle would be in force.
    pub alias: String,
    /// Hash of the bundle.
    pub bundle: String,
    /// From when on; from its approval when none.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub effective_from: Option<DateTime<Utc>>,
    /// Why it was proposed.
    pub reason: String,
    /// By whom.
    pub proposed_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub proposed_at: DateTime<Utc>,
    /// What was decided; none while it waits.
    pub verdict: Option<Verdict>,
}

impl From<KnownProposal> for BundleProposal {
    fn from(known: KnownProposal) -> Self {
        Self {
            number: known.number,
            alias: known.alias,
            bundle: known.bundle,
            effective_from: known.effective_from,
            reason: known.reason,
            proposed_by: known.proposed_by,
            proposed_at: known.proposed_at,
            verdict: known.verdict.map(Verdict::from),
        }
    }
}

/// Lists proposals of bundles, the oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/bundles/proposals",
    responses(
        (status = 200, body = Vec<BundleProposal>),
        (status = 401, description = "No token, or one that does not hold", body = ApiError),
        (status = 403, description = "Nobody logged in, or one without a right to propose or approve", body = ApiError),
    ),
    security(("token" = []))
)]
pub(in super::super) async fn list_proposals(
    State(door): State<Door>,
    person: Person,
) -> Result<Json<Vec<BundleProposal>>, ApiError> {
    let known = person.at(&door).proposals().await.map_err(told)?;
    Ok(Json(known.into_iter().map(BundleProposal::from).collect()))
}

/// Proposes to put a bundle in force.
#[utoipa::path(
    post,
    path = "/api/v1/bundles/proposals",
    request_body = NewBundleProposal,
    responses(
        (status = 201, body = NumberedProposal),
        (status = 400, description = "There is no such bundle, or its time has passed", body = ApiError),
        (status = 401, description = "No token, or one that does not hold", body = ApiError),
        (status = 403, description = "Nobody logged in, or one without the right `propose-bundle`", body = ApiError),
    ),
    security(("token" = []))
)]
pub(in super::super) async fn propose_bundle(
    State(door): State<Door>,
    person: Person,
    new: Result<Json<NewBundleProposal>, JsonRejection>,
) -> Result<(StatusCode, Json<NumberedProposal>), ApiError> {
    let Json(NewBundleProposal { alias, bundle, effective_from, reason }) = new?;
    let new = Propose { alias, bundle, effective_from };
    let number = person.at(&door).propose_bundle(&new, &reason).await.map_err(told)?;
    Ok((StatusCode::CREATED, Json(NumberedProposal { number })))
}

/// Decides a proposal that somebody else made. An approval puts the bundle in force from the time that was proposed.
#[utoipa::path(
    post,
    path = "/api/v1/bundles/proposals/{number}/verdict",
    params(("number" = i64, Path, description = "Number of the proposal")),
    request_body = Decision,
    responses(
        (status = 204, description = "It is decided"),
        (status = 400, description = "It cannot be approved any more, since its time has passed", body = ApiError),
        (status = 401, description = "No token, or one that does not hold", body = ApiError),
        (status = 403, description = "Nobody logged in, one without the right `approve-bundle`, or who proposed it", body = ApiError),
        (status = 404, description = "There is no such proposal", body = ApiError),
        (status = 409, description = "It is decided already", body = ApiError),
    ),
    security(("token" = []))
)]
pub(in super::super) async fn decide_bundle(
    State(door): State<Door>,
    person: Person,
    proposal: Result<Path<i64>, PathRejection>,
    decision: Result<Json<Decision>, JsonRejection>,
) -> Result<StatusCode, ApiError> {
    let (Path(proposal), Json(Decision { approved, reason })) = (proposal?, decision?);
    person.at(&door).decide_bundle(proposal, approved, &reason).await.map_err(told)?;
    Ok(StatusCode::NO_CONTENT)
}

//! `/api/v1/grades`: grade and category of columns, as stewards confirmed them.

use super::{Person, told};
use crate::http::Door;
use crate::http::error::ApiError;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tidegate_jobs::grades::{Confirm, Confirmed};
use utoipa::ToSchema;

/// Grade and category to confirm of a column.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGrade {
    /// The stored table or dataset.
    #[schema(example = "declaration")]
    pub table: String,
    /// Its column.
    #[schema(example = "trader_reference")]
    pub column: String,
    /// From `general-1` to `general-4`, `important` or `core`, and not lower than that of the definition; as it is when left out.
    #[schema(example = "general-4")]
    pub grade: Option<String>,
    /// What the column is about, such as `person` or `document`; as it is when left out.
    #[schema(example = "person")]
    pub category: Option<String>,
    /// Why; stands in the audit chain, so it names no value.
    #[schema(example = "holds names")]
    pub reason: String,
}

/// Grade and category that hold for a column.
#[derive(Serialize, ToSchema)]
pub struct ColumnGrade {
    /// The stored table or dataset.
    pub table: String,
    /// Its column.
    pub column: String,
    /// The grade.
    pub grade: &'static str,
    /// The category.
    pub category: &'static str,
}

/// What was confirmed of a column.
#[derive(Serialize, ToSchema)]
pub struct ConfirmedGrade {
    /// The stored table or dataset.
    pub table: String,
    /// Its column.
    pub column: String,
    /// The grade.
    pub grade: &'static str,
    /// The category.
    pub category: String,
    /// Why, in the words of who confirmed it.
    pub evidence: String,
    /// Who confirmed it.
    pub confirmed_by: String,
    /// Since when it holds.
    #[schema(value_type = String, format = DateTime)]
    pub since: DateTime<Utc>,
}

impl From<Confirmed> for ConfirmedGrade {
    fn from(confirmed: Confirmed) -> Self {
        let Confirmed { table, column, grade, category, evidence, confirmed_by, since } = confirmed;
        Self { table, column, grade, category, evidence, confirmed_by, since }
    }
}

/// Lists what was confirmed last of each column of which anything was.
#[utoipa::path(
    get,
    path = "/api/v1/grades",
    responses(
        (status = 200, body = Vec<ConfirmedGrade>),
        (status = 401, description = "No token, or one that does not hold", body = ApiError),
        (status = 403, description = "Nobody logged in, or one without the right `classify`", body = ApiError),
    ),
    security(("token" = []))
)]
pub(in super::super) async fn list_grades(
    State(door): State<Door>,
    person: Person,
) -> Result<Json<Vec<ConfirmedGrade>>, ApiError> {
    let confirmed = person.at(&door).grades().await.map_err(told)?;
    Ok(Json(confirmed.into_iter().map(ConfirmedGrade::from).collect()))
}

/// Confirms grade and category of a column, as `tidegate grades confirm` does. They hold at every door with the next statement.
#[utoipa::path(
    post,
    path = "/api/v1/grades",
    request_body = NewGrade,
    responses(
        (status = 201, description = "What holds; a column of a dataset tells no less than what it is made of", body = ColumnGrade),
        (status = 400, description = "It is no grade or category, or lower than the definition", body = ApiError),
        (status = 401, description = "No token, or one that does not hold", body = ApiError),
        (status = 403, description = "Nobody logged in, one without the right `classify`, or who would be shown more by it", body = ApiError),
        (status = 404, description = "There is no such column", body = ApiError),
    ),
    security(("token" = []))
)]
pub(in super::super) async fn confirm_grade(
    State(door): State<Door>,
    person: Person,
    new: Result<Json<NewGrade>, JsonRejection>,
) -> Result<(StatusCode, Json<ColumnGrade>), ApiError> {
    let Json(NewGrade { table, column, grade, category, reason }) = new?;
    let new = Confirm { column: format!("{table}.{column}"), grade, category };
    let holds = person.at(&door).confirm_grade(&new, &reason).await.map_err(told)?;
    let (grade, category) = (holds.grade.as_str(), holds.category.as_str());
    Ok((StatusCode::CREATED, Json(ColumnGrade { table, column, grade, category })))
}

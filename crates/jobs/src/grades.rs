//! Grades of columns: what the values of a column tell of it, and what a steward confirms.

use crate::answer::Answer;
use crate::home::Home;
use crate::progress::Progress;
use crate::{JobError, catalog};
use arrow::datatypes::DataType;
use tidegate_ledger::{Clearance, ColumnClassification, Door, NewClassification};
use tidegate_query::Classification;
use tidegate_records::category::Category;
use tidegate_records::detect::{MOST_VALUES, propose};
use tidegate_records::table::Grade;
use tidegate_records::tables;

const PURPOSE: &str = "job grades";

/// What the values of a column tell of it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Proposed {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// What it seems to hold.
    pub kind: String,
    /// Its grade now.
    pub grade: Grade,
    /// What it is about, now.
    pub category: Category,
    /// The grade that is proposed.
    pub proposed_grade: Grade,
    /// The category that is proposed.
    pub proposed_category: Category,
    /// What speaks for it; no value.
    pub evidence: String,
    /// From 0 to 1: see [`tidegate_records::detect::Proposal`].
    pub confidence: f64,
}

/// Columns whose values tell of a higher grade or another category than they have, the surest first.
///
/// # Errors
/// When no such table is stored, or the lake fails.
pub async fn detect(
    home: &Home,
    table: Option<&str>,
    progress: &mut dyn Progress,
) -> Result<Vec<Proposed>, JobError> {
    let platform = home.platform().await?;
    let catalog = catalog::read(&home.ledger).await?;
    let chosen: Vec<_> =
        tables::stored().filter(|known| table.is_none_or(|table| known.name == table)).collect();
    if let (Some(table), true) = (table, chosen.is_empty()) {
        return Err(JobError::Missing(format!(
            "there is no stored table `{table}`; `tidegate dictionary` lists all tables"
        )));
    }
    progress.step("looking at values", chosen.len() as u64, "tables");
    let mut proposed = Vec::new();
    for (done, table) in (1..).zip(chosen) {
        let schema = table.schema();
        for field in schema.fields().iter().filter(|field| *field.data_type() == DataType::Utf8) {
            let (table, column) = (table.name, field.name().as_str());
            let sql = format!(
                "SELECT \"{column}\" AS value FROM {table} WHERE \"{column}\" IS NOT NULL LIMIT {MOST_VALUES}"
            );
            let values = Answer::of(&platform, PURPOSE, &sql).await?.texts("value")?;
            let Some(known) = catalog.of_stored(table, column) else { continue };
            let found = propose(column, values.iter().map(String::as_str)).into_iter();
            let is_news = |kind: tidegate_records::detect::Kind| {
                kind.grade() > known.grade || kind.category() != known.category
            };
            proposed.extend(found.filter(|found| is_news(found.kind)).map(|found| Proposed {
                table: table.to_owned(),
                column: column.to_owned(),
                kind: found.kind.as_str().to_owned(),
                grade: known.grade,
                category: known.category,
                proposed_grade: found.kind.grade().max(known.grade),
                proposed_category: found.kind.category(),
                evidence: evidence(&found),
                confidence: found.confidence,
            }));
        }
        progress.done(done);
    }
    proposed.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    Ok(proposed)
}

fn evidence(found: &tidegate_records::detect::Proposal) -> String {
    let kind = found.kind.as_str();
    let values = format!("{} of {} values have the form of a {kind}", found.fitting, found.values);
    if found.is_named { format!("{values}, and the name of the column says so") } else { values }
}

/// Confirms grade and category of a column; it holds in every door at once. What is left out stays.
///
/// # Errors
/// When there is no such column, the grade is lower than that of the definition, or the ledger refuses.
pub async fn confirm(
    home: &Home,
    column: &str,
    grade: Option<Grade>,
    category: Option<Category>,
    reason: &str,
) -> Result<Classification, JobError> {
    let unknown = || {
        JobError::Missing(format!(
            "there is no column `{column}`; write table.column, as `tidegate dictionary` has them"
        ))
    };
    let (table, name) = column.split_once('.').ok_or_else(unknown)?;
    let known = catalog::read(&home.ledger).await?.of_stored(table, name).ok_or_else(unknown)?;
    let defined = tidegate_query::Catalog::default().of_stored(table, name).ok_or_else(unknown)?;
    let confirmed =
        Classification { grade: grade.unwrap_or(known.grade), category: category.unwrap_or(known.category) };
    if confirmed.grade < defined.grade {
        let (wanted, least) = (confirmed.grade.as_str(), defined.grade.as_str());
        return Err(JobError::Missing(format!("{column} is defined as {least}; {wanted} would be lower")));
    }
    let clearance: Clearance = confirmed.grade.as_str().parse().map_err(|_| unknown())?;
    let new = NewClassification {
        table: table.to_owned(),
        column: name.to_owned(),
        grade: clearance,
        category: confirmed.category.as_str().to_owned(),
        evidence: reason.to_owned(),
    };
    home.ledger.classify_column(&new, &home.act(Door::Cli, reason).await?).await?;
    Ok(confirmed)
}

/// What stewards confirmed, by column.
///
/// # Errors
/// When the ledger fails.
pub async fn confirmed(home: &Home) -> Result<Vec<ColumnClassification>, JobError> {
    Ok(home.ledger.classifications().await?)
}

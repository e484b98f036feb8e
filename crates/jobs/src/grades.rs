//! Grades of columns: what the values of a column tell of it, and what a steward confirms.

mod values;

use crate::home::Home;
use crate::people::Names;
use crate::progress::Progress;
use crate::{JobError, catalog};
use chrono::{DateTime, Utc};
use tidegate_ledger::{Act, Clearance, ColumnClassification, NewClassification};
use tidegate_query::{Bundles, Classification, Principal};
use tidegate_records::category::Category;
use tidegate_records::detect::{Proposal, propose};
use tidegate_records::table::Grade;
use tidegate_records::tables;
use values::PURPOSE;

/// What the values of a column tell of it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Proposed {
    /// The stored table or dataset.
    pub table: String,
    /// The column.
    pub column: String,
    /// What it seems to hold, in all of it or at a place within it that the evidence names.
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

/// Columns of stored tables and datasets whose values tell of a higher grade or a more telling category than they have, the surest
/// first. A column is graded as a whole: what is found at a place within its lists and records is proposed for the column.
///
/// # Errors
/// When there is no such table or dataset, or the lake fails.
pub async fn detect(
    home: &Home,
    table: Option<&str>,
    progress: &mut dyn Progress,
) -> Result<Vec<Proposed>, JobError> {
    let platform = home.platform().await?;
    let catalog = catalog::read(&home.ledger).await?;
    let stored = tables::stored().map(|known| known.name);
    let datasets = catalog.datasets.iter().map(|dataset| dataset.name.as_str());
    let chosen: Vec<&str> =
        stored.chain(datasets).filter(|known| table.is_none_or(|table| *known == table)).collect();
    if let (Some(table), true) = (table, chosen.is_empty()) {
        return Err(JobError::Missing(format!(
            "there is no stored table or dataset `{table}`; `tidegate dictionary` and `tidegate datasets list` name them"
        )));
    }
    progress.step("looking at values", chosen.len() as u64, "tables");
    let mut proposed = Vec::new();
    for (done, table) in (1..).zip(chosen) {
        let all = format!("SELECT * FROM \"{table}\"");
        let schema = platform.describe(&Principal::LocalOwner, PURPOSE, &all, &Bundles::new()).await?.schema;
        for field in schema.fields() {
            let column = field.name();
            let Some(known) = catalog.of_column(table, column) else { continue };
            for (within, values) in values::of_column(&platform, table, field).await? {
                proposed.extend(proposals(table, column, known, &within, &values));
            }
        }
        progress.done(done);
    }
    proposed.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    Ok(proposed)
}

/// What values at a place within a column, or in the column itself, tell of it that is not known.
fn proposals(
    table: &str,
    column: &str,
    known: Classification,
    within: &str,
    values: &[String],
) -> Vec<Proposed> {
    let name = format!("{column}_{within}").replace(['.', '/'], "_");
    let proposed = |found: Proposal| {
        let grade = known.grade.max(found.kind.grade());
        let category = known.category.more_telling(found.kind.category());
        let is_news = grade > known.grade || category != known.category;
        is_news.then(|| Proposed {
            table: table.to_owned(),
            column: column.to_owned(),
            kind: found.kind.as_str().to_owned(),
            grade: known.grade,
            category: known.category,
            proposed_grade: grade,
            proposed_category: category,
            evidence: evidence(&found, within),
            confidence: found.confidence,
        })
    };
    propose(&name, values.iter().map(String::as_str)).into_iter().filter_map(proposed).collect()
}

fn evidence(found: &Proposal, within: &str) -> String {
    let (at, what) = match within {
        "" => (String::new(), "column"),
        within => (format!(" at {within}"), "path"),
    };
    let kind = found.kind.as_str();
    let values = format!("{} of {} values{at} have the form of a {kind}", found.fitting, found.values);
    if found.is_named { format!("{values}, and the name of the {what} says so") } else { values }
}

/// What to confirm of a column; what is left out stays as it is.
#[derive(Debug, Clone)]
pub struct Confirm {
    /// The column of a stored table or a dataset, as `table.column`.
    pub column: String,
    /// Its grade, by name.
    pub grade: Option<String>,
    /// What it is about, by name.
    pub category: Option<String>,
}

/// A classification that may be confirmed of a column.
pub(crate) struct Checked {
    pub(crate) table: String,
    pub(crate) column: String,
    pub(crate) classification: Classification,
}

impl Checked {
    /// The column, as `table.column`.
    pub(crate) fn name(&self) -> String {
        format!("{}.{}", self.table, self.column)
    }
}

/// Checks what is to be confirmed, and completes it by what holds now.
pub(crate) async fn checked(home: &Home, new: &Confirm) -> Result<Checked, JobError> {
    let Confirm { column, grade, category } = new;
    let grade = grade.as_deref().map(grade_named).transpose()?;
    let category = category.as_deref().map(category_named).transpose()?;
    let unknown = || JobError::NoColumn { column: column.clone() };
    let (table, name) = column.split_once('.').ok_or_else(unknown)?;
    let known = catalog::read(&home.ledger).await?.of_column(table, name).ok_or_else(unknown)?;
    let defined = catalog::defined(&home.ledger).await?.of_column(table, name).ok_or_else(unknown)?;
    let classification =
        Classification { grade: grade.unwrap_or(known.grade), category: category.unwrap_or(known.category) };
    if classification.grade < defined.grade {
        let (wanted, least) = (classification.grade.as_str(), defined.grade.as_str());
        return Err(JobError::LowerGrade { column: column.clone(), wanted, least });
    }
    Ok(Checked { table: table.to_owned(), column: name.to_owned(), classification })
}

fn grade_named(word: &str) -> Result<Grade, JobError> {
    Grade::parse(word).ok_or_else(|| no_word(word, "grade", &Grade::ALL.map(Grade::as_str)))
}

fn category_named(word: &str) -> Result<Category, JobError> {
    Category::parse(word).ok_or_else(|| no_word(word, "category", &Category::ALL.map(Category::as_str)))
}

fn no_word(word: &str, what: &'static str, known: &[&str]) -> JobError {
    JobError::NoWord { word: word.to_owned(), what, known: known.join(", ") }
}

/// Confirms grade and category of a column of a stored table or a dataset; it holds in every door at once. What is left out stays.
/// Returns what holds: columns of datasets never tell less than what they are made of.
///
/// # Errors
/// [`JobError::NoColumn`]; [`JobError::NoWord`]; [`JobError::LowerGrade`]; when the ledger refuses.
pub async fn confirm(home: &Home, new: &Confirm, act: &Act) -> Result<Classification, JobError> {
    confirm_checked(home, checked(home, new).await?, act).await
}

/// Confirms what was checked as it is, whatever holds by now.
pub(crate) async fn confirm_checked(
    home: &Home,
    checked: Checked,
    act: &Act,
) -> Result<Classification, JobError> {
    let name = checked.name();
    let unknown = || JobError::NoColumn { column: name.clone() };
    let Checked { table, column, classification } = checked;
    let grade: Clearance = classification.grade.as_str().parse().map_err(|_| unknown())?;
    let category = classification.category.as_str().to_owned();
    let confirmed = NewClassification { table, column, grade, category, evidence: act.reason.clone() };
    home.ledger.classify_column(&confirmed, act).await?;
    catalog::read(&home.ledger).await?.of_column(&confirmed.table, &confirmed.column).ok_or_else(unknown)
}

/// What was confirmed of a column.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Confirmed {
    /// The stored table or dataset.
    pub table: String,
    /// The column.
    pub column: String,
    /// Its grade.
    pub grade: &'static str,
    /// What it is about.
    pub category: String,
    /// What spoke for it, in the words of who confirmed it.
    pub evidence: String,
    /// Who confirmed it.
    pub confirmed_by: String,
    /// Since when it holds.
    pub since: DateTime<Utc>,
}

/// What was confirmed last of each column of which anything was.
///
/// # Errors
/// When the ledger fails.
pub async fn confirmed(home: &Home) -> Result<Vec<Confirmed>, JobError> {
    let names = Names::read(home).await?;
    let told = |ColumnClassification { classification, confirmed_by, confirmed_at }: ColumnClassification| {
        let NewClassification { table, column, grade, category, evidence } = classification;
        let (grade, confirmed_by) = (grade.as_str(), names.of(confirmed_by));
        Confirmed { table, column, grade, category, evidence, confirmed_by, since: confirmed_at }
    };
    Ok(home.ledger.classifications().await?.into_iter().map(told).collect())
}

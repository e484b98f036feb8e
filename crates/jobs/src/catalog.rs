//! What the ledger knows of tables beyond their definitions: published datasets, and columns that stewards classified.

use crate::JobError;
use std::collections::BTreeMap;
use tidegate_ledger::{ColumnClassification, DatasetVersion, Ledger};
use tidegate_query::dataset::{Dataset, Made};
use tidegate_query::{Catalog, Classification, Stored};
use tidegate_records::category::Category;
use tidegate_records::table::Grade;

/// Reads the catalog as readers have it: without datasets that are retired.
///
/// # Errors
/// When the ledger fails, or holds what this program does not understand.
pub async fn read(ledger: &Ledger) -> Result<Catalog, JobError> {
    let retired = ledger.retired_datasets().await?;
    let mut catalog = with_retired(ledger).await?;
    catalog.datasets.retain(|dataset| !retired.iter().any(|one| one.dataset == dataset.name));
    Ok(catalog)
}

/// Reads the catalog with datasets that are retired.
///
/// # Errors
/// As [`read`].
pub async fn with_retired(ledger: &Ledger) -> Result<Catalog, JobError> {
    let confirmed = confirmed(ledger).await?;
    raised(ledger, confirmed).await
}

/// Reads the catalog as [`with_retired`] would if a column were classified so.
pub(crate) async fn if_classified(
    ledger: &Ledger,
    column: Stored,
    classification: Classification,
) -> Result<Catalog, JobError> {
    let mut confirmed = confirmed(ledger).await?;
    confirmed.classified.insert(column, classification);
    raised(ledger, confirmed).await
}

/// What is confirmed, with the datasets as their definitions have them, raised to it.
async fn raised(ledger: &Ledger, confirmed: Catalog) -> Result<Catalog, JobError> {
    let Catalog { mut datasets, .. } = defined(ledger).await?;
    for dataset in &mut datasets {
        confirmed.raise(dataset);
    }
    Ok(Catalog { datasets, ..confirmed })
}

/// The datasets as their definitions have them, whatever stewards confirmed.
pub(crate) async fn defined(ledger: &Ledger) -> Result<Catalog, JobError> {
    let datasets = ledger.published_datasets().await?;
    let datasets = datasets.into_iter().map(dataset).collect::<Result<Vec<_>, _>>()?;
    Ok(Catalog { datasets, ..Catalog::default() })
}

/// What stewards confirmed of columns, and no datasets.
pub(crate) async fn confirmed(ledger: &Ledger) -> Result<Catalog, JobError> {
    let classified = ledger.classifications().await?;
    let classified = classified.into_iter().map(classification).collect::<Result<BTreeMap<_, _>, _>>()?;
    Ok(Catalog { classified, ..Catalog::default() })
}

/// A dataset as a version of it describes it.
pub(crate) fn dataset(version: DatasetVersion) -> Result<Dataset, JobError> {
    let DatasetVersion { version, made, made_at: at, .. } = version;
    let damaged = |what: &str, error: serde_json::Error| {
        JobError::Missing(format!("the ledger's {what} of dataset {} cannot be read: {error}", made.name))
    };
    let mut dataset: Dataset =
        serde_json::from_str(&made.description).map_err(|error| damaged("description", error))?;
    let checks = serde_json::from_str(&made.checks).map_err(|error| damaged("checks", error))?;
    dataset.made = Some(Made { version, at, rows: made.rows, checks });
    Ok(dataset)
}

fn classification(confirmed: ColumnClassification) -> Result<(Stored, Classification), JobError> {
    let known = confirmed.classification;
    let grade = Grade::parse(known.grade.as_str());
    let category = Category::parse(&known.category);
    let (Some(grade), Some(category)) = (grade, category) else {
        return Err(JobError::Missing(format!(
            "{}.{} is classified as {}, {}, which this program does not know",
            known.table, known.column, known.grade, known.category
        )));
    };
    Ok(((known.table, known.column), Classification { grade, category }))
}

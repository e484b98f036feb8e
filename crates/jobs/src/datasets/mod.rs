//! Datasets: making them anew, checking them, and what became of each.

mod checks;
mod files;
mod refresh;
mod retired;
mod tables;

pub use files::{read, shipped, write};
pub(crate) use refresh::refresh_alone;
pub use refresh::{Outcome, RefreshOptions, Refreshed, check, refresh};
pub use retired::{restore, retire, retired};
pub(crate) use tables::{dataset_of, is_overwritten, unseen_tables};

use crate::{Home, JobError, catalog};
use tidegate_ledger::DatasetVersion;
use tidegate_query::QueryError;
use tidegate_query::dataset::{Dataset, Definition};

/// Versions told of one dataset.
const MOST_VERSIONS: u32 = 1_000;

/// A version of a dataset.
pub struct Version {
    /// The dataset as the version describes it, with what stewards confirmed of its columns.
    pub dataset: Dataset,
    /// What the ledger has of it.
    pub recorded: DatasetVersion,
}

/// The versions of a dataset, the newest first.
///
/// # Errors
/// When the ledger fails, or knows no dataset of this name.
pub async fn versions(home: &Home, name: &str) -> Result<Vec<Version>, JobError> {
    let recorded = home.ledger.dataset_versions(name, MOST_VERSIONS).await?;
    if recorded.is_empty() {
        let is_shipped = shipped()?.iter().any(|definition| definition.name == name);
        if !is_shipped {
            return Err(unknown(name));
        }
        return Err(JobError::Missing(format!(
            "the dataset `{name}` was not made yet; `tidegate datasets refresh {name}` makes it"
        )));
    }
    let confirmed = catalog::confirmed(&home.ledger).await?;
    let version = |recorded: DatasetVersion| {
        let mut dataset = catalog::dataset(recorded.clone())?;
        confirmed.raise(&mut dataset);
        Ok(Version { dataset, recorded })
    };
    recorded.into_iter().map(version).collect()
}

fn unknown(name: &str) -> JobError {
    JobError::Missing(format!("there is no dataset `{name}`; `tidegate datasets list` names them"))
}

/// What datasets are made by where no folder is given: the shipped files, and beside them the definitions of other datasets that
/// were published, as they were last made. A dataset that bears the name of a shipped one is made by the shipped file.
///
/// # Errors
/// When the ledger fails, or holds what is no definition.
pub async fn known(home: &Home) -> Result<Vec<Definition>, JobError> {
    let mut known = shipped()?;
    let own = published(home).await?;
    let is_new = |own: &Definition| !known.iter().any(|shipped| shipped.name == own.name);
    let own: Vec<Definition> = own.into_iter().filter(is_new).collect();
    known.extend(own);
    Ok(known)
}

/// The definitions of the datasets that were published, as they were last made; those of retired ones too.
async fn published(home: &Home) -> Result<Vec<Definition>, JobError> {
    home.ledger.published_datasets().await?.into_iter().map(definition_of).collect()
}

/// The definition that a version was made by.
pub(crate) fn definition_of(version: DatasetVersion) -> Result<Definition, JobError> {
    let (name, text) = (version.made.name.clone(), version.made.definition.clone());
    let domain = catalog::dataset(version)?.domain;
    Ok(Definition::parse(&domain, &name, &text).map_err(QueryError::from)?)
}

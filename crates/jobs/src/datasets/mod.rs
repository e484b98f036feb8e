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
use std::collections::BTreeMap;
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
/// were published, as they were last made, retired ones too. A dataset that bears the name of a shipped one is made by the shipped
/// file.
///
/// # Errors
/// When the ledger fails.
pub async fn known(home: &Home) -> Result<Known, JobError> {
    let mut known = Known { definitions: shipped()?, unreadable: BTreeMap::new() };
    for own in home.ledger.published_datasets().await? {
        let name = own.made.name.clone();
        if known.definitions.iter().any(|known| known.name == name) {
            continue;
        }
        match definition_of(own) {
            Ok(definition) => known.definitions.push(definition),
            Err(error) => {
                let told = format!(
                    "the definition of the dataset {name} cannot be read: {error}; publish it mended (`datasets refresh --from`)"
                );
                known.unreadable.insert(name, JobError::Missing(told));
            }
        }
    }
    Ok(known)
}

/// Definitions that are known.
pub struct Known {
    /// Those that can be read.
    pub definitions: Vec<Definition>,
    /// Why the others cannot, by the names of their datasets, which stay as they are.
    pub unreadable: BTreeMap<String, JobError>,
}

/// The definition that a version was made by.
pub(crate) fn definition_of(version: DatasetVersion) -> Result<Definition, JobError> {
    let (name, text) = (version.made.name.clone(), version.made.definition.clone());
    let domain = catalog::dataset(version)?.domain;
    Ok(Definition::parse(&domain, &name, &text).map_err(QueryError::from)?)
}

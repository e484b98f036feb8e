//! Datasets: making them anew, checking them, and what became of each.

mod checks;
mod files;
mod refresh;

pub use files::{read, shipped, write};
pub(crate) use refresh::is_lake_table_of;
pub use refresh::{Outcome, RefreshOptions, Refreshed, check, refresh};

use crate::{Home, JobError, catalog};
use tidegate_ledger::DatasetVersion;
use tidegate_query::dataset::Dataset;

/// Versions told of one dataset.
const MOST_VERSIONS: u32 = 1_000;

/// A version of a dataset.
pub struct Version {
    /// The dataset as the version describes it.
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
        return Err(JobError::Missing(format!(
            "no dataset `{name}` was made yet; `tidegate datasets list` names them, `datasets refresh {name}` makes it"
        )));
    }
    let version =
        |recorded: DatasetVersion| Ok(Version { dataset: catalog::dataset(recorded.clone())?, recorded });
    recorded.into_iter().map(version).collect()
}

//! Datasets that are retired: nobody reads them and they are made anew no more, until they are restored. Their versions stay.

use super::{shipped, unknown};
use crate::{Home, JobError};
use tidegate_ledger::{Door, Retirement};

/// Takes a dataset from readers in every door, with their next statement.
///
/// # Errors
/// When there is no dataset of this name, or it is retired already.
pub async fn retire(home: &Home, name: &str, reason: &str) -> Result<(), JobError> {
    let is_shipped = shipped()?.iter().any(|definition| definition.name == name);
    if !is_shipped && home.ledger.dataset_versions(name, 1).await?.is_empty() {
        return Err(unknown(name));
    }
    Ok(home.ledger.retire_dataset(name, &home.act(Door::Cli, reason).await?).await?)
}

/// Brings a dataset back that is retired: readers see the version that they saw before.
///
/// # Errors
/// When it is not retired.
pub async fn restore(home: &Home, name: &str, reason: &str) -> Result<(), JobError> {
    Ok(home.ledger.restore_dataset(name, &home.act(Door::Cli, reason).await?).await?)
}

/// The datasets that are retired, by name.
///
/// # Errors
/// When the ledger fails.
pub async fn retired(home: &Home) -> Result<Vec<Retirement>, JobError> {
    Ok(home.ledger.retired_datasets().await?)
}

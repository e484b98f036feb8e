//! Forcing a local lake to disk, so that what was acknowledged outlives a loss of power.
//!
//! Delta's local store leaves files in the system's cache. Other object stores are durable once a write returns, and
//! nothing is done for them here.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use deltalake::DeltaTable;
use deltalake::kernel::Add;

use crate::{Lake, LakeError};

/// Forces data files, and the folders that name them, to disk; to be done before a commit names them.
pub(crate) async fn sync_files(table: &DeltaTable, adds: &[Add]) -> Result<(), LakeError> {
    let Some(root) = local_root(table) else { return Ok(()) };
    let mut folders = BTreeSet::from([root.clone()]);
    for add in adds {
        let file = root.join(&add.path);
        folders.extend(file.parent().map(Path::to_path_buf));
        sync(&file).await?;
    }
    for folder in folders {
        sync(&folder).await?;
    }
    Ok(())
}

/// Forces a commit to disk.
pub(crate) async fn sync_commit(table: &DeltaTable, version: u64) -> Result<(), LakeError> {
    let Some(root) = local_root(table) else { return Ok(()) };
    let log = root.join("_delta_log");
    sync(&log.join(format!("{version:020}.json"))).await?;
    sync(&log).await
}

/// Forces a file of the lake itself to disk. A state that readers would find empty after a loss of power keeps them from every table.
pub(crate) async fn sync_own(lake: &Lake, path: &deltalake::Path) -> Result<(), LakeError> {
    let Some(root) = lake.local_folder() else { return Ok(()) };
    let name: &str = path.as_ref();
    let file = root.join(name);
    match sync(&file).await {
        // Somebody took it away meanwhile.
        Err(LakeError::Sync { source, .. }) if source.kind() == ErrorKind::NotFound => return Ok(()),
        forced => forced?,
    }
    if let Some(folder) = file.parent() {
        sync(folder).await?;
    }
    sync(&root).await
}

/// Forces to disk that files of a table and entries of its log are gone, so that a loss of power does not bring them back.
pub(crate) async fn sync_removed(
    table: &DeltaTable,
    removed: &BTreeSet<deltalake::Path>,
) -> Result<(), LakeError> {
    let Some(root) = local_root(table) else { return Ok(()) };
    let mut folders = BTreeSet::from([root.join("_delta_log")]);
    for path in removed {
        let name: &str = path.as_ref();
        folders.extend(root.join(name).parent().map(Path::to_path_buf));
    }
    for folder in folders.iter().filter(|folder| folder.exists()) {
        sync(folder).await?;
    }
    Ok(())
}

fn local_root(table: &DeltaTable) -> Option<PathBuf> {
    let url = table.table_url();
    (url.scheme() == "file").then(|| url.to_file_path().ok()).flatten()
}

/// Opening a folder for reading and syncing it forces its entries to disk on the systems we run on.
async fn sync(path: &Path) -> Result<(), LakeError> {
    let failed = |source| LakeError::Sync { path: path.display().to_string(), source };
    tokio::fs::File::open(path).await.map_err(failed)?.sync_all().await.map_err(failed)
}

//! Dropping a table that no state names any more.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use deltalake::Path;
use deltalake::logstore::object_store::{ObjectMeta, ObjectStoreExt};
use futures::TryStreamExt;

use crate::error::OfTable;
use crate::spec::check_name;
use crate::state::loaded_version;
use crate::{Lake, LakeError};

/// A table that was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The table.
    pub table: String,
    /// Its newest version.
    pub version: u64,
    /// Rows of that version.
    pub rows: u64,
    /// Files removed, those of its log among them.
    pub files: usize,
    /// Bytes of them.
    pub bytes: u64,
}

impl Lake {
    /// Names of the tables that there are, whether or not a snapshot names them. One that was dropped may be among them: a local
    /// store keeps its empty folders.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tables(&self) -> Result<BTreeSet<String>, LakeError> {
        let listed = self.store().list_with_delimiter(None).await?;
        let names = listed.common_prefixes.iter().filter_map(Path::filename);
        Ok(names.filter(|name| check_name(name).is_ok()).map(str::to_owned).collect())
    }

    /// Forgets the snapshots that name a table, but for the newest of all. Call it when a snapshot without the table is recorded,
    /// and the table must go: readers of those snapshots fail from then on. Returns how many.
    ///
    /// # Errors
    /// When the store fails; those forgotten so far stay forgotten.
    pub async fn forget_snapshots_of(&self, table: &str) -> Result<usize, LakeError> {
        let mut snapshots = self.list_snapshots().await?;
        snapshots.pop();
        snapshots.retain(|snapshot| snapshot.tables.contains_key(table));
        for snapshot in &snapshots {
            self.forget(snapshot).await?;
        }
        Ok(snapshots.len())
    }

    /// Removes a table with every file of it, its log too.
    ///
    /// # Errors
    /// [`LakeError::Named`] when a snapshot names the table: forget or expire it first. [`LakeError::NoTable`] when there is
    /// none.
    pub async fn drop_table(&self, table: &str) -> Result<Dropped, LakeError> {
        if check_name(table).is_err() {
            return Err(LakeError::NoTable { table: table.to_owned() });
        }
        let handle = self.table(table).await?;
        if let Some(naming) = self.list_snapshots().await?.iter().find(|one| one.tables.contains_key(table)) {
            return Err(LakeError::Named { table: table.to_owned(), snapshot: naming.version });
        }
        let version = loaded_version(&handle, table)?;
        let state = handle.snapshot().of_table(table)?;
        let rows = state.log_data().iter().filter_map(|file| file.num_records()).sum::<usize>() as u64;
        let store = self.store();
        let mut files: Vec<ObjectMeta> = store.list(Some(&Path::from(table))).try_collect().await?;
        // The log goes last and from its end, so that what an interruption leaves is still a table that can be dropped.
        files.sort_by_key(|file| {
            (file.location.as_ref().contains("/_delta_log/"), Reverse(file.location.clone()))
        });
        for file in &files {
            store.delete(&file.location).await?;
        }
        let bytes = files.iter().map(|file| file.size).sum();
        Ok(Dropped { table: table.to_owned(), version, rows, files: files.len(), bytes })
    }
}

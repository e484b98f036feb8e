//! Dropping a table that no state names any more.

use std::cmp::Reverse;

use deltalake::Path;
use deltalake::logstore::object_store::ObjectStoreExt;
use futures::TryStreamExt;

use crate::spec::check_name;
use crate::{Lake, LakeError};

impl Lake {
    /// Removes a table with every file of it, its log too. Returns how many files there were.
    ///
    /// # Errors
    /// [`LakeError::Named`] when a snapshot names the table: forget or expire it first. [`LakeError::NoTable`] when there is
    /// none.
    pub async fn drop_table(&self, table: &str) -> Result<usize, LakeError> {
        if check_name(table).is_err() {
            return Err(LakeError::NoTable { table: table.to_owned() });
        }
        self.table(table).await?;
        if let Some(naming) = self.list_snapshots().await?.iter().find(|one| one.tables.contains_key(table)) {
            return Err(LakeError::Named { table: table.to_owned(), snapshot: naming.version });
        }
        let store = self.store();
        let files = store.list(Some(&Path::from(table))).map_ok(|file| file.location);
        let mut files: Vec<Path> = files.try_collect().await?;
        // The log goes last and from its end, so that what an interruption leaves is still a table that can be dropped.
        files.sort_by_key(|path| (path.as_ref().contains("/_delta_log/"), Reverse(path.clone())));
        for file in &files {
            store.delete(file).await?;
        }
        Ok(files.len())
    }
}

//! Compaction: rewriting the small files of each month into files of about the target size.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use deltalake::DeltaTable;
use deltalake::kernel::LogicalFileView;

use super::rewrite::Rewrite;
use crate::error::OfTable;
use crate::replace::month_of;
use crate::state::loaded_version;
use crate::{Lake, LakeError, Loaded, TableVersion};

/// What a compaction did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// The table.
    pub table: String,
    /// Its version afterwards: the same rows as before, for the next snapshot to name.
    pub version: u64,
    /// Small files replaced.
    pub files_removed: usize,
    /// Files they were replaced by.
    pub files_added: usize,
}

impl From<&Compacted> for TableVersion {
    fn from(compacted: &Compacted) -> Self {
        Self { table: compacted.table.clone(), version: compacted.version, loaded: Loaded::Nothing }
    }
}

impl Lake {
    /// Rewrites the files of each month that are below three quarters of [`crate::WriteLimits::file_bytes`], where there are at least
    /// two, into files of about that size; one commit a month. Rows stay the same, appends go on meanwhile,
    /// and old versions stay readable until `vacuum`.
    ///
    /// # Errors
    /// [`LakeError::CompactionOverlap`] when another compaction of the table was at work; [`LakeError::RowsLost`]
    /// when a file does not hold the rows that the log says. Months already committed stay compacted.
    pub async fn compact(&self, table: &str) -> Result<Compacted, LakeError> {
        let handle = self.table(table).await?;
        let mut done = Compacted {
            table: table.to_owned(),
            version: loaded_version(&handle, table)?,
            files_removed: 0,
            files_added: 0,
        };
        for (_, files) in small_files(&handle, table, self.limits.file_bytes)? {
            let rewrite =
                Rewrite::of_files(self.table(table).await?, table, &files, None, self.limits).await?;
            done.files_added += rewrite.files_added();
            done.files_removed += files.len();
            done.version = rewrite.commit().await?;
        }
        Ok(done)
    }
}

/// The files worth rewriting, by month and oldest first.
fn small_files(
    handle: &DeltaTable,
    table: &str,
    target_bytes: NonZeroU64,
) -> Result<BTreeMap<String, Vec<LogicalFileView>>, LakeError> {
    // Files just below the target gain nothing; rewriting them again with every run would.
    let small = (target_bytes.get() / 4 * 3).max(1);
    let state = handle.snapshot().of_table(table)?;
    let partition = state.metadata().partition_columns().first();
    let mut months: BTreeMap<String, Vec<LogicalFileView>> = BTreeMap::new();
    for file in state.log_data().iter().filter(|file| (file.size() as u64) < small) {
        let month = partition.and_then(|column| month_of(&file, column)).unwrap_or_default();
        months.entry(month).or_default().push(file);
    }
    months.retain(|_, files| files.len() > 1);
    for files in months.values_mut() {
        files.sort_by_key(|file| (file.modification_time(), file.path().into_owned()));
    }
    Ok(months)
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array, RecordBatch};
    use arrow::datatypes::{DataType, Field, Schema};
    use std::sync::Arc;

    use super::*;
    use crate::TableSpec;

    async fn append(lake: &Lake, number: i64) {
        let schema = Schema::new(vec![Field::new("n", DataType::Int64, false)]);
        let spec = TableSpec::try_new("t", &schema, None, &[]).unwrap();
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![number]));
        let row = RecordBatch::try_new(Arc::clone(spec.schema()), vec![numbers]).unwrap();
        lake.append(&spec, [row], None).await.unwrap();
    }

    async fn rewrite(lake: &Lake) -> Rewrite {
        let handle = lake.table("t").await.unwrap();
        let files = small_files(&handle, "t", lake.limits.file_bytes).unwrap().remove("").unwrap();
        Rewrite::of_files(handle, "t", &files, None, lake.limits).await.unwrap()
    }

    /// Whichever read first and whichever commits first, the loser gives up.
    #[tokio::test]
    async fn overlapping_rewrites_exclude_one_another() {
        for older_commits_first in [true, false] {
            let folder = tempfile::TempDir::new().unwrap();
            let lake = Lake::open(folder.path()).unwrap();
            append(&lake, 1).await;
            append(&lake, 2).await;
            let older = rewrite(&lake).await;
            append(&lake, 3).await;
            let newer = rewrite(&lake).await;
            let (first, second) = if older_commits_first { (older, newer) } else { (newer, older) };
            first.commit().await.unwrap();
            let error = second.commit().await.unwrap_err();
            assert!(matches!(error, LakeError::CompactionOverlap { .. }), "{error}");
        }
    }
}

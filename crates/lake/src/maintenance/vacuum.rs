//! Vacuum: removing data files that no kept snapshot needs, and log entries older than all of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use deltalake::checkpoints::cleanup_expired_logs_for;
use deltalake::operations::vacuum::{Clock, VacuumMode};

use super::history::{Commit, commits_between};
use crate::error::OfTable;
use crate::state::loaded_version;
use crate::{Lake, LakeError};

/// No write runs this long; a younger file may belong to a commit still to come.
const LEAST_RETENTION: TimeDelta = TimeDelta::hours(24);

/// What a vacuum removed, or would remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vacuumed {
    /// Paths of data files below the table's folder, sorted.
    pub files: Vec<String>,
    /// Whether they are still there.
    pub dry_run: bool,
}

impl Lake {
    /// Removes the data files of a table that are older than `retention` at `now` and that neither the newest
    /// version nor any snapshot still kept needs: files replaced by compaction and files of abandoned appends.
    /// `dry_run` only says which.
    ///
    /// # Errors
    /// [`LakeError::Retention`] for less than a day.
    pub async fn vacuum(
        &self,
        table: &str,
        now: DateTime<Utc>,
        retention: TimeDelta,
        dry_run: bool,
    ) -> Result<Vacuumed, LakeError> {
        check_retention(retention)?;
        let handle = self.table(table).await?;
        let newest = loaded_version(&handle, table)?;
        let kept = self.kept_versions(table).await?;
        let commits = match kept.first() {
            Some(&oldest) => commits_between(&handle, table, oldest, newest).await?,
            None => Vec::new(),
        };
        let (_, metrics) = handle
            .vacuum()
            .with_mode(VacuumMode::Full)
            .with_retention_period(retention)
            // The table's own least retention guards against vacuum without snapshots; here they are the guard.
            .with_enforce_retention_duration(false)
            .with_keep_versions(&covering_versions(&kept, &commits))
            .with_clock(Arc::new(At(now)))
            .with_dry_run(dry_run)
            .await
            .of_table(table)?;
        let mut files = metrics.files_deleted;
        files.sort_unstable();
        Ok(Vacuumed { files, dry_run })
    }

    /// Removes log entries of a table that are older than `retention` at `now` and before the last checkpoint that
    /// the oldest kept snapshot needs; returns how many. History and time travel end there.
    ///
    /// # Errors
    /// [`LakeError::Retention`] for less than a day.
    pub async fn trim_log(
        &self,
        table: &str,
        now: DateTime<Utc>,
        retention: TimeDelta,
    ) -> Result<usize, LakeError> {
        check_retention(retention)?;
        let handle = self.table(table).await?;
        let newest = loaded_version(&handle, table)?;
        let oldest = self.kept_versions(table).await?.first().copied().unwrap_or(newest);
        let cutoff = (now - retention).timestamp_millis();
        cleanup_expired_logs_for(oldest.min(newest), handle.log_store().as_ref(), cutoff, None)
            .await
            .of_table(table)
    }

    /// The versions of a table that snapshots name.
    pub(super) async fn kept_versions(&self, table: &str) -> Result<BTreeSet<u64>, LakeError> {
        let snapshots = self.list_snapshots().await?;
        Ok(snapshots.iter().filter_map(|snapshot| snapshot.tables.get(table).copied()).collect())
    }
}

fn check_retention(retention: TimeDelta) -> Result<(), LakeError> {
    if retention >= LEAST_RETENTION {
        return Ok(());
    }
    Err(LakeError::Retention { hours: retention.num_hours(), least: LEAST_RETENTION.num_hours() })
}

/// A few of the kept versions whose files include the files of all: between two commits that remove files, a
/// version holds every file of the versions before it.
fn covering_versions(kept: &BTreeSet<u64>, commits: &[Commit]) -> Vec<u64> {
    let removals: BTreeSet<u64> =
        commits.iter().filter(|commit| commit.files_removed > 0).map(|commit| commit.version).collect();
    let mut covering: Vec<u64> = Vec::new();
    for &version in kept {
        if let Some(last) = covering.last_mut()
            && removals.range(*last + 1..=version).next().is_none()
        {
            *last = version;
        } else {
            covering.push(version);
        }
    }
    covering
}

/// The caller's time, for Delta.
#[derive(Debug)]
struct At(DateTime<Utc>);

impl Clock for At {
    fn current_timestamp_millis(&self) -> i64 {
        self.0.timestamp_millis()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn removal(version: u64) -> Commit {
        Commit {
            version,
            committed_at: None,
            operation: "OPTIMIZE".to_owned(),
            parameters: BTreeMap::new(),
            files_added: 1,
            files_removed: 2,
            transactions: BTreeMap::new(),
        }
    }

    #[test]
    fn one_version_covers_each_run_without_removals() {
        let kept = BTreeSet::from([1, 2, 4, 5, 9]);
        assert_eq!(covering_versions(&kept, &[]), [9]);
        assert_eq!(covering_versions(&kept, &[removal(4)]), [2, 9]);
        assert_eq!(covering_versions(&kept, &[removal(2), removal(7)]), [1, 5, 9]);
        assert_eq!(covering_versions(&BTreeSet::new(), &[removal(1)]), [] as [u64; 0]);
    }
}

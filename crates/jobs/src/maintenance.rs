//! Upkeep of the lake: small files joined, states that are kept no longer forgotten, and files and tables that nobody needs
//! removed.

use crate::alone::Alone;
use crate::datasets::dataset_of;
use crate::progress::Progress;
use crate::{Home, JobError};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
use tidegate_lake::{LakeError, Snapshot};

/// No write runs this long; a younger file may belong to a commit still to come.
const YOUNG: TimeDelta = TimeDelta::days(1);

/// What was done to one table.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Maintained {
    /// The table.
    pub table: String,
    /// Small files that were joined.
    pub joined: usize,
    /// Files they were joined to.
    pub joined_to: usize,
    /// Files removed that no kept state needs, or that would be.
    pub removed: usize,
    /// Entries of its log removed.
    pub log_entries: usize,
    /// Whether all of it is removed, or would be: a dataset's rows with columns that it has no longer.
    pub is_dropped: bool,
}

impl Maintained {
    fn of(table: &str) -> Self {
        Self {
            table: table.to_owned(),
            joined: 0,
            joined_to: 0,
            removed: 0,
            log_entries: 0,
            is_dropped: false,
        }
    }
}

/// Joins small files, forgets states older than `lake.keep_days`, and removes what only they needed: files, and tables that
/// held a dataset when it had other columns. A dry run only says what would be removed now.
///
/// # Errors
/// When another run makes datasets anew, erases or does upkeep in the home, and when the lake fails; what was done until then stays
/// done.
pub async fn maintain(
    home: &Home,
    is_dry: bool,
    progress: &mut dyn Progress,
) -> Result<Vec<Maintained>, JobError> {
    let _alone = if is_dry { None } else { Some(Alone::with_datasets(home)?) };
    let Some(snapshot) = home.snapshot().await? else { return Ok(Vec::new()) };
    let superseded = superseded(home).await?;
    let tables: Vec<&String> = snapshot.tables.keys().filter(|table| !superseded.contains(*table)).collect();
    progress.step("joining small files", tables.len() as u64, "tables");
    let mut all = Vec::new();
    let mut compacted = Vec::new();
    for (done, table) in (1..).zip(&tables) {
        let mut one = Maintained::of(table);
        if !is_dry && is_shown(home, table).await? {
            let joined = home.lake.compact(table).await?;
            (one.joined, one.joined_to) = (joined.files_removed, joined.files_added);
            compacted.push(joined);
        }
        all.push(one);
        progress.done(done);
    }
    let keep = TimeDelta::days(home.configuration.lake.keep_days.into());
    let dropped = unnamed(&superseded, &home.lake.list_snapshots().await?, home.now - keep);
    if !is_dry {
        if snapshot.tables.keys().any(|table| superseded.contains(table)) {
            home.lake.record_snapshot_without(home.now, &superseded).await?;
        }
        home.lake.record_snapshot(home.now, compacted.iter().filter(|one| one.files_removed > 0)).await?;
        home.lake.expire_snapshots(home.now, keep).await?;
    }
    progress.step("removing files", all.len() as u64, "tables");
    for (done, one) in (1..).zip(&mut all) {
        one.removed = home.lake.vacuum(&one.table, home.now, YOUNG, is_dry).await?.files.len();
        if !is_dry {
            one.log_entries = home.lake.trim_log(&one.table, home.now, YOUNG).await?;
        }
        progress.done(done);
    }
    for table in dropped {
        let removed = if is_dry { 0 } else { home.lake.drop_table(table).await?.files };
        all.push(Maintained { removed, is_dropped: true, ..Maintained::of(table) });
    }
    Ok(all)
}

/// Whether readers see the newest version of a table. Otherwise it may hold rows of a dataset that were kept back from them, rows that
/// a run left which broke off, or a part of what is being written: joining would show them.
async fn is_shown(home: &Home, table: &str) -> Result<bool, JobError> {
    let newest = home.lake.table_version(table).await?;
    let shown = home.snapshot().await?.and_then(|snapshot| snapshot.tables.get(table).copied());
    Ok(shown == Some(newest))
}

/// Tables of datasets that no current version names. One that was written to lately may be about to become current again.
async fn superseded(home: &Home) -> Result<BTreeSet<String>, JobError> {
    let mut tables = BTreeSet::new();
    for (dataset, table) in home.ledger.superseded_dataset_tables().await? {
        let last = match home.lake.history(&table, 1).await {
            Ok(commits) => commits.first().and_then(|commit| commit.committed_at),
            Err(LakeError::NoTable { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        if dataset_of(&table) == Some(dataset.as_str()) && last.is_some_and(|last| home.now - last > YOUNG) {
            tables.insert(table);
        }
    }
    Ok(tables)
}

/// The tables that no snapshot since a moment names.
fn unnamed<'a>(
    tables: &'a BTreeSet<String>,
    snapshots: &[Snapshot],
    since: DateTime<Utc>,
) -> Vec<&'a String> {
    let kept = snapshots.iter().filter(|snapshot| snapshot.recorded_at >= since);
    let named: BTreeSet<&String> = kept.flat_map(|snapshot| snapshot.tables.keys()).collect();
    tables.iter().filter(|table| !named.contains(table)).collect()
}

//! Upkeep of the lake: small files joined, states that are kept no longer forgotten, and files that nobody needs removed.

use crate::progress::Progress;
use crate::{Home, JobError};
use chrono::TimeDelta;

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
}

/// Joins small files, forgets states older than `lake.keep_days`, and removes what only they needed. A dry run only says which
/// files would be removed now.
///
/// # Errors
/// When the lake fails; what was done until then stays done.
pub async fn maintain(
    home: &Home,
    is_dry: bool,
    progress: &mut dyn Progress,
) -> Result<Vec<Maintained>, JobError> {
    let Some(snapshot) = home.snapshot().await? else { return Ok(Vec::new()) };
    let tables: Vec<&String> = snapshot.tables.keys().collect();
    progress.step("joining small files", tables.len() as u64, "tables");
    let mut all = Vec::new();
    let mut compacted = Vec::new();
    for (done, table) in (1..).zip(&tables) {
        let mut one =
            Maintained { table: (*table).clone(), joined: 0, joined_to: 0, removed: 0, log_entries: 0 };
        if !is_dry {
            let joined = home.lake.compact(table).await?;
            (one.joined, one.joined_to) = (joined.files_removed, joined.files_added);
            compacted.push(joined);
        }
        all.push(one);
        progress.done(done);
    }
    if !is_dry {
        home.lake.record_snapshot(home.now, compacted.iter().filter(|one| one.files_removed > 0)).await?;
        let keep = TimeDelta::days(home.configuration.lake.keep_days.into());
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
    Ok(all)
}

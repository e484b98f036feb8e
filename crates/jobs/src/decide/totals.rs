//! What the runs of a call decided together, counted in what they wrote: a declaration once, however many of its versions.

use super::Decided;
use crate::JobError;
use crate::answer::Answer;
use tidegate_query::Platform;

/// Adds declarations, slots and lists of the runs from `first_run` on.
pub(super) async fn count(
    platform: &Platform,
    first_run: i64,
    decided: &mut Decided,
) -> Result<(), JobError> {
    let sql = format!(
        "SELECT count(DISTINCT declaration_id) AS declarations, \
         count(DISTINCT declaration_id) FILTER (WHERE is_selected) AS selected \
         FROM decision WHERE run_number >= {first_run}"
    );
    let answer = Answer::of(platform, "job decide", &sql).await?;
    decided.declarations = answer.counts("declarations")?.iter().sum();
    decided.selected_declarations = answer.counts("selected")?.iter().sum();
    let sql = format!("SELECT sum(slots) AS slots FROM work_list WHERE run_number >= {first_run}");
    decided.slots = Answer::of(platform, "job decide", &sql).await?.counts("slots")?.iter().sum();
    decided.reopened_lists = reopened(platform, first_run).await?;
    Ok(())
}

/// Lists of runs from `first_run` on whose office and day had a list before.
async fn reopened(platform: &Platform, first_run: i64) -> Result<u64, JobError> {
    let sql = format!(
        "SELECT count(*) AS lists FROM work_list l WHERE l.run_number >= {first_run} AND l.declarations > 0 \
         AND EXISTS (SELECT 1 FROM work_list e WHERE e.office_id = l.office_id AND e.listed_on = l.listed_on \
         AND e.run_number < l.run_number AND e.declarations > 0)"
    );
    let counts = Answer::of(platform, "job decide", &sql).await?.counts("lists")?;
    Ok(counts.first().copied().unwrap_or_default())
}

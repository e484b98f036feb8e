//! `tidegate maintain`.

use super::open;
use crate::arguments::{Arguments, Maintain};
use crate::progress::Bars;
use crate::show;
use tidegate_jobs::JobError;
use tidegate_jobs::maintenance::maintain;

pub async fn run(arguments: &Arguments, command: &Maintain) -> Result<(), JobError> {
    let all = maintain(&open(arguments).await?, command.dry_run, &mut Bars::new()).await?;
    show::say(arguments, &all, |all| {
        if all.is_empty() {
            println!("No table yet: nothing to do.");
        }
        let removed = if command.dry_run { "would be removed" } else { "removed" };
        for one in all.iter().filter(|one| one.is_dropped) {
            println!("{:<32} held a dataset with other columns: {removed}", one.table);
        }
        for one in all.iter().filter(|one| !one.is_dropped) {
            println!(
                "{:<32} {} small files joined to {}, {} files {removed}, {} log entries",
                one.table, one.joined, one.joined_to, one.removed, one.log_entries
            );
        }
    })
}

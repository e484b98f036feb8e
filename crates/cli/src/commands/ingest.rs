//! `tidegate ingest`.

use super::{input, open};
use crate::arguments::{Arguments, Ingest};
use crate::progress::Bars;
use crate::show;
use tidegate_jobs::{IngestOptions, Ingested, JobError, ingest};

pub async fn run(arguments: &Arguments, command: &Ingest) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let mut input = input(&home, &command.input)?;
    if let Some(kind) = &command.kind {
        input = input.of_kind(kind)?;
    }
    let options = IngestOptions { strict: command.strict };
    let ingested = ingest(&home, &input, options, &mut Bars::new()).await?;
    if arguments.json {
        show::json(&ingested)?;
    } else {
        print(&ingested, command.kind.as_deref());
    }
    if ingested.counts.read > 0 && ingested.counts.accepted == 0 {
        return Err(JobError::Missing("nothing was loaded: every record was set aside".to_owned()));
    }
    Ok(())
}

fn print(ingested: &Ingested, kind: Option<&str>) {
    let counts = &ingested.counts;
    if ingested.already_loaded {
        println!("Everything was loaded before as {}; nothing was added.", ingested.load_id);
        return;
    }
    let records = kind.map_or("declarations".to_owned(), |kind| format!("records of {kind}"));
    println!("Loaded {} {records} as {}", show::count(counts.accepted), ingested.load_id);
    if ingested.files > 1 {
        println!("  files            {:>12}", show::count(ingested.files as u64));
    }
    if ingested.files_loaded_before > 0 {
        println!("  loaded before    {:>12}", show::count(ingested.files_loaded_before as u64));
    }
    println!("  records read     {:>12}", show::count(counts.read));
    if kind.is_none() {
        println!("  goods items      {:>12}", show::count(counts.goods_items));
        println!("  results          {:>12}", show::count(counts.inspected));
        println!("  discrepancies    {:>12}", show::count(counts.discrepancies));
    }
    println!("  set aside        {:>12}", show::count(counts.quarantined));
    if !counts.findings.is_empty() {
        println!("Findings (severity, code, how often):");
        for (finding, times) in &counts.findings {
            println!("  {finding:<32} {:>8}", show::count(*times));
        }
    }
    if counts.quarantined > 0 {
        println!(
            "Records set aside are kept whole: tidegate sql \"select line_number, raw, findings from quarantine\""
        );
    }
}

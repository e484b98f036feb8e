//! `tidegate audit`.

use super::open;
use crate::arguments::{Arguments, Audit, Span};
use crate::show;
use tidegate_jobs::JobError;
use tidegate_jobs::audit::{Seen, Signed, Told, Verified, Wanted, checkpoint, log, verify, who};

pub async fn run(arguments: &Arguments, command: &Audit) -> Result<(), JobError> {
    let home = open(arguments).await?;
    match command {
        Audit::Log(command) => {
            let wanted = Wanted { by: command.by.clone(), event: command.event, ..span(&command.span) };
            let told = log(&home, &wanted).await?;
            show::say(arguments, told.as_slice(), print_log)
        }
        Audit::Who(command) => {
            let seen = who(&home, &command.key, &span(&command.span)).await?;
            show::say(arguments, &seen, print_seen)
        }
        Audit::Checkpoint => show::say(arguments, &checkpoint(&home, home.now).await?, print_signed),
        Audit::Verify(command) => {
            let verified = verify(&home, command.public_key.as_deref(), &command.kept).await?;
            show::say(arguments, &verified, print_verified)?;
            match verified.faults.first() {
                None => Ok(()),
                Some(first) => Err(JobError::Missing(format!("the audit chain does not hold: {first}"))),
            }
        }
    }
}

fn span(span: &Span) -> Wanted {
    Wanted { since: span.since, until: span.until, limit: span.limit, ..Wanted::default() }
}

fn print_log(told: &[Told]) {
    if told.is_empty() {
        println!("The audit chain has no such entry.");
    }
    told.iter().for_each(print);
}

fn print(told: &Told) {
    println!("{}", line(told, told.event.as_str()));
    for (table, read) in &told.tables {
        let list = |columns: &std::collections::BTreeSet<String>| {
            columns.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
        };
        println!("          {table}: shown {}; used {}", list(&read.shown), list(&read.used));
    }
    if let Some(rows) = told.rows {
        println!("          {} rows", show::count(rows));
    }
    if !told.detail.is_empty() {
        println!("          {}", told.detail);
    }
}

fn print_seen(seen: &Seen) {
    if seen.entries.is_empty() {
        println!("No entry names {} among those whose rows were read.", seen.key);
    }
    seen.entries.iter().for_each(print);
    if seen.entries_unlisted > 0 {
        println!("{} more entries name it; --limit lists more.", show::count(seen.entries_unlisted));
    }
    if !seen.possible.is_empty() {
        println!(
            "POSSIBLE: these reads do not say whose rows they showed, or not all, of tables in which {} could be.",
            seen.key
        );
    }
    seen.possible.iter().for_each(print_possible);
    if seen.possible_unlisted > 0 {
        println!("{} more such reads; --limit lists more.", show::count(seen.possible_unlisted));
    }
}

fn print_possible(told: &Told) {
    let statement = told.fingerprint.as_deref().and_then(|hash| hash.get(..16)).unwrap_or("no statement");
    println!("{} ({statement})", line(told, "possible"));
}

/// Place, time, person, door and purpose of an entry.
fn line(told: &Told, event: &str) -> String {
    let Told { sequence, at, principal, door, purpose, .. } = told;
    format!("{sequence:>8}  {}  {event:<8} {principal} through {door}: {purpose}", show::moment(*at))
}

fn print_signed(signed: &Signed) {
    let checkpoint = &signed.signed.checkpoint;
    println!(
        "Checkpoint {}: {} entries, signed {}",
        checkpoint.number,
        show::count(checkpoint.count),
        show::moment(checkpoint.signed_at)
    );
    println!("  head        {}", checkpoint.head);
    println!("  public key  {}", signed.signed.public_key);
    println!("  copy        {}", signed.file.display());
}

fn print_verified(verified: &Verified) {
    for fault in &verified.faults {
        println!("FAULT: {fault}");
    }
    let holds =
        if verified.faults.is_empty() { "The audit chain holds" } else { "Sound up to the first fault" };
    println!(
        "{holds}: {} entries, {} checkpoints, {} copies",
        show::count(verified.entries),
        show::count(verified.checkpoints),
        show::count(verified.copies as u64)
    );
    println!("  head {}", verified.head);
    let unsigned = verified.entries.saturating_sub(verified.signed);
    if unsigned > 0 {
        println!(
            "  {} entries came after the newest checkpoint: `tidegate audit checkpoint` signs them",
            show::count(unsigned)
        );
    }
}

//! `tidegate draws`.

use super::open;
use crate::arguments::{Arguments, Draws};
use crate::show;
use tidegate_jobs::JobError;
use tidegate_jobs::draws::{
    OpenDraws, Opened, PeriodStatus, Revealed, Verified, VerifyOptions, publish, reveal, status, verify,
};

pub async fn run(arguments: &Arguments, command: &Draws) -> Result<(), JobError> {
    match command {
        Draws::Open(command) => {
            let step = OpenDraws {
                period: command.period,
                public_source: command.public_source.clone(),
                custodian: command.custodian.clone(),
                share: command.share.clone(),
                public_value: command.public_value.clone(),
            };
            let opened = tidegate_jobs::draws::open(&open(arguments).await?, &step).await?;
            show::say(arguments, &opened, show_opened)
        }
        Draws::Status => {
            let all = status(&open(arguments).await?).await?;
            show::say(arguments, all.as_slice(), show_status)
        }
        Draws::Reveal(command) => {
            let revealed = reveal(&open(arguments).await?, command.period).await?;
            show::say(arguments, &revealed, show_revealed)
        }
        Draws::Publish(command) => {
            let published = publish(&open(arguments).await?, command.period, &command.out).await?;
            if !arguments.json {
                println!("Published {} in {}", published.period, command.out.display());
            }
            show::say(arguments, &published, |published| show_verified(&published.verified))
        }
        Draws::Verify(command) => {
            let verified = verify(&VerifyOptions {
                folders: command.folders.clone(),
                public_key: command.public_key.clone(),
                kept: command.kept.clone(),
            })?;
            show::say(arguments, &verified, show_verified)
        }
    }
}

fn show_revealed(revealed: &Revealed) {
    println!(
        "The key of {} is public: {} consignments drawn with it are closed",
        revealed.period,
        show::count(revealed.closed_roots)
    );
}

fn show_opened(opened: &Opened) {
    println!("Period {} is open", opened.period);
    for (number, share) in (1..).zip(&opened.share_commitments) {
        println!("  share {number} handed in; make its hash public: {share}");
    }
    match (&opened.key_commitment, &opened.public_source, opened.share_commitments.len()) {
        (Some(key), _, _) => {
            println!("  key derived and its hash signed: {key}");
            println!("  public key of the log: {}", opened.public_key);
        }
        (None, Some(source), 2) => println!("  waits for the public value: {source} (--public-value)"),
        (None, _, shares) => println!("  waits for {} shares (--custodian)", 2 - shares),
    }
}

fn show_status(all: &[PeriodStatus]) {
    if all.is_empty() {
        println!("No period is open; `tidegate decide` opens those it draws in");
    }
    for period in all {
        let custody = period.custody.unwrap_or("key not derived yet");
        println!("{}  {custody}, {} commitments", period.period, show::count(period.commitments));
        println!(
            "  {} consignments drawn, {} selected without an inspection result",
            show::count(period.consignments),
            show::count(period.open)
        );
        if let Some(signed) = &period.checkpoint {
            let checkpoint = &signed.checkpoint;
            println!(
                "  signed up to {} at {}: {}",
                show::count(checkpoint.count),
                checkpoint.signed_at.format("%Y-%m-%d %H:%M:%S"),
                checkpoint.merkle_root
            );
        }
        match period.revealed_at {
            Some(at) => println!("  key revealed at {}", at.format("%Y-%m-%d %H:%M:%S")),
            None => println!("  key secret"),
        }
    }
}

fn show_verified(verified: &Verified) {
    println!(
        "All draws hold: {} decisions, {} selected, {} work lists closed again, {} checkpoints checked",
        show::count(verified.rows),
        show::count(verified.selected),
        show::count(verified.work_lists),
        show::count(verified.checkpoints)
    );
    for (count, words) in [
        (verified.waiting, "work lists have rows in periods not given: their cut was taken as said"),
        (verified.continued, "work lists follow others not given: how many wait was taken as said"),
        (
            verified.abandoned,
            "days were committed to by a run that was interrupted, and again by a later one",
        ),
        (verified.split_days, "days of an office were closed more than once, within the slots of the day"),
    ] {
        if count > 0 {
            println!("  {} {words}", show::count(count));
        }
    }
    for period in &verified.of_one_person {
        println!("  {period}: one person held both shares, and could have chosen the key");
    }
}

//! `tidegate bundles`.

use super::open;
use crate::arguments::{Arguments, Bundles};
use crate::show;
use chrono::NaiveTime;
use tidegate_jobs::JobError;
use tidegate_jobs::bundles::{DEFAULT_ALIAS, KnownBundles, KnownProposal, Propose, decide, known, propose};
use tidegate_jobs::tokens::Door;

pub async fn run(arguments: &Arguments, command: &Bundles) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let verdict = match command {
        Bundles::List => None,
        Bundles::Propose(new) => {
            let act = home.act_of(home.person(&new.by).await?, Door::Cli, &new.reason);
            let new = Propose {
                alias: DEFAULT_ALIAS.to_owned(),
                bundle: new.bundle.clone(),
                effective_from: new.from.map(|day| day.and_time(NaiveTime::MIN).and_utc()),
            };
            let number = propose(&home, &new, &act).await?;
            if !arguments.json {
                println!("Proposal {number} waits for another person:");
                println!("  tidegate bundles approve {number} --by NAME --reason WHY");
                return Ok(());
            }
            None
        }
        Bundles::Approve(verdict) => Some((verdict, true)),
        Bundles::Reject(verdict) => Some((verdict, false)),
    };
    if let Some((verdict, approved)) = verdict {
        let act = home.act_of(home.person(&verdict.by).await?, Door::Cli, &verdict.reason);
        decide(&home, verdict.number, approved, &act).await?;
    }
    let all = known(&home).await?;
    show::say(arguments, &all, print)
}

fn print(all: &KnownBundles) {
    if all.bundles.is_empty() {
        println!("No bundle yet: load records with results of inspections and run `tidegate learn`.");
        return;
    }
    println!("{:<18} {:<16} {:<21} state", "bundle", "features", "learnt (UTC)");
    for bundle in &all.bundles {
        let state = if bundle.is_active { "active" } else { "" };
        let learnt = bundle.learnt_at.format("%Y-%m-%d %H:%M:%S");
        println!("{:<18} {:<16} {learnt:<21} {state}", &bundle.bundle[..16], bundle.name);
        if let Some(origin) = &bundle.origin {
            println!("  model from elsewhere: {origin}");
        }
    }
    if all.activates_alone {
        println!("One person works alone here: `tidegate learn` makes its bundle active.");
    }
    if !all.proposals.is_empty() {
        println!("\nProposals:");
    }
    for proposal in &all.proposals {
        print_proposal(proposal);
    }
}

fn print_proposal(proposal: &KnownProposal) {
    let from = proposal
        .effective_from
        .map_or("its approval".to_owned(), |from| from.format("%Y-%m-%d %H:%M UTC").to_string());
    println!(
        "  {} {} from {from}: {}; {} ({})",
        proposal.number,
        &proposal.bundle[..16],
        proposal.state,
        proposal.proposed_by,
        proposal.reason
    );
    if let Some(verdict) = &proposal.verdict {
        println!("    {} by {}: {}", proposal.state, verdict.decided_by, verdict.reason);
    }
}

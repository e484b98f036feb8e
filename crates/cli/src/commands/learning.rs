//! `tidegate loop`.

mod comparison;
mod country;
mod kept;

use super::open;
use crate::arguments::{Arguments, Loop, RunLoop};
use crate::progress::Bars;
use crate::show;
use chrono::{Days, NaiveDate};
use country::SimulatedCountry;
use tidegate_jobs::learning::{self, EpochTold, LoopOptions, Looped};
use tidegate_jobs::{JobError, Valued};
use tidegate_sim::Configuration;

pub async fn run(arguments: &Arguments, command: &Loop) -> Result<(), JobError> {
    match command {
        Loop::Run(command) => run_year(arguments, command).await,
        Loop::Compare(command) => comparison::compare(arguments, command),
        Loop::Protocol(command) => comparison::protocol(arguments, command).await,
    }
}

async fn run_year(arguments: &Arguments, command: &RunLoop) -> Result<(), JobError> {
    let mut home = open(arguments).await?;
    let day = |month, day| {
        NaiveDate::from_ymd_opt(command.year, month, day)
            .ok_or_else(|| JobError::Missing(format!("there is no year {}", command.year)))
    };
    let (begins, last) = (day(1, 1)?, day(12, 31)?);
    let first = begins.checked_add_days(Days::new(command.warm_up.into())).unwrap_or(begins);
    let options = LoopOptions {
        features: command.features.clone(),
        rules: command.rules.clone(),
        selection: command.selection.clone(),
        capacity: command.capacity,
        begins,
        first,
        last,
        learn_every: command.learn_every,
        analyst: "Simulated analyst".to_owned(),
        supervisor: "Simulated supervisor".to_owned(),
    };
    let mut country = SimulatedCountry::new(&home.configuration, &configuration(command, first.pred_opt()))?;
    let is_told = !arguments.json;
    if is_told {
        println!(
            "Learnt from the country's own inspections up to {first}; from then on only what is selected here"
        );
        println!(
            "is inspected.\n\n{:<12} {:<16} {:>8} {:>8} {:>6}",
            "epoch from", "bundle", "decided", "selected", "late"
        );
    }
    let mut tell = |told: &EpochTold| {
        if is_told {
            print_epoch(told);
        }
    };
    let looped = learning::run(&mut home, &mut country, &options, &mut Bars::new(), &mut tell).await?;
    if arguments.json {
        return show::json(&looped);
    }
    print(&looped);
    let home = arguments.home.display();
    println!("\nTry next:");
    println!("  tidegate --home {home} replay --from {first} --to {last}");
    println!("  tidegate --home {home} bundles list");
    println!("  tidegate --home {home} promises");
    println!("  tidegate --home {home} monitor");
    Ok(())
}

fn configuration(command: &RunLoop, inspected_until: Option<NaiveDate>) -> Configuration {
    Configuration {
        offices: command.offices,
        inspected_until,
        ..Configuration::new(command.seed, command.year, command.declarations)
    }
}

fn print_epoch(told: &EpochTold) {
    println!(
        "{:<12} {:<16} {:>8} {:>8} {:>6}",
        told.first.to_string(),
        &told.bundle[..16],
        show::count(told.decided),
        show::count(told.selected),
        show::count(told.late as u64)
    );
    if let Some(shadowed) = &told.shadowed {
        let verdict = if shadowed.approved { "approved" } else { "rejected" };
        println!("  shadowed {} and {verdict}: {}", &shadowed.bundle[..16], shadowed.why);
    }
    if let Some(candidate) = &told.candidate {
        let auc = candidate.auc.map_or("-".to_owned(), |auc| format!("{auc:.3}"));
        println!(
            "  learnt {} from {} results: AUC {auc}",
            &candidate.bundle[..16],
            show::count(candidate.results as u64)
        );
    }
}

fn print(looped: &Looped) {
    println!("\n{:<12} {:>8} {:>8} {:>8} {:>14}", "epoch from", "results", "found", "hit rate", "revenue");
    for epoch in &looped.epochs {
        println!(
            "{:<12} {:>8} {:>8} {:>8} {:>14}",
            epoch.told.first.to_string(),
            show::count(epoch.known),
            show::count(epoch.found),
            show::part(epoch.found, epoch.known),
            show::count(epoch.revenue.round() as u64)
        );
    }
    let sum = |of: fn(&learning::EpochFound) -> u64| looped.epochs.iter().map(of).sum::<u64>();
    let (known, found) = (sum(|e| e.known), sum(|e| e.found));
    println!(
        "In all {} results, {} findings, hit rate {}",
        show::count(known),
        show::count(found),
        show::part(found, known)
    );
    let (floor, floor_found) = looped.estimated.floor;
    println!(
        "  by the random floor {} of {}, hit rate {}",
        floor_found,
        floor,
        show::part(floor_found, floor)
    );
    match &looped.estimated.recall {
        Valued::Estimate { value, low, high, .. } => {
            let share = show::percent_within([*value, *low, *high]);
            println!("  share of all findings made: {share}");
        }
        Valued::Refusal(why) => println!("  share of all findings made: refused, {why}"),
    }
    let (approved, rejected) = (verdicts(looped, "approved"), verdicts(looped, "rejected"));
    println!("Bundles put in force {approved}, candidates rejected {rejected}");
}

fn verdicts(looped: &Looped, state: &str) -> usize {
    looped.bundles.proposals.iter().filter(|p| p.state == state).count()
}

//! `tidegate estimate`.

use super::open;
use crate::arguments::{Arguments, Estimate as Command};
use crate::show;
use tidegate_jobs::{Estimated, JobError, Valued, estimate};

pub async fn run(arguments: &Arguments, command: &Command) -> Result<(), JobError> {
    let found = estimate(&open(arguments).await?, command.from, command.to).await?;
    show::say(arguments, &found, print)
}

fn print(found: &Estimated) {
    println!(
        "{} to {} (days of UTC): {} declarations decided",
        found.from,
        found.to,
        show::count(found.decided)
    );
    println!(
        "  on work lists {}, with a result {}; {} results that no draw asked for are left out",
        show::count(found.selected),
        show::count(found.known),
        show::count(found.added)
    );
    println!("\nHit rates of inspections, by the part of p that the draw fell into");
    for part in &found.components {
        let rate = part.rate.map_or(String::new(), show::percent_within);
        let counts = format!("{} of {}", show::count(part.found), show::count(part.known));
        println!("  {:<14} {counts:>16}   {rate}", part.component);
    }
    println!("\nHad everything been inspected (estimates with 95 % intervals)");
    line("findings", &found.findings, 1.0, "");
    line("of the declarations", &found.rate, 100.0, " %");
    line("revenue", &found.revenue, 1.0, "");
    line("share that was found", &found.recall, 100.0, " %");
    let (inspected, hits) = found.floor;
    println!(
        "\nWhat was no candidate, from the random floor ({} inspections, {} with a finding)",
        show::count(inspected),
        show::count(hits)
    );
    line("findings missed", &found.missed_findings, 1.0, "");
    line("revenue missed", &found.missed_revenue, 1.0, "");
    for lane in &found.accuracy {
        println!(
            "\nWhat officers see in lane {}, from {} inspected once more",
            lane.lane,
            show::count(lane.pairs)
        );
        line("sensitivity", &lane.sensitivity, 100.0, " %");
        line("specificity", &lane.specificity, 100.0, " %");
        line("something is there", &lane.prevalence, 100.0, " %");
    }
}

fn line(name: &str, valued: &Valued, scale: f64, unit: &str) {
    match valued {
        Valued::Estimate { value, low, high, .. } => {
            let [value, low, high] = [value, low, high].map(|v| show::number(v * scale));
            println!("  {name:<22} {value}{unit} [{low}, {high}]");
        }
        Valued::Refusal(reason) => println!("  {name:<22} refused: {reason}"),
    }
}

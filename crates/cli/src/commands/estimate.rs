//! `tidegate estimate`.

use super::open;
use crate::arguments::{Arguments, By, Estimate as Command};
use crate::show;
use tidegate_jobs::{Estimated, JobError, ReportedBy, ReportingCell, Valued, estimate_by};

pub async fn run(arguments: &Arguments, command: &Command) -> Result<(), JobError> {
    let by = command.by.map(|by| match by {
        By::Office => ReportedBy::Office,
        By::Month => ReportedBy::Month,
    });
    let found = estimate_by(&open(arguments).await?, command.from, command.to, by).await?;
    show::say(arguments, &found, print)
}

fn print(found: &Estimated) {
    println!(
        "{} to {} (days of UTC): {} declarations decided, counted by their first version",
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
    if found.later > 0 {
        println!(
            "  {} results that only a later version or lodgement was drawn for are left out",
            show::count(found.later)
        );
    }
    show::say_young(found.young);
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
    for cell in &found.cells {
        reporting_cell(cell);
    }
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

fn reporting_cell(cell: &ReportingCell) {
    println!(
        "\n{}: {} of {} declarations inspected by the random floor (f = {:.2} %)",
        if cell.cell.is_empty() { "(no office)" } else { &cell.cell },
        show::count(cell.floor_inspected),
        show::count(cell.declarations),
        100.0 * cell.floor_share
    );
    line("of the declarations", &cell.rate, 100.0, " %");
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

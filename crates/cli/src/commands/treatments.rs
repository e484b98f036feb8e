//! `tidegate treatments`.

use super::open;
use crate::arguments::{Arguments, Treatments as Command};
use crate::show;
use tidegate_jobs::{
    JobError, LostTreatment, Matched, Progressed, Treatments, TreatmentsOptions, UnderWay, treatments,
};
use tidegate_risk::treatment::Refusal;

/// Lines of a list that are printed; the others are counted.
const SHOWN: usize = 20;

pub async fn run(arguments: &Arguments, command: &Command) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let as_of = command.as_of.unwrap_or_else(|| home.now.date_naive());
    let options = TreatmentsOptions { from: command.from, to: command.to, as_of };
    let found = treatments(&home, &options).await?;
    show::say(arguments, &found, print)
}

fn print(found: &Treatments) {
    println!(
        "Special packaging accepted {} to {}, as of {} (days of UTC)",
        found.from, found.to, found.as_of
    );
    println!("  filings          {:>12}", show::count(found.filings));
    println!("  to destinations  {:>12}", show::count(found.treated));
    if found.filings == 0 {
        println!("Nothing is filed; load filings: tidegate ingest --as special_filing FILE.ndjson");
    }
    if !found.reasons.is_empty() {
        println!("Selected goods of those who filed that are opened at the port, by the first reason:");
        for (reason, count) in &found.reasons {
            let sentence = Refusal::of_code(reason).map_or("", Refusal::sentence);
            println!("  {reason:<24} {:>6}  {sentence}", show::count(*count));
        }
    }
    println!("Under way:");
    if found.under_way.is_empty() {
        println!("  none");
    }
    found.under_way.iter().take(SHOWN).for_each(|u| println!("  {}", under_way(u)));
    more(found.under_way.len());
    if found.treated > 0 && found.under_way.iter().all(|u| u.progressed == Progressed::Waiting) {
        println!("  to follow them, load what happens: tidegate ingest --as treatment_event FILE.ndjson");
    }
    println!("Lost:");
    if found.lost.is_empty() {
        println!("  none");
    }
    found.lost.iter().take(SHOWN).for_each(|l| println!("  {}", lost(l)));
    more(found.lost.len());
    matched(&found.matched);
}

fn more(count: usize) {
    if count > SHOWN {
        println!("  and {} more; --json has all", count - SHOWN);
    }
}

fn under_way(under_way: &UnderWay) -> String {
    let progressed = match under_way.progressed {
        Progressed::Waiting => "nothing recorded",
        Progressed::Sealed => "sealed",
        Progressed::OnItsWay => "on its way",
        Progressed::Arrived => "arrived, not opened",
    };
    let overdue = if under_way.is_overdue { "OVERDUE, " } else { "" };
    format!(
        "{}  {} to {} by {}: {overdue}{progressed}",
        under_way.declaration_id, under_way.enterprise, under_way.site, under_way.deadline
    )
}

fn lost(lost: &LostTreatment) -> String {
    format!(
        "{}  {}  {}: {}",
        lost.recorded_at.format("%F %R UTC"),
        lost.enterprise,
        lost.declaration_id,
        lost.sentence
    )
}

fn matched(matched: &Matched) {
    println!("Hit rates (openings with a result, without mandatory ones):");
    println!(
        "  at destinations  {:>12}   {}",
        show::count(matched.opened),
        show::part(matched.found, matched.opened)
    );
    println!(
        "  ordinary, alike  {:>12}   {}   same heading, grade and lane",
        show::count(matched.ordinary),
        show::part(matched.ordinary_found, matched.ordinary)
    );
    if let Some([ratio, low, high]) = matched.ratio {
        let verdict = if low > 1.0 {
            "treated goods are worse than others like them: a loophole"
        } else if high < 1.0 {
            "treated goods are sounder than others like them"
        } else {
            "no difference is shown"
        };
        println!("  ratio            {ratio:>12.2}   [{low:.2}, {high:.2}] at 95 %: {verdict}");
    }
    if let Some(refused) = &matched.refused {
        println!("  no ratio: {refused}");
    }
}

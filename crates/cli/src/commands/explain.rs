//! `tidegate explain`: a stored decision, or the score of a declaration of a file.

use super::{input, open};
use crate::arguments::{Arguments, Explain, Input};
use crate::progress::Bars;
use crate::show;
use tidegate_jobs::{Explanation, Home, JobError, Opening, StoredDecision, explain, explain_decision};
use tidegate_risk::treatment::Refusal;

pub async fn run(arguments: &Arguments, command: &Explain) -> Result<(), JobError> {
    let home = open(arguments).await?;
    if command.files.is_empty() {
        let decisions = explain_decision(&home, &command.id).await?;
        if arguments.json {
            return show::json(&decisions);
        }
        decisions.iter().for_each(print_decision);
        return Ok(());
    }
    of_file(arguments, command, &home).await
}

async fn of_file(arguments: &Arguments, command: &Explain, home: &Home) -> Result<(), JobError> {
    let Explain { mapping, format, files, .. } = command;
    let named = Input { mapping: mapping.clone(), format: *format, files: files.clone() };
    let input = input(home, &named)?;
    let (bundle, hash) = home.bundle(command.which.bundle.as_deref()).await?;
    let reasons = command.reasons.unwrap_or(home.configuration.explain.reasons);
    let found = explain(&bundle, &input, &command.id, reasons, &mut Bars::new())?;
    if arguments.json {
        return show::json(&found);
    }
    println!("Declaration {}, bundle {}", command.id, &hash.to_string()[..16]);
    if let Some(origin) = &bundle.origin {
        println!("  model from elsewhere: {origin}");
    }
    found.iter().for_each(print_item);
    Ok(())
}

fn print_item(item: &Explanation) {
    println!(
        "\nGoods item {}: probability of a discrepancy {:.1} %",
        item.goods_item,
        item.probability * 100.0
    );
    if let Some(revenue) = item.expected_revenue {
        println!("  an inspection is expected to bring {}", show::count(revenue.round() as u64));
    }
    for reason in &item.reasons {
        println!("  {}  {}", moved(reason.contribution), reason.sentence);
    }
}

fn moved(contribution: f64) -> String {
    format!("{} by {:>5.2}", if contribution > 0.0 { "raises" } else { "lowers" }, contribution.abs())
}

/// Where a selected consignment is opened; silent on those that never filed, which are opened as always.
fn print_opening(opening: Option<&Opening>) {
    match opening {
        Some(Opening::Destination(t)) => println!(
            "  special packaging: at the port {}, sealed, to {} by {}; opened by {} officers in: {}",
            t.port_check.code(),
            t.site,
            t.deadline,
            t.officers,
            if t.environment.to_string().is_empty() {
                "any environment".to_owned()
            } else {
                t.environment.to_string()
            }
        ),
        Some(Opening::Port(refusal)) if *refusal != Refusal::NotFiled => {
            println!("  no special packaging: {}", refusal.sentence());
        }
        _ => {}
    }
}

fn print_decision(decision: &StoredDecision) {
    let d = decision;
    println!(
        "Declaration {} version {}, accepted {}",
        d.declaration_id,
        d.version,
        d.accepted_at.format("%F %R UTC")
    );
    println!(
        "  decided by run {} on {}, bundle {}, policy state {}",
        d.run,
        d.decided_at.format("%F %R UTC"),
        &d.bundle[..16],
        d.policy_state
    );
    let outcome = match (d.selected, d.queued, d.candidate) {
        (true, true, _) => "on the work list, waiting for a slot",
        (true, false, _) => "on the work list",
        (false, _, true) => "a candidate, but the day's slots went to smaller ranks",
        (false, _, false) => "not selected",
    };
    println!("  lane {}{}: {outcome}", d.lane, if d.held { ", held" } else { "" });
    if let Some(directive) = &d.directive {
        println!("  directive: {directive}");
    }
    print_opening(d.opening.as_ref());
    println!("How it was chosen");
    println!("  score            {:>8.4}   probability of a discrepancy, with rules", d.score);
    println!(
        "  p                {:>8.4}   floor {:.4}, multiplier {} (grade {}), exploration {}, ramp {:.4}",
        d.probability, d.floor, d.multiplier, d.grade, d.exploration, d.ramp
    );
    println!(
        "  draw             {:>8.4}   keyed hash of {} in {}; it fell into: {}",
        d.draw, d.root, d.period, d.component
    );
    println!(
        "  tau              {:>8.4}   cut of the office's work list (office {})",
        d.tau,
        if d.office.is_empty() { "not stated" } else { &d.office }
    );
    println!("  pi               {:>8.4}   probability of being inspected", d.realised_probability);
    for item in &d.items {
        println!(
            "Goods item {}: probability {:.1} %, score {:.1} %",
            item.goods_item,
            100.0 * item.probability,
            100.0 * item.score
        );
    }
    println!("Why");
    if d.reasons.is_empty() {
        println!("  nothing raised its score");
    }
    for reason in &d.reasons {
        let item = reason.goods_item.map_or("declaration".to_owned(), |i| format!("item {i}"));
        let how = reason.contribution.map_or(format!("{} {}", reason.kind, reason.name), moved);
        println!("  {item}: {how}  {}", reason.sentence);
    }
    println!();
}

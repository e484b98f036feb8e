//! `tidegate monitor`.

use super::open;
use crate::arguments::{Arguments, Monitor as Command};
use crate::progress::Bars;
use crate::show;
use tidegate_jobs::{JobError, MonitorOptions, Monitored, RuleWatched, monitor};

/// Features that are printed: those that moved, and at least this many.
const LEAST_SHOWN: usize = 5;

pub async fn run(arguments: &Arguments, command: &Command) -> Result<(), JobError> {
    let options = MonitorOptions { bundle: command.which.bundle.clone(), from: command.from, to: command.to };
    let seen = monitor(&open(arguments).await?, &options, &mut Bars::new()).await?;
    show::say(arguments, &seen, print)
}

fn print(seen: &Monitored) {
    let [[first, last], [from, to]] = [seen.reference, seen.current];
    println!(
        "Bundle {}: {from} to {to} beside the last it learnt from, {first} to {last}",
        &seen.bundle[..16]
    );
    let [before, now] = seen.goods_items.map(show::count);
    println!("  goods items        {before:>10} then {now:>10} now");
    let [before, now] = seen.hit_rates.map(|rate| rate.map_or("no result".to_owned(), show::percent_within));
    println!("  hit rate           {before} then, {now} now");
    println!(
        "\n{:<32} {:>9} {:>9} {:>9} {:>9}",
        "drift (stability index)", "index", "critical", "missing", "now"
    );
    let row = |name: &str, drift: &tidegate_risk::drift::Drift| {
        println!(
            "  {name:<30} {:>9.3} {:>9.3} {:>7.1} % {:>7.1} %{}",
            drift.index,
            drift.critical,
            100.0 * drift.missing_before,
            100.0 * drift.missing_now,
            if drift.is_drift() { "   DRIFT" } else { "" }
        );
    };
    if let Some(score) = &seen.score {
        row("the score", score);
    }
    let moved = seen.features.iter().filter(|f| f.drift.is_drift()).count();
    for feature in seen.features.iter().take(moved.max(LEAST_SHOWN)) {
        row(&feature.name, &feature.drift);
    }
    println!(
        "{moved} of {} features have moved by more than chance and more than a little",
        seen.features.len()
    );
    if !seen.rules.is_empty() {
        println!("\n{:<36} {:>8} {:>8} {:>8} {:>7}  owner", "rule", "then", "now", "results", "found");
    }
    for rule in &seen.rules {
        let [then, now] = rule.hits;
        let [results, found] = rule.labelled;
        println!(
            "  {:<34} {then:>8} {now:>8} {results:>8} {found:>7}  {}{}",
            rule.id,
            rule.owner,
            remark(rule)
        );
    }
}

fn remark(rule: &RuleWatched) -> String {
    match rule.until {
        Some(until) if rule.is_past => format!("   PAST ITS DATE since {until}"),
        _ if rule.hits == [0, 0] => "   NO HIT".to_owned(),
        _ => String::new(),
    }
}

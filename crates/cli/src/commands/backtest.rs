//! `tidegate backtest`.

use super::open;
use crate::arguments::{Arguments, Backtest as Command};
use crate::progress::Bars;
use crate::show;
use tidegate_jobs::{BacktestOptions, Backtested, JobError, Side, Valued, backtest};

pub async fn run(arguments: &Arguments, command: &Command) -> Result<(), JobError> {
    let options = BacktestOptions {
        rules: command.rules.clone(),
        selection: command.selection.clone(),
        bundle: command.which.bundle.clone(),
        from: command.from,
        to: command.to,
        capacity: command.capacity,
    };
    let found = backtest(&open(arguments).await?, &options, &mut Bars::new()).await?;
    show::say(arguments, &found, print)
}

fn print(found: &Backtested) {
    println!(
        "{} to {} (days of UTC): {} declarations",
        found.from,
        found.to,
        show::count(found.declarations)
    );
    println!(
        "  {} were decided by a draw, {} have a result",
        show::count(found.decided),
        show::count(found.inspected)
    );
    println!("\n{:<44} {:>24} {:>24}", "", "draft", "active");
    let line = |name: &str, value: &dyn Fn(&Side) -> String| {
        println!("{name:<44} {:>24} {:>24}", value(&found.draft), value(&found.active));
    };
    line("expected inspections", &|s| show::number(s.inspections));
    line("  of them mandatory", &|s| show::count(s.mandatory));
    line("slots", &|s| show::count(s.slots));
    line("office-days with over 1.1 candidates a slot", &|s| show::count(s.overloaded_days));
    line("  greatest candidates a slot (10 slots or more)", &|s| {
        s.greatest_load.map_or("-".to_owned(), |load| format!("{load:.2}"))
    });
    line("on work lists as decided", &|s| s.overlap.map_or("-".to_owned(), show::percent));
    line("with a result", &|s| show::percent(s.labelled_share));
    line("findings: known to possible", &|s| {
        format!("{} to {}", show::number(s.known_findings), show::number(s.possible_findings))
    });
    for (name, value) in
        [("findings, estimated", &valued(|s| &s.findings)), ("revenue, estimated", &valued(|s| &s.revenue))]
    {
        line(name, value);
    }
    for (position, (grade, _)) in found.draft.promises.iter().enumerate() {
        line(&format!("{grade} to ordinary rate"), &|s| {
            s.promises.get(position).map_or("-".to_owned(), |(_, ratio)| format!("{ratio:.3}"))
        });
    }
    line("candidates that promises take away", &|s| show::number(s.suppressed));
    println!("{:<44} {:>24}", "inspections that both would do", show::percent(found.common_share));
    refusals(found);
    rules(found);
}

fn valued<'a>(of: impl Fn(&Side) -> &Valued + 'a) -> Box<dyn Fn(&Side) -> String + 'a> {
    Box::new(move |side| match of(side) {
        Valued::Estimate { value, low, high, .. } => {
            format!("{} [{}, {}]", show::number(*value), show::number(*low), show::number(*high))
        }
        Valued::Refusal(_) => "refused".to_owned(),
    })
}

/// Why an estimate was refused, once for each reason.
fn refusals(found: &Backtested) {
    let mut reasons: Vec<&str> = Vec::new();
    for side in [&found.draft, &found.active] {
        for valued in [&side.findings, &side.revenue] {
            if let Valued::Refusal(reason) = valued
                && !reasons.contains(&reason.as_str())
            {
                reasons.push(reason);
            }
        }
    }
    for reason in reasons {
        println!("  refused: {reason}");
    }
}

fn rules(found: &Backtested) {
    if found.rules.is_empty() {
        return;
    }
    println!("\nRules of the draft, each left out at equal capacity:");
    println!(
        "  {:<36} {:>8} {:>9} {:>7} {:>9} {:>9}",
        "rule", "hits", "results", "found", "moves", "findings"
    );
    for rule in &found.rules {
        println!(
            "  {:<36} {:>8} {:>9} {:>7} {:>9} {:>+9.1}",
            rule.id,
            show::count(rule.hits),
            show::count(rule.labelled),
            show::count(rule.found),
            show::number(rule.moved),
            rule.known_findings
        );
    }
    println!(
        "moves: expected inspections that it draws to itself; findings: change among those with a result"
    );
}

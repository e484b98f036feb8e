//! `tidegate backtest`.

use super::open;
use crate::arguments::{Arguments, Backtest as Command};
use crate::progress::Bars;
use crate::show;
use tidegate_jobs::{BacktestOptions, Backtested, JobError, OfficeLoad, Side, Valued, backtest};

/// Work lists shown with their load.
const FULLEST: usize = 8;

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
    show::say_young(found.young);
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
    line("share of all findings, estimated (%)", &|s| within(&s.recall, 100.0));
    for (grade, _) in &found.draft.promises {
        line(&format!("{grade} to ordinary rate"), &|s| {
            let ratio = s.promises.iter().find(|(code, _)| code == grade);
            ratio.map_or("-".to_owned(), |(_, ratio)| format!("{ratio:.3}"))
        });
    }
    line("candidates that promises take away", &|s| show::number(s.suppressed));
    println!("{:<44} {:>24}", "inspections that both would do", show::percent(found.common_share));
    refusals(found);
    loads(found);
    rules(found);
}

fn valued<'a>(of: impl Fn(&Side) -> &Valued + 'a) -> Box<dyn Fn(&Side) -> String + 'a> {
    Box::new(move |side| within(of(side), 1.0))
}

fn within(valued: &Valued, scale: f64) -> String {
    match valued {
        Valued::Estimate { value, low, high, .. } => {
            let [value, low, high] = [value, low, high].map(|v| show::number(v * scale));
            format!("{value} [{low}, {high}]")
        }
        Valued::Refusal(_) => "refused".to_owned(),
    }
}

/// The work lists of the draft with most candidates beyond their slots.
fn loads(found: &Backtested) {
    let beyond = |load: &OfficeLoad| load.candidates - f64::from(load.slots);
    let mut fullest: Vec<&OfficeLoad> = found.draft.loads.iter().collect();
    fullest.sort_by(|a, b| beyond(b).total_cmp(&beyond(a)));
    println!("\nFullest work lists of the draft, of {} (all of them: --json):", fullest.len());
    println!("  {:<12} {:<16} {:>8} {:>12} {:>12}", "day", "office", "slots", "candidates", "active");
    for load in fullest.into_iter().take(FULLEST) {
        let same = |other: &&OfficeLoad| other.day == load.day && other.office == load.office;
        let active = found.active.loads.iter().find(same);
        println!(
            "  {:<12} {:<16} {:>8} {:>12.1} {:>12}",
            load.day.to_string(),
            load.office,
            show::count(load.slots.into()),
            load.candidates,
            active.map_or("-".to_owned(), |a| format!("{:.1}", a.candidates))
        );
    }
}

/// Why an estimate was refused, once for each reason.
fn refusals(found: &Backtested) {
    let mut reasons: Vec<&str> = Vec::new();
    for side in [&found.draft, &found.active] {
        for valued in [&side.findings, &side.revenue, &side.recall] {
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

fn changes(promises: &[(String, f64)]) -> String {
    promises.iter().map(|(grade, change)| format!("  {grade} {change:+.4}")).collect::<Vec<_>>().concat()
}

fn rules(found: &Backtested) {
    if found.rules.is_empty() {
        return;
    }
    println!("\nRules of the draft, each left out at equal capacity:");
    println!(
        "  {:<36} {:>8} {:>9} {:>7} {:>9} {:>9} {:>13}",
        "rule", "hits", "results", "found", "moves", "findings", "revenue"
    );
    for rule in &found.rules {
        println!(
            "  {:<36} {:>8} {:>9} {:>7} {:>9} {:>+9.1} {:>+13.0}{}",
            rule.id,
            show::count(rule.hits),
            show::count(rule.labelled),
            show::count(rule.found),
            show::number(rule.moved),
            rule.known_findings,
            rule.known_revenue,
            changes(&rule.promises)
        );
    }
    println!(
        "moves: expected inspections that it draws to itself; findings, revenue: change among those with a result; grades: \
         change of the ratio to the ordinary rate"
    );
}

//! `tidegate loop compare` and `tidegate loop protocol`.

use super::country::SimulatedCountry;
use super::kept::Kept;
use crate::arguments::{Arguments, CompareLoop, ProtocolLoop};
use crate::commands::{input, open};
use crate::progress::Bars;
use crate::show;
use chrono::{Days, NaiveDate};
use tidegate_jobs::learning::{BOUNDS, Compared, Content, Contest, Difference, Protocol, STRATEGIES};
use tidegate_jobs::{Configuration as Settings, JobError};
use tidegate_risk::campaign::{Budget, Measured, Strategy};
use tidegate_risk::evaluation::Interval;
use tidegate_risk::selection::Epoch;
use tidegate_sim::Configuration;

/// Weeks or epochs at the end that are measured once more: a quarter of a year.
const LATE: usize = 13;

/// What a comparison says.
#[derive(serde::Serialize)]
struct Told<'a> {
    strategies: Vec<&'a str>,
    seeds: &'a [Compared],
    differences: &'a [Difference],
}

pub fn compare(arguments: &Arguments, command: &CompareLoop) -> Result<(), JobError> {
    let settings = Settings::of_home(&arguments.home, arguments.config.as_deref())?;
    let begins = NaiveDate::from_ymd_opt(command.year, 1, 1)
        .ok_or_else(|| JobError::Missing(format!("there is no year {}", command.year)))?;
    let first = begins.checked_add_days(Days::new(command.warm_up.into())).unwrap_or(begins);
    let contest = Contest {
        content: Content {
            features: command.features.clone(),
            rules: None,
            selection: command.selection.clone(),
        },
        strategies: strategies(&command.strategies)?,
        budget: Budget::OfEpoch(command.share),
        epochs: epochs_of_year(first),
        learn_every: command.learn_every as usize,
        late: LATE,
    };
    let bars = &mut Bars::new();
    let kept = Kept::open(command.keep.as_deref(), command.settings())?;
    let mut compared = Vec::new();
    for seed in command.first_seed..command.first_seed + command.seeds {
        if let Some(known) = kept.of(seed) {
            compared.push(known);
            continue;
        }
        let configuration = Configuration {
            inspected_until: first.pred_opt(),
            ..Configuration::new(seed, command.year, command.declarations)
        };
        let year = SimulatedCountry::new(&settings, &configuration)?.foreknown()?;
        let one = contest.of_year(&year, seed, bars)?;
        kept.add(&one)?;
        compared.push(one);
    }
    let differences = contest.differences(&compared);
    if arguments.json {
        let strategies = contest.strategies.iter().map(|(name, _)| *name).collect();
        return show::json(&Told { strategies, seeds: &compared, differences: &differences });
    }
    println!(
        "{} simulated years of {} declarations; chosen here from {first} on, at {} %",
        command.seeds,
        show::count(command.declarations),
        100.0 * command.share
    );
    print(&contest.strategies, &compared);
    print_differences(&differences);
    Ok(())
}

pub async fn protocol(arguments: &Arguments, command: &ProtocolLoop) -> Result<(), JobError> {
    let input = input(&open(arguments).await?, &command.input)?;
    let named = input.mapping().and_then(|mapping| mapping.feature_set.clone());
    let features = command.features.clone().or(named).ok_or_else(|| {
        JobError::Missing("the mapping names no feature set; say which with --features".to_owned())
    })?;
    let protocol = Protocol {
        content: Content { features, rules: None, selection: command.selection.clone() },
        strategies: strategies(&command.strategies)?,
        share: command.share,
        labelled_days: command.labelled_days,
        late: LATE,
    };
    let compared = protocol.run(&input, command.seeds, &mut Bars::new())?;
    if arguments.json {
        let strategies = protocol.strategies.iter().map(|(name, _)| *name).collect();
        return show::json(&Told { strategies, seeds: &compared, differences: &[] });
    }
    println!(
        "Week by week {} % inspected, the first {} days labelled; mean of {} seeds",
        100.0 * command.share,
        command.labelled_days,
        command.seeds
    );
    print(&protocol.strategies, &compared);
    Ok(())
}

/// Strategies and bounds by name, all strategies when none is named.
fn strategies(names: &[String]) -> Result<Vec<(&'static str, Strategy)>, JobError> {
    let all = || STRATEGIES.iter().chain(BOUNDS);
    let known = || all().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let find = |name: &String| {
        let found = all().find(|(known, _)| known == name).copied();
        found.ok_or_else(|| {
            JobError::Missing(format!("no strategy is called `{name}`; there are: {}", known()))
        })
    };
    if names.is_empty() { Ok(STRATEGIES.to_vec()) } else { names.iter().map(find).collect() }
}

/// Epochs from a day to the end of its year.
fn epochs_of_year(first: NaiveDate) -> Vec<Epoch> {
    let year = chrono::Datelike::year(&first);
    let begin = Epoch { first, ..Epoch::of(first) };
    std::iter::successors(Some(begin), Epoch::next)
        .take_while(|epoch| chrono::Datelike::year(&epoch.first) == year)
        .collect()
}

fn print(strategies: &[(&str, Strategy)], compared: &[Compared]) {
    println!(
        "\n{:<28} {:>11} {:>8} {:>9} {:>7} {:>8} {:>9} {:>10}",
        "strategy", "inspections", "hit rate", "last 13", "recall", "revenue", "new kinds", "new frauds"
    );
    for (position, (name, _)) in strategies.iter().enumerate() {
        let mean = |value: &dyn Fn(&Measured) -> f64| {
            compared.iter().map(|c| value(&c.measured[position])).sum::<f64>() / compared.len() as f64
        };
        println!(
            "{name:<28} {:>11} {:>8.3} {:>9.3} {:>7.3} {:>8.3} {:>9.1} {:>10.1}",
            show::count(mean(&|m| m.inspections as f64).round() as u64),
            mean(&|m| m.hit_rate),
            mean(&|m| m.late_hit_rate),
            mean(&|m| m.recall),
            mean(&|m| m.revenue_share),
            mean(&|m| m.new_kinds as f64),
            mean(&|m| m.new_frauds as f64)
        );
    }
}

fn print_differences(differences: &[Difference]) {
    println!("\nThe policy beside each, paired by seed, intervals at 95 %:");
    println!("{:<28} {:>22} {:>20} {:>20}", "beside", "revenue (share)", "new frauds", "new kinds");
    for one in differences {
        println!(
            "{:<28} {:>22} {:>20} {:>20}",
            one.strategy,
            interval(one.revenue, 3),
            interval(one.new_frauds, 1),
            interval(one.new_kinds, 1)
        );
    }
}

fn interval(interval: Option<Interval>, digits: usize) -> String {
    interval.map_or("too few seeds".to_owned(), |i| format!("[{:+.digits$}, {:+.digits$}]", i.low, i.high))
}

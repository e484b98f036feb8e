//! `tidegate datasets`.

use super::open;
use crate::arguments::{Arguments, DatasetStanding, Datasets, DatasetsFrom, RefreshDatasets};
use crate::progress::Bars;
use crate::show;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tidegate_jobs::datasets::{Known, Outcome, RefreshOptions, Refreshed, Version};
use tidegate_jobs::{Home, JobError, catalog, datasets};
use tidegate_query::dataset::{CheckResult, Dataset, Definition};

pub async fn run(arguments: &Arguments, command: &Datasets) -> Result<(), JobError> {
    match command {
        Datasets::List(DatasetsFrom { folder }) => list(arguments, folder.as_deref()).await,
        Datasets::Refresh(command) => refresh(arguments, command).await,
        Datasets::Show { name } => shown(arguments, name).await,
        Datasets::Retire(command) => retire(arguments, command).await,
        Datasets::Restore(command) => restore(arguments, command).await,
        Datasets::Check { folder } => check(arguments, folder).await,
        Datasets::Write { folder } => {
            let shipped = datasets::shipped()?;
            datasets::write(folder, &shipped)?;
            let told = serde_json::json!({ "folder": folder, "datasets": shipped.len() });
            show::say(arguments, &told, |_| {
                println!("{} datasets written to {}", shipped.len(), folder.display());
            })
        }
    }
}

async fn definitions(home: &Home, folder: Option<&Path>) -> Result<Known, JobError> {
    match folder {
        Some(folder) => Ok(Known { definitions: datasets::read(folder)?, unreadable: BTreeMap::new() }),
        None => datasets::known(home).await,
    }
}

/// A dataset, whether it was made or is only defined.
#[derive(serde::Serialize)]
struct Listed {
    name: String,
    domain: String,
    title: String,
    owner: String,
    version: Option<u64>,
    made_at: Option<DateTime<Utc>>,
    rows: Option<u64>,
    failed_checks: Vec<CheckResult>,
    retired_at: Option<DateTime<Utc>>,
}

impl Listed {
    fn defined(definition: &Definition) -> Self {
        let header = &definition.header;
        Self {
            name: definition.name.clone(),
            domain: definition.domain.clone(),
            title: header.title.clone(),
            owner: header.owner.clone(),
            version: None,
            made_at: None,
            rows: None,
            failed_checks: Vec::new(),
            retired_at: None,
        }
    }

    fn made(dataset: Dataset) -> Self {
        let made = dataset.made;
        let checks = made.iter().flat_map(|made| &made.checks);
        Self {
            failed_checks: checks.filter(|check| !check.is_passed).cloned().collect(),
            version: made.as_ref().map(|made| made.version),
            made_at: made.as_ref().map(|made| made.at),
            rows: made.as_ref().map(|made| made.rows),
            name: dataset.name,
            domain: dataset.domain,
            title: dataset.title,
            owner: dataset.owner,
            retired_at: None,
        }
    }
}

async fn list(arguments: &Arguments, folder: Option<&Path>) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let definitions = definitions(&home, folder).await?.definitions;
    let made = catalog::with_retired(&home.ledger).await?.datasets;
    let is_made = |definition: &&Definition| made.iter().any(|dataset| dataset.name == definition.name);
    let mut all: Vec<Listed> =
        definitions.iter().filter(|definition| !is_made(definition)).map(Listed::defined).collect();
    all.extend(made.into_iter().map(Listed::made));
    all.sort_by(|a, b| (&a.domain, &a.name).cmp(&(&b.domain, &b.name)));
    for retired in datasets::retired(&home).await? {
        let of_name = all.iter_mut().filter(|one| one.name == retired.dataset);
        of_name.for_each(|one| one.retired_at = Some(retired.retired_at));
    }
    show::say(arguments, &all, |all| {
        for Listed { name, domain, title, version, made_at, rows, failed_checks, retired_at, .. } in all {
            let state = match (version, made_at, rows) {
                (Some(version), Some(at), Some(rows)) => {
                    format!("version {version} of {}, {} rows", show::moment(*at), show::count(*rows))
                }
                _ => "not made yet".to_owned(),
            };
            let retired = retired_at.map(|at| format!("; RETIRED since {}", show::moment(at)));
            println!("{domain:<12} {name:<24} {title}; {state}{}", retired.unwrap_or_default());
            for check in failed_checks {
                println!("{:38}{}: {}, wanted {}", "", check.name, check.found, check.wanted);
            }
        }
        if all.iter().any(|listed| listed.version.is_none() && listed.retired_at.is_none()) {
            println!("\nMake them with `tidegate datasets refresh`.");
        }
    })
}

async fn refresh(arguments: &Arguments, command: &RefreshDatasets) -> Result<(), JobError> {
    let home: Home = open(arguments).await?;
    let Known { definitions: mut chosen, mut unreadable } =
        definitions(&home, command.from.folder.as_deref()).await?;
    let is_known = |name: &String| chosen.iter().any(|d| d.name == *name) || unreadable.contains_key(name);
    if let Some(unknown) = command.names.iter().find(|name| !is_known(name)) {
        let known = chosen.iter().map(|d| d.name.as_str()).collect::<Vec<_>>().join(", ");
        return Err(JobError::Missing(format!("there is no dataset `{unknown}`; there are {known}")));
    }
    if let Some(one) =
        datasets::retired(&home).await?.into_iter().find(|one| command.names.contains(&one.dataset))
    {
        return Err(JobError::Missing(format!(
            "the dataset `{name}` is retired ({}); `tidegate datasets restore {name} --reason WHY` brings it back",
            one.reason,
            name = one.dataset
        )));
    }
    let is_chosen = |name: &String| command.names.is_empty() || command.names.contains(name);
    chosen.retain(|definition| is_chosen(&definition.name));
    unreadable.retain(|name, _| is_chosen(name));
    let options = RefreshOptions { whole: command.whole, only_due: command.due, after_erasure: false };
    let refreshed = datasets::refresh(&home, &chosen, options, &mut Bars::new()).await?;
    show::say(arguments, &refreshed, |refreshed| refreshed.iter().for_each(print_refreshed))?;
    if let Some(error) = unreadable.into_values().next() {
        return Err(error);
    }
    match refreshed.iter().filter(|one| one.outcome == Outcome::KeptBack).count() {
        0 => Ok(()),
        kept => Err(JobError::Missing(format!(
            "{kept} of {} datasets failed strict checks and are kept back; readers see the versions before",
            refreshed.len()
        ))),
    }
}

fn print_refreshed(one: &Refreshed) {
    let what = match (one.outcome, &one.months) {
        (Outcome::Unchanged, _) => "nothing to do".to_owned(),
        (Outcome::Retired, _) => "retired, left as it is".to_owned(),
        (_, None) => "made anew".to_owned(),
        (_, Some(months)) => format!("made anew for {}", months.join(", ")),
    };
    let kept = if one.outcome == Outcome::KeptBack { "; KEPT BACK" } else { "" };
    println!("{:<24} {what}, {} rows{kept}", one.name, show::count(one.rows));
    for check in one.checks.iter().filter(|check| !check.is_passed) {
        println!("{:25}{}: {}, wanted {}", "", check.name, check.found, check.wanted);
    }
}

async fn retire(arguments: &Arguments, command: &DatasetStanding) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let DatasetStanding { name, reason } = command;
    datasets::retire(&home, name, &reason.reason).await?;
    let told = serde_json::json!({ "name": name, "reason": reason.reason, "retired_at": home.now });
    show::say(arguments, &told, |_| {
        println!("{name} is retired: nobody reads it, and it is made anew no more. Its versions stay.");
        println!("To end that: tidegate datasets restore {name} --reason WHY");
    })
}

async fn restore(arguments: &Arguments, command: &DatasetStanding) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let DatasetStanding { name, reason } = command;
    datasets::restore(&home, name, &reason.reason).await?;
    let told = serde_json::json!({ "name": name, "reason": reason.reason, "restored_at": home.now });
    show::say(arguments, &told, |_| {
        println!("{name} is restored: readers see it as it was made last.");
        println!("To make it anew: tidegate datasets refresh {name}");
    })
}

/// A definition that was planned against the tables.
#[derive(serde::Serialize)]
struct Checked {
    name: String,
    /// Stored tables that it reads.
    tables: BTreeSet<String>,
    /// Of one that is made by months: tables that have all of it made anew when they change.
    read_whole: Option<BTreeSet<String>>,
}

async fn check(arguments: &Arguments, folder: &Path) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let derived = datasets::check(&home, &datasets::read(folder)?).await?;
    let checked = derived.into_iter().map(|(name, derived)| Checked {
        name,
        tables: derived.tables,
        read_whole: derived.read_whole,
    });
    show::say(arguments, &checked.collect::<Vec<_>>(), |all| all.iter().for_each(print_checked))
}

fn print_checked(Checked { name, read_whole, .. }: &Checked) {
    let how = match read_whole {
        None => "as a whole".to_owned(),
        Some(whole) if whole.is_empty() => "month by month".to_owned(),
        Some(whole) => {
            let whole = whole.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            format!("month by month, and as a whole when {whole} change")
        }
    };
    println!("{name}: sound; made {how}");
}

async fn shown(arguments: &Arguments, name: &str) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let versions = datasets::versions(&home, name).await?;
    let retired = datasets::retired(&home).await?.into_iter().find(|one| one.dataset == name);
    if arguments.json {
        let told = |version: &Version| {
            let made = version.dataset.made.as_ref();
            serde_json::json!({
                "dataset": version.dataset,
                "version": version.recorded.version,
                "made_at": version.recorded.made_at,
                "rows": version.recorded.made.rows,
                "is_published": version.recorded.made.is_published,
                "months": version.recorded.made.months,
                "snapshot": version.recorded.made.snapshot,
                "checks": made.map(|made| &made.checks),
                "retired_at": retired.as_ref().map(|retired| retired.retired_at),
            })
        };
        return show::json(&versions.iter().map(told).collect::<Vec<_>>());
    }
    let Some(newest) = versions.first() else { return Ok(()) };
    if let Some(retired) = &retired {
        println!("RETIRED since {} ({})", show::moment(retired.retired_at), retired.reason);
    }
    print_columns(&newest.dataset);
    println!("\nVersions:");
    for Version { recorded, .. } in &versions {
        let made = &recorded.made;
        let what = made.months.as_ref().map_or("everything".to_owned(), |months| months.join(", "));
        let kept = if made.is_published { "" } else { ", kept back" };
        println!(
            "{:>4}  {}  {} rows{kept}; made anew: {what}",
            recorded.version,
            show::moment(recorded.made_at),
            show::count(made.rows)
        );
    }
    Ok(())
}

fn print_columns(dataset: &Dataset) {
    println!(
        "{}: {}\n{}\nOwner: {}; domain: {}",
        dataset.name, dataset.title, dataset.description, dataset.owner, dataset.domain
    );
    println!("\nColumns:");
    for column in &dataset.columns {
        let unit = column.unit.as_ref().map(|unit| format!(" ({unit})")).unwrap_or_default();
        println!("  {}{unit}: {}", column.name, column.description);
        let origins = column.origins.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let origins = if origins.is_empty() { String::new() } else { format!("; from {origins}") };
        println!("      {}, {}{origins}", column.grade.as_str(), column.category.as_str());
    }
    println!("\nChecks of the newest version:");
    for check in dataset.made.iter().flat_map(|made| &made.checks) {
        let word = if check.is_passed { "passed" } else { "FAILED" };
        println!("  {word}  {}: {}, wanted {}", check.name, check.found, check.wanted);
    }
}

//! `tidegate policies`.

use super::open;
use crate::arguments::{Arguments, Policies, PolicyAccess};
use crate::show;
use std::path::Path;
use std::sync::Arc;
use tidegate_jobs::desk::{Desk, person_of};
use tidegate_jobs::{JobError, catalog, people, policies};
use tidegate_query::QueryError;
use tidegate_query::policy::{Access, Policy, Rows, Shown};

pub async fn run(arguments: &Arguments, command: &Policies) -> Result<(), JobError> {
    match command {
        Policies::Check { folder } => {
            let policy = parse(folder)?;
            println!("{}: sound; purposes: {}", folder.display(), purposes(&policy));
            Ok(())
        }
        Policies::Write { folder } => {
            let home = open(arguments).await?;
            let (files, version) = policies::in_force(&home).await?;
            policies::write(folder, &files)?;
            let version =
                version.map_or("the shipped policy".to_owned(), |version| format!("version {version}"));
            println!("{version} written to {}", folder.display());
            Ok(())
        }
        Policies::Access(command) => access(arguments, command).await,
    }
}

fn parse(folder: &Path) -> Result<Policy, JobError> {
    Ok(Policy::parse(&policies::read(folder)?).map_err(QueryError::from)?)
}

fn purposes(policy: &Policy) -> String {
    policy.purposes().iter().map(|purpose| purpose.name.as_str()).collect::<Vec<_>>().join(", ")
}

async fn access(arguments: &Arguments, command: &PolicyAccess) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let account = people::account(&home, &command.name).await?;
    let catalog = catalog::read(&home).await?;
    let desk = Desk::new(home, Arc::new(super::now));
    let policy = match &command.draft {
        Some(folder) => Arc::new(parse(folder)?),
        None => desk.policy().await?.policy,
    };
    let access = policy.access(&person_of(&account), &command.purpose, &catalog).map_err(QueryError::from)?;
    show::say(arguments, &access, |access| print(&command.name, &command.purpose, access))
}

fn print(name: &str, purpose: &str, access: &Access) {
    if access.tables.is_empty() {
        println!("{name} is shown nothing for {purpose}.");
        return;
    }
    println!("What {name} is shown for {purpose}:");
    for (table, shown) in &access.tables {
        let rows = match &shown.rows {
            Rows::All => "all rows".to_owned(),
            Rows::Matching(filters) => format!("rows of {}", filters.join(" or ")),
        };
        println!("\n{table}: {rows}");
        let of = |wanted: &dyn Fn(&Shown) -> bool| {
            let columns =
                shown.columns.iter().filter(|(_, shown)| wanted(shown)).map(|(column, _)| column.as_str());
            columns.collect::<Vec<_>>().join(", ")
        };
        let clear = of(&|shown| *shown == Shown::Clear);
        if !clear.is_empty() {
            println!("  as they are: {clear}");
        }
        let masks = shown.columns.values().filter_map(|shown| match shown {
            Shown::Masked(mask) => Some(mask.as_str()),
            Shown::Clear => None,
        });
        for mask in masks.collect::<std::collections::BTreeSet<_>>() {
            println!("  {mask}: {}", of(&|shown| matches!(shown, Shown::Masked(name) if name == mask)));
        }
    }
    let may = [(access.may_assess, "assess records with bundles"), (access.may_explain, "see plans")];
    let may: Vec<&str> = may.iter().filter(|(may, _)| *may).map(|(_, what)| *what).collect();
    if !may.is_empty() {
        println!("\nMay also {}.", may.join(" and "));
    }
}

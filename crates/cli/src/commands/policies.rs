//! `tidegate policies`.

use super::open;
use crate::arguments::{Arguments, Policies, PolicyAccess, PolicyVerdict};
use crate::show;
use std::path::Path;
use std::sync::Arc;
use tidegate_jobs::desk::Desk;
use tidegate_jobs::tokens::Door;
use tidegate_jobs::{JobError, people, policies};
use tidegate_query::QueryError;
use tidegate_query::policy::{Access, Policy, Rows, Shown};

pub async fn run(arguments: &Arguments, command: &Policies) -> Result<(), JobError> {
    match command {
        Policies::Check { folder } => {
            let policy = parse(folder)?;
            let purposes: Vec<&str> = policy.purposes().iter().map(|purpose| purpose.name.as_str()).collect();
            let told = serde_json::json!({ "folder": folder, "usable": true, "purposes": purposes });
            show::say(arguments, &told, |_| {
                println!("{}: sound; purposes: {}", folder.display(), purposes.join(", "));
            })
        }
        Policies::Write { folder } => {
            let home = open(arguments).await?;
            let (files, version) = policies::in_force(&home).await?;
            policies::write(folder, &files)?;
            let told = serde_json::json!({ "folder": folder, "version": version.map(|version| version.0) });
            show::say(arguments, &told, |_| {
                let what =
                    version.map_or("the shipped policy".to_owned(), |number| format!("version {number}"));
                println!("{what} written to {}", folder.display());
            })
        }
        Policies::List => list(arguments).await,
        Policies::Propose { folder, by } => {
            let home = open(arguments).await?;
            let act = home.act_of(people::named(&home, &by.by).await?.id, Door::Cli, &by.reason);
            let version = policies::propose(&home, &policies::read(folder)?, &act).await?;
            if arguments.json {
                return list(arguments).await;
            }
            println!("Version {version} waits: tidegate policies approve {version} --by NAME --reason WHY");
            Ok(())
        }
        Policies::Approve(verdict) => decide(arguments, verdict, true).await,
        Policies::Reject(verdict) => decide(arguments, verdict, false).await,
        Policies::Access(command) => access(arguments, command).await,
    }
}

async fn decide(arguments: &Arguments, verdict: &PolicyVerdict, is_approved: bool) -> Result<(), JobError> {
    let PolicyVerdict { number, by } = verdict;
    let home = open(arguments).await?;
    let act = home.act_of(people::named(&home, &by.by).await?.id, Door::Cli, &by.reason);
    policies::decide(&home, *number, is_approved, &act).await?;
    list(arguments).await
}

async fn list(arguments: &Arguments) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let all = policies::known(&home).await?;
    let (files, version) = policies::in_force(&home).await?;
    let name = policies::name(&files, version)?;
    show::say(arguments, &all, |all| {
        if version.is_none() {
            println!("The shipped policy is in force; `tidegate policies write DIR` gives its files.");
            println!("The audit chain calls it {name}");
        }
        for policy in all {
            let state = if policy.is_in_force { "in force" } else { policy.state };
            let decided =
                policy.verdict.as_ref().map(|verdict| format!(", decided by {}", verdict.decided_by));
            let decided = decided.unwrap_or_default();
            let (at, by) = (show::moment(policy.proposed_at), &policy.proposed_by);
            println!("{:>4}  {state:<9} {at}  proposed by {by}: {}{decided}", policy.version, policy.reason);
        }
    })
}

fn parse(folder: &Path) -> Result<Policy, JobError> {
    Ok(Policy::parse(&policies::read(folder)?).map_err(QueryError::from)?)
}

async fn access(arguments: &Arguments, command: &PolicyAccess) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let account = people::account(&home, &command.name).await?;
    let draft = command.draft.as_deref().map(parse).transpose()?;
    let desk = Desk::new(home, Arc::new(super::now));
    let access = desk.access(&account, &command.purpose, draft).await?;
    show::say(arguments, &access, |access| {
        if people::is_local_owner(&account) {
            println!(
                "{} is shown everything, whatever the purpose: it is the owner's machine.",
                command.name
            );
        } else {
            print(&command.name, &command.purpose, access);
        }
    })
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
    for (view, tables) in &access.views {
        println!("\n{view}: {}, joined as they are shown", tables.join(" and "));
    }
    let may = [(access.may_assess, "assess records with bundles"), (access.may_explain, "see plans")];
    let may: Vec<&str> = may.iter().filter(|(may, _)| *may).map(|(_, what)| *what).collect();
    if !may.is_empty() {
        println!("\nMay also {}.", may.join(" and "));
    }
}

//! `tidegate people`.

use super::open;
use crate::arguments::{Arguments, NamedIdentity, People, Standing};
use crate::show;
use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use tidegate_jobs::people::{
    Change, KnownPerson, add, change, disable, enable, link, list, set_password, show as show_one,
};
use tidegate_jobs::policies::note_of_roles;
use tidegate_jobs::{Home, JobError};

pub async fn run(arguments: &Arguments, command: &People) -> Result<(), JobError> {
    let home = open(arguments).await?;
    let person = match command {
        People::List => return print_all(arguments, &list(&home).await?),
        People::Show { name } => show_one(&home, name).await?,
        People::Add(new) => {
            let standing = wanted(&new.standing, false);
            let person = add(&home, &new.who.name, new.service, &standing, &new.who.reason).await?;
            warn_of_roles(&home, &standing).await?;
            person
        }
        People::Change(new) => {
            let standing = wanted(&new.standing, new.no_roles);
            let person = change(&home, &new.who.name, &standing, &new.who.reason).await?;
            warn_of_roles(&home, &standing).await?;
            if person.disabled_at.is_some() {
                let name = &person.name;
                eprintln!("{name} stays disabled; to end that: tidegate people enable {name:?} --reason WHY");
            }
            person
        }
        People::Link(one) => link_identity(&home, one, true).await?,
        People::Unlink(one) => link_identity(&home, one, false).await?,
        People::Disable(who) => disable(&home, &who.name, &who.reason).await?,
        People::Enable(who) => enable(&home, &who.name, &who.reason).await?,
        People::Password(who) => {
            // A name that nobody has is told before anything is typed.
            show_one(&home, &who.name).await?;
            set_password(&home, &who.name, read_password(&who.name)?, &who.reason).await?;
            show_one(&home, &who.name).await?
        }
    };
    show::say(arguments, &person, print)
}

async fn link_identity(home: &Home, one: &NamedIdentity, is_theirs: bool) -> Result<KnownPerson, JobError> {
    let NamedIdentity { who, subject, issuer } = one;
    link(home, &who.name, subject, issuer.as_deref(), is_theirs, &who.reason).await
}

/// Says what is given for nothing: a mistyped role does no harm, and no good.
async fn warn_of_roles(home: &Home, given: &Change) -> Result<(), JobError> {
    let Some(roles) = &given.roles else { return Ok(()) };
    if let Some(note) = note_of_roles(home, roles).await? {
        eprintln!("tidegate: {note}");
    }
    Ok(())
}

fn wanted(standing: &Standing, no_roles: bool) -> Change {
    let roles: BTreeSet<String> = standing.roles.iter().cloned().collect();
    Change {
        roles: (no_roles || !roles.is_empty()).then_some(roles),
        office: standing.office.clone(),
        organisation: standing.organisation.clone(),
        enterprise_id: standing.enterprise.clone(),
        clearance: standing.clearance,
    }
}

/// Asks at a terminal, twice and without echo; otherwise takes the first line of standard input.
fn read_password(name: &str) -> Result<String, JobError> {
    let failed = |cause| JobError::File { path: "standard input".to_owned(), cause };
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map_err(failed)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let first = rpassword::prompt_password(format!("Password of {name}: ")).map_err(failed)?;
    let again = rpassword::prompt_password("Once more: ").map_err(failed)?;
    if first == again {
        Ok(first)
    } else {
        Err(JobError::Missing("the two passwords differ; nothing was changed".to_owned()))
    }
}

fn print_all(arguments: &Arguments, all: &[KnownPerson]) -> Result<(), JobError> {
    if arguments.json {
        return show::json(&all);
    }
    println!("{:<24} {:<12} {:<10} {:<12} roles", "name", "kind", "clearance", "office");
    for person in all {
        let roles = person.roles.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let state = if person.disabled_at.is_some() { "  (disabled)" } else { "" };
        let office = person.office.as_deref().unwrap_or("-");
        println!(
            "{:<24} {:<12} {:<10} {office:<12} {roles}{state}",
            person.name, person.kind, person.clearance
        );
    }
    if all.len() == 1 {
        println!("One person works alone here: add others with `tidegate people add`.");
    }
    Ok(())
}

fn print(person: &KnownPerson) {
    let roles = person.roles.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    println!("{} ({})", person.name, person.kind);
    let texts = [
        ("roles", Some(roles).filter(|roles| !roles.is_empty())),
        ("office", person.office.clone()),
        ("organisation", person.organisation.clone()),
        ("enterprise", person.enterprise_id.clone()),
        ("clearance", Some(person.clearance.to_string())),
        ("added", Some(show::moment(person.added_at))),
        ("disabled", person.disabled_at.map(show::moment)),
    ];
    for (what, text) in texts {
        println!("  {what:<13} {}", text.as_deref().unwrap_or("-"));
    }
    for one in &person.identities {
        let since = show::moment(one.linked_at);
        println!("  {:<13} {:?} at {}, since {since}", "signs on as", one.subject, one.issuer);
    }
}

//! `tidegate grades`.

use super::open;
use crate::arguments::{Arguments, Grades};
use crate::progress::Bars;
use crate::show;
use tidegate_jobs::JobError;
use tidegate_jobs::grades::{Confirm, Confirmed, Proposed, confirm, confirmed, detect};
use tidegate_jobs::tokens::Door;

pub async fn run(arguments: &Arguments, command: &Grades) -> Result<(), JobError> {
    let home = open(arguments).await?;
    match command {
        Grades::Detect { table } => {
            let found = detect(&home, table.as_deref(), &mut Bars::new()).await?;
            let is_empty = home.snapshot().await?.is_none();
            show::say(arguments, found.as_slice(), |found| {
                if is_empty {
                    println!("No record is loaded yet; run `tidegate ingest` first.");
                } else {
                    print_proposed(found);
                }
            })
        }
        Grades::Confirm(new) => {
            let act = home.act(Door::Cli, &new.reason.reason).await?;
            let (column, grade, category) = (new.column.clone(), new.grade.clone(), new.category.clone());
            let held = confirm(&home, &Confirm { column, grade, category }, &act).await?;
            let (grade, category) = (held.grade.as_str(), held.category.as_str());
            let told = serde_json::json!({ "column": new.column, "grade": grade, "category": category });
            show::say(arguments, &told, |_| println!("{} is {grade}, {category}.", new.column))
        }
        Grades::List => {
            let all = confirmed(&home).await?;
            show::say(arguments, all.as_slice(), print_confirmed)
        }
    }
}

fn print_confirmed(all: &[Confirmed]) {
    if all.is_empty() {
        println!("Nothing was confirmed: every column has the grade of `tidegate dictionary`.");
    }
    for Confirmed { table, column, grade, category, evidence, confirmed_by, since } in all {
        let since = show::moment(*since);
        println!("{table}.{column}: {grade}, {category} ({evidence}), by {confirmed_by}, {since}");
    }
}

fn print_proposed(all: &[Proposed]) {
    if all.is_empty() {
        println!("Nothing found that would change a grade or category.");
    }
    for one in all {
        println!(
            "{}.{}: {} ({}, confidence {:.2}); it is {}, {}",
            one.table,
            one.column,
            one.kind,
            one.evidence,
            one.confidence,
            one.grade.as_str(),
            one.category.as_str()
        );
        println!(
            "    tidegate grades confirm {}.{} --grade {} --category {} --reason \"{}\"",
            one.table,
            one.column,
            one.proposed_grade.as_str(),
            one.proposed_category.as_str(),
            one.evidence
        );
    }
}

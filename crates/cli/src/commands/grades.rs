//! `tidegate grades`.

use super::open;
use crate::arguments::{Arguments, Grades};
use crate::progress::Bars;
use crate::show;
use chrono::{DateTime, Utc};
use tidegate_jobs::JobError;
use tidegate_jobs::grades::{Proposed, confirm, confirmed, detect};
use tidegate_ledger::ColumnClassification;
use tidegate_records::category::Category;
use tidegate_records::table::Grade;

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
            let grade = new.grade.as_deref().map(grade).transpose()?;
            let category = new.category.as_deref().map(category).transpose()?;
            let held = confirm(&home, &new.column, grade, category, &new.reason.reason).await?;
            let (grade, category) = (held.grade.as_str(), held.category.as_str());
            let told = serde_json::json!({ "column": new.column, "grade": grade, "category": category });
            show::say(arguments, &told, |_| println!("{} is {grade}, {category}.", new.column))
        }
        Grades::List => {
            let all = confirmed(&home).await?;
            let all: Vec<Told<'_>> = all.iter().map(Told::from).collect();
            show::say(arguments, all.as_slice(), print_confirmed)
        }
    }
}

/// What was confirmed of a column, as it is told.
#[derive(serde::Serialize)]
struct Told<'a> {
    table: &'a str,
    column: &'a str,
    grade: &'static str,
    category: &'a str,
    evidence: &'a str,
    since: DateTime<Utc>,
}

impl<'a> From<&'a ColumnClassification> for Told<'a> {
    fn from(confirmed: &'a ColumnClassification) -> Self {
        let known = &confirmed.classification;
        Self {
            table: &known.table,
            column: &known.column,
            grade: known.grade.as_str(),
            category: &known.category,
            evidence: &known.evidence,
            since: confirmed.confirmed_at,
        }
    }
}

fn print_confirmed(all: &[Told<'_>]) {
    if all.is_empty() {
        println!("Nothing was confirmed: every column has the grade of `tidegate dictionary`.");
    }
    for Told { table, column, grade, category, evidence, since } in all {
        println!("{table}.{column}: {grade}, {category} ({evidence}), {}", show::moment(*since));
    }
}

fn grade(word: &str) -> Result<Grade, JobError> {
    let known = || Grade::ALL.map(Grade::as_str).join(", ");
    Grade::parse(word)
        .ok_or_else(|| JobError::Missing(format!("`{word}` is no grade; there are {}", known())))
}

fn category(word: &str) -> Result<Category, JobError> {
    let known = || Category::ALL.map(Category::as_str).join(", ");
    Category::parse(word)
        .ok_or_else(|| JobError::Missing(format!("`{word}` is no category; there are {}", known())))
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

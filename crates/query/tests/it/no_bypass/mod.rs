//! No bypass: whatever a restricted reader asks, the answer is that over copies of the tables which were filtered and
//! masked beforehand, and no error or plan tells more than the copies could.
//!
//! Readers, policies and statements are drawn from seeds; half of the seeds read tables in memory, the other half files of a
//! lake. `TIDEGATE_QUERIES=250000` asks as much in each test and prints what came of it (with `--nocapture`).

mod asking;
mod compare;
mod copy;
mod described;
mod dice;
mod hidden;
mod queries;
mod reader;
mod statements;
mod template;

use crate::country::platform;
use crate::stored::{StoredCountry, stored};
use asking::{Asking, Outcome};
use copy::Copies;
use dice::Dice;
use queries::Queries;
use reader::Case;
use statements::Statement;
use std::collections::BTreeMap;
use tidegate_query::Principal;

/// Statements of each of the two tests in memory, and of each of the two over files, of which one costs several times as
/// much.
const IN_MEMORY: usize = 8_000;
const IN_FILES: usize = 2_000;

/// Statements that are asked of one reader.
const STATEMENTS_OF_A_READER: usize = 50;

/// How often what came of each kind of statement.
type Tally = BTreeMap<&'static str, BTreeMap<Outcome, usize>>;

/// Readers after whom a long run says how far it is.
const READERS_OF_A_REPORT: usize = 200;

/// As many statements as `TIDEGATE_QUERIES` says.
fn wanted() -> Option<usize> {
    number("TIDEGATE_QUERIES")
}

#[expect(clippy::disallowed_methods, reason = "a test has no command line to be told by")]
fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

/// Asks the statements of many readers, each of the platform and of the copies. Each reader has a platform of its own, under
/// a policy of its own. A long run may begin with a later reader, `TIDEGATE_FIRST_READER`, where one before it ended.
async fn ask(seed: u64, statements: usize, files: Option<&StoredCountry>) -> Tally {
    let mut tally = Tally::new();
    let first = number("TIDEGATE_FIRST_READER").unwrap_or(0);
    for number in first..first + statements.div_ceil(STATEMENTS_OF_A_READER) {
        if number > first && number.is_multiple_of(READERS_OF_A_REPORT) {
            report(seed, &format!("readers {first} to {}", number - 1), &tally);
        }
        let mut dice = Dice::new(seed * 1_000_000_007 + number as u64);
        let case = Case::draw(&mut dice);
        let platform = files.map_or_else(|| platform(&case.files), |files| files.shared(&case.files));
        let copies = Copies::of(&case).await;
        let asking = Asking {
            case: &case,
            platform: &platform,
            copies: &copies,
            principal: Principal::Person(case.person.clone()),
            is_in_files: files.is_some(),
        };
        for _ in 0..STATEMENTS_OF_A_READER {
            let statement = Statement::draw(&case, &mut dice);
            match asking.ask(&statement).await {
                Ok(outcome) => *tally.entry(statement.kind()).or_default().entry(outcome).or_default() += 1,
                Err(difference) => panic!(
                    "seed {seed}, reader {number}\n{}\n{}\n\n{difference}",
                    statement.text(),
                    case.files["access.cedar"]
                ),
            }
        }
    }
    tally
}

/// What is asked must be worth asking: a third of the queries has rows, some fail, and every kind of statement was asked.
fn check(tally: &Tally) {
    let of = |kind: &str, outcome: Outcome| {
        tally.get(kind).and_then(|known| known.get(&outcome)).copied().unwrap_or(0)
    };
    let others = [Statement::CATALOG, Statement::PLAN, Statement::REFUSED, Statement::NAMES];
    let queries = |outcome: Outcome| -> usize {
        tally.keys().filter(|kind| !others.contains(kind)).map(|kind| of(kind, outcome)).sum()
    };
    let (rows, failed) = (queries(Outcome::WithRows), queries(Outcome::FailedInBoth));
    let all = rows + failed + queries(Outcome::WithoutRows);
    assert!(rows * 3 > all, "{tally:#?}");
    assert!(failed * 50 > all && failed * 3 < all, "{tally:#?}");
    assert!(tally.contains_key("with parameters"), "{tally:#?}");
    assert!(of(Statement::CATALOG, Outcome::WithRows) > 0, "{tally:#?}");
    assert!(
        of(Statement::PLAN, Outcome::Shown) > 0 && of(Statement::PLAN, Outcome::Refused) > 0,
        "{tally:#?}"
    );
    assert!(
        of(Statement::REFUSED, Outcome::Refused) > 0 && of(Statement::NAMES, Outcome::Refused) > 0,
        "{tally:#?}"
    );
}

#[expect(clippy::print_stdout, reason = "what a long run came to is reported")]
fn report(seed: u64, of_what: &str, tally: &Tally) {
    if wanted().is_some() {
        println!("seed {seed}, {of_what}:");
        for (kind, outcomes) in tally {
            println!("  {kind}: {outcomes:?}");
        }
    }
}

async fn in_memory(seed: u64) {
    let tally = ask(seed, wanted().unwrap_or(IN_MEMORY), None).await;
    report(seed, "in memory", &tally);
    check(&tally);
}

async fn in_files(seed: u64) {
    let files = stored().await;
    let tally = ask(seed, wanted().unwrap_or(IN_FILES), Some(&files)).await;
    report(seed, "in files", &tally);
    check(&tally);
}

#[tokio::test]
async fn no_bypass_1() {
    in_memory(1).await;
}

#[tokio::test]
async fn no_bypass_2() {
    in_memory(2).await;
}

#[tokio::test]
async fn no_bypass_3() {
    in_files(3).await;
}

#[tokio::test]
async fn no_bypass_4() {
    in_files(4).await;
}

/// The comparison sees what it should: answers for one reader are not those over the copies of another.
#[tokio::test]
async fn a_leak_would_be_found() {
    let mut found = 0;
    for seed in 0..20 {
        let mut dice = Dice::new(9_000 + seed);
        let case = Case::draw(&mut dice);
        let mut other = case.clone();
        other.person.office =
            Some(if case.person.office.as_deref() == Some("4700") { "4701" } else { "4700" }.to_owned());
        other.person.enterprise = Some("91310000MA1FL0X04".to_owned());
        let platform = platform(&case.files);
        let copies = Copies::of(&other).await;
        let asking = Asking {
            case: &case,
            platform: &platform,
            copies: &copies,
            principal: Principal::Person(case.person.clone()),
            is_in_files: false,
        };
        for _ in 0..10 {
            let query = Statement::Query(Queries::of(&case, &mut dice).query());
            found += usize::from(asking.ask(&query).await.is_err());
        }
    }
    assert!(found > 20, "{found} of 200 differences found");
}

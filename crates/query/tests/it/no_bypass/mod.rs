//! No bypass: whatever a restricted reader asks, the answer is that over copies of the tables which were filtered and
//! masked beforehand, and no error tells more than the copies could.
//!
//! Readers, policies and queries are drawn from seeds. `TIDEGATE_QUERIES=1000000` asks more of each test.

mod compare;
mod copy;
mod dice;
mod queries;
mod reader;

use compare::{Outcome, compare};
use copy::Copies;
use dice::Dice;
use queries::Queries;
use reader::Case;
use tidegate_query::Principal;

/// Queries of each of the tests; more with `TIDEGATE_QUERIES`.
#[expect(clippy::disallowed_methods, reason = "a test has no command line to be told by")]
fn queries() -> usize {
    std::env::var("TIDEGATE_QUERIES").ok().map_or(5_000, |text| text.parse().unwrap())
}

/// Queries that are asked of one reader.
const QUERIES_OF_A_READER: usize = 50;

#[derive(Debug, Default)]
struct Tally {
    with_rows: usize,
    without_rows: usize,
    failed_in_both: usize,
    failed_in_copy: usize,
}

/// Asks the queries of many readers, each of the platform and of the copies.
async fn ask(seed: u64) -> Tally {
    let mut tally = Tally::default();
    for number in 0..queries().div_ceil(QUERIES_OF_A_READER) {
        let mut dice = Dice::new(seed * 1_000_000_007 + number as u64);
        let case = Case::draw(&mut dice);
        let platform = crate::country::platform(&case.files);
        let copies = Copies::of(&case);
        let principal = Principal::Person(case.person.clone());
        for _ in 0..QUERIES_OF_A_READER {
            let query = Queries::of(&case, &mut dice).query();
            let answer = match platform.plan_for(&principal, "research", &query.sql).await {
                Ok(plan) => plan.collect().await,
                Err(error) => Err(error),
            };
            let expected = copies.ask(&query.sql).await;
            let is_fair = answer.is_err() && expected.is_ok() && copies.can_fail(&query.unlimited).await;
            let compared = match compare(&answer, &expected, is_fair, &copies) {
                // The engine answers some outer joins with a table that it knows to be empty wrongly; it does not know
                // these to be.
                Err(_) => compare(&answer, &copies.ask_plain(&query.sql).await, is_fair, &copies),
                same => same,
            };
            match compared {
                Ok(Outcome::Same { rows: 0 }) => tally.without_rows += 1,
                Ok(Outcome::Same { .. }) => tally.with_rows += 1,
                Ok(Outcome::BothFailed) => tally.failed_in_both += 1,
                Ok(Outcome::CopyFailed) => tally.failed_in_copy += 1,
                Err(difference) => panic!(
                    "seed {seed}, reader {number}\n{}\n{}\n\n{difference}",
                    query.sql, case.files["access.cedar"]
                ),
            }
        }
    }
    tally
}

/// What is asked must be worth asking: two in five queries have rows, and some fail.
fn check(tally: &Tally) {
    let all = tally.with_rows + tally.without_rows + tally.failed_in_both + tally.failed_in_copy;
    assert!(tally.with_rows * 5 > all * 2, "{tally:?}");
    assert!(tally.failed_in_both * 50 > all && tally.failed_in_both * 3 < all, "{tally:?}");
    assert!(tally.failed_in_copy * 20 < all, "{tally:?}");
}

#[tokio::test]
async fn no_bypass_1() {
    check(&ask(1).await);
}

#[tokio::test]
async fn no_bypass_2() {
    check(&ask(2).await);
}

#[tokio::test]
async fn no_bypass_3() {
    check(&ask(3).await);
}

#[tokio::test]
async fn no_bypass_4() {
    check(&ask(4).await);
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
        let platform = crate::country::platform(&case.files);
        let copies = Copies::of(&other);
        let principal = Principal::Person(case.person.clone());
        for _ in 0..10 {
            let query = Queries::of(&case, &mut dice).query();
            let answer = match platform.plan_for(&principal, "research", &query.sql).await {
                Ok(plan) => plan.collect().await,
                Err(error) => Err(error),
            };
            found += usize::from(compare(&answer, &copies.ask(&query.sql).await, false, &copies).is_err());
        }
    }
    assert!(found > 20, "{found} of 200 differences found");
}

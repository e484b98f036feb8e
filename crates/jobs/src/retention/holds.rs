//! Legal holds: placed, lifted, listed, and what they keep of a table.

use super::{PURPOSE, among, of_party};
use crate::JobError;
use crate::answer::Answer;
use crate::home::Home;
use chrono::NaiveDate;
use std::collections::BTreeSet;
use tidegate_ledger::{Door, Held, Hold, HoldId};
use tidegate_query::Platform;
use tidegate_records::table::Table;
use tidegate_records::tables::TABLES;

/// What is kept of a table, whatever is due or ordered.
pub(super) struct Holds {
    table: &'static Table,
    months: BTreeSet<String>,
    declarations: BTreeSet<String>,
}

impl Holds {
    /// The holds on a table, and of its keys the declarations that they stand for.
    pub(super) async fn on(
        home: &Home,
        platform: &Platform,
        table: &'static Table,
    ) -> Result<Self, JobError> {
        let mut holds = Self { table, months: BTreeSet::new(), declarations: BTreeSet::new() };
        for held in home.ledger.holds(table.name).await? {
            match held.held {
                Held::Days(first, last) => holds.months.extend(months(first, last)),
                Held::Key(key) => {
                    holds.declarations.extend(of_party(platform, &key).await?);
                    holds.declarations.insert(key);
                }
            }
        }
        Ok(holds)
    }

    /// The condition on rows that nothing holds.
    pub(super) fn free(&self) -> String {
        let all = [("month", &self.months), ("declaration_id", &self.declarations)];
        let there =
            all.into_iter().filter(|(column, held)| !held.is_empty() && self.table.column(column).is_some());
        there.fold("true".to_owned(), |free, (column, held)| format!("{free} AND NOT {}", among(column, held)))
    }

    /// Refuses to have declarations erased of which something is held.
    pub(super) async fn refuse(
        &self,
        platform: &Platform,
        declarations: &BTreeSet<String>,
    ) -> Result<(), JobError> {
        let table = self.table.name;
        if let Some(id) = declarations.intersection(&self.declarations).next() {
            return Err(held(&format!("declaration {id} is under a legal hold on {table}")));
        }
        if self.months.is_empty() || self.table.column("month").is_none() {
            return Ok(());
        }
        let (ordered, held_months) = (among("declaration_id", declarations), among("month", &self.months));
        let sql = format!(
            "SELECT declaration_id, month FROM {table} WHERE {ordered} AND {held_months} ORDER BY 1, 2 LIMIT 1"
        );
        let found = Answer::of(platform, PURPOSE, &sql).await?;
        match (found.texts("declaration_id")?.first(), found.texts("month")?.first()) {
            (Some(id), Some(month)) => {
                Err(held(&format!("declaration {id} has rows of {month} in {table}, which are under a legal hold")))
            }
            _ => Ok(()),
        }
    }
}

fn held(what: &str) -> JobError {
    JobError::Missing(format!("{what}; `tidegate retention holds` lists them"))
}

/// The months that days lie in.
fn months(first: NaiveDate, last: NaiveDate) -> BTreeSet<String> {
    first.iter_days().take_while(|day| *day <= last).map(|day| day.format("%Y-%m").to_string()).collect()
}

/// Places a legal hold.
///
/// # Errors
/// When there is no such table, or the ledger refuses.
pub async fn hold(home: &Home, table: &str, held: &Held, reason: &str) -> Result<HoldId, JobError> {
    if !TABLES.iter().any(|known| known.name == table) {
        let known = TABLES.iter().map(|table| table.name).collect::<Vec<_>>().join(", ");
        return Err(JobError::Missing(format!("there is no table `{table}`; there are {known}")));
    }
    Ok(home.ledger.place_hold(table, held, &home.act(Door::Cli, reason).await?).await?)
}

/// Lifts a legal hold.
///
/// # Errors
/// When there is none of this number, or it is lifted already.
pub async fn lift(home: &Home, number: i64, reason: &str) -> Result<(), JobError> {
    Ok(home.ledger.lift_hold(HoldId(number), &home.act(Door::Cli, reason).await?).await?)
}

/// The holds that are in force, by table.
///
/// # Errors
/// When the ledger fails.
pub async fn holds(home: &Home) -> Result<Vec<Hold>, JobError> {
    let mut all = Vec::new();
    for table in TABLES {
        all.extend(home.ledger.holds(table.name).await?);
    }
    all.sort_by_key(|hold| hold.id);
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_lie_in_their_months() {
        let found = months("2025-12-31".parse().unwrap(), "2026-02-01".parse().unwrap());
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["2025-12", "2026-01", "2026-02"]);
    }
}

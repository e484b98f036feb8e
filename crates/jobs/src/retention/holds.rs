//! Legal holds: placed, lifted, listed, and what they keep of a table.

use super::statements::{PURPOSE, among};
use super::subjects::{Rows, Subjects, row_name};
use crate::JobError;
use crate::answer::Answer;
use crate::home::Home;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};
use tidegate_ledger::{Door, Held, Hold, HoldId};
use tidegate_query::Platform;
use tidegate_records::table::Table;
use tidegate_records::tables;

/// What is kept, whatever is due or ordered.
pub(super) struct Holds {
    /// Months of which every row is kept, by table.
    months: BTreeMap<String, BTreeSet<String>>,
    /// Declarations and parties of which the rows of every table are kept.
    subjects: Subjects,
}

impl Holds {
    /// The holds that are in force, and the declarations that their keys stand for.
    pub(super) async fn read(home: &Home, platform: &Platform) -> Result<Self, JobError> {
        let (mut months, mut keys) = (BTreeMap::<String, BTreeSet<String>>::new(), BTreeSet::new());
        for Hold { table, held, .. } in home.ledger.holds().await? {
            match held {
                Held::Days(first, last) => months.entry(table).or_default().extend(months_of(first, last)),
                Held::Key(key) => {
                    keys.insert(key);
                }
            }
        }
        Ok(Self { months, subjects: Subjects::keys(platform, keys).await? })
    }

    /// What they keep of a table.
    pub(super) async fn on(&self, platform: &Platform, table: &'static Table) -> Result<Kept<'_>, JobError> {
        let months = self.months.get(table.name).cloned().unwrap_or_default();
        let rows = self.subjects.rows(platform, table).await?.into_keys().collect();
        Ok(Kept { table, months, subjects: &self.subjects, rows })
    }
}

/// What holds keep of a table.
pub(super) struct Kept<'a> {
    table: &'static Table,
    months: BTreeSet<String>,
    subjects: &'a Subjects,
    /// Rows that name the subjects, by what names rows of the table.
    rows: BTreeSet<String>,
}

impl Kept<'_> {
    /// The condition on rows that nothing holds.
    pub(super) fn free(&self) -> String {
        let all = [("month", &self.months), (row_name(self.table), &self.rows)];
        let some = all.into_iter().filter(|(_, held)| !held.is_empty());
        some.fold("true".to_owned(), |free, (column, held)| format!("{free} AND NOT {}", among(column, held)))
    }

    /// Refuses to have rows of subjects erased when something of them is held.
    pub(super) async fn refuse(
        &self,
        platform: &Platform,
        subjects: &Subjects,
        rows: &Rows,
    ) -> Result<(), JobError> {
        let table = self.table.name;
        if let Some(name) = subjects.names().find(|name| self.subjects.declarations.contains(*name)) {
            return Err(held(&format!("{name} is under a legal hold")));
        }
        if let Some((_, (name, _))) = rows.iter().find(|(row, _)| self.rows.contains(*row)) {
            return Err(held(&format!(
                "a row of {table} that names {name} names somebody else, who is under a legal hold"
            )));
        }
        if self.months.is_empty() || rows.is_empty() {
            return Ok(());
        }
        let row = row_name(self.table);
        let sql = format!(
            "SELECT {row} AS name, month FROM {table} WHERE {} AND {} ORDER BY 1, 2 LIMIT 1",
            among(row, rows.keys()),
            among("month", &self.months)
        );
        let found = Answer::of(platform, PURPOSE, &sql).await?;
        let named = found.texts("name")?.first().and_then(|row| rows.get(row).cloned());
        match (named, found.texts("month")?.first()) {
            (Some((name, _)), Some(month)) => {
                Err(held(&format!("{name} has rows of {month} in {table}, which are under a legal hold")))
            }
            _ => Ok(()),
        }
    }
}

fn held(what: &str) -> JobError {
    JobError::Missing(format!("{what}; `tidegate retention holds` lists them"))
}

/// The months that days lie in.
fn months_of(first: NaiveDate, last: NaiveDate) -> BTreeSet<String> {
    first.iter_days().take_while(|day| *day <= last).map(|day| day.format("%Y-%m").to_string()).collect()
}

/// Places a legal hold. One by a key keeps the rows of its declaration or party in every table.
///
/// # Errors
/// When no such table is stored, or it has no months and days are to be held, or the ledger refuses.
pub async fn hold(home: &Home, table: &str, held: &Held, reason: &str) -> Result<HoldId, JobError> {
    let Some(found) = tables::stored().find(|known| known.name == table) else {
        let known = tables::stored().map(|table| table.name).collect::<Vec<_>>().join(", ");
        return Err(JobError::Missing(format!("there is no stored table `{table}`; there are {known}")));
    };
    if matches!(held, Held::Days(..)) && found.column("month").is_none() {
        return Err(JobError::Missing(format!(
            "rows of {table} are of no day; hold the rows that name somebody, by a key"
        )));
    }
    Ok(home.ledger.place_hold(table, held, &home.act(Door::Cli, reason).await?).await?)
}

/// Rows that a hold keeps now: by a key those of all tables, by days those of its table. One may be placed before its rows come, or
/// by a key that was mistyped.
///
/// # Errors
/// When lake or ledger fail.
pub async fn rows_held(home: &Home, table: &str, held: &Held) -> Result<u64, JobError> {
    let platform = home.platform().await?;
    let (first, last) = match held {
        Held::Days(first, last) => (*first, *last),
        Held::Key(key) => {
            let subjects = Subjects::keys(&platform, [key.clone()].into()).await?;
            let mut count = 0;
            for table in tables::stored() {
                count += subjects.rows(&platform, table).await?.values().map(|(_, rows)| rows).sum::<u64>();
            }
            return Ok(count);
        }
    };
    let known = tables::stored().find(|known| known.name == table);
    let Some(table) = known.filter(|table| table.column("month").is_some()) else { return Ok(0) };
    let months = among("month", &months_of(first, last));
    let sql = format!("SELECT count(*) AS rows FROM {} WHERE {months}", table.name);
    let rows = Answer::of(&platform, PURPOSE, &sql).await?.counts("rows")?;
    Ok(rows.first().copied().unwrap_or_default())
}

/// Lifts a legal hold.
///
/// # Errors
/// When there is none of this number, or it is lifted already.
pub async fn lift(home: &Home, number: i64, reason: &str) -> Result<(), JobError> {
    Ok(home.ledger.lift_hold(HoldId(number), &home.act(Door::Cli, reason).await?).await?)
}

/// The holds that are in force, the oldest first.
///
/// # Errors
/// When the ledger fails.
pub async fn holds(home: &Home) -> Result<Vec<Hold>, JobError> {
    Ok(home.ledger.holds().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_lie_in_their_months() {
        let found = months_of("2025-12-31".parse().unwrap(), "2026-02-01".parse().unwrap());
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["2025-12", "2026-01", "2026-02"]);
    }
}

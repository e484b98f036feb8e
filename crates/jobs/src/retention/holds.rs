//! Legal holds: placed, lifted, listed, and what they keep of a table.

use super::subjects::{PURPOSE, Rows, Subjects, among, is_of_subjects, row_name};
use crate::JobError;
use crate::answer::Answer;
use crate::home::Home;
use chrono::NaiveDate;
use std::collections::BTreeSet;
use tidegate_ledger::{Door, Held, Hold, HoldId};
use tidegate_query::Platform;
use tidegate_records::table::Table;
use tidegate_records::tables;

/// What is kept of a table with months, whatever is due or ordered.
pub(super) struct Holds {
    table: &'static Table,
    months: BTreeSet<String>,
    subjects: Subjects,
    /// Rows that name the subjects, by what names rows of the table.
    rows: BTreeSet<String>,
}

impl Holds {
    /// The holds on a table, and of their keys the declarations and rows that they stand for.
    pub(super) async fn on(
        home: &Home,
        platform: &Platform,
        table: &'static Table,
    ) -> Result<Self, JobError> {
        let (mut months, mut subjects) = (BTreeSet::new(), Subjects::default());
        for held in home.ledger.holds(table.name).await? {
            match held.held {
                Held::Days(first, last) => months.extend(months_of(first, last)),
                // Whether it is that of a declaration or of a party, nobody said.
                Held::Key(key) => {
                    subjects.declarations.extend(Subjects::party(platform, &key).await?.declarations);
                    subjects.declarations.insert(key.clone());
                    subjects.parties.insert(key);
                }
            }
        }
        let rows = subjects.rows(platform, table).await?.into_keys().collect();
        Ok(Self { table, months, subjects, rows })
    }

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
            return Err(held(&format!("{name} is under a legal hold on {table}")));
        }
        if let Some((_, (name, _))) = rows.iter().find(|(row, _)| self.rows.contains(*row)) {
            return Err(held(&format!(
                "a row of {table} that names {name} names somebody else, who is under a legal hold on it"
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

/// Places a legal hold.
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

/// Rows of a table that a hold keeps now. One may be placed before its rows come, or by a key that was mistyped.
///
/// # Errors
/// When lake or ledger fail.
pub async fn rows_held(home: &Home, table: &str, held: &Held) -> Result<u64, JobError> {
    let Some(table) = tables::stored().find(|known| known.name == table) else { return Ok(0) };
    let platform = home.platform().await?;
    match held {
        Held::Key(key) if is_of_subjects(table) => {
            let mut subjects = Subjects::party(&platform, key).await?;
            subjects.declarations.insert(key.clone());
            Ok(subjects.rows(&platform, table).await?.values().map(|(_, rows)| rows).sum())
        }
        Held::Days(first, last) if table.column("month").is_some() => {
            let months = among("month", &months_of(*first, *last));
            let sql = format!("SELECT count(*) AS rows FROM {} WHERE {months}", table.name);
            let rows = Answer::of(&platform, PURPOSE, &sql).await?.counts("rows")?;
            Ok(rows.first().copied().unwrap_or_default())
        }
        _ => Ok(0),
    }
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
    for table in tables::stored() {
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
        let found = months_of("2025-12-31".parse().unwrap(), "2026-02-01".parse().unwrap());
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["2025-12", "2026-01", "2026-02"]);
    }
}

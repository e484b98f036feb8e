//! Legal holds: placed, lifted, listed, and what they keep of a table.

use super::keys::Keys;
use super::pieces::{DuePieces, Pieces};
use super::statements::{PURPOSE, among, before, count, row_name};
use super::subjects::{Rows, Subjects};
use crate::JobError;
use crate::answer::Answer;
use crate::home::Home;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};
use tidegate_lake::{Erased, WithoutRows};
use tidegate_ledger::{Door, Held, Hold, HoldId};
use tidegate_query::{Platform, Principal};
use tidegate_records::table::Table;
use tidegate_records::tables::{self, QUARANTINE};

/// What is kept, whatever is due or ordered.
pub(super) struct Holds {
    /// The holds that were in force.
    known: BTreeSet<HoldId>,
    /// Months of which every row is kept, by table.
    months: BTreeMap<String, BTreeSet<String>>,
    /// Declarations and parties of which the rows of every table are kept.
    keys: Keys,
}

impl Holds {
    /// The holds that are in force, in a state of the tables.
    pub(super) async fn read(home: &Home, platform: &Platform) -> Result<Self, JobError> {
        let (mut months, mut keys) = (BTreeMap::<String, BTreeSet<String>>::new(), BTreeSet::new());
        let mut known = BTreeSet::new();
        for Hold { id, table, held, .. } in home.ledger.holds().await? {
            known.insert(id);
            match held {
                Held::Days(first, last) => months.entry(table).or_default().extend(months_of(first, last)),
                Held::Key(key) => {
                    keys.insert(key);
                }
            }
        }
        months.retain(|_, months| !months.is_empty());
        Ok(Self { known, months, keys: Keys::read(home, platform, keys).await? })
    }

    /// Takes rows of a month out, unless a hold was placed since these were read: nobody looked whether it keeps them.
    pub(super) async fn let_go(&self, home: &Home, month: WithoutRows) -> Result<Erased, JobError> {
        let holds = home.ledger.holds().await?;
        let Some(newer) = holds.iter().find(|hold| !self.known.contains(&hold.id)) else {
            return Ok(month.commit().await?);
        };
        month.abandon().await;
        Err(JobError::Missing(format!(
            "legal hold {} was placed while rows went out: what is out stays out, and no more goes; give the order again, which \
             goes on with what nothing holds",
            newer.id
        )))
    }

    /// The condition on rows of a table before a month, without those of held months.
    fn due(&self, table: &Table, month: &str) -> String {
        let due = before(month);
        match self.months.get(table.name) {
            Some(months) => format!("{due} AND NOT {}", among("month", months)),
            None => due,
        }
    }

    /// How many rows of a table before a month are kept.
    pub(super) async fn kept(
        &self,
        platform: &Platform,
        table: &Table,
        month: &str,
    ) -> Result<u64, JobError> {
        let due = self.due(table, month);
        let of_months = match self.months.get(table.name) {
            Some(months) => {
                count(platform, table, &format!("{} AND {}", before(month), among("month", months))).await?
            }
            None => 0,
        };
        let of_keys = match self.keys.rows(table) {
            Some(rows) => count(platform, table, &format!("{due} AND {rows}")).await?,
            None if table.name == QUARANTINE.name => self.keys.set_aside(platform, &due).await?.len() as u64,
            None => 0,
        };
        Ok(of_months + of_keys)
    }

    /// The rows of a table before a month that nothing keeps.
    pub(super) async fn due_pieces(
        &self,
        platform: &Platform,
        table: &Table,
        month: &str,
    ) -> Result<DuePieces, JobError> {
        let due = self.due(table, month);
        let pieces = Pieces::new(due.clone(), month, row_name(table), self.keys.at_once);
        if let Some(rows) = self.keys.rows(table) {
            let sql = format!(
                "SELECT DISTINCT month, {} AS name FROM {} WHERE {due} AND {rows} ORDER BY 1, 2",
                row_name(table),
                table.name
            );
            let kept = platform.plan_for(&Principal::LocalOwner, PURPOSE, &sql).await?.stream()?;
            return Ok(DuePieces::new(pieces, [], Some(kept)));
        }
        let kept = if table.name == QUARANTINE.name {
            self.keys.set_aside(platform, &due).await?
        } else {
            BTreeSet::new()
        };
        Ok(DuePieces::new(pieces, kept, None))
    }

    /// Refuses to have anything of subjects erased when one of them is held.
    pub(super) async fn refuse(&self, platform: &Platform, subjects: &Subjects) -> Result<(), JobError> {
        match self.keys.first_of(platform, subjects).await? {
            Some(name) => Err(held(&format!("{name} is under a legal hold"))),
            None => Ok(()),
        }
    }

    /// Refuses to have rows of subjects erased when somebody else whom they name is held, or their month.
    pub(super) async fn refuse_rows(
        &self,
        platform: &Platform,
        table: &Table,
        rows: &Rows,
    ) -> Result<(), JobError> {
        if rows.is_empty() {
            return Ok(());
        }
        let (name, row) = (table.name, row_name(table));
        let among_rows = among(row, rows.keys());
        if name == QUARANTINE.name {
            let kept = self.keys.set_aside(platform, &among_rows).await?;
            if let Some((of, _)) = kept.first().and_then(|row| rows.get(&row.name)) {
                return Err(held(&format!(
                    "a row of {name} that names {of} names somebody else, who is under a legal hold"
                )));
            }
        }
        let Some(months) = self.months.get(name) else { return Ok(()) };
        let sql = format!(
            "SELECT {row} AS name, month FROM {name} WHERE {among_rows} AND {} ORDER BY 1, 2 LIMIT 1",
            among("month", months)
        );
        let found = Answer::of(platform, PURPOSE, &sql).await?;
        let named = found.texts("name")?.first().and_then(|row| rows.get(row).cloned());
        match (named, found.texts("month")?.first()) {
            (Some((of, _)), Some(month)) => {
                Err(held(&format!("{of} has rows of {month} in {name}, which are under a legal hold")))
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
            let keys = Keys::read(home, &platform, [key.clone()].into()).await?;
            let mut rows = keys.set_aside(&platform, "true").await?.len() as u64;
            for table in tables::stored() {
                if let Some(condition) = keys.rows(table) {
                    rows += count(&platform, table, &condition).await?;
                }
            }
            return Ok(rows);
        }
    };
    let known = tables::stored().find(|known| known.name == table);
    let Some(table) = known.filter(|table| table.column("month").is_some()) else { return Ok(0) };
    count(&platform, table, &among("month", &months_of(first, last))).await
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

//! Retention and erasure: rows that are kept no longer, or that one has the right to have erased, go with every byte of them;
//! a certificate stays. What is under a legal hold stays.
//!
//! Law: Personal Information Protection Law, articles 19 and 47; Data Security Law, article 27.

mod derived;
mod finish;
mod holds;
mod keys;
mod order;
mod parties;
mod pieces;
mod set_aside;
mod statements;
mod subjects;

pub use holds::{hold, holds, lift, rows_held};

use crate::JobError;
use crate::alone::Alone;
use crate::catalog;
use crate::decide::close_interrupted;
use crate::home::{Home, mac};
use crate::progress::Progress;
use chrono::{Datelike, Days, NaiveDate};
use finish::{finish, go_on};
use holds::Holds;
use order::{Found, Order, Which};
use statements::{among, before, count, is_of_subjects, row_name};
use std::collections::BTreeMap;
use subjects::Subjects;
use tidegate_lake::Snapshot;
use tidegate_ledger::{ErasedRows, Erasure, Hash256, RootKey};
use tidegate_query::Platform;
use tidegate_records::table::Table;
use tidegate_records::tables::{self, DECLARATION, GOODS_ITEM};

/// Rows of a table that are older than they are kept.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Due {
    /// The table.
    pub table: String,
    /// Days that its rows are kept after their month ended.
    pub days: u32,
    /// Rows of months before this one are due.
    pub before: String,
    /// How many.
    pub rows: u64,
    /// Those among them that a legal hold keeps.
    pub held: u64,
}

/// What is erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Erase {
    /// What is due.
    Due,
    /// One declaration.
    Declaration(String),
    /// Every declaration that names a party, by its number, wherever parties stand and whoever lodged it; every record set aside that
    /// does; and what registers say of it.
    Party(String),
}

/// Rows that are older than they are kept, by table.
///
/// # Errors
/// When lake or ledger fail.
pub async fn due(home: &Home) -> Result<Vec<Due>, JobError> {
    let platform = home.platform().await?;
    let holds = Holds::read(home, &platform).await?;
    due_beside(home, &platform, &holds).await
}

async fn due_beside(home: &Home, platform: &Platform, holds: &Holds) -> Result<Vec<Due>, JobError> {
    let mut all = Vec::new();
    for (table, days) in kept(home) {
        let month = cutoff(home.now.date_naive(), days);
        let rows = count(platform, table, &before(&month)).await?;
        let held = holds.kept(platform, table, &month).await?;
        all.push(Due { table: table.name.to_owned(), days, before: month, rows, held });
    }
    Ok(all)
}

/// Erases rows and every byte of them, in datasets that are made of them too. Erasures that broke off before are finished first;
/// one that broke off while rows went out of the tables goes on when it is repeated. Returns a certificate for each table and
/// subject of which there were rows, and for each dataset.
///
/// # Errors
/// When a declaration is under a legal hold or there is none, when another run erases, makes datasets anew, does upkeep or decides, and
/// when lake or ledger fail; what was certified until then is erased, and repeating goes on.
pub async fn erase(
    home: &Home,
    what: &Erase,
    reason: &str,
    progress: &mut dyn Progress,
) -> Result<Vec<Erasure>, JobError> {
    let alone = Alone::with_datasets(home)?;
    let decisions = Alone::with_decisions(home)?;
    // The snapshot of an erasure would show what an interrupted run left.
    Box::pin(close_interrupted(home, &decisions)).await?;
    let before = home.ledger.erasures().await?.len();
    let whose = match what {
        Erase::Due => None,
        Erase::Declaration(name) | Erase::Party(name) => Some(subject(&home.root_key().await?, name)),
    };
    let (finished, stuck) = go_on(home, &alone, progress).await?;
    let snapshot = home.snapshot().await?;
    let platform = home.platform_of(snapshot.as_ref(), catalog::read(&home.ledger).await?).await?;
    let holds = Holds::read(home, &platform).await?;
    let found = match what {
        Erase::Due => {
            check_clock(home, snapshot.as_ref())?;
            found_due(home, snapshot.as_ref(), &platform, &holds).await?
        }
        Erase::Declaration(id) => found_of(home, &platform, &holds, &Subjects::declaration(id)).await?,
        Erase::Party(key) => {
            let mut subjects = Subjects::parties(&platform, [key.clone()].into()).await?;
            add_begun(home, &platform, whose, &mut subjects).await?;
            found_of(home, &platform, &holds, &subjects).await?
        }
    };
    let days = kept(home).into_iter().map(|(_, days)| days).min().unwrap_or_default();
    let until = || ErasedRows::Before(cutoff(home.now.date_naive(), days));
    let of = whose.map_or_else(until, ErasedRows::Subject);
    let order = Order::begin(home, whose, of, &found, reason).await?;
    let is_nothing = order.is_none() && !finished.contains(&whose);
    if let Some(mut order) = order {
        order.take_out(home, &platform, &holds, &found, progress).await?;
        finish(home, &order, &alone, progress).await?;
    }
    if let Some(stuck) = stuck {
        return Err(stuck);
    }
    match what {
        Erase::Declaration(id) if is_nothing => {
            let nothing = format!("there is no declaration {id}, and no record that was set aside names it");
            Err(nothing_of(home, id, nothing).await?)
        }
        Erase::Party(key) if is_nothing => {
            let nothing = format!("no declaration, register or record that was set aside names {key}");
            Err(nothing_of(home, key, nothing).await?)
        }
        _ => Ok(home.ledger.erasures().await?.split_off(before)),
    }
}

/// Why nothing of a declaration or party can be erased: it was before, or as given.
async fn nothing_of(home: &Home, name: &str, nothing: String) -> Result<JobError, JobError> {
    let erased = ErasedBefore::read(home).await?;
    let told = erased.of_subject(name).map_or(nothing, |Erasure { id, erased_at, erased, .. }| {
        let when = erased_at.format("%Y-%m-%d %H:%M UTC");
        // An earlier version may have broken off before datasets.
        let datasets = if erased.order.is_some() {
            ""
        } else {
            "; what an earlier version left of it in files of datasets goes with the next erasure from the same tables"
        };
        format!("nothing of {name} is left: it was erased, by certificate {id} of {when}{datasets}")
    });
    Ok(JobError::Missing(told))
}

/// Adds the declarations that go by an order which broke off: the rows that named the party of it may be out already.
async fn add_begun(
    home: &Home,
    platform: &Platform,
    whose: Option<Hash256>,
    subjects: &mut Subjects,
) -> Result<(), JobError> {
    let begun = order::begun(home, whose).await?;
    if begun.is_empty() {
        return Ok(());
    }
    let key = home.root_key().await?;
    subjects.add_declarations(platform, |id| begun.contains(&subject(&key, id))).await
}

/// The rows that are due and that nothing holds, in a state of the tables.
async fn found_due(
    home: &Home,
    snapshot: Option<&Snapshot>,
    platform: &Platform,
    holds: &Holds,
) -> Result<Vec<Found>, JobError> {
    let mut found = Vec::new();
    for Due { table, before, rows, held, .. } in due_beside(home, platform, holds).await? {
        let version = snapshot.and_then(|snapshot| snapshot.tables.get(&table).copied());
        let known = tables::stored().find(|known| known.name == table).filter(|_| rows > held);
        if let (Some(table), Some(version)) = (known, version) {
            let parts = vec![(ErasedRows::Before(before.clone()), rows - held)];
            found.push(Found { table, which: Which::Due { before, version }, parts });
        }
    }
    Ok(found)
}

/// The rows of subjects in every table.
///
/// # Errors
/// When one of them is held.
async fn found_of(
    home: &Home,
    platform: &Platform,
    holds: &Holds,
    subjects: &Subjects,
) -> Result<Vec<Found>, JobError> {
    holds.refuse(platform, subjects).await?;
    let key = home.root_key().await?;
    let mut found = Vec::new();
    for table in tables::stored().filter(|table| is_of_subjects(table)) {
        let rows = subjects.rows(platform, table).await?;
        holds.refuse_rows(platform, table, &rows).await?;
        if rows.is_empty() {
            continue;
        }
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for (name, count) in rows.values() {
            *counts.entry(name).or_default() += count;
        }
        let parts = counts.into_iter().map(|(name, rows)| (ErasedRows::Subject(subject(&key, name)), rows));
        let parts = parts.collect();
        found.push(Found { table, which: Which::Meeting(among(row_name(table), rows.keys())), parts });
    }
    Ok(found)
}

/// What was erased, for whoever asks for rows that are not there.
pub(crate) struct ErasedBefore {
    erasures: Vec<Erasure>,
    key: RootKey,
}

impl ErasedBefore {
    pub(crate) async fn read(home: &Home) -> Result<Self, JobError> {
        Ok(Self { erasures: home.ledger.erasures().await?, key: home.root_key().await? })
    }

    /// The erasure of a declaration by its name, if it was erased so.
    pub(crate) fn of_subject(&self, declaration: &str) -> Option<&Erasure> {
        let of = ErasedRows::Subject(subject(&self.key, declaration));
        self.erasures.iter().find(|erasure| erasure.erased.of == of)
    }

    /// The erasure by which the record of a declaration is gone, if it is.
    pub(crate) fn of(&self, month: &str, declaration: &str) -> Option<&Erasure> {
        let is_record = |table: &str| [DECLARATION.name, GOODS_ITEM.name].contains(&table);
        let by_month = self.erasures.iter().find(|Erasure { erased, .. }| {
            is_record(&erased.table)
                && matches!(&erased.of, ErasedRows::Before(before) if month < before.as_str())
        });
        by_month.or_else(|| self.of_subject(declaration))
    }
}

/// What stands for a declaration or a party in certificates: who has the key of the ledger can tell whether it is it, nobody else.
fn subject(key: &RootKey, name: &str) -> Hash256 {
    Hash256::new(mac(key, &[b"tidegate/erased/v1\0", name.as_bytes()]))
}

/// Tables whose rows are not kept for ever.
fn kept(home: &Home) -> Vec<(&'static Table, u32)> {
    let days = home.configuration.retention.days();
    days.into_iter()
        .filter_map(|(name, days)| Some((tables::stored().find(|table| table.name == name)?, days)))
        .collect()
}

/// Makes sure that the clock does not run far ahead: all would be due by it, and nothing of it could be had back.
fn check_clock(home: &Home, snapshot: Option<&Snapshot>) -> Result<(), JobError> {
    let quiet_days = i64::from(home.configuration.retention.quiet_days);
    let Some(newest) = snapshot.map(|snapshot| snapshot.recorded_at) else { return Ok(()) };
    let days = (home.now - newest).num_days();
    if quiet_days == 0 || days <= quiet_days {
        return Ok(());
    }
    Err(JobError::Missing(format!(
        "the clock says {}, and the newest state of the tables is of {}, {days} days before; what is erased by a wrong clock cannot be \
         had back. Set the clock, or, if it is right, `retention.quiet_days` of the configuration to {days} or more",
        home.now.date_naive(),
        newest.date_naive(),
    )))
}

/// The first month of which rows are kept: all of the month ended at most so many days ago.
fn cutoff(today: NaiveDate, days: u32) -> String {
    let oldest = today.checked_sub_days(Days::new(u64::from(days))).unwrap_or(NaiveDate::MIN);
    format!("{:04}-{:02}", oldest.year(), oldest.month())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_kept_until_all_of_their_month_is_old_enough() {
        let today = |text: &str| text.parse::<NaiveDate>().unwrap();
        // On 30 January, 30 days ago was 31 December: of December a day is not old enough yet.
        assert_eq!(cutoff(today("2026-01-30"), 30), "2025-12");
        assert_eq!(cutoff(today("2026-01-31"), 30), "2026-01");
        assert_eq!(cutoff(today("2026-11-29"), 0), "2026-11");
    }
}

//! Retention and erasure: rows that are kept no longer, or that one has the right to have erased, go with every byte of them;
//! a certificate stays. What is under a legal hold stays.
//!
//! Law: Personal Information Protection Law, articles 19 and 47; Data Security Law, article 27.

mod derived;
mod holds;
mod subjects;

pub use holds::{hold, holds, lift};

use crate::JobError;
use crate::answer::Answer;
use crate::home::{Home, mac};
use crate::progress::Progress;
use chrono::{Datelike, Days, NaiveDate};
use holds::Holds;
use std::collections::{BTreeMap, BTreeSet};
use subjects::{Subjects, among, is_of_subjects, row_name};
use tidegate_ledger::{Door, ErasedRows, Erasure, Hash256, NewErasure, RootKey};
use tidegate_query::Platform;
use tidegate_records::category::Category;
use tidegate_records::table::{Key, Source, Table};
use tidegate_records::tables::{self, DECLARATION, GOODS_ITEM};

const PURPOSE: &str = "job retention";
/// Declarations of one party that are erased at once.
const MOST_DECLARATIONS: usize = 100_000;

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
    /// Every declaration that names a party, by its number, every record set aside that does, and what registers say of it.
    Party(String),
}

/// Rows that are older than they are kept, by table.
///
/// # Errors
/// When lake or ledger fail.
pub async fn due(home: &Home) -> Result<Vec<Due>, JobError> {
    let platform = home.platform().await?;
    let mut all = Vec::new();
    for (table, days) in kept(home) {
        let before = cutoff(home.now.date_naive(), days);
        let free = Holds::on(home, &platform, table).await?.free();
        let sql = format!(
            "SELECT count(*) AS rows, count(*) FILTER (WHERE ({free}) IS NOT TRUE) AS held FROM {} WHERE month < '{before}'",
            table.name
        );
        let answer = Answer::of(&platform, PURPOSE, &sql).await?;
        let count = |name: &str| Ok::<_, JobError>(answer.counts(name)?.first().copied().unwrap_or_default());
        let (rows, held) = (count("rows")?, count("held")?);
        all.push(Due { table: table.name.to_owned(), days, before, rows, held });
    }
    Ok(all)
}

/// Erases rows and every byte of them, in datasets that are made of them too. Returns a certificate for each table and subject of
/// which there were rows, and for each dataset.
///
/// # Errors
/// When a declaration is under a legal hold or there is none, and when lake or ledger fail; what was certified until then is
/// erased, and repeating goes on.
pub async fn erase(
    home: &Home,
    what: &Erase,
    reason: &str,
    progress: &mut dyn Progress,
) -> Result<Vec<Erasure>, JobError> {
    let platform = home.platform().await?;
    let before = home.ledger.erasures().await?.len();
    match what {
        Erase::Due => {
            let due = due(home).await?;
            progress.step("erasing", due.len() as u64, "tables");
            for (done, Due { table, before, rows, held, .. }) in (1..).zip(due) {
                if let Some(table) =
                    tables::stored().find(|known| known.name == table).filter(|_| rows > held)
                {
                    let free = Holds::on(home, &platform, table).await?.free();
                    let condition = format!("month < '{before}' AND {free}");
                    let parts = vec![(ErasedRows::Before(before), rows - held)];
                    erase_rows(home, table, &condition, parts, reason).await?;
                }
                progress.done(done);
            }
        }
        Erase::Declaration(id) => {
            erase_subjects(home, &platform, &Subjects::declaration(id), reason, progress).await?;
        }
        Erase::Party(key) => {
            let subjects = Subjects::party(&platform, key).await?;
            if !erase_subjects(home, &platform, &subjects, reason, progress).await? {
                let nothing = "no declaration, register or record that was set aside names it";
                return Err(JobError::Missing(nothing.to_owned()));
            }
        }
    }
    let erased = home.ledger.erasures().await?.split_off(before);
    let tables: BTreeSet<String> = erased.iter().map(|one| one.erased.table.clone()).collect();
    let of = match what {
        Erase::Declaration(name) | Erase::Party(name) => {
            ErasedRows::Subject(subject(&home.root_key().await?, name))
        }
        Erase::Due => {
            let days = kept(home).into_iter().map(|(_, days)| days).min().unwrap_or_default();
            ErasedRows::Before(cutoff(home.now.date_naive(), days))
        }
    };
    derived::remake(home, &tables, &of, reason, progress).await?;
    Ok(home.ledger.erasures().await?.split_off(before))
}

/// Erases the rows of subjects from every table. Returns whether there were any.
async fn erase_subjects(
    home: &Home,
    platform: &Platform,
    subjects: &Subjects,
    reason: &str,
    progress: &mut dyn Progress,
) -> Result<bool, JobError> {
    let mut found = Vec::new();
    for table in tables::stored().filter(|table| is_of_subjects(table)) {
        let rows = subjects.rows(platform, table).await?;
        Holds::on(home, platform, table).await?.refuse(platform, subjects, &rows).await?;
        found.push((table, rows));
    }
    found.retain(|(_, rows)| !rows.is_empty());
    let is_any = !found.is_empty();
    let key = home.root_key().await?;
    progress.step("erasing", found.len() as u64, "tables");
    for (done, (table, rows)) in (1..).zip(found) {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for (name, count) in rows.values() {
            *counts.entry(name).or_default() += count;
        }
        let certified =
            counts.into_iter().map(|(name, rows)| (ErasedRows::Subject(subject(&key, name)), rows)).collect();
        erase_rows(home, table, &among(row_name(table), rows.keys()), certified, reason).await?;
        progress.done(done);
    }
    Ok(is_any)
}

/// Takes rows out, records the snapshot without them, removes the files that held them, and certifies it: for each part of the
/// rows with its number, or for all of them.
async fn erase_rows(
    home: &Home,
    table: &Table,
    condition: &str,
    parts: Vec<(ErasedRows, u64)>,
    reason: &str,
) -> Result<(), JobError> {
    let is_there = home.snapshot().await?.is_some_and(|snapshot| snapshot.tables.contains_key(table.name));
    if !is_there || parts.is_empty() {
        return Ok(());
    }
    let erased = home.lake.erase(table.name, condition).await?;
    home.lake.record_snapshot(home.now, [&erased]).await?;
    let purged = home.lake.purge(&erased).await?;
    let act = home.act(Door::Job, reason).await?;
    for (of, rows) in parts {
        let new = NewErasure {
            table: table.name.to_owned(),
            of,
            rows,
            files: purged.files as u64,
            bytes: purged.bytes,
            lake_version: erased.version,
        };
        home.ledger.record_erasure(&new, &act).await?;
    }
    Ok(())
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

/// The first month of which rows are kept: all of the month ended at most so many days ago.
fn cutoff(today: NaiveDate, days: u32) -> String {
    let oldest = today.checked_sub_days(Days::new(u64::from(days))).unwrap_or(NaiveDate::MIN);
    format!("{:04}-{:02}", oldest.year(), oldest.month())
}

/// Declarations that name a party in one of the columns for parties.
async fn of_party(platform: &Platform, key: &str) -> Result<BTreeSet<String>, JobError> {
    let parties = DECLARATION.columns.iter().filter(|column| {
        column.category(&DECLARATION) == Category::Party
            && !matches!(column.source, Source::List(_) | Source::Key(Key::LoadId))
    });
    let parties: Vec<&str> = parties.map(|column| column.name).collect();
    let sql = format!(
        "SELECT DISTINCT declaration_id FROM declaration WHERE {} IN ({}) ORDER BY 1 LIMIT {}",
        text(key),
        parties.join(", "),
        MOST_DECLARATIONS + 1
    );
    let found = Answer::of(platform, PURPOSE, &sql).await?.texts("declaration_id")?;
    if found.len() > MOST_DECLARATIONS {
        return Err(JobError::Missing(format!(
            "more than {MOST_DECLARATIONS} declarations name it: this is no right of a person to erasure, but a retention \
             that the configuration sets"
        )));
    }
    Ok(found.into_iter().collect())
}

fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
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

//! The file of a dataset: a header in TOML behind `--`, then one statement.

use super::DatasetError;
use crate::item_rows::DECLARATION_ITEM;
use crate::literal;
use chrono::{DateTime, Days, Months, NaiveDate, TimeDelta, Utc};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use tidegate_records::table::Grade;
use tidegate_records::tables::TABLES;

/// Longest file.
const MOST_BYTES: usize = 1 << 18;

/// Fewest of whom a row that is lowered may tell: of two, each knows the other by what is not its own (Hundepool et al.,
/// Statistical Disclosure Control, 2012, 4.2).
const LEAST_GROUP: u32 = 3;

/// How much earlier than a day, week or month after the last time a dataset is due: a timer does not start at the very same second,
/// and the day on which summer time begins has 23 hours.
const EARLY: TimeDelta = TimeDelta::hours(2);

/// Days after the end of a month until what is lowered tells of it, where the header names none: time for what is lodged or
/// amended late.
const DAYS_TO_CLOSE: u32 = 10;

/// Most of them.
const MOST_DAYS_TO_CLOSE: u32 = 366;

/// A dataset as its file defines it.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// Name in SQL.
    pub name: String,
    /// Business domain: the folder of the file.
    pub domain: String,
    /// The whole file.
    pub text: String,
    /// The statement.
    pub sql: String,
    /// What its header says.
    pub header: Header,
}

/// The header of a dataset's file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// A few words.
    pub title: String,
    /// What a row is, and what it is for.
    pub description: String,
    /// The department that answers for it.
    pub owner: String,
    /// How often it should be made anew.
    pub refresh: Refresh,
    /// The month column by which only what changed is made anew; all of it when left out.
    pub increment: Option<String>,
    /// Columns that together name a row.
    pub unique: Vec<String>,
    /// Why its grade is lower than that of what it reads.
    pub lowered: Option<Lowered>,
    /// How old rows may be.
    pub fresh: Option<Fresh>,
    /// Its columns, by name.
    pub columns: BTreeMap<String, ColumnHeader>,
}

/// How often a dataset should be made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Refresh {
    /// Each day.
    Daily,
    /// Each week.
    Weekly,
    /// Each month of 30 days.
    Monthly,
}

impl Refresh {
    /// Whether it is time again.
    pub fn is_due(self, last: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let days = match self {
            Self::Daily => 1,
            Self::Weekly => 7,
            Self::Monthly => 30,
        };
        now - last >= TimeDelta::days(days) - EARLY
    }
}

/// The explicit rule by which an aggregate has a lower grade than its sources: small groups are left out, as official
/// statistics do it (Eurostat, Handbook on Statistical Disclosure Control, threshold rule).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lowered {
    /// The grade, of columns that tell of whole groups and name no enterprises and persons.
    pub grade: Grade,
    /// The column that counts the enterprises or persons behind a row.
    pub count: String,
    /// Rows with less are left out, and values that less contribute to.
    pub at_least: u32,
    /// Days after the end of a month until it is closed. Rows of closed months alone are there, and change when another month
    /// is closed: what is made anew each day tells by its difference what came on one.
    #[serde(default = "days_to_close")]
    pub closed_after_days: u32,
}

fn days_to_close() -> u32 {
    DAYS_TO_CLOSE
}

impl Lowered {
    /// The last month that is closed on a day, such as `2026-10`.
    pub fn last_closed(&self, today: NaiveDate) -> String {
        let day = today.checked_sub_days(Days::new(u64::from(self.closed_after_days)));
        let month = day.and_then(|day| day.checked_sub_months(Months::new(1)));
        month.map(|month| month.format("%Y-%m").to_string()).unwrap_or_default()
    }
}

/// How old rows may be: the newest of the dataset by a column of it, or those of a stored table that it is made of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fresh {
    /// A moment, a day or a month of its own.
    pub column: Option<String>,
    /// A stored table that it is made of: when rows were last loaded into it.
    pub table: Option<String>,
    /// Days.
    pub days: u32,
}

/// What the header says of a column.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnHeader {
    /// One sentence.
    pub description: String,
    /// Unit of the values.
    pub unit: Option<String>,
    /// Whether every row has a value.
    #[serde(default)]
    pub is_required: bool,
    /// Least and greatest value.
    pub range: Option<[f64; 2]>,
    /// Column of a stored table that has every value, as `table.column`.
    pub reference: Option<String>,
    /// Share by which the mean may differ from that of the version before.
    pub drift: Option<f64>,
}

impl Definition {
    /// Reads the file of a dataset.
    ///
    /// # Errors
    /// With the file, the line and what would be right.
    pub fn parse(domain: &str, name: &str, text: &str) -> Result<Self, DatasetError> {
        let refused = |cause: String| DatasetError::Definition { name: name.to_owned(), cause };
        if text.len() > MOST_BYTES {
            return Err(refused(format!("{} bytes; at most {MOST_BYTES}", text.len())));
        }
        for (what, word) in [("name", name), ("domain", domain)] {
            if !is_word(word) {
                return Err(refused(format!("`{word}` is no {what}: lower case letters, digits and _")));
            }
        }
        if name == DECLARATION_ITEM || TABLES.iter().any(|table| table.name == name) {
            return Err(refused("a table has this name already".to_owned()));
        }
        let lines: Vec<&str> = text.lines().take_while(|line| line.starts_with("--")).collect();
        let toml: Vec<&str> = lines.iter().map(|line| line.trim_start_matches("--")).collect();
        let header: Header =
            toml::from_str(&toml.join("\n")).map_err(|error| refused(format!("its header: {error}")))?;
        let sql = text.lines().skip(lines.len()).collect::<Vec<_>>().join("\n");
        let sql = sql.trim().trim_end_matches(';').trim_end().to_owned();
        if sql.is_empty() {
            return Err(refused("no statement follows the header".to_owned()));
        }
        let definition =
            Self { name: name.to_owned(), domain: domain.to_owned(), text: text.to_owned(), sql, header };
        definition.check().map_err(refused)?;
        Ok(definition)
    }

    /// That the header names its own columns only.
    fn check(&self) -> Result<(), String> {
        let header = &self.header;
        let lowered = header.lowered.as_ref().map(|lowered| &lowered.count);
        let fresh = header.fresh.as_ref().and_then(|fresh| fresh.column.as_ref());
        let mut named = header.unique.iter().chain(&header.increment).chain(lowered).chain(fresh);
        if let Some(unknown) = named.find(|column| !header.columns.contains_key(*column)) {
            return Err(format!("`{unknown}` is named in the header and has no [columns.{unknown}]"));
        }
        if let Some(few) =
            header.lowered.as_ref().map(|lowered| lowered.at_least).filter(|n| *n < LEAST_GROUP)
        {
            return Err(format!("its grade is lowered with {few} behind a row; at least {LEAST_GROUP}"));
        }
        if let Some(days) =
            header.lowered.as_ref().map(|l| l.closed_after_days).filter(|n| *n > MOST_DAYS_TO_CLOSE)
        {
            return Err(format!(
                "its months are closed {days} days after their end; at most {MOST_DAYS_TO_CLOSE}"
            ));
        }
        if header.fresh.as_ref().is_some_and(|fresh| fresh.column.is_some() == fresh.table.is_some()) {
            return Err("[fresh] names a `column` of its own, or a `table` that it is made of".to_owned());
        }
        if header.unique.is_empty() {
            return Err("`unique` names no column; a row needs a name".to_owned());
        }
        for (name, column) in &header.columns {
            let reference = column.reference.as_deref();
            if let Some(unknown) = reference.filter(|reference| stored_column(reference).is_none()) {
                return Err(format!("`{name}` refers to `{unknown}`, which is no `table.column`"));
            }
            if let Some([least, greatest]) =
                column.range.filter(|[least, greatest]| !(*least..=*greatest).contains(least))
            {
                return Err(format!("the range of `{name}` is {least} to {greatest}"));
            }
        }
        Ok(())
    }

    /// SHA-256 of the file.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.text).into()
    }

    /// The statement that makes the rows: all of them, or those of some months; small groups are left out.
    pub fn statement(&self, months: Option<&[String]>) -> String {
        self.filtered(months, None)
    }

    /// The statement that makes the rows that are there on a day: where its grade is lowered, those of closed months.
    pub fn statement_on(&self, today: NaiveDate, months: Option<&[String]>) -> String {
        self.filtered(months, self.header.lowered.as_ref().map(|lowered| lowered.last_closed(today)))
    }

    fn filtered(&self, months: Option<&[String]>, last_closed: Option<String>) -> String {
        let lowered = self.header.lowered.as_ref();
        let groups = lowered.map(|Lowered { count, at_least, .. }| format!("\"{count}\" >= {at_least}"));
        let of_months = self.header.increment.as_ref().zip(months).map(|(column, months)| {
            let months: Vec<String> = months.iter().map(|month| literal(month)).collect();
            format!("\"{column}\" IN ({})", months.join(", "))
        });
        let closed = self.header.increment.as_ref().zip(last_closed);
        let closed = closed.map(|(column, last)| format!("\"{column}\" <= {}", literal(&last)));
        let conditions: Vec<String> = groups.into_iter().chain(closed).chain(of_months).collect();
        if conditions.is_empty() {
            return self.sql.clone();
        }
        format!("SELECT * FROM (\n{}\n) AS made WHERE {}", self.sql, conditions.join(" AND "))
    }
}

/// Table and column of a stored column's name.
pub(super) fn stored_column(name: &str) -> Option<(&'static str, &'static str)> {
    let (table, column) = name.split_once('.')?;
    let table = TABLES.iter().find(|known| known.name == table)?;
    Some((table.name, table.column(column)?.name))
}

fn is_word(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "-- title = \"Counts\"\n-- description = \"Declarations of a month.\"\n\
        -- owner = \"statistics\"\n-- refresh = \"daily\"\n-- increment = \"month\"\n-- unique = [\"month\"]\n--\n\
        -- [columns.month]\n-- description = \"Month\"\n-- [columns.declarations]\n-- description = \"Number\"\n\
        SELECT month, count(*) AS declarations FROM declaration GROUP BY month;\n";

    fn refusal(from: &str, to: &str) -> String {
        assert!(FILE.contains(from));
        Definition::parse("declaration", "counts", &FILE.replace(from, to)).unwrap_err().to_string()
    }

    #[test]
    fn a_file_is_a_header_and_a_statement() {
        let counts = Definition::parse("declaration", "counts", FILE).unwrap();
        assert_eq!(counts.header.title, "Counts");
        assert_eq!(
            counts.statement(None),
            "SELECT month, count(*) AS declarations FROM declaration GROUP BY month"
        );
        let months = ["2026-01".to_owned(), "it's".to_owned()];
        assert!(counts.statement(Some(&months)).ends_with("WHERE \"month\" IN ('2026-01', 'it''s')"));
    }

    #[test]
    fn what_is_wrong_is_told() {
        assert!(refusal("owner", "ower").contains("unknown field `ower`"));
        assert!(
            refusal("unique = [\"month\"]", "unique = [\"year\"]").contains("`year` is named in the header")
        );
        assert!(refusal("unique = [\"month\"]", "unique = []").contains("names no column"));
        let few = "-- [lowered]\n-- grade = \"general-2\"\n-- count = \"declarations\"\n-- at_least = 2\n-- [columns.month]";
        assert!(refusal("-- [columns.month]", few).contains("2 behind a row; at least 3"));
        for (given, told) in
            [("", "names a `column`"), ("column = \"year\"", "`year` is named in the header")]
        {
            let fresh = format!("-- [fresh]\n-- days = 3\n-- {given}\n-- [columns.month]");
            assert!(refusal("-- [columns.month]", &fresh).contains(told), "{given}");
        }
        let reference = "\"Month\"\n-- reference = \"declaration.moon\"";
        assert!(refusal("\"Month\"", reference).contains("`declaration.moon`, which is no"));
        let taken = Definition::parse("declaration", "goods_item", FILE).unwrap_err().to_string();
        assert!(taken.contains("a table has this name already"), "{taken}");
        let name = Definition::parse("declaration", "Counts!", FILE).unwrap_err().to_string();
        assert!(name.contains("`Counts!` is no name"), "{name}");
    }

    #[test]
    fn what_is_lowered_holds_closed_months() {
        let of = |more: &str| {
            let lowered =
                "-- [lowered]\n-- grade = \"general-2\"\n-- count = \"declarations\"\n-- at_least = 3\n";
            FILE.replace("-- [columns.month]", &format!("{lowered}{more}-- [columns.month]"))
        };
        let parse = |text: &str| Definition::parse("declaration", "counts", text);
        let months = ["2026-10".to_owned()];
        let end = |definition: &Definition, day: &str, months: Option<&[String]>| {
            let statement = definition.statement_on(day.parse().unwrap(), months);
            statement.split_once(" WHERE ").map(|(_, end)| end.to_owned()).unwrap_or_default()
        };
        let counts = parse(&of("")).unwrap();
        let before = end(&counts, "2026-11-10", None);
        assert_eq!(before, "\"declarations\" >= 3 AND \"month\" <= '2026-09'");
        let closed = end(&counts, "2026-11-11", Some(&months));
        assert_eq!(closed, "\"declarations\" >= 3 AND \"month\" <= '2026-10' AND \"month\" IN ('2026-10')");
        let late = parse(&of("-- closed_after_days = 40\n")).unwrap();
        assert!(end(&late, "2026-11-11", None).ends_with("<= '2026-09'"));
        assert_eq!(end(&parse(FILE).unwrap(), "2026-11-11", None), "", "nothing else waits");
        let never = parse(&of("-- closed_after_days = 400\n")).unwrap_err().to_string();
        assert!(never.contains("closed 400 days after their end; at most 366"), "{never}");
    }

    #[test]
    fn it_is_due_when_its_time_is_over() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let last = at("2026-11-01T08:00:00Z");
        assert!(Refresh::Daily.is_due(last, at("2026-11-02T08:00:00Z")));
        assert!(Refresh::Daily.is_due(last, at("2026-11-02T07:59:59Z")), "a timer came a second early");
        assert!(Refresh::Daily.is_due(last, at("2026-11-02T06:59:59Z")), "and summer time began");
        assert!(!Refresh::Daily.is_due(last, at("2026-11-02T05:59:59Z")));
        assert!(!Refresh::Weekly.is_due(last, at("2026-11-07T08:00:00Z")));
        assert!(Refresh::Weekly.is_due(last, at("2026-11-08T07:59:59Z")));
        assert!(Refresh::Monthly.is_due(last, at("2026-12-01T07:59:59Z")));
    }
}

//! What a message or a plan must not tell: values, tables and columns that are not shown, and what policies and files are.

use super::reader::Case;
use crate::country::{Row, tables};
use std::collections::BTreeSet;
use tidegate_records::tables::TABLES;

/// Shorter values stand in messages by chance.
const SHORTEST_VALUE: usize = 5;

/// What stands in the text of policies.
const OF_POLICIES: &[&str] = &["own-office", "own-enterprise", "principal.", "pseudonym("];

/// What stands in paths of files, and in what reads them.
const OF_FILES: &[&str] = &["/tmp", "_delta_log", "month=2026", ".parquet", "file_groups", "partition_sizes"];

/// What must not be told to a reader.
pub struct Hidden {
    values: Vec<String>,
    names: BTreeSet<&'static str>,
}

impl Hidden {
    /// What is hidden to a reader to whom these texts are shown.
    pub fn of(case: &Case, shown: &BTreeSet<String>) -> Self {
        let stored: BTreeSet<String> =
            tables().into_values().flat_map(|(_, rows)| rows).flat_map(Row::into_values).collect();
        let is_telling =
            |value: &String| value.len() >= SHORTEST_VALUE && value.contains(char::is_alphabetic);
        let is_hidden = |value: &String| !shown.iter().any(|text| text.contains(value.as_str()));
        let values = stored.into_iter().filter(is_telling).filter(is_hidden).collect();
        // What codes mean is no secret, and the name of that table is a word of everybody's.
        let tables = tidegate_records::tables::stored().map(|table| table.name);
        let tables = tables.filter(|name| !case.tables.contains_key(name));
        let is_shown = |column: &str| {
            case.tables.values().any(|table| table.columns.iter().any(|(name, ..)| *name == column))
        };
        let columns = TABLES.iter().flat_map(|table| table.columns).map(|column| column.name);
        // A column whose name is one word may be a word of the engine's.
        let columns = columns.filter(|name| name.contains('_') && !is_shown(name));
        Self { values, names: tables.chain(columns).collect() }
    }

    /// The first of it that stands in a text, if the reader's own statement does not have it.
    pub fn told_in(&self, text: &str, statement: &str) -> Option<String> {
        let values = self.values.iter().map(String::as_str).chain(OF_POLICIES.iter().copied());
        let mut told = values.filter(|value| text.contains(value));
        let words = |text: &str| -> BTreeSet<String> {
            text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').map(str::to_owned).collect()
        };
        let mut named = words(text).into_iter().filter(|word| self.names.contains(word.as_str()));
        let told = told.find(|told| !statement.contains(told)).map(str::to_owned);
        told.or_else(|| named.find(|name| !statement.contains(name.as_str())))
    }

    /// As [`Hidden::told_in`], where files are not shown either.
    pub fn told_with_files(&self, text: &str, statement: &str) -> Option<String> {
        let mut of_files =
            OF_FILES.iter().filter(|told| text.contains(**told) && !statement.contains(**told));
        of_files.next().map(|told| (*told).to_owned()).or_else(|| self.told_in(text, statement))
    }
}

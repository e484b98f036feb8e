//! Whose rows are meant: declarations, and parties that records name.
//!
//! A record that was set aside belongs to no declaration of the lake. Where its declaration could not be read, its text is
//! searched.

use super::parties;
use super::statements::{DECLARATION_ID, PURPOSE, among};
use crate::JobError;
use crate::answer::Answer;
use crate::columns;
use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use futures::TryStreamExt;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tidegate_query::{Platform, Principal};
use tidegate_records::table::Table;
use tidegate_records::tables::{DECLARATION, QUARANTINE};

const ENTERPRISE_ID: &str = "enterprise_id";

/// Declarations and parties.
pub(super) struct Subjects {
    pub declarations: BTreeSet<String>,
    pub parties: BTreeSet<String>,
}

/// Rows of a table by what names them there ([`row_name`]), each with the subject that it names and how many they are.
pub(super) type Rows = BTreeMap<String, (String, u64)>;

/// What names the rows of a table that belong to a declaration or, in registers, to an enterprise.
pub(super) fn row_name(table: &Table) -> &'static str {
    match table.name {
        name if name == QUARANTINE.name => "concat(load_id, '/', CAST(source_row AS VARCHAR))",
        _ if is_register(table) => ENTERPRISE_ID,
        _ => DECLARATION_ID,
    }
}

/// Whether rows of a table are of a declaration or an enterprise.
pub(super) fn is_of_subjects(table: &Table) -> bool {
    is_register(table) || table.column(DECLARATION_ID).is_some()
}

fn is_register(table: &Table) -> bool {
    table.column(DECLARATION_ID).is_none() && table.column(ENTERPRISE_ID).is_some()
}

impl Subjects {
    /// Their names.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.declarations.iter().chain(&self.parties)
    }

    /// One declaration.
    pub(super) fn declaration(id: &str) -> Self {
        Self { declarations: [id.to_owned()].into(), parties: BTreeSet::new() }
    }

    /// Parties, and the declarations that name one of them.
    pub(super) async fn parties(platform: &Platform, keys: BTreeSet<String>) -> Result<Self, JobError> {
        Ok(Self { declarations: parties::declarations(platform, &keys).await?, parties: keys })
    }

    /// What keys stand for of which nobody said whether they are those of declarations or of parties.
    pub(super) async fn keys(platform: &Platform, keys: BTreeSet<String>) -> Result<Self, JobError> {
        let mut subjects = Self::parties(platform, keys).await?;
        subjects.declarations.extend(subjects.parties.iter().cloned());
        Ok(subjects)
    }

    /// Adds the declarations of the lake whose names fit.
    pub(super) async fn add_declarations(
        &mut self,
        platform: &Platform,
        fits: impl Fn(&str) -> bool,
    ) -> Result<(), JobError> {
        let sql = format!("SELECT declaration_id FROM {}", DECLARATION.name);
        let mut batches = platform.plan_for(&Principal::LocalOwner, PURPOSE, &sql).await?.stream()?;
        while let Some(batch) = batches.try_next().await? {
            let ids = columns::text(&batch, DECLARATION_ID)?;
            self.declarations.extend(ids.iter().flatten().filter(|id| fits(id)).map(str::to_owned));
        }
        Ok(())
    }

    /// The rows of a table that name one of them.
    pub(super) async fn rows(&self, platform: &Platform, table: &Table) -> Result<Rows, JobError> {
        if self.names().next().is_none() || !is_of_subjects(table) {
            return Ok(Rows::new());
        }
        if table.name == QUARANTINE.name {
            return self.set_aside(platform).await;
        }
        let named = if is_register(table) { &self.parties } else { &self.declarations };
        if named.is_empty() {
            return Ok(Rows::new());
        }
        let name = row_name(table);
        let sql = format!(
            "SELECT {name} AS name, count(*) AS rows FROM {} WHERE {} GROUP BY 1",
            table.name,
            among(name, named)
        );
        let answer = Answer::of(platform, PURPOSE, &sql).await?;
        let (ids, counts) = (answer.texts("name")?, answer.counts("rows")?);
        Ok(ids.into_iter().zip(counts).map(|(id, rows)| (id.clone(), (id, rows))).collect())
    }

    /// Records set aside that are of one of the declarations, or name a party; those whose declaration is not known, also
    /// when they name a declaration.
    async fn set_aside(&self, platform: &Platform) -> Result<Rows, JobError> {
        let parties = Sought::new(&self.parties);
        let everybody = Sought::new(self.names());
        let sql = format!(
            "SELECT {} AS name, declaration_id, raw FROM {} WHERE raw IS NOT NULL",
            row_name(&QUARANTINE),
            QUARANTINE.name
        );
        let mut batches = platform.plan_for(&Principal::LocalOwner, PURPOSE, &sql).await?.stream()?;
        let mut rows = Rows::new();
        while let Some(batch) = batches.try_next().await? {
            // The engine makes texts of another kind.
            let names = cast(&columns::column(&batch, "name")?, &DataType::Utf8)?;
            let names = names.as_string::<i32>();
            let (ids, texts) = (columns::text(&batch, "declaration_id")?, columns::text(&batch, "raw")?);
            for ((name, id), raw) in names.iter().zip(&ids).zip(&texts) {
                let raw = raw.unwrap_or_default();
                let subject = match id {
                    Some(id) => self.declarations.get(id).or_else(|| parties.named_in(raw)),
                    None => everybody.named_in(raw),
                };
                if let (Some(name), Some(subject)) = (name, subject) {
                    rows.insert(name.to_owned(), (subject.clone(), 1));
                }
            }
        }
        Ok(rows)
    }
}

/// Keys that are looked for in texts as whole words, not within longer ones.
struct Sought<'a> {
    /// By their first word, with its place in the key.
    by_start: HashMap<&'a str, Vec<(usize, &'a String)>>,
}

impl<'a> Sought<'a> {
    fn new(keys: impl IntoIterator<Item = &'a String>) -> Self {
        let mut by_start: HashMap<&str, Vec<(usize, &String)>> = HashMap::new();
        for key in keys {
            if let Some((at, word)) = words(key).next() {
                by_start.entry(word).or_default().push((at, key));
            }
        }
        Self { by_start }
    }

    /// The first key that a text names.
    fn named_in(&self, text: &str) -> Option<&'a String> {
        words(text).find_map(|(place, word)| {
            let keys = self.by_start.get(word)?;
            let stands = |(at, key): &&(usize, &String)| {
                let behind =
                    place.checked_sub(*at).and_then(|start| text.get(start..)?.strip_prefix(key.as_str()));
                behind.is_some_and(|rest| ends_there(key, rest))
            };
            keys.iter().find(stands).map(|(_, key)| *key)
        })
    }
}

/// Whether a key ends where a text goes on with a rest: a last word of it does not go on there.
fn ends_there(key: &str, rest: &str) -> bool {
    !(key.ends_with(char::is_alphanumeric) && rest.starts_with(char::is_alphanumeric))
}

/// Runs of letters and digits of a text, with their places.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut behind = 0;
    std::iter::from_fn(move || {
        let start = behind + text[behind..].find(char::is_alphanumeric)?;
        let length = text[start..].find(|c: char| !c.is_alphanumeric());
        behind = length.map_or(text.len(), |length| start + length);
        Some((start, &text[start..behind]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_as_whole_words() {
        let keys = ["12044526", "CN-7/81", "税务91310000"].map(str::to_owned);
        let sought = Sought::new(&keys);
        for (text, named) in [
            ("1,12044526,x", Some("12044526")),
            ("<ID>12044526</ID>", Some("12044526")),
            ("12044526", Some("12044526")),
            ("112044526 120445260 é12044526", None),
            ("ref CN-7/81.", Some("CN-7/81")),
            ("CN-7/812 CN-7 81", None),
            ("“税务91310000”", Some("税务91310000")),
            ("91310000", None),
            ("", None),
        ] {
            assert_eq!(sought.named_in(text).map(String::as_str), named, "{text}");
        }
    }
}

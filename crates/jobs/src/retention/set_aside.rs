//! Records that were set aside. They belong to no declaration of the lake; where their declaration could not be read, their texts
//! are searched for names.

use super::statements::{PURPOSE, row_name};
use crate::JobError;
use crate::columns;
use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use futures::TryStreamExt;
use std::collections::HashMap;
use tidegate_query::{Platform, Principal};
use tidegate_records::tables::QUARANTINE;

/// A record that was set aside.
pub(super) struct SetAside<'a> {
    /// The month in which it was.
    pub month: &'a str,
    /// What names its row ([`row_name`]).
    pub name: &'a str,
    /// Its declaration, where that could be read.
    pub declaration: Option<&'a str>,
    /// As it came.
    pub text: &'a str,
}

/// Goes through the records set aside that meet a condition.
pub(super) async fn for_each(
    platform: &Platform,
    condition: &str,
    mut visit: impl FnMut(SetAside<'_>),
) -> Result<(), JobError> {
    let sql = format!(
        "SELECT {} AS name, month, declaration_id, raw FROM {} WHERE raw IS NOT NULL AND {condition}",
        row_name(&QUARANTINE),
        QUARANTINE.name
    );
    let mut batches = platform.plan_for(&Principal::LocalOwner, PURPOSE, &sql).await?.stream()?;
    while let Some(batch) = batches.try_next().await? {
        // The engine makes texts of another kind.
        let names = cast(&columns::column(&batch, "name")?, &DataType::Utf8)?;
        let names = names.as_string::<i32>();
        let (months, ids) = (columns::text(&batch, "month")?, columns::text(&batch, "declaration_id")?);
        let texts = columns::text(&batch, "raw")?;
        for (((name, month), declaration), text) in names.iter().zip(&months).zip(&ids).zip(&texts) {
            if let (Some(name), Some(text)) = (name, text) {
                visit(SetAside { month: month.unwrap_or_default(), name, declaration, text });
            }
        }
    }
    Ok(())
}

/// Keys that are looked for in texts as whole words, not within longer ones.
pub(super) struct Sought<'a> {
    /// By their first word, with its place in the key.
    by_start: HashMap<&'a str, Vec<(usize, &'a String)>>,
}

impl<'a> Sought<'a> {
    pub(super) fn new(keys: impl IntoIterator<Item = &'a String>) -> Self {
        let mut by_start: HashMap<&str, Vec<(usize, &String)>> = HashMap::new();
        for key in keys {
            if let Some((at, word)) = words(key).next() {
                by_start.entry(word).or_default().push((at, key));
            }
        }
        Self { by_start }
    }

    /// The first key that a text names.
    pub(super) fn named_in(&self, text: &str) -> Option<&'a String> {
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

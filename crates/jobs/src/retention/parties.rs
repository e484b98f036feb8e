//! Declarations that name parties, in whatever table: in columns for parties, in lists such as those of documents and of holders
//! of authorisations, and among values that have no column of their own.

use super::statements::{DECLARATION_ID, PURPOSE, among};
use crate::JobError;
use crate::answer::Answer;
use std::collections::BTreeSet;
use tidegate_query::Platform;
use tidegate_records::category::{Category, PARTY_CLASSES, PARTY_ELEMENTS};
use tidegate_records::table::{Source, Table};
use tidegate_records::tables;

/// Declarations of one party that are erased at once.
const MOST_DECLARATIONS: usize = 100_000;

/// The declarations that name one of some parties.
///
/// # Errors
/// When there are too many of them, or the lake fails.
pub(super) async fn declarations(
    platform: &Platform,
    keys: &BTreeSet<String>,
) -> Result<BTreeSet<String>, JobError> {
    let most = MOST_DECLARATIONS * keys.len();
    let mut found = BTreeSet::new();
    for rows in rows_of_parties(keys) {
        let sql = format!("SELECT DISTINCT declaration_id FROM {rows} ORDER BY 1 LIMIT {}", most + 1);
        found.extend(Answer::of(platform, PURPOSE, &sql).await?.texts("declaration_id")?);
        if found.len() > most {
            let keys = keys.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            return Err(JobError::Missing(format!(
                "more than {most} declarations name {keys}: this is no right of a person to erasure, but a retention that the \
                 configuration sets"
            )));
        }
    }
    Ok(found)
}

/// Rows that name one of some parties and belong to a declaration, as what a statement selects from.
pub(super) fn rows_of_parties(keys: &BTreeSet<String>) -> Vec<String> {
    if keys.is_empty() {
        return Vec::new();
    }
    let of_declarations = tables::stored().filter(|table| table.column(DECLARATION_ID).is_some());
    of_declarations.flat_map(|table| rows_of_table(table, keys)).collect()
}

fn rows_of_table(table: &Table, keys: &BTreeSet<String>) -> Vec<String> {
    let (mut rows, mut single) = (Vec::new(), Vec::new());
    for column in table.columns {
        let mut add_elements = |condition: String| {
            let (table, column) = (table.name, column.name);
            rows.push(format!(
                "(SELECT declaration_id, unnest({column}) AS e FROM {table}) WHERE {condition}"
            ));
        };
        match column.source {
            Source::Other => add_elements(of_other_values(keys)),
            Source::List(_) => {
                let fields = column.party_fields(table);
                if !fields.is_empty() {
                    add_elements(either(fields.iter().map(|way| among(&element(way), keys))));
                }
            }
            _ if column.category(table) == Category::Party => single.push(among(column.name, keys)),
            _ => {}
        }
    }
    if !single.is_empty() {
        rows.push(format!("{} WHERE {}", table.name, either(single)));
    }
    rows
}

/// A field within an element of a list.
fn element(way: &[&str]) -> String {
    way.iter().fold("e".to_owned(), |element, field| format!("{element}['{field}']"))
}

/// The condition that a value without a column of its own names a party: its path leads through a class that stands for one.
fn of_other_values(keys: &BTreeSet<String>) -> String {
    let like = |pattern: String| format!("concat('/', e['path']) LIKE '{pattern}'");
    let classes = PARTY_CLASSES.iter().flat_map(|class| [format!("%/{class}/%"), format!("%/{class}[%")]);
    let elements = PARTY_ELEMENTS.iter().map(|element| format!("%/{element}"));
    format!(
        "{} AND ({}) AND ({})",
        among("e['value']", keys),
        either(elements.map(like)),
        either(classes.map(like))
    )
}

fn either(conditions: impl IntoIterator<Item = String>) -> String {
    conditions.into_iter().collect::<Vec<_>>().join(" OR ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parties_are_looked_for_in_columns_lists_and_other_values() {
        let rows = rows_of_parties(&["O'A".to_owned(), "B".to_owned()].into());
        let has = |start: &str, condition: &str| {
            rows.iter().any(|rows| rows.starts_with(start) && rows.contains(condition))
        };
        assert!(has("declaration WHERE", "importer_id IN ('B', 'O''A')"), "{rows:?}");
        assert!(has("decision WHERE", "importer_id IN ('B', 'O''A')"), "{rows:?}");
        let elements =
            |table: &str, list: &str| format!("(SELECT declaration_id, unnest({list}) AS e FROM {table})");
        let submitter = "e['submitter']['id'] IN ('B', 'O''A')";
        assert!(has(&elements("goods_item", "item_documents"), submitter), "{rows:?}");
        assert!(has(&elements("declaration", "authorisation_holders"), "WHERE e['id'] IN"), "{rows:?}");
        let consignor = "concat('/', e['path']) LIKE '%/Consignor/%'";
        assert!(has(&elements("goods_item", "item_other_values"), consignor), "{rows:?}");
        assert!(!rows.iter().any(|rows| rows.contains("header_statements") || rows.contains("quarantine")));
        assert!(rows_of_parties(&BTreeSet::new()).is_empty());
    }
}

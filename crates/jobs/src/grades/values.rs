//! Values of a column, by where they stand in it: in the column itself, or in texts within its lists and records.

use crate::JobError;
use crate::answer::Answer;
use arrow::datatypes::{DataType, Field};
use std::collections::BTreeMap;
use tidegate_query::{Platform, literal};
use tidegate_records::detect::MOST_VALUES;
use tidegate_records::table::other_values_fields;

/// What every read is for.
pub(super) const PURPOSE: &str = "job grades";
/// Values of a column of other values that are looked at, of all paths together.
const MOST_OTHER_VALUES: usize = 100 * MOST_VALUES;

/// Values by where they stand within a column; an empty text is the column itself.
pub(super) type Values = Vec<(String, Vec<String>)>;

/// Texts within a column.
struct Texts {
    within: String,
    /// What a statement selects them from.
    rows: String,
    /// What they are there.
    text: String,
}

/// Values of a column of texts, of whole numbers, or of what has texts in it.
pub(super) async fn of_column(platform: &Platform, table: &str, field: &Field) -> Result<Values, JobError> {
    let (rows, column) = (format!("\"{table}\""), format!("\"{}\"", field.name()));
    if is_single(field.data_type()) {
        return Ok(vec![(String::new(), read(platform, &rows, &column).await?)]);
    }
    if is_of_other_values(field.data_type()) {
        return of_paths(platform, &rows, &column).await;
    }
    let mut all = Vec::new();
    collect_texts(field.data_type(), &rows, &column, "", &mut all);
    let mut found = Values::new();
    for Texts { within, rows, text } in all {
        let values = read(platform, &rows, &text).await?;
        // The name of a path that nothing stands at is no evidence.
        if !values.is_empty() {
            found.push((within, values));
        }
    }
    Ok(found)
}

fn is_single(data_type: &DataType) -> bool {
    let is_whole = matches!(data_type, DataType::Decimal128(_, scale) if *scale <= 0);
    data_type.is_string() || data_type.is_integer() || is_whole
}

fn is_of_other_values(data_type: &DataType) -> bool {
    let DataType::List(item) = data_type else { return false };
    let DataType::Struct(fields) = item.data_type() else { return false };
    let known = other_values_fields();
    fields.iter().map(|field| field.name()).eq(known.iter().map(|field| field.name()))
}

async fn read(platform: &Platform, rows: &str, value: &str) -> Result<Vec<String>, JobError> {
    let sql = format!("SELECT {value} AS value FROM {rows} WHERE {value} IS NOT NULL LIMIT {MOST_VALUES}");
    Answer::of(platform, PURPOSE, &sql).await?.texts("value")
}

/// Values without a column of their own, by their paths.
async fn of_paths(platform: &Platform, rows: &str, column: &str) -> Result<Values, JobError> {
    let sql = format!(
        "SELECT e['path'] AS path, e['value'] AS value FROM (SELECT unnest({column}) AS e FROM {rows}) \
         LIMIT {MOST_OTHER_VALUES}"
    );
    let answer = Answer::of(platform, PURPOSE, &sql).await?;
    let (paths, values) = (answer.texts("path")?, answer.texts("value")?);
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, value) in paths.iter().zip(values) {
        let of_path = found.entry(without_occurrences(path)).or_default();
        if of_path.len() < MOST_VALUES {
            of_path.push(value);
        }
    }
    Ok(found.into_iter().collect())
}

/// A path whichever of its classes that repeat is meant: `A[2]/B` is `A/B`.
fn without_occurrences(path: &str) -> String {
    path.split('/').map(|step| step.split('[').next().unwrap_or(step)).collect::<Vec<_>>().join("/")
}

fn collect_texts(data_type: &DataType, rows: &str, text: &str, within: &str, found: &mut Vec<Texts>) {
    match data_type {
        DataType::List(item) | DataType::LargeList(item) => {
            let rows = format!("(SELECT unnest({text}) AS e FROM {rows})");
            collect_texts(item.data_type(), &rows, "e", within, found);
        }
        DataType::Struct(fields) => {
            for field in fields {
                let text = format!("{text}[{}]", literal(field.name()));
                let within = match within {
                    "" => field.name().clone(),
                    within => format!("{within}.{}", field.name()),
                };
                collect_texts(field.data_type(), rows, &text, &within, found);
            }
        }
        data_type if data_type.is_string() => {
            let (within, rows, text) = (within.to_owned(), rows.to_owned(), text.to_owned());
            found.push(Texts { within, rows, text });
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_records::tables::{DECLARATION, QUARANTINE};

    fn texts_of(table: &tidegate_records::table::Table, column: &str) -> Vec<String> {
        let mut found = Vec::new();
        let schema = table.schema();
        let field = schema.field_with_name(column).unwrap();
        collect_texts(field.data_type(), "t", column, "", &mut found);
        found.into_iter().map(|texts| format!("{}: {} of {}", texts.within, texts.text, texts.rows)).collect()
    }

    #[test]
    fn texts_are_found_within_lists_and_records() {
        let documents = texts_of(&DECLARATION, "header_documents");
        let submitter = "submitter.id: e['submitter']['id'] of (SELECT unnest(header_documents) AS e FROM t)";
        assert!(documents.contains(&submitter.to_owned()), "{documents:?}");
        let amendments = texts_of(&DECLARATION, "amendments");
        let pointer = "pointer.tag_id: e['tag_id'] of \
                       (SELECT unnest(e['pointer']) AS e FROM (SELECT unnest(amendments) AS e FROM t))";
        assert!(amendments.contains(&pointer.to_owned()), "{amendments:?}");
        assert!(texts_of(&QUARANTINE, "findings").iter().all(|text| !text.starts_with("line_numeric")));
    }

    #[test]
    fn other_values_are_known_by_their_fields_and_paths_without_occurrences() {
        let schema = DECLARATION.schema();
        let others = schema.fields().iter().filter(|field| is_of_other_values(field.data_type()));
        assert_eq!(others.map(|field| field.name().as_str()).collect::<Vec<_>>(), ["other_values"]);
        assert_eq!(without_occurrences("A/B[2]/C[10]/D"), "A/B/C/D");
    }
}

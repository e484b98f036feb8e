//! The end of the work list: the selected declarations accepted last, with their reasons. Officers may read it, so nothing here
//! tells an inspection by chance from another.

use crate::JobError;
use crate::answer::Answer;
use arrow::array::{Array, AsArray, StructArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};

/// A selected declaration.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkItem {
    /// Declaration.
    pub declaration_id: String,
    /// Version that was decided.
    pub version_number: u64,
    /// Office.
    pub office_id: String,
    /// Importer; empty when not stated.
    pub importer_id: String,
    /// Moment of acceptance.
    pub accepted_at: String,
    /// Lane.
    pub lane_code: String,
    /// Whether a rule holds the goods.
    pub is_held: bool,
    /// What the officer is asked to do; empty when nothing is.
    pub directive: String,
    /// Why, in sentences with their goods item.
    pub reasons: Vec<String>,
}

pub(super) fn read(answer: &Answer) -> Result<Vec<WorkItem>, JobError> {
    let text = |name| answer.texts(name);
    let (ids, offices, importers) = (text("declaration_id")?, text("office_id")?, text("importer_id")?);
    let (accepted, lanes, directives) = (text("accepted_at")?, text("lane_code")?, text("directive")?);
    let (held, versions) = (text("is_held")?, answer.counts("version_number")?);
    let reasons = answer.column("reasons")?;
    let reasons = reasons.as_list_opt::<i32>().ok_or_else(|| wrong_reasons("no list"))?;
    let item = |row: usize| {
        Ok(WorkItem {
            declaration_id: ids[row].clone(),
            version_number: versions[row],
            office_id: offices[row].clone(),
            importer_id: importers[row].clone(),
            accepted_at: accepted[row].clone(),
            lane_code: lanes[row].clone(),
            is_held: held[row] == "true",
            directive: directives[row].clone(),
            reasons: if reasons.is_valid(row) {
                sentences(reasons.value(row).as_struct_opt())?
            } else {
                Vec::new()
            },
        })
    };
    (0..answer.rows()).map(item).collect()
}

fn sentences(reasons: Option<&StructArray>) -> Result<Vec<String>, JobError> {
    let reasons = reasons.ok_or_else(|| wrong_reasons("no list of structs"))?;
    let field = |name: &str| reasons.column_by_name(name).ok_or_else(|| wrong_reasons("without sentences"));
    let items = cast(field("goods_item_seq")?, &DataType::Int64)?;
    let items = items.as_primitive::<Int64Type>();
    let texts = cast(field("sentence")?, &DataType::Utf8)?;
    let texts = texts.as_string::<i32>();
    let sentence = |row: usize| {
        if items.is_valid(row) {
            format!("Item {}: {}", items.value(row), texts.value(row))
        } else {
            texts.value(row).to_owned()
        }
    };
    Ok((0..reasons.len()).map(sentence).collect())
}

fn wrong_reasons(what: &str) -> JobError {
    JobError::Missing(format!(
        "the column reasons of the table decision is {what}; run `tidegate decide` again"
    ))
}

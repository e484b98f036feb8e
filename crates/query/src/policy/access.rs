//! What one person may read for one purpose: tables, rows, and how each column is shown.

use super::PolicyError;
use super::authority::{Authority, Question, Verdict};
use super::relation::{Relation, relations};
use crate::catalog::Catalog;
use crate::principal::Person;
use serde::Serialize;
use std::collections::BTreeMap;

/// Which rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rows {
    /// All.
    All,
    /// Those that at least one of the filters of these names lets through.
    Matching(Vec<String>),
}

/// How a column is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    /// As it is.
    Clear,
    /// As the mask of this name leaves it.
    Masked(String),
}

/// How a table is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableAccess {
    /// Which rows.
    pub rows: Rows,
    /// Columns that are there, by name.
    pub columns: BTreeMap<String, Shown>,
}

impl TableAccess {
    /// Whether every row is shown, and every column that is there as it is.
    pub fn is_clear(&self) -> bool {
        self.rows == Rows::All && self.columns.values().all(|shown| *shown == Shown::Clear)
    }
}

/// What one person may read for one purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Access {
    /// Tables and datasets that are there, by name.
    pub tables: BTreeMap<String, TableAccess>,
    /// Whether plans may be seen, which tell of rows and files.
    pub may_explain: bool,
    /// Whether records may be assessed with bundles.
    pub may_assess: bool,
}

pub(super) fn of(
    authority: &Authority,
    person: &Person,
    purpose: &str,
    catalog: &Catalog,
) -> Result<Access, PolicyError> {
    let relations = relations(catalog);
    let question = authority.ask(person, purpose, &relations)?;
    let whole = |action: &str| {
        let verdict = question.may(action, "Platform", "tidegate", "mask")?;
        Ok::<_, PolicyError>(verdict == Verdict::Whole)
    };
    let mut access =
        Access { tables: BTreeMap::new(), may_explain: whole("explain")?, may_assess: whole("assess")? };
    for table in &relations {
        let rows = match question.may("rows", "Table", &table.name, "filter")? {
            Verdict::Denied => continue,
            Verdict::Whole => Rows::All,
            Verdict::Narrowed(filters) => Rows::Matching(filters),
        };
        let columns = columns(&question, table)?;
        if !columns.is_empty() {
            access.tables.insert(table.name.clone(), TableAccess { rows, columns });
        }
    }
    Ok(access)
}

fn columns(question: &Question<'_>, table: &Relation) -> Result<BTreeMap<String, Shown>, PolicyError> {
    let mut columns = BTreeMap::new();
    for (column, _) in &table.columns {
        let id = table.column_id(column);
        let shown = match question.may("read", "Column", &id, "mask")? {
            Verdict::Denied => continue,
            Verdict::Whole => Shown::Clear,
            Verdict::Narrowed(masks) => {
                let [mask] = masks.as_slice() else {
                    let cause = format!("`{id}` has the masks {}; it can have one", masks.join(", "));
                    return Err(PolicyError::Evaluation { policy: "read".to_owned(), cause });
                };
                Shown::Masked(mask.clone())
            }
        };
        columns.insert(column.clone(), shown);
    }
    Ok(columns)
}

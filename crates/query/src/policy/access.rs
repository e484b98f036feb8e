//! What one person may read for one purpose: tables, rows, and how each column is shown.

use super::PolicyError;
use super::authority::{Authority, Question, Verdict};
use super::relation::{Relation, relations};
use crate::catalog::Catalog;
use crate::item_rows::{self, DECLARATION_ITEM};
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

    /// Whether it shows something that another access to the table does not: rows, columns, or values that were masked or are
    /// masked otherwise. No access shows nothing.
    pub fn shows_more_than(&self, other: Option<&Self>) -> bool {
        let Some(other) = other else { return true };
        let is_wider = |(column, shown): (&String, &Shown)| {
            other.columns.get(column).is_none_or(|known| *known != Shown::Clear && known != shown)
        };
        other.rows != Rows::All && self.rows != other.rows || self.columns.iter().any(is_wider)
    }
}

/// What one person may read for one purpose. Of a dataset, [`crate::Platform::access`] knows besides whether a filter lets rows
/// through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Access {
    /// Tables and datasets that are there, by name.
    pub tables: BTreeMap<String, TableAccess>,
    /// Views that are there, each with the tables that it joins as they are shown.
    pub views: BTreeMap<String, Vec<String>>,
    /// Whether plans may be seen, which tell of rows and files.
    pub may_explain: bool,
    /// Whether records may be assessed with bundles.
    pub may_assess: bool,
}

impl Access {
    /// What is there for the local owner.
    pub(crate) fn everything(catalog: &Catalog) -> Self {
        let clear = |relation: Relation| {
            let columns = relation.columns.into_iter().map(|(column, _)| (column, Shown::Clear));
            (relation.name, TableAccess { rows: Rows::All, columns: columns.collect() })
        };
        let tables = relations(catalog).into_iter().map(clear).collect();
        Self { views: views(&tables), tables, may_explain: true, may_assess: true }
    }
}

fn views(tables: &BTreeMap<String, TableAccess>) -> BTreeMap<String, Vec<String>> {
    let has =
        |table: &str, column: &str| tables.get(table).is_some_and(|shown| shown.columns.contains_key(column));
    let joined = || Vec::from(item_rows::joined().map(str::to_owned));
    item_rows::is_there(has).then(|| (DECLARATION_ITEM.to_owned(), joined())).into_iter().collect()
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
    let (may_explain, may_assess) = (whole("explain")?, whole("assess")?);
    let mut tables = BTreeMap::new();
    for table in &relations {
        tables.extend(shown(&question, table)?.map(|access| (table.name.clone(), access)));
    }
    Ok(Access { views: views(&tables), tables, may_explain, may_assess })
}

/// What there is of one table or dataset.
pub(super) fn of_table(
    authority: &Authority,
    person: &Person,
    purpose: &str,
    catalog: &Catalog,
    table: &str,
) -> Result<Option<TableAccess>, PolicyError> {
    let mut relations = relations(catalog);
    relations.retain(|relation| relation.name == table);
    let question = authority.ask(person, purpose, &relations)?;
    relations.first().map_or(Ok(None), |table| shown(&question, table))
}

/// How a table is shown; nothing where it is not there.
fn shown(question: &Question<'_>, table: &Relation) -> Result<Option<TableAccess>, PolicyError> {
    let rows = match question.may("rows", "Table", &table.name, "filter")? {
        Verdict::Denied => return Ok(None),
        Verdict::Whole => Rows::All,
        Verdict::Narrowed(filters) => Rows::Matching(filters),
    };
    let columns = columns(question, table)?;
    Ok((!columns.is_empty()).then_some(TableAccess { rows, columns }))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn access(rows: &Rows, columns: &[(&str, Shown)]) -> TableAccess {
        let columns = columns.iter().map(|(column, shown)| ((*column).to_owned(), shown.clone()));
        TableAccess { rows: rows.clone(), columns: columns.collect() }
    }

    #[test]
    fn what_shows_more_of_a_table_is_told_from_what_shows_less() {
        let masked = |mask: &str| Shown::Masked(mask.to_owned());
        let own = Rows::Matching(vec!["own-office".to_owned()]);
        let known = access(&own, &[("a", Shown::Clear), ("b", masked("general"))]);
        for (less, why) in [
            (known.clone(), "the same"),
            (access(&own, &[("a", Shown::Clear)]), "a column less"),
            (access(&own, &[("a", masked("general"))]), "what was clear is masked"),
        ] {
            assert!(!less.shows_more_than(Some(&known)), "{why}");
        }
        for (more, why) in [
            (access(&Rows::All, &[("a", Shown::Clear)]), "more rows"),
            (access(&own, &[("b", Shown::Clear)]), "what was masked"),
            (access(&own, &[("b", masked("pseudonym"))]), "another mask"),
            (access(&own, &[("c", masked("general"))]), "a column that was not there"),
        ] {
            assert!(more.shows_more_than(Some(&known)) && more.shows_more_than(None), "{why}");
        }
        assert!(
            !known.shows_more_than(Some(&access(&Rows::All, &[("a", Shown::Clear), ("b", Shown::Clear)])))
        );
    }
}

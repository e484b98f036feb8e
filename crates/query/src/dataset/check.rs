//! Checks of a dataset's rows, each a statement that finds what is wrong.

use super::{Definition, Fresh};
use serde::{Deserialize, Serialize};

/// A check of a dataset's rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Its name: what of which column.
    pub name: String,
    /// A statement with one row and one column.
    pub sql: String,
    /// What that value is held against.
    pub limit: Limit,
}

/// What a check is held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// Rows that break a rule: none may. Where one does, the rows are not shown to readers.
    NoRow,
    /// Days from a day, month or moment until now, at most so many.
    Age(u32),
    /// A mean that differs by at most this share from that of the version before.
    Share(f64),
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckResult {
    /// Name of the check.
    pub name: String,
    /// Whether it passed.
    pub is_passed: bool,
    /// Whether rows that fail it are kept from readers.
    pub is_strict: bool,
    /// What was found.
    pub found: String,
    /// What is right.
    pub wanted: String,
}

impl Definition {
    /// The checks of the header over the rows that readers find under the dataset's name.
    pub fn checks(&self) -> Vec<Check> {
        let (table, header) = (&self.name, &self.header);
        let no_row = |name: String, sql: String| Check { name, sql, limit: Limit::NoRow };
        let keys = header.unique.iter().map(|key| format!("\"{key}\"")).collect::<Vec<_>>().join(", ");
        let twice = format!(
            "SELECT count(*) FROM (SELECT {keys} FROM \"{table}\" GROUP BY {keys} HAVING count(*) > 1) AS twice"
        );
        let mut checks = vec![no_row(format!("unique {}", header.unique.join(", ")), twice)];
        for (column, told) in &header.columns {
            let rows = |condition: String| format!("SELECT count(*) FROM \"{table}\" WHERE {condition}");
            if told.is_required {
                checks.push(no_row(format!("required {column}"), rows(format!("\"{column}\" IS NULL"))));
            }
            if let Some([least, greatest]) = told.range {
                let outside = rows(format!("\"{column}\" < {least:?} OR \"{column}\" > {greatest:?}"));
                checks.push(no_row(format!("range {column}"), outside));
            }
            if let Some((of, stored)) = told.reference.as_deref().and_then(super::definition::stored_column) {
                let strangers = format!(
                    "SELECT count(*) FROM (SELECT DISTINCT \"{column}\" AS value FROM \"{table}\" WHERE \"{column}\" \
                     IS NOT NULL) AS found LEFT ANTI JOIN (SELECT DISTINCT \"{stored}\" AS known FROM \"{of}\") AS \
                     stored ON found.value = stored.known"
                );
                checks.push(no_row(format!("reference {column}"), strangers));
            }
            if let Some(share) = told.drift {
                let sql = format!("SELECT avg(CAST(\"{column}\" AS DOUBLE)) FROM \"{table}\"");
                checks.push(Check { name: format!("drift {column}"), sql, limit: Limit::Share(share) });
            }
        }
        checks.extend(header.fresh.as_ref().and_then(|fresh| fresh.check(table)));
        checks
    }
}

impl Fresh {
    /// The check of how old rows are; no header that was read names neither column nor table.
    fn check(&self, dataset: &str) -> Option<Check> {
        let (what, sql) = match (&self.column, &self.table) {
            (Some(column), _) => {
                (column, format!("SELECT CAST(max(\"{column}\") AS VARCHAR) FROM \"{dataset}\""))
            }
            (None, Some(table)) => {
                let from = format!("information_schema.tables WHERE table_name = '{table}'");
                (table, format!("SELECT CAST(made_at AS VARCHAR) FROM {from}"))
            }
            (None, None) => return None,
        };
        Some(Check { name: format!("fresh {what}"), sql, limit: Limit::Age(self.days) })
    }
}

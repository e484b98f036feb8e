//! Columns of an answer that are called alike (`SELECT NULL, NULL`, `SELECT office_id, upper(office_id) AS office_id`). PostgreSQL
//! and its clients, which count columns, mind nothing; the engine wants a name for each.

use super::folded;
use super::hollow::column_name;
use sqlparser::ast::{Expr, Ident, Select, SelectItem, SetExpr, Statement};
use std::collections::BTreeSet;

/// Gives a name of its own to each column of the answer that is called like one before it.
pub(super) fn name(statement: &mut Statement) {
    if let Statement::Query(query) = statement {
        name_set(&mut query.body);
    }
}

fn name_set(set: &mut SetExpr) {
    match set {
        SetExpr::Select(select) => name_select(select),
        SetExpr::Query(query) => name_set(&mut query.body),
        SetExpr::SetOperation { left, right, .. } => {
            name_set(left);
            name_set(right);
        }
        _ => {}
    }
}

/// What the engine calls a column.
#[derive(PartialEq)]
enum Called {
    /// As the statement says.
    So(String),
    /// Like a column of a table, which may be named as well.
    Column { table: Option<String>, name: String },
    /// As it is computed.
    Computed(String),
}

impl Called {
    fn of(item: &SelectItem) -> Option<Self> {
        let expr = match item {
            SelectItem::ExprWithAlias { alias, .. } => return Some(Self::So(folded(alias))),
            SelectItem::UnnamedExpr(expr) => expr,
            _ => return None,
        };
        Some(match expr {
            Expr::Identifier(name) => Self::Column { table: None, name: folded(name) },
            Expr::CompoundIdentifier(parts) => {
                let (name, table) = parts.split_last()?;
                let table: Vec<String> = table.iter().map(folded).collect();
                Self::Column { table: Some(table.join(".")), name: folded(name) }
            }
            computed => Self::Computed(computed.to_string()),
        })
    }

    fn name(&self) -> Option<&String> {
        match self {
            Self::So(name) | Self::Column { name, .. } => Some(name),
            Self::Computed(_) => None,
        }
    }

    /// Whether the engine would not tell the two apart, as it does columns of two tables.
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::So(_), Self::So(_) | Self::Column { .. }) | (Self::Column { .. }, Self::So(_)) => {
                self.name() == other.name()
            }
            _ => self == other,
        }
    }
}

fn name_select(select: &mut Select) {
    let called: Vec<Option<Called>> = select.projection.iter().map(Called::of).collect();
    let mut names: BTreeSet<String> = called.iter().flatten().filter_map(Called::name).cloned().collect();
    for (place, item) in select.projection.iter_mut().enumerate() {
        let Some(this) = &called[place] else { continue };
        if !called[..place].iter().flatten().any(|before| before.is_like(this)) {
            continue;
        }
        let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = &*item else {
            continue;
        };
        let mut name = this.name().cloned().unwrap_or_else(|| column_name(expr));
        while !names.insert(name.clone()) {
            name.push('_');
        }
        *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::with_quote('"', name) };
    }
}

#[cfg(test)]
mod tests {
    use super::name;
    use sqlparser::dialect::PostgreSqlDialect;
    use sqlparser::parser::Parser;

    fn named(sql: &str) -> String {
        let mut read = Parser::parse_sql(&PostgreSqlDialect {}, sql).unwrap();
        read.iter_mut().for_each(name);
        read.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn columns_that_are_called_alike_have_names_of_their_own() {
        for (sql, expected) in [
            ("SELECT NULL, NULL, NULL", r#"SELECT NULL, NULL AS "?column?", NULL AS "?column?_""#),
            (
                "SELECT NULL, NULL, k FROM (SELECT 'r' AS k UNION SELECT 'v') AS a",
                r#"SELECT NULL, NULL AS "?column?", k FROM (SELECT 'r' AS k UNION SELECT 'v') AS a"#,
            ),
            (
                "SELECT d.office_id, D.OFFICE_ID FROM declaration AS d",
                r#"SELECT d.office_id, D.OFFICE_ID AS "office_id_" FROM declaration AS d"#,
            ),
            (
                "SELECT office_id, upper(office_id) AS office_id FROM declaration",
                r#"SELECT office_id, upper(office_id) AS "office_id_" FROM declaration"#,
            ),
            (
                "SELECT count(*), count(*) FROM declaration UNION SELECT 1, 1",
                r#"SELECT count(*), count(*) AS "count" FROM declaration UNION SELECT 1, 1 AS "?column?""#,
            ),
        ] {
            assert_eq!(named(sql), expected);
        }
    }

    #[test]
    fn other_columns_keep_theirs() {
        for sql in [
            "SELECT d.month, g.month FROM declaration AS d, goods_item AS g",
            "SELECT declaration_id, g.declaration_id FROM declaration AS d JOIN goods_item AS g USING(declaration_id)",
            "SELECT *, month FROM declaration",
            "SELECT 'A', 'a', count(*), count(month) AS count",
            "SELECT month FROM (SELECT month, count(*) FROM declaration GROUP BY month) AS m",
        ] {
            assert_eq!(named(sql), sql);
        }
    }
}

//! Queries that a curious reader could write, drawn from a seed.

use super::copy::pseudonym;
use super::dice::Dice;
use super::reader::{Case, Kind};

/// A query, and the same without its LIMIT.
pub struct Query {
    pub sql: String,
    pub unlimited: String,
}

pub struct Queries<'a> {
    dice: &'a mut Dice,
    tables: Vec<(&'static str, Vec<(&'static str, Kind)>)>,
}

/// A table in a FROM, by its alias.
#[derive(Clone)]
struct From {
    alias: &'static str,
    columns: Vec<(&'static str, Kind)>,
}

const TEXTS: &[&str] = &[
    "4700",
    "4701",
    "leak:4702",
    "91310000MA1FL0X02",
    "Importer 1",
    "DE",
    "NL",
    "CN",
    "2026-01",
    "2026-02",
    "D03",
    "D11",
    "7",
    "leak:4",
    "OFF-1",
    "91***",
    "look at pallet 9",
];

impl<'a> Queries<'a> {
    pub fn of(case: &Case, dice: &'a mut Dice) -> Self {
        let columns = |columns: &[(&'static str, Kind, _)]| {
            columns.iter().map(|(name, kind, _)| (*name, *kind)).collect()
        };
        let tables = case.tables.iter().map(|(name, shown)| (*name, columns(&shown.columns))).collect();
        Self { dice, tables }
    }

    pub fn query(&mut self) -> Query {
        let sql = match self.dice.below(10) {
            0 => return self.limited(),
            1 | 2 => self.aggregate(),
            3 | 4 => self.join(),
            5 => self.common_table(),
            6 => self.set_operation(),
            7 => self.window(),
            8 => self.nested(),
            _ => self.plain(),
        };
        Query { unlimited: sql.clone(), sql }
    }

    fn from(&mut self, alias: &'static str) -> (String, From) {
        let (name, columns) = self.dice.pick(&self.tables).clone();
        (format!("{name} {alias}"), From { alias, columns })
    }

    /// `SELECT a, b FROM t WHERE …`
    fn plain(&mut self) -> String {
        let (table, from) = self.from("a");
        let distinct = if self.dice.one_in(4) { "DISTINCT " } else { "" };
        let columns = self.outputs(&from);
        format!("SELECT {distinct}{columns} FROM {table}{}", self.condition(&from))
    }

    fn limited(&mut self) -> Query {
        let unlimited = self.plain();
        let outputs = 3;
        let order: Vec<String> = (1..=outputs).map(|i| i.to_string()).collect();
        // Ordered by every output, so that rows at the limit differ in nothing.
        let sql = format!("{unlimited} ORDER BY {} LIMIT {}", order.join(", "), 1 + self.dice.below(9));
        Query { sql, unlimited }
    }

    fn aggregate(&mut self) -> String {
        let (table, from) = self.from("a");
        let group = self.column(&from, None).unwrap_or_default();
        let number = self.number(&from, 1);
        let aggregate = match self.dice.below(7) {
            0 => "count(*)".to_owned(),
            1 => format!("sum({number})"),
            2 => format!("min({})", self.text(&from, 1)),
            3 => format!("max({number})"),
            4 => format!("count(DISTINCT {})", self.text(&from, 1)),
            5 => format!("avg({number})"),
            _ => format!("count(*) FILTER (WHERE {})", self.predicate(&from, 1)),
        };
        let condition = self.condition(&from);
        if self.dice.one_in(3) {
            return format!("SELECT {aggregate} FROM {table}{condition}");
        }
        let having = if self.dice.one_in(3) {
            format!(" HAVING count(*) > {}", self.dice.below(4))
        } else {
            String::new()
        };
        format!("SELECT {group}, {aggregate} FROM {table}{condition} GROUP BY {group}{having}")
    }

    fn join(&mut self) -> String {
        let (left_table, left) = self.from("a");
        let (right_table, right) = self.from("b");
        let kind = *self.dice.pick(&["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "JOIN"]);
        let on = match (self.column(&left, Some(Kind::Text)), self.column(&right, Some(Kind::Text))) {
            (Some(l), Some(r)) => format!("{l} = {r}"),
            _ => "true".to_owned(),
        };
        let more = if self.dice.one_in(2) && kind == "JOIN" {
            format!(" AND {}", self.predicate(&right, 1))
        } else {
            String::new()
        };
        let outputs = [self.output(&left), self.output(&right)].join(", ");
        let condition = self.condition(&left);
        if self.dice.one_in(2) {
            return format!(
                "SELECT count(*), min({}) FROM {left_table} {kind} {right_table} ON {on}{more}{condition}",
                self.text(&right, 1)
            );
        }
        format!("SELECT {outputs} FROM {left_table} {kind} {right_table} ON {on}{more}{condition}")
    }

    fn common_table(&mut self) -> String {
        let (table, from) = self.from("a");
        let (text, number) = (self.text(&from, 1), self.number(&from, 1));
        let inner = format!("SELECT {text} AS t, {number} AS n FROM {table}{}", self.condition(&from));
        let outer = match self.dice.below(3) {
            0 => "SELECT t, count(*), max(n) FROM w GROUP BY t",
            1 => "SELECT x.t, y.n FROM w x JOIN w y ON x.t = y.t AND x.n < y.n",
            _ => "SELECT * FROM w WHERE n = (SELECT max(n) FROM w) OR t IS NULL",
        };
        format!("WITH w AS ({inner}) {outer}")
    }

    fn set_operation(&mut self) -> String {
        let (first_table, first) = self.from("a");
        let (second_table, second) = self.from("b");
        let operation =
            *self.dice.pick(&["UNION", "UNION ALL", "EXCEPT", "INTERSECT", "EXCEPT ALL", "INTERSECT ALL"]);
        let (one, two) = (self.text(&first, 1), self.text(&second, 1));
        let (c1, c2) = (self.condition(&first), self.condition(&second));
        format!("SELECT {one} FROM {first_table}{c1} {operation} SELECT {two} FROM {second_table}{c2}")
    }

    fn window(&mut self) -> String {
        let (table, from) = self.from("a");
        let part = self.text(&from, 0);
        let order = self.number(&from, 1);
        let function = match self.dice.below(4) {
            0 => format!("count(*) OVER (PARTITION BY {part})"),
            1 => format!("rank() OVER (PARTITION BY {part} ORDER BY {order})"),
            2 => format!("max({order}) OVER (PARTITION BY {part})"),
            _ => format!("dense_rank() OVER (ORDER BY {order})"),
        };
        format!("SELECT {}, {function} FROM {table}{}", self.output(&from), self.condition(&from))
    }

    fn nested(&mut self) -> String {
        let (table, from) = self.from("a");
        let (inner_table, inner) = self.from("b");
        let output = self.outputs(&from);
        let (outer_text, inner_text) = (self.text(&from, 0), self.text(&inner, 0));
        let inner_condition = self.condition(&inner);
        let condition = match self.dice.below(5) {
            0 => format!("{outer_text} IN (SELECT {inner_text} FROM {inner_table}{inner_condition})"),
            1 => format!(
                "{outer_text} NOT IN (SELECT {inner_text} FROM {inner_table} WHERE {inner_text} IS NOT NULL)"
            ),
            2 => format!(
                "EXISTS (SELECT 1 FROM {inner_table} WHERE {inner_text} = {outer_text} AND {})",
                self.predicate(&inner, 1)
            ),
            3 => format!("NOT EXISTS (SELECT 1 FROM {inner_table} WHERE {inner_text} = {outer_text})"),
            _ => format!("(SELECT count(*) FROM {inner_table}{inner_condition}) > {}", self.dice.below(20)),
        };
        format!("SELECT {output} FROM {table} WHERE {condition}")
    }

    /// Three outputs.
    fn outputs(&mut self, from: &From) -> String {
        [self.output(from), self.output(from), self.output(from)].join(", ")
    }

    fn output(&mut self, from: &From) -> String {
        match self.dice.below(6) {
            0 => self.number(from, 1),
            1 => self.text(from, 1),
            2 => format!("CASE WHEN {} THEN 1 ELSE 0 END", self.predicate(from, 1)),
            _ => self.column(from, None).unwrap_or_else(|| "1".to_owned()),
        }
    }

    fn condition(&mut self, from: &From) -> String {
        if self.dice.one_in(4) { String::new() } else { format!(" WHERE {}", self.predicate(from, 2)) }
    }

    fn column(&mut self, from: &From, kind: Option<Kind>) -> Option<String> {
        let suits: Vec<&str> = from
            .columns
            .iter()
            .filter(|(_, k)| kind.is_none_or(|kind| kind == *k))
            .map(|(name, _)| *name)
            .collect();
        (!suits.is_empty()).then(|| format!("{}.{}", from.alias, self.dice.pick(&suits)))
    }

    fn literal(&mut self) -> String {
        let text = (*self.dice.pick(TEXTS)).to_owned();
        format!("'{}'", if self.dice.one_in(5) { pseudonym(&text) } else { text })
    }

    fn text(&mut self, from: &From, depth: usize) -> String {
        let Some(column) = self.column(from, Some(Kind::Text)) else { return self.literal() };
        if depth == 0 {
            return column;
        }
        match self.dice.below(8) {
            0 => format!("substr({column}, 1, {})", 1 + self.dice.below(6)),
            1 => format!("coalesce({column}, {})", self.literal()),
            2 => format!("concat({column}, 'x')"),
            3 => format!("upper({column})"),
            _ => column,
        }
    }

    fn number(&mut self, from: &From, depth: usize) -> String {
        let kind = *self.dice.pick(&[Kind::Whole, Kind::Decimal, Kind::Whole, Kind::Real]);
        let Some(column) = self.column(from, Some(kind)) else {
            return format!("length({})", self.text(from, 0));
        };
        if depth == 0 {
            return column;
        }
        match self.dice.below(12) {
            0 => format!("{column} + {}", self.dice.below(5)),
            1 => format!("12 / {column}"),
            2 => format!("CAST({} AS INT)", self.text(from, 0)),
            3 => format!("length({})", self.text(from, 1)),
            4 => format!("CASE WHEN {} THEN {column} ELSE 3 END", self.predicate(from, 0)),
            _ => column,
        }
    }

    fn predicate(&mut self, from: &From, depth: usize) -> String {
        if depth > 0 && self.dice.one_in(3) {
            let (one, two) = (self.predicate(from, depth - 1), self.predicate(from, depth - 1));
            return match self.dice.below(3) {
                0 => format!("({one} AND {two})"),
                1 => format!("({one} OR {two})"),
                _ => format!("NOT ({one})"),
            };
        }
        let operator = *self.dice.pick(&["=", "<>", "<", ">=", ">", "<="]);
        match self.dice.below(12) {
            0 => format!(
                "{} LIKE '%{}%'",
                self.text(from, 1),
                self.dice.pick(&["4", "1", "leak", "p_", "Imp", "**"])
            ),
            1 => format!("{} IN ({}, {})", self.text(from, 0), self.literal(), self.literal()),
            2 => format!(
                "{} BETWEEN {} AND {}",
                self.number(from, 0),
                self.dice.below(10),
                5 + self.dice.below(900)
            ),
            3 => format!("{} IS NULL", self.column(from, None).unwrap_or_default()),
            4 => format!("{} IS NOT NULL", self.column(from, None).unwrap_or_default()),
            5 => format!("{} {operator} {}", self.number(from, 1), self.dice.below(40)),
            6 => match self.column(from, Some(Kind::Moment)) {
                Some(column) => {
                    format!("{column} {operator} TIMESTAMP '2026-02-0{} 00:00:00'", 1 + self.dice.below(9))
                }
                None => format!("{} {operator} {}", self.number(from, 1), self.dice.below(40)),
            },
            7 => format!("{} / {} {operator} 2", self.dice.below(50), self.number(from, 0)),
            _ => format!("{} {operator} {}", self.text(from, 0), self.literal()),
        }
    }
}

//! Queries that a curious reader could write, drawn from a seed.

use super::copy::pseudonym;
use super::dice::Dice;
use super::reader::{Case, Kind};
use super::template;
use datafusion::common::ScalarValue;
use std::collections::BTreeSet;
use tidegate_query::DECLARATION_ITEM;

/// A query, and the same as copies are asked it.
pub struct Query {
    /// What it is, for the tally.
    pub shape: &'static str,
    /// As the reader writes it.
    pub sql: String,
    /// Values of its parameters.
    pub parameters: Vec<ScalarValue>,
    /// With the values in it.
    pub literal: String,
    /// The same without its LIMIT.
    pub unlimited: String,
    /// With nothing in place of what cannot be computed.
    pub tolerant: String,
    /// Parts that cannot be computed on every row, each asked for alone.
    pub parts: Vec<String>,
    /// Tables that it reads.
    pub tables: BTreeSet<&'static str>,
}

pub struct Queries<'a> {
    dice: &'a mut Dice,
    tables: Vec<(&'static str, Vec<(&'static str, Kind)>)>,
    /// Whether constants in conditions are parameters, of which planning knows the type by what they are compared with.
    has_parameters: bool,
    is_in_condition: bool,
    /// Values of parameters, and what stands for them in SQL.
    parameters: Vec<(ScalarValue, String)>,
    parts: Vec<Part>,
    read: BTreeSet<&'static str>,
}

/// A part that cannot be computed on every row of a table.
#[derive(Clone)]
struct Part {
    table: &'static str,
    alias: &'static str,
    expression: String,
}

impl Part {
    /// Asks for it on every row.
    fn query(&self) -> String {
        format!("SELECT count(*) FROM {} {} WHERE ({}) IS NOT NULL", self.table, self.alias, self.expression)
    }

    /// What the engine infers for the other side where two columns are equated: the same of the other column, where it
    /// names no further column of its own side.
    fn inferred(&self, column: &str, other: &From, equal: &str) -> Option<Self> {
        let expression = self.expression.replace(column, equal);
        let is_whole = expression != self.expression && !expression.contains(&format!("{}.", self.alias));
        is_whole.then_some(Self { table: other.table, alias: other.alias, expression })
    }
}

/// A table in a FROM, by its alias.
#[derive(Clone)]
struct From {
    table: &'static str,
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
        let mut tables: Vec<(_, Vec<_>)> =
            case.tables.iter().map(|(name, shown)| (*name, columns(&shown.columns))).collect();
        if let Some(view) = case.item_view()
            && !case.item_view_multiplies()
        {
            tables.push((DECLARATION_ITEM, view.into_iter().map(|(_, name, kind)| (name, kind)).collect()));
        }
        let has_parameters = dice.one_in(5);
        let (parameters, parts, read) = (Vec::new(), Vec::new(), BTreeSet::new());
        Self { dice, tables, has_parameters, is_in_condition: false, parameters, parts, read }
    }

    pub fn query(mut self) -> Query {
        let (shape, template) = match self.dice.below(11) {
            0 => ("limited", self.plain()),
            1 | 2 => ("aggregate", self.aggregate()),
            3 | 4 => ("join", self.join()),
            5 => match self.dice.below(3) {
                0 => ("recursion", self.recursion()),
                _ => ("common table", self.common_table()),
            },
            6 => ("set operation", self.set_operation()),
            7 => ("window", self.window()),
            8 => ("nested", self.nested()),
            9 => ("whole rows", self.whole()),
            _ => ("plain", self.plain()),
        };
        // Ordered by every output, so that rows at the limit differ in nothing.
        let limit = match shape {
            "limited" => format!(" ORDER BY 1, 2, 3 LIMIT {}", 1 + self.dice.below(9)),
            _ => String::new(),
        };
        let limited = format!("{template}{limit}");
        let (parameters, texts): (Vec<ScalarValue>, Vec<String>) = self.parameters.into_iter().unzip();
        Query {
            shape: if parameters.is_empty() { shape } else { "with parameters" },
            sql: template::with_parameters(&limited),
            literal: template::literal(&limited, &texts),
            unlimited: template::literal(&template, &texts),
            tolerant: template::tolerant(&limited, &texts),
            parts: self.parts.iter().map(|part| template::literal(&part.query(), &texts)).collect(),
            parameters,
            tables: self.read,
        }
    }

    fn from(&mut self, alias: &'static str) -> (String, From) {
        let (table, columns) = self.dice.pick(&self.tables).clone();
        self.read.insert(table);
        (format!("{table} {alias}"), From { table, alias, columns })
    }

    /// `SELECT a, b, c FROM t WHERE …`
    fn plain(&mut self) -> String {
        let (table, from) = self.from("a");
        let distinct = if self.dice.one_in(4) { "DISTINCT " } else { "" };
        let columns = self.outputs(&from);
        format!("SELECT {distinct}{columns} FROM {table}{}", self.condition(&from))
    }

    /// Every column that is there, in its order.
    fn whole(&mut self) -> String {
        let (table, from) = self.from("a");
        format!("SELECT * FROM {table}{}", self.condition(&from))
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
        let equal = self.column(&left, Some(Kind::Text)).zip(self.column(&right, Some(Kind::Text)));
        let on = equal.as_ref().map_or_else(|| "true".to_owned(), |(l, r)| format!("{l} = {r}"));
        let more = if self.dice.one_in(2) && kind == "JOIN" {
            format!(" AND {}", self.predicate(&right, 1))
        } else {
            String::new()
        };
        let outputs = [self.output(&left), self.output(&right)].join(", ");
        let condition = self.condition(&left);
        if let Some((l, r)) = equal {
            self.infer((&left, &l), (&right, &r));
        }
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

    /// Rows of a table and what two rounds make of them, by themselves or with those of another table.
    fn recursion(&mut self) -> String {
        let (table, from) = self.from("a");
        let (text, number) = (self.text(&from, 1), self.number(&from, 1));
        let first =
            format!("SELECT {text} AS t, {number} AS n, 1 AS k FROM {table}{}", self.condition(&from));
        let next = if self.dice.one_in(2) {
            let (other_table, other) = self.from("b");
            let (found, key) = (self.text(&other, 0), self.text(&other, 0));
            format!("SELECT {found}, w.n, w.k + 1 FROM w JOIN {other_table} ON {key} = w.t WHERE w.k < 2")
        } else {
            let limit = self.dice.below(60);
            format!("SELECT concat(w.t, 'x'), w.n + 1, w.k + 1 FROM w WHERE w.k < 3 AND w.n < {limit}")
        };
        let operation = *self.dice.pick(&["UNION", "UNION ALL"]);
        let outer = *self.dice.pick(&[
            "SELECT t, k, count(*), max(n) FROM w GROUP BY t, k",
            "SELECT count(*), count(DISTINCT t), min(k) FROM w",
            "SELECT t, n, k FROM w",
        ]);
        format!("WITH RECURSIVE w (t, n, k) AS ({first} {operation} {next}) {outer}")
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
        self.infer((&from, &outer_text), (&inner, &inner_text));
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
        if self.dice.one_in(4) {
            return String::new();
        }
        self.is_in_condition = true;
        let condition = self.predicate(from, 2);
        self.is_in_condition = false;
        format!(" WHERE {condition}")
    }

    /// A constant that a column is compared with.
    fn constant(&mut self, value: ScalarValue, text: String) -> String {
        if !(self.has_parameters && self.is_in_condition) {
            return text;
        }
        self.parameters.push((value, text));
        template::parameter(self.parameters.len())
    }

    fn constant_text(&mut self) -> String {
        let literal = self.literal();
        self.constant(ScalarValue::from(literal.trim_matches('\'')), literal)
    }

    fn constant_number(&mut self, number: usize) -> String {
        self.constant(ScalarValue::from(number as i64), number.to_string())
    }

    /// A part that cannot be computed on every row.
    fn part(&mut self, from: &From, part: String) -> String {
        self.parts.push(Part { table: from.table, alias: from.alias, expression: part.clone() });
        part
    }

    /// Parts of either side where two columns are equated, as the engine may compute them on the other side.
    fn infer(&mut self, (left, l): (&From, &str), (right, r): (&From, &str)) {
        let of_left = self.parts.iter().filter_map(|part| part.inferred(l, right, r));
        let of_right = self.parts.iter().filter_map(|part| part.inferred(r, left, l));
        let inferred: Vec<Part> = of_left.chain(of_right).collect();
        self.parts.extend(inferred);
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
            1 => self.part(from, format!("12 / {}", template::divisor(&column))),
            2 => {
                let text = self.text(from, 0);
                self.part(from, format!("CAST({text} AS INT)"))
            }
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
            1 => format!("{} IN ({}, {})", self.text(from, 0), self.constant_text(), self.constant_text()),
            2 => {
                let (least, greatest) = (self.dice.below(10), 5 + self.dice.below(900));
                let (least, greatest) = (self.constant_number(least), self.constant_number(greatest));
                format!("{} BETWEEN {least} AND {greatest}", self.number(from, 0))
            }
            3 => format!("{} IS NULL", self.column(from, None).unwrap_or_default()),
            4 => format!("{} IS NOT NULL", self.column(from, None).unwrap_or_default()),
            5 => self.compared(from, operator),
            6 => match self.column(from, Some(Kind::Moment)) {
                Some(column) => {
                    format!("{column} {operator} TIMESTAMP '2026-02-0{} 00:00:00'", 1 + self.dice.below(9))
                }
                None => self.compared(from, operator),
            },
            7 => {
                let number = self.number(from, 0);
                let part = format!("{} / {}", self.dice.below(50), template::divisor(&number));
                format!("{} {operator} 2", self.part(from, part))
            }
            _ => format!("{} {operator} {}", self.text(from, 0), self.constant_text()),
        }
    }

    fn compared(&mut self, from: &From, operator: &str) -> String {
        let number = self.number(from, 1);
        let constant = self.dice.below(40);
        format!("{number} {operator} {}", self.constant_number(constant))
    }
}

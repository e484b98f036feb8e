//! Readers and what policies show them, drawn from a seed.

use super::dice::Dice;
use crate::country::{person, with_rules};
use std::collections::BTreeMap;
use std::fmt::Write;
use tidegate_query::Person;
use tidegate_query::policy::PolicyFiles;
use tidegate_records::table::Grade;
use tidegate_records::tables::{DECLARATION, item_row_schema};

/// What readers read for; their catalog is called like it.
pub const PURPOSE: &str = "research";

/// Type of a column, as queries use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Whole,
    Decimal,
    Moment,
    Real,
}

/// Columns that queries ask for.
pub const COLUMNS: &[(&str, &[(&str, Kind)])] = &[
    (
        "declaration",
        &[
            ("month", Kind::Text),
            ("declaration_id", Kind::Text),
            ("version_number", Kind::Whole),
            ("office_id", Kind::Text),
            ("importer_id", Kind::Text),
            ("importer_name", Kind::Text),
            ("trader_reference", Kind::Text),
            ("export_country_code", Kind::Text),
            ("invoice_amount", Kind::Decimal),
            ("goods_item_count", Kind::Whole),
            ("accepted_at", Kind::Moment),
        ],
    ),
    (
        "goods_item",
        &[
            ("month", Kind::Text),
            ("declaration_id", Kind::Text),
            ("version_number", Kind::Whole),
            ("goods_item_seq", Kind::Whole),
            ("origin_country_code", Kind::Text),
            ("commodity_description", Kind::Text),
            ("net_mass_kg", Kind::Decimal),
            ("customs_value_amount", Kind::Decimal),
        ],
    ),
    ("inspection", &[("month", Kind::Text), ("declaration_id", Kind::Text), ("officer_id", Kind::Text)]),
    (
        "decision",
        &[
            ("declaration_id", Kind::Text),
            ("office_id", Kind::Text),
            ("inclusion_probability", Kind::Real),
            ("directive", Kind::Text),
        ],
    ),
];

/// Which rows are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsShown {
    All,
    OwnOffice,
    OwnEnterprise,
    Either,
}

/// What a column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    Clear,
    Pseudonym,
    Partial,
    General,
    Empty,
}

#[derive(Debug, Clone)]
pub struct TableShown {
    pub rows: RowsShown,
    pub columns: Vec<(&'static str, Kind, Left)>,
}

impl TableShown {
    /// Whether every row is shown, and every column that is there as it is.
    pub fn is_clear(&self) -> bool {
        self.rows == RowsShown::All && self.columns.iter().all(|(.., left)| *left == Left::Clear)
    }

    fn column(&self, name: &str) -> Option<(&'static str, Kind, Left)> {
        self.columns.iter().find(|(known, ..)| *known == name).copied()
    }
}

/// A reader, the policy, and what it should show.
#[derive(Debug, Clone)]
pub struct Case {
    pub person: Person,
    pub files: PolicyFiles,
    pub tables: BTreeMap<&'static str, TableShown>,
    pub may_explain: bool,
}

/// A column of the view of goods items: the table it comes from, `d` or `i`, its name and its type.
pub type ViewColumn = (&'static str, &'static str, Kind);

impl Case {
    pub fn draw(dice: &mut Dice) -> Self {
        let mut person = person("Reader", "reader", Grade::General3);
        person.office = dice.pick(&[Some("4700"), Some("4701"), Some("leak:4702"), None]).map(str::to_owned);
        person.enterprise = (!dice.one_in(4)).then(|| format!("91310000MA1FL0X0{}", dice.below(5)));
        let mut tables = BTreeMap::new();
        for (table, columns) in COLUMNS {
            if *table != "declaration" && dice.one_in(5) {
                continue;
            }
            tables.insert(*table, draw_table(dice, columns));
        }
        let may_explain = dice.one_in(4);
        let files = with_rules(&rules(&tables, may_explain));
        Self { person, files, tables, may_explain }
    }

    /// Columns of the view of goods items with their declarations, in its order; none when what joins the two tables is
    /// not there.
    pub fn item_view(&self) -> Option<Vec<ViewColumn>> {
        let (headers, items) = (self.tables.get("declaration")?, self.tables.get("goods_item")?);
        for key in ["month", "declaration_id", "version_number"] {
            headers.column(key).and(items.column(key))?;
        }
        let schema = item_row_schema();
        let columns = schema.fields().iter().filter_map(|field| {
            let (side, table) =
                if DECLARATION.column(field.name()).is_some() { ("d", headers) } else { ("i", items) };
            let (name, kind, _) = table.column(field.name())?;
            Some((side, name, kind))
        });
        Some(columns.collect())
    }

    /// Whether the view joins a goods item with many declarations, since little is left of their names.
    pub fn item_view_multiplies(&self) -> bool {
        let of = |table| self.tables.get(table).and_then(|shown: &TableShown| shown.column("declaration_id"));
        [of("declaration"), of("goods_item")]
            .iter()
            .any(|column| matches!(column, Some((.., Left::Partial | Left::General))))
    }
}

fn draw_table(dice: &mut Dice, columns: &[(&'static str, Kind)]) -> TableShown {
    let rows = *dice.pick(&[
        RowsShown::All,
        RowsShown::OwnOffice,
        RowsShown::OwnEnterprise,
        RowsShown::Either,
        RowsShown::OwnOffice,
    ]);
    let mut shown = Vec::new();
    for (i, (name, kind)) in columns.iter().enumerate() {
        // The first column stays, so that the table is there.
        if i > 0 && dice.one_in(8) {
            continue;
        }
        let left = if dice.one_in(3) {
            *dice.pick(&[Left::Pseudonym, Left::Partial, Left::General, Left::Empty])
        } else {
            Left::Clear
        };
        shown.push((*name, *kind, left));
    }
    TableShown { rows, columns: shown }
}

fn rules(tables: &BTreeMap<&'static str, TableShown>, may_explain: bool) -> String {
    let mut rules = String::new();
    if may_explain {
        rules +=
            r#"@id("plans") permit (principal in Role::"reader", action == Action::"explain", resource);"#;
        rules.push('\n');
    }
    for (table, shown) in tables {
        let filters: &[&str] = match shown.rows {
            RowsShown::All => &[""],
            RowsShown::OwnOffice => &[r#"@filter("own-office") "#],
            RowsShown::OwnEnterprise => &[r#"@filter("own-enterprise") "#],
            RowsShown::Either => &[r#"@filter("own-office") "#, r#"@filter("own-enterprise") "#],
        };
        for (i, filter) in filters.iter().enumerate() {
            let _ = writeln!(
                rules,
                r#"@id("rows {table} {i}") {filter}permit (principal in Role::"reader", action == Action::"rows", resource == Table::"{table}");"#
            );
        }
        for (column, _, left) in &shown.columns {
            let mask = match left {
                Left::Clear => "",
                Left::Pseudonym => r#"@mask("pseudonym") "#,
                Left::Partial => r#"@mask("partial") "#,
                Left::General => r#"@mask("general") "#,
                Left::Empty => r#"@mask("empty") "#,
            };
            let _ = writeln!(
                rules,
                r#"@id("{table}.{column}") {mask}permit (principal in Role::"reader", action == Action::"read", resource == Column::"{table}.{column}");"#
            );
        }
    }
    rules
}

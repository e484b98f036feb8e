//! The data dictionary: every table and column, as Markdown and for machines, written from the table definitions.

use crate::category::Category;
use crate::codes::CodeList;
use crate::table::{Column, Domain, Grade, Table};
use arrow::datatypes::DataType;
use std::fmt::Write;

const DOMAINS: [(Domain, &str, &str); 6] = [
    (Domain::Declaration, "Declarations", "Declarations and goods items."),
    (Domain::Inspection, "Inspections", "Inspections and their findings."),
    (Domain::Enterprise, "Enterprises", "Enterprises and their grades."),
    (Domain::Risk, "Risk", "Assessments and decisions."),
    (Domain::Quality, "Data quality", "Records set aside and findings about data."),
    (Domain::Reference, "Reference", "What codes mean."),
];

const GRADES: [(Grade, &str); 6] = [
    (Grade::General1, "may be published"),
    (Grade::General2, "internal"),
    (Grade::General3, "about one enterprise's trade"),
    (Grade::General4, "identifies or concerns a person, or reveals how risk is assessed"),
    (Grade::Important, "may harm the national economy or public interest when it leaks"),
    (Grade::Core, "bears on national security; never leaves the customs network"),
];

/// The dictionary of tables, as Markdown.
pub fn to_markdown(tables: &[&Table]) -> String {
    let mut text = String::from(
        "# Data dictionary\n\n\
         Written by `cargo xtask codegen` from the table definitions in `crates/records/src/tables`; do not edit.\n\n\
         Paths are below the class that a table's rows are instances of; WCO ids are those of the WCO Data Model\n\
         3.6, and a column without one is an extension of ours or computed. Moments are in UTC. `decimal(19,3)` has\n\
         19 digits, 3 of them after the point. The view `declaration_item` joins each goods item with the columns of\n\
         its declaration that hold single values.\n",
    );
    for (domain, title, sentence) in DOMAINS {
        let mut of_domain = tables.iter().filter(|t| t.domain == domain).peekable();
        if of_domain.peek().is_some() {
            // Writing to a String cannot fail.
            let _ = write!(text, "\n## {title}\n\n{sentence}\n");
        }
        of_domain.for_each(|table| describe(&mut text, table));
    }
    categories(&mut text);
    grades(&mut text);
    code_lists(&mut text);
    text
}

/// A table as the dictionary has it.
#[derive(Debug, serde::Serialize)]
pub struct DescribedTable {
    /// Name in the lake and in SQL.
    pub name: &'static str,
    /// Business domain.
    pub domain: &'static str,
    /// The department that answers for it.
    pub owner: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// Its columns, in order.
    pub columns: Vec<DescribedColumn>,
}

/// A column as the dictionary has it.
#[derive(Debug, serde::Serialize)]
pub struct DescribedColumn {
    /// Name in the lake and in SQL.
    pub name: &'static str,
    /// What its type is called.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Unit of the values.
    pub unit: Option<&'static str>,
    /// WCO id of the field it comes from.
    pub wco_id: Option<&'static str>,
    /// Path of that field.
    pub path: Option<&'static str>,
    /// What it is about.
    pub category: Category,
    /// Default grade.
    pub grade: Grade,
    /// One sentence.
    pub description: &'static str,
}

/// The dictionary of tables, for machines.
pub fn described(tables: &[&Table]) -> Vec<DescribedTable> {
    let of = |table: &&Table| DescribedTable {
        name: table.name,
        domain: table.domain.as_str(),
        owner: table.owner,
        description: table.description,
        columns: table.columns.iter().map(|column| DescribedColumn::of(table, column)).collect(),
    };
    tables.iter().map(of).collect()
}

impl DescribedColumn {
    fn of(table: &Table, column: &Column) -> Self {
        Self {
            name: column.name,
            type_name: type_name(&column.data_type(table.class)),
            unit: column.unit,
            wco_id: column.wco_id(table.class),
            path: column.path(),
            category: column.category(table),
            grade: column.grade,
            description: column.sentence(table.class),
        }
    }
}

fn describe(text: &mut String, table: &Table) {
    let rows = if table.is_built_in() {
        "compiled in".to_owned()
    } else {
        format!("{} (WCO class {})", table.class.name, table.class.id)
    };
    let _ = write!(
        text,
        "\n### {}\n\n{} Rows are {rows}; `{}` answers for them.\n\n\
         | column | type | unit | WCO id | path | category | grade | description |\n|---|---|---|---|---|---|---|---|\n",
        table.name, table.description, table.owner
    );
    for column in table.columns {
        let _ = writeln!(text, "{}", row(table, column));
    }
}

fn row(table: &Table, column: &Column) -> String {
    let column = DescribedColumn::of(table, column);
    let cells = [
        format!("`{}`", column.name),
        column.type_name,
        column.unit.unwrap_or_default().to_owned(),
        column.wco_id.unwrap_or_default().to_owned(),
        column.path.unwrap_or_default().to_owned(),
        column.category.as_str().to_owned(),
        column.grade.as_str().to_owned(),
        column.description.to_owned(),
    ];
    format!("| {} |", cells.map(|c| c.replace('|', "\\|")).join(" | "))
}

/// What a type is called in the dictionary.
fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 => "text".to_owned(),
        DataType::Int64 => "integer".to_owned(),
        DataType::Boolean => "true or false".to_owned(),
        DataType::Float32 => "32-bit float".to_owned(),
        DataType::Float64 => "64-bit float".to_owned(),
        DataType::Timestamp(..) => "moment".to_owned(),
        DataType::Date32 => "day".to_owned(),
        DataType::Decimal128(digits, scale) => format!("decimal({digits},{scale})"),
        DataType::List(item) => format!("list of {}", type_name(item.data_type())),
        DataType::Struct(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|f| format!("{} {}", f.name(), type_name(f.data_type()))).collect();
            format!("({})", fields.join(", "))
        }
        other => other.to_string(),
    }
}

fn categories(text: &mut String) {
    text.push_str("\n## Categories\n\nWhat columns are about; policies name them.\n\n| category | meaning |\n|---|---|\n");
    for category in Category::ALL {
        let _ = writeln!(text, "| {} | {} |", category.as_str(), category.meaning());
    }
}

fn grades(text: &mut String) {
    text.push_str(
        "\n## Grades\n\nDefault grades of columns under GB/T 43697-2024. No definition is important or core: the authorities' catalogues name \
         such data (Data Security\nLaw, Article 21), and a steward grades its columns by them.\n\n| grade | meaning |\n|---|---|\n",
    );
    for (grade, meaning) in GRADES {
        let _ = writeln!(text, "| {} | {meaning} |", grade.as_str());
    }
}

fn code_lists(text: &mut String) {
    text.push_str(
        "\n## Code lists\n\nWhat codes are checked against, as of the day of acceptance; the lists are in \
         `crates/records/data`, and in SQL in the table `code`.\n\n\
         | list | in `code` | codes | from | to |\n|---|---|---:|---|---|\n",
    );
    for list in CodeList::ALL {
        let mut codes: Vec<&str> = list.iter().map(|c| c.code).collect();
        codes.dedup();
        let ends = |code: Option<&&str>| code.map_or(String::new(), |c| format!("`{c}`"));
        let _ = writeln!(
            text,
            "| {} | `{}` | {} | {} | {} |",
            list.title(),
            list.as_str(),
            codes.len(),
            ends(codes.first()),
            ends(codes.last())
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{CODE, ENTERPRISE, GOODS_ITEM, TABLES};

    #[test]
    fn every_table_and_column_is_described() {
        let text = to_markdown(TABLES);
        for table in TABLES {
            assert!(text.contains(&format!("\n### {}\n", table.name)), "{}", table.name);
            assert!(text.contains(&format!("; `{}` answers for them.", table.owner)), "{}", table.name);
            assert!(
                table.columns.iter().all(|c| text.contains(&format!("\n| `{}` |", c.name))),
                "{}",
                table.name
            );
        }
        assert!(TABLES.iter().all(|t| DOMAINS.iter().any(|(domain, ..)| *domain == t.domain)));
        assert!(
            !to_markdown(&[&ENTERPRISE]).contains("## Declarations"),
            "a domain without tables is left out"
        );
    }

    #[test]
    fn rows_that_are_compiled_in_are_of_no_class() {
        let text = to_markdown(&[&CODE]);
        assert!(text.contains(" Rows are compiled in; `data-management` answers for them."), "{text}");
        assert!(
            text.contains("\n| `valid_from` | day |  |  |  | consignment | general-1 | First day "),
            "{text}"
        );
        assert!(text.contains("\n| country code | `country` | "), "{text}");
    }

    #[test]
    fn a_column_has_type_unit_id_path_grade_and_sentence() {
        let column = GOODS_ITEM.column("net_mass_kg").unwrap();
        let sentence = column.sentence(GOODS_ITEM.class);
        let expected =
            "| `net_mass_kg` | decimal(22,6) | kg | 128 | Commodity/GoodsMeasure/NetNetWeightMeasure |";
        let written = row(&GOODS_ITEM, column);
        assert!(written.starts_with(expected) && written.ends_with(&format!("| {sentence} |")), "{written}");
    }

    #[test]
    fn machines_are_told_every_table_and_column_too() {
        let told = serde_json::to_value(described(TABLES)).unwrap();
        let names = |list: &serde_json::Value| -> Vec<String> {
            list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names(&told), TABLES.iter().map(|table| table.name).collect::<Vec<_>>());
        for (table, told) in TABLES.iter().zip(told.as_array().unwrap()) {
            assert_eq!(names(&told["columns"]), table.columns.iter().map(|c| c.name).collect::<Vec<_>>());
        }
        let item = told.as_array().unwrap().iter().find(|table| table["name"] == "goods_item").unwrap();
        let mass = item["columns"].as_array().unwrap().iter().find(|c| c["name"] == "net_mass_kg").unwrap();
        for (key, value) in
            [("type", "decimal(22,6)"), ("unit", "kg"), ("wco_id", "128"), ("category", "consignment")]
        {
            assert_eq!(mass[key], value);
        }
    }
}
